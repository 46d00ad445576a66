# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assembles the program of a component: columns of its units, quotas shared by them, rules, objectives in order."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.columns import UnitColumns
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import Catalogue, Eligible
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import RESOURCES
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.program import Program, Stage, Terms
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.rules import RuleRows
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit

# A quota above this is as good as none, and would only blur the numbers of the program.
BOUNDLESS = 1e9
# Ties are broken by even distribution and by names where there are no more candidates than this.
TIES = 3000


class Model:
    """The program of some units, and what its columns mean."""

    def __init__(
        self, units: t.Sequence[Unit], leads: t.Mapping[str, str], catalogue: Catalogue, table: t.Mapping[str, Eligible]
    ) -> None:
        self.catalogue = catalogue
        self.program = Program()
        self.columns = {
            unit.name: UnitColumns(self.program, unit, catalogue, table[unit.name], self.room) for unit in units
        }
        self._quotas()
        small = sum(len(unit.candidates) for unit in self.columns.values()) <= TIES
        self.rules = RuleRows(self.program, self.columns, leads, small)
        if catalogue.problem.budget is not None:
            self.rules.budget(self.columns.values(), catalogue.problem.budget, "all families")
        self.program.stages = self._stages()
        if small:
            self.program.ties = [
                stage
                for stage in (Stage("even", [(c, 1.0) for c in self.rules.evens], False), self._names())
                if stage.terms
            ]

    def room(self, offer: int) -> float:
        """How many instances of an offer fit into what the quotas of its domain and provider leave."""
        domain = self.catalogue.problem.domains[self.catalogue.domain[offer]]
        room = BOUNDLESS
        for quota in (domain.quota, self.catalogue.problem.provider_quota.get(domain.provider, {})):
            for resource in RESOURCES:
                use = self.use(offer, resource)
                if resource in quota and use > 0:
                    room = min(room, math.floor(quota[resource] / use + 1e-9))
        return room

    def use(self, offer: int, resource: str) -> float:
        """What one instance of an offer takes of a quota."""
        if resource == "instances":
            return 1.0
        amount = float(self.catalogue.vcpus[offer] if resource == "vcpus" else self.catalogue.memory[offer])
        return 0.0 if math.isnan(amount) else amount

    def _quotas(self) -> None:
        problem = self.catalogue.problem
        limits: dict[tuple[str, t.Any, str], float] = {}
        for at, domain in enumerate(problem.domains):
            limits.update(
                {("domain", at, resource): amount for resource, amount in domain.quota.items() if amount < BOUNDLESS}
            )
        for provider, quota in problem.provider_quota.items():
            limits.update(
                {("provider", provider, resource): amount for resource, amount in quota.items() if amount < BOUNDLESS}
            )
        rows: dict[tuple[str, t.Any, str], Terms] = {key: [] for key in limits}
        most = dict.fromkeys(limits, 0.0)
        for columns in self.columns.values():
            for candidate in columns.candidates:
                for scope, place in (
                    ("domain", candidate.domain),
                    ("provider", problem.domains[candidate.domain].provider),
                ):
                    for resource in RESOURCES:
                        key = (scope, place, resource)
                        if key in rows and (use := self.use(candidate.offer, resource)) > 0:
                            rows[key].append((candidate.column, use))
                            most[key] += use * candidate.most
        for key, terms in rows.items():
            if most[key] > limits[key]:
                # In units of the quota itself: a row of bytes would drown the solver's tolerances.
                scale = 1.0 if key[2] == "instances" else 1.0 / max(use for _column, use in terms)
                self.program.at_most([(column, use * scale) for column, use in terms], limits[key] * scale)

    def _stages(self) -> list[Stage]:
        units = list(self.columns.values())
        stages = [
            Stage("unplaced", [(unit.unplaced, 1.0) for unit in units if unit.unit.open], True),
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
            Stage("skew", [(column, 1.0) for column in self.rules.skews], False),
            self._price(units),
            Stage(
                "moves",
                [(r.column, -1.0) for u in units if not u.loose for r in u.running if r.column is not None],
                True,
            ),
        ]
        return [stage for stage in stages if stage.terms or stage.constant]

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
