# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static filters: which offers a unit can use at all, how many nodes fit on each, and why the others are refused."""

from __future__ import annotations

import dataclasses
import typing as t

try:
    import numpy as np
except ImportError:  # ansible-test imports every file without the collection's requirements
    pass

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.expressions import Expressions
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import Problem, place_key
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit

ROUNDING = 1e-9


@dataclasses.dataclass
class Eligible:
    """What static filters say of every offer for one unit; all lists are by offer.

    `capacity` is how many nodes of the lead fit on an instance (0: refused), `tier` the place in `prefer`, `reason` an index
    into `reasons`, whose order is that of the filters: a later reason means that the offer came further.
    """

    capacity: np.ndarray
    tier: np.ndarray
    reason: np.ndarray
    reasons: list[tuple[str, str]]

    def broken(self, offer: int) -> tuple[str, str] | None:
        """The filter that an instance on this offer breaks, if any: what other families do is a rule of its own."""
        if self.capacity[offer] > 0 or self.reasons[self.reason[offer]][0] == "together":
            return None
        return self.reasons[self.reason[offer]]

    def refuse(self, mask: np.ndarray, rule: str, text: str) -> None:
        """Refuse the offers of the mask that are not refused yet."""
        fresh = mask & (self.capacity > 0)
        if fresh.any():
            self.reason[fresh] = len(self.reasons)
            self.reasons.append((rule, text))
            self.capacity[fresh] = 0


class Catalogue:
    """The offers as columns of numbers, shared by all units."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.domain = np.array([offer.domain for offer in problem.offers], dtype=int)
        self.vcpus = np.array([offer.vcpus for offer in problem.offers], dtype=float)
        self.memory = np.array([offer.memory for offer in problem.offers], dtype=float)
        self.disk = np.array([offer.disk for offer in problem.offers], dtype=float)
        self.price = np.array([offer.price for offer in problem.offers], dtype=float)
        self.cost = np.nan_to_num(self.price)
        self.arch = [offer.arch for offer in problem.offers]
        self.expressions = Expressions([offer.profile for offer in problem.offers])

    def by_domain(self, flags: t.Sequence[bool]) -> np.ndarray:
        """Spread a flag of every domain over its offers."""
        return np.array(flags, dtype=bool)[self.domain] if len(self.domain) else np.zeros(0, dtype=bool)


def filter_offers(unit: Unit, catalogue: Catalogue) -> Eligible:
    """Apply the filters that look at one offer alone."""
    count = len(catalogue.domain)
    nodes = unit.lead.low
    eligible = Eligible(np.full(count, unit.lead.high), _tiers(unit, catalogue), np.full(count, -1), [])
    for rule, have, need, unit_text in (
        ("vcpus", catalogue.vcpus, unit.demand.vcpus, _plain_text),
        ("memory", catalogue.memory, unit.demand.memory, memory_text),
        ("disk", catalogue.disk, unit.demand.disk, _disk_text),
    ):
        if need > 0:
            eligible.refuse(np.isnan(have), rule, f"{rule} unknown")
            with np.errstate(invalid="ignore"):
                fits = np.floor(np.nan_to_num(have) / need * (1 + ROUNDING) + ROUNDING)
            eligible.refuse(fits < nodes, rule, f"no size with {rule} >= {unit_text(need * nodes)}")
            eligible.capacity = np.minimum(eligible.capacity, fits.astype(int))
    if unit.demand.arch:
        wrong = [arch not in unit.demand.arch for arch in catalogue.arch]
        eligible.refuse(np.array(wrong, dtype=bool), "arch", f"arch is not {' or '.join(unit.demand.arch)}")
    _geography(unit, catalogue, eligible)
    for family, where in unit.wheres:
        _where(f" of {family}" if unit.followers else "", where, catalogue, eligible)
    if unit.budgeted:
        eligible.refuse(np.isnan(catalogue.price), "budget", "price unknown, and there is a budget")
    return eligible


def _geography(unit: Unit, catalogue: Catalogue, eligible: Eligible) -> None:
    domains = catalogue.problem.domains
    for near in unit.rules.near:
        unknown = [domain.latitude is None or domain.longitude is None for domain in domains]
        eligible.refuse(catalogue.by_domain(unknown), "near", "no coordinates")
        if near.latitude is not None and near.longitude is not None:
            far = [(domain.distance(near.latitude, near.longitude) or 0.0) > near.km for domain in domains]
            eligible.refuse(
                catalogue.by_domain(far), "near", f"more than {near.km:g} km from {near.latitude:g}, {near.longitude:g}"
            )
    for kind in required_keys(unit):
        eligible.refuse(
            catalogue.by_domain([domain.key(kind) is None for domain in domains]),
            kind,
            f"no {kind} known, and a rule needs it",
        )


def required_keys(unit: Unit) -> list[str]:
    """The kinds of key that a required rule of the unit looks at."""
    rules = unit.rules
    kinds = {spread.over for spread in rules.spread if spread.required}
    kinds |= {relation.within for relation in rules.together + rules.apart if relation.within != "instance"}
    kinds |= {count.over for count in rules.min + rules.max + rules.at_least}
    return sorted(kinds)


def _where(owner: str, where: str, catalogue: Catalogue, eligible: Eligible) -> None:
    verdicts = catalogue.expressions.verdicts(where)
    failures = sorted({verdict for verdict in verdicts if isinstance(verdict, str)})
    for failure in failures:
        failed = [verdict == failure for verdict in verdicts]
        eligible.refuse(np.array(failed, dtype=bool), "where", f"where{owner} fails ({failure})")
    eligible.refuse(
        np.array([verdict is False for verdict in verdicts], dtype=bool), "where", f"where{owner} is false ({where})"
    )


def _tiers(unit: Unit, catalogue: Catalogue) -> np.ndarray:
    """The first expression of `prefer` that is true; an error counts as false."""
    tiers = np.full(len(catalogue.domain), len(unit.rules.prefer))
    for tier in range(len(unit.rules.prefer) - 1, -1, -1):
        tiers[[verdict is True for verdict in catalogue.expressions.verdicts(unit.rules.prefer[tier])]] = tier
    return tiers


def follow_others(
    units: t.Mapping[str, Unit], leads: t.Mapping[str, str], catalogue: Catalogue, table: t.Mapping[str, Eligible]
) -> None:
    """Refuse offers in keys where a family that must be there can have no place; again, until nothing changes."""
    domains = catalogue.problem.domains
    changed = True
    while changed:
        changed = False
        for name, unit in units.items():
            for relation in unit.rules.together:
                if relation.other == unit.name:
                    continue
                other = units[leads[relation.other]]
                # Where the unit runs already without the other, it may go on as it does.
                keys = _reach(other, relation.within, catalogue, table[other.name])
                keys |= _running_keys(unit, relation.within, catalogue)
                before = int((table[name].capacity > 0).sum())
                lost = catalogue.by_domain([domain.key(relation.within) not in keys for domain in domains])
                table[name].refuse(lost, "together", f"{relation.other} can have no place in this {relation.within}")
                changed = changed or int((table[name].capacity > 0).sum()) < before


def _reach(unit: Unit, kind: str, catalogue: Catalogue, eligible: Eligible) -> set[str | None]:
    keys = _running_keys(unit, kind, catalogue)
    if unit.open or unit.moves:
        used = np.unique(catalogue.domain[eligible.capacity > 0])
        keys |= {catalogue.problem.domains[at].key(kind) for at in used}
    return keys


def _running_keys(unit: Unit, kind: str, catalogue: Catalogue) -> set[str | None]:
    domains = catalogue.problem.domains
    if kind in ("provider", "region", "zone"):
        return {place_key(kind, instance.provider, instance.region, instance.zone) for instance in unit.instances}
    return {domains[instance.domain].key(kind) for instance in unit.instances if instance.domain is not None}


def _plain_text(amount: float) -> str:
    return f"{amount:g}"


def memory_text(mebibytes: float) -> str:
    """An amount of memory as an operator writes it: `512 MiB`, `64 GiB`."""
    return f"{mebibytes / 1024:g} GiB" if mebibytes >= 1024 else f"{mebibytes:g} MiB"


def _disk_text(gibibytes: float) -> str:
    return f"{gibibytes:g} GiB"
