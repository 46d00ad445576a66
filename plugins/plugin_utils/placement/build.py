# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assembles the program of a component: columns of its units, quotas shared by them, rules, objectives in order."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import typing as t

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.columns import UnitColumns
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import Catalogue, Eligible
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import RESOURCES
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.program import Program, Stage, Terms
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.rules import RuleRows
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit

# A quota above this is as good as none, and would only blur the numbers of the program.
BOUNDLESS = 1e9
# Ties are broken by even distribution and by names where there are no more candidates than this.
TIES = 300


@dataclasses.dataclass(frozen=True)
class QuotaRow:
    """`terms <= limit` for one resource of a domain or provider, in units of `scale` of the resource."""

    owner: str
    resource: str
    terms: Terms
    limit: float
    scale: float


def quota_rows(catalogue: Catalogue, columns: t.Iterable[UnitColumns]) -> list[QuotaRow]:
    """The quotas that the candidates of the units could exceed together."""
    problem = catalogue.problem
    limits: dict[tuple[str, str], float] = {}
    for domain in problem.domains:
        limits.update({(domain.name, r): amount for r, amount in domain.quota.items() if amount < BOUNDLESS})
    for provider, quota in problem.provider_quota.items():
        limits.update({(f"provider {provider}", r): amount for r, amount in quota.items() if amount < BOUNDLESS})
    rows: dict[tuple[str, str], Terms] = {key: [] for key in limits}
    most = dict.fromkeys(limits, 0.0)
    use_of = {resource: catalogue.use[resource].tolist() for resource in RESOURCES}
    scopes = [
        [
            ((owner, resource), use_of[resource])
            for owner in (domain.name, f"provider {domain.provider}")
            for resource in RESOURCES
            if (owner, resource) in rows
        ]
        for domain in problem.domains
    ]
    for unit in columns:
        for candidate in unit.candidates:
            for key, uses in scopes[candidate.domain]:
                use = uses[candidate.offer]
                rows[key].append((candidate.column, use))
                most[key] += use * candidate.most
    result = []
    for (owner, resource), terms in rows.items():
        if most[owner, resource] > limits[owner, resource]:
            # In units of the largest use: a row of bytes would drown the solver's tolerances.
            scale = max(use for _column, use in terms)
            scaled = [(column, use / scale) for column, use in terms if use > 0]
            result.append(QuotaRow(owner, resource, scaled, limits[owner, resource] / scale, scale))
    return result


class Model:
    """The program of some units, and what its columns mean.

    :param wishes: False when it only counts whether all nodes have a place.
    """

    def __init__(
        self,
        units: t.Sequence[Unit],
        leads: t.Mapping[str, str],
        catalogue: Catalogue,
        table: t.Mapping[str, Eligible],
        wishes: bool = True,
    ) -> None:
        self.catalogue = catalogue
        self.program = Program()
        room = self._room()
        self.columns = {unit.name: UnitColumns(self.program, unit, catalogue, table[unit.name], room) for unit in units}
        for quota in quota_rows(catalogue, self.columns.values()):
            self.program.at_most(quota.terms, quota.limit)
        small = wishes and sum(len(unit.candidates) for unit in self.columns.values()) <= TIES
        self.rules = RuleRows(self.program, self.columns, leads, small, wishes)
        if catalogue.problem.budget is not None:
            self.rules.budget(self.columns.values(), catalogue.problem.budget, "all families")
        self.program.stages = self._stages() if wishes else [self._unplaced()]
        if small:
            self.program.ties = [
                stage for stage in (Stage("even", self.rules.evens, False), self._names()) if stage.terms
            ]

    def _room(self) -> np.ndarray:
        """How many instances of every offer fit into what the quotas of its domain and provider leave."""
        problem, catalogue = self.catalogue.problem, self.catalogue
        room = np.full(len(catalogue.domain), BOUNDLESS)
        for resource in RESOURCES:
            own = [domain.quota.get(resource, math.inf) for domain in problem.domains]
            common = [problem.provider_quota.get(d.provider, {}).get(resource, math.inf) for d in problem.domains]
            limit = np.minimum(own, common)[catalogue.domain] if len(own) else np.zeros(0)
            use = catalogue.use[resource]
            fits = np.floor(limit / np.where(use > 0, use, 1.0) + 1e-9)
            room = np.where(use > 0, np.minimum(room, fits), room)
        return room

    def _stages(self) -> list[Stage]:
        units = list(self.columns.values())
        stages = [
            self._unplaced(),
            Stage(
                "excess",
                [
                    (r.column, float(r.instance.nodes))
                    for u in units
                    if u.loose
                    for r in u.running
                    if r.column is not None
                ],
                True,
            ),
            self._drift(units),
            *self._prefer(units),
            Stage("skew", self.rules.skews, False),
            self._price(units),
            Stage(
                "moves",
                [(r.column, -1.0) for u in units if not u.loose for r in u.running if r.column is not None],
                True,
            ),
        ]
        return [stage for stage in stages if stage.terms or stage.constant]

    def _unplaced(self) -> Stage:
        return Stage("unplaced", [(unit.unplaced, 1.0) for unit in self.columns.values() if unit.unit.open], True)

    def _drift(self, units: list[UnitColumns]) -> Stage:
        stage = Stage("drift", [(slack.column, 1.0) for slack in self.rules.slacks], False)
        for unit in units:
            for running in unit.running:
                offer = running.instance.offer
                if offer is not None and unit.eligible.broken(offer):
                    if running.column is None:
                        stage.constant += 1
                    else:
                        stage.terms.append((running.column, 1.0))
        return stage

    def _prefer(self, units: list[UnitColumns]) -> list[Stage]:
        """A stage for every tier but the first, the families' last tiers first."""
        levels: dict[int, Stage] = {}
        for unit in units:
            last = len(unit.unit.rules.prefer)
            terms = [(candidate.tier, candidate.nodes) for candidate in unit.candidates]
            for running in unit.running:
                if running.tier and running.column is None:
                    level = levels.setdefault(last - running.tier, Stage(f"prefer{last - running.tier}", [], True))
                    level.constant += running.instance.nodes
                elif running.tier and running.column is not None:
                    terms.append((running.tier, (running.column, float(running.instance.nodes))))
            for tier, term in terms:
                if tier:
                    levels.setdefault(last - tier, Stage(f"prefer{last - tier}", [], True)).terms.append(term)
        return [levels[level] for level in sorted(levels)]

    def _price(self, units: list[UnitColumns]) -> Stage:
        stage = Stage("price", [], False)
        for unit in units:
            stage.terms += [
                (candidate.column, float(self.catalogue.cost[candidate.offer])) for candidate in unit.candidates
            ]
            for running in unit.running:
                if running.column is None:
                    stage.constant += running.cost
                else:
                    stage.terms.append((running.column, running.cost))
        stage.terms = [(column, cost) for column, cost in stage.terms if cost > 0]
        return stage

    def _names(self) -> Stage:
        """First names first: the rank of an offer, or of an existing instance, counts for each instance."""
        stage = Stage("names", [], True)
        for unit in self.columns.values():
            for rank, candidate in enumerate(unit.candidates):
                stage.terms.append((candidate.column, float(rank)))
            for rank, running in enumerate(unit.running):
                if running.column is not None:
                    stage.terms.append((running.column, float(rank)))
        stage.terms = [(column, rank) for column, rank in stage.terms if rank > 0]
        return stage
