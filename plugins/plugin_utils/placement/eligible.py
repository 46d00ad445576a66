# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static filters: which offers a unit can use at all, how many nodes fit on each, and why the others are refused."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.expressions import Expressions
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import Problem, place_key
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit

ROUNDING = 1e-9
# The rule of what `follow_others` refuses.
FOLLOWS = "follows"
TOTAL_BUDGET = "total budget"


@dataclasses.dataclass
class Eligible:
    """What static filters say of every offer for one unit; all arrays are by offer.

    `capacity` is how many nodes of the lead fit on an instance (0: refused), `tier` the place in `prefer`, `reason` an
    index into `reasons`, whose order is that of the filters: a later reason means that the offer came further.
    `counted` are the offers whose keys count for spreads (None: all that are not refused); only offers of one `group`
    (None: all) can stand in for each other.
    """

    capacity: np.ndarray
    tier: np.ndarray
    reason: np.ndarray
    reasons: list[tuple[str, str]]
    counted: np.ndarray | None = None
    group: np.ndarray | None = None

    def broken(self, offer: int) -> tuple[str, str] | None:
        """The filter that an instance on this offer breaks, if any: what other families do is a rule of its own."""
        if self.capacity[offer] > 0 or self.reasons[self.reason[offer]][0] == FOLLOWS:
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
        # What one instance takes of a quota.
        self.use = {
            "instances": np.ones(len(problem.offers)),
            "vcpus": np.nan_to_num(self.vcpus),
            "memory": np.nan_to_num(self.memory),
        }
        # The same, where such a quota exists.
        self.quota_use = {resource: np.where(self._limited(resource), self.use[resource], 0.0) for resource in self.use}
        self.arch = [offer.arch for offer in problem.offers]
        self.expressions = Expressions([offer.profile for offer in problem.offers])

    def _limited(self, resource: str) -> np.ndarray:
        quotas = self.problem.provider_quota
        return self.by_domain(
            [resource in d.quota or resource in quotas.get(d.provider, {}) for d in self.problem.domains]
        )

    def by_domain(self, flags: t.Sequence[bool]) -> np.ndarray:
        """Spread a flag of every domain over its offers."""
        return np.array(flags, dtype=bool)[self.domain] if len(self.domain) else np.zeros(0, dtype=bool)


@dataclasses.dataclass(frozen=True)
class Check:
    """One filter: the offers that it refuses, and how many nodes it lets onto an instance (None: any number)."""

    rule: str
    text: str
    refused: np.ndarray
    fits: np.ndarray | None = None


def filter_offers(unit: Unit, catalogue: Catalogue) -> Eligible:
    """Apply the filters that look at one offer alone."""
    count = len(catalogue.domain)
    eligible = Eligible(np.full(count, unit.lead.high), tiers(unit, catalogue), np.full(count, -1), [])
    for check in checks(unit, catalogue):
        eligible.refuse(check.refused, check.rule, check.text)
        if check.fits is not None:
            eligible.capacity = np.minimum(eligible.capacity, check.fits)
    return eligible


def checks(unit: Unit, catalogue: Catalogue) -> t.Iterator[Check]:
    """All filters of a unit, in order: what looks at sizes comes first, as it says least of a domain."""
    for rule, have, need, text in (
        ("vcpus", catalogue.vcpus, unit.demand.vcpus, _plain_text),
        ("memory", catalogue.memory, unit.demand.memory, memory_text),
        ("disk", catalogue.disk, unit.demand.disk, _disk_text),
    ):
        if need > 0:
            yield Check(rule, f"{rule} unknown", np.isnan(have))
            fits = np.minimum(np.nan_to_num(have) / need * (1 + ROUNDING) + ROUNDING, unit.lead.high).astype(int)
            wanted = text(need * unit.lead.low)
            yield Check(rule, f"no size with {rule} >= {wanted}", fits < unit.lead.low, fits)
    if unit.demand.arch:
        wrong = [arch not in unit.demand.arch for arch in catalogue.arch]
        yield Check("arch", f"arch is not {' or '.join(unit.demand.arch)}", np.array(wrong, dtype=bool))
    families = (None, *(family.name for family in unit.families))
    others = [offer.profile.get("pin") not in families for offer in catalogue.problem.offers]
    yield Check("pin", "pinned to another family", np.array(others, dtype=bool))
    yield from _geography(unit, catalogue)
    for family, where in unit.wheres:
        yield from _where(f" of {family}" if unit.followers else "", where, catalogue)
    if unit.rules.budget is not None:
        yield Check("budget", "price unknown, and there is a budget", np.isnan(catalogue.price))
    if catalogue.problem.budget is not None:
        yield Check(TOTAL_BUDGET, "price unknown, and there is a budget for all families", np.isnan(catalogue.price))


def _geography(unit: Unit, catalogue: Catalogue) -> t.Iterator[Check]:
    domains = catalogue.problem.domains
    for near in unit.rules.near:
        unknown = [domain.latitude is None or domain.longitude is None for domain in domains]
        yield Check("near", "no coordinates", catalogue.by_domain(unknown))
        if near.latitude is not None and near.longitude is not None:
            far = [(domain.distance(near.latitude, near.longitude) or 0.0) > near.km for domain in domains]
            text = f"more than {near.km:g} km from {near.latitude:g}, {near.longitude:g}"
            yield Check("near", text, catalogue.by_domain(far))
    for rule, kind in required_keys(unit):
        unknown = [domain.key(kind) is None for domain in domains]
        yield Check(rule, f"no {kind} known, and {rule} needs it", catalogue.by_domain(unknown))


def required_keys(unit: Unit) -> list[tuple[str, str]]:
    """The required rules of the unit with the kinds of key that they look at."""
    rules = unit.rules
    kinds = {("spread", spread.over) for spread in rules.spread if spread.required}
    kinds |= {("together", relation.within) for relation in rules.together}
    kinds |= {("apart", relation.within) for relation in rules.apart if relation.within != "instance"}
    for rule, counts in (("min", rules.min), ("max", rules.max), ("at_least", rules.at_least)):
        kinds |= {(rule, count.over) for count in counts}
    return sorted(kinds)


def _where(owner: str, where: str, catalogue: Catalogue) -> t.Iterator[Check]:
    verdicts = catalogue.expressions.verdicts(where)
    for failure in sorted({verdict for verdict in verdicts if isinstance(verdict, str)}):
        failed = [verdict == failure for verdict in verdicts]
        yield Check("where", f"where{owner} fails ({failure})", np.array(failed, dtype=bool))
    false = np.array([verdict is False for verdict in verdicts], dtype=bool)
    yield Check("where", f"where{owner} is false ({where})", false)


def tiers(unit: Unit, catalogue: Catalogue) -> np.ndarray:
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
                table[name].refuse(lost, FOLLOWS, f"{relation.other} can have no place in this {relation.within}")
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
