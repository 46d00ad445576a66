# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of a placement in which every rule can give way: which of them must, so that all nodes have a place."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import typing as t

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.build import BOUNDLESS, quota_rows
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.columns import Candidate, UnitColumns
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import (
    TOTAL_BUDGET,
    Catalogue,
    Eligible,
    checks,
    tiers,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.engine import WHOLE
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.lexicographic import Lexicographic
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.program import Program, Stage, Terms
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.proofs import Proofs
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.rules import RuleRows
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit

# The most that a rule may be broken by, in its own measure.
ROOM = 1e4
ALL_FAMILIES = "all families"
# The owner of a rule (a family, a domain, a provider, all families) and the rule's name.
Name = tuple[str, str]


@dataclasses.dataclass
class Knob:
    """A rule that can give way: the column that says whether it does, how far by parts, and the offers it refuses."""

    owner: str
    rule: str
    column: int
    amounts: list[tuple[int, float]] = dataclasses.field(default_factory=list)
    refused: list[tuple[Candidate, str]] = dataclasses.field(default_factory=list)


class Elastic:
    """Builds the program; `solve` says which rules give way.

    :param strict: leads of the units whose demands stand.
    """

    def __init__(
        self, units: t.Mapping[str, Unit], leads: t.Mapping[str, str], catalogue: Catalogue, strict: t.Collection[str]
    ) -> None:
        self.program = Program()
        self.catalogue = catalogue
        self.knobs: dict[Name, Knob] = {}
        self.columns: dict[str, UnitColumns] = {}
        self.spreads_free = False
        self.proofs: list[frozenset[int]] = []
        for name, unit in units.items():
            self._unit(name, unit, name in strict)
        self.most = float(sum(columns.most_nodes for columns in self.columns.values()) or 1)
        for quota in quota_rows(catalogue, self.columns.values()):
            slack = self.give(quota.owner, f"{quota.resource} quota", self.most, quota.scale)
            self.program.at_most([*quota.terms, (slack, -1.0)], quota.limit)
        rows = _ElasticRows(self, leads)
        if catalogue.problem.budget is not None:
            rows.budget(self.columns.values(), catalogue.problem.budget, ALL_FAMILIES)

    def knob(self, owner: str, rule: str) -> Knob:
        """The knob of a rule, created when it is first needed."""
        if (owner, rule) not in self.knobs:
            self.knobs[owner, rule] = Knob(owner, rule, self.program.column(0, 1))
        return self.knobs[owner, rule]

    def give(self, owner: str, rule: str, most: float, unit: float) -> int:
        """A column by which a row of the rule may be broken, `unit` of the rule's own measure for one."""
        knob = self.knob(owner, rule)
        slack = self.program.column(0, most, integer=False)
        self.program.at_most([(slack, 1.0), (knob.column, -most)], 0)
        knob.amounts.append((slack, unit))
        return slack

    def _unit(self, name: str, unit: Unit, strict: bool) -> None:
        eligible, refusing = _relaxed(unit, self.catalogue, strict)
        columns = UnitColumns(
            self.program, unit, self.catalogue, eligible, np.full(len(self.catalogue.domain), BOUNDLESS)
        )
        self.columns[name] = columns
        refused: dict[str, list[tuple[Candidate, str]]] = {}
        for candidate in columns.candidates:
            for rule, text in refusing(candidate.offer):
                refused.setdefault(rule, []).append((candidate, text))
        for rule, pairs in sorted(refused.items()):
            knob = self.knob(*((ALL_FAMILIES, "budget") if rule == TOTAL_BUDGET else (name, rule)))
            knob.refused += pairs
            most = math.ceil(columns.most_nodes / columns.low)
            self.program.at_most([*((c.column, 1.0) for c, _text in pairs), (knob.column, -float(most))], 0)

    def ban(self, knobs: t.Sequence[Knob]) -> None:
        """Let these knobs not all be turned again."""
        banned = {knob.column for knob in knobs}
        others = (at for at, knob in enumerate(self.knobs.values()) if knob.column not in banned)
        self.proofs.append(frozenset(others))
        self.program.at_most([(knob.column, 1.0) for knob in knobs], len(knobs) - 1)

    def free_spreads(self) -> None:
        """Let a required spread give way with every demand of its unit.

        Without the demand there are more keys, and other shares, than any linear program of the keys of now can see.
        """
        if self.spreads_free:
            return
        self.spreads_free = True
        for name, columns in self.columns.items():
            if any(spread.required for spread in columns.unit.rules.spread):
                spread_knob = self.knob(name, "spread")
                for knob in list(self.knobs.values()):
                    if knob.owner == name and knob.refused and knob is not spread_knob:
                        self.program.at_most([(knob.column, 1.0), (spread_knob.column, -1.0)], 0)

    @property
    def small(self) -> bool:
        """Whether one integer program can settle it."""
        return len(self.program.lower) <= WHOLE

    def solve(self, deadline: float) -> tuple[list[Knob], t.Any] | None:
        """The fewest knobs, turned as little as can be, and the values of all columns; None when there is no way.

        :param deadline: as for `Engine`.
        """
        unplaced = [(columns.unplaced, 1.0) for columns in self.columns.values()]
        knobs = [(knob.column, 1.0) for knob in self.knobs.values()]
        amounts = [(slack, 1.0) for knob in self.knobs.values() for slack, _unit in knob.amounts]
        amounts += [(candidate.column, 1.0) for knob in self.knobs.values() for candidate, _text in knob.refused]
        if not self.small:
            self.program.stages = [Stage("unplaced", unplaced, True), Stage("amounts", amounts, False)]
            found = Proofs(self.program, [column for column, _one in knobs], self.proofs, deadline).fewest()
            every = list(self.knobs.values())
            return ([every[at] for at in found[0]], found[1]) if found else None
        stages = [Stage("unplaced", unplaced, True), Stage("knobs", knobs, True), Stage("amounts", amounts, False)]
        self.program.stages = [stage for stage in stages if stage.terms]
        outcome = Lexicographic(self.program, 0.0, deadline).run()
        if outcome.stages["unplaced"][0] > 0.5:
            return None
        return [knob for knob in self.knobs.values() if outcome.values[knob.column] > 0.5], outcome.values


class _ElasticRows(RuleRows):
    elastic = True

    def __init__(self, elastic: Elastic, leads: t.Mapping[str, str]) -> None:
        self.host = elastic
        super().__init__(elastic.program, elastic.columns, leads, even=False, wishes=False)

    def _limit(self, terms: Terms, upper: float, excess: float, loose: bool, rule: tuple[str, str, str]) -> None:
        slack = self.host.give(rule[0], rule[1], ROOM, 1.0)
        super()._limit([*terms, (slack, -1.0)], upper, excess, loose, rule)


def _relaxed(
    unit: Unit, catalogue: Catalogue, strict: bool
) -> tuple[Eligible, t.Callable[[int], list[tuple[str, str]]]]:
    """All offers as eligible, in groups by the filters that refuse them; and what says which ones these are."""
    count = len(catalogue.domain)
    filters = list(checks(unit, catalogue))
    refused = np.zeros(count, dtype=bool)
    group = np.zeros(count, dtype=int)
    capacity = np.full(count, unit.lead.high)
    for number, check in enumerate(filters):
        refused |= check.refused
        group += check.refused.astype(int) << number
        if check.fits is not None:
            capacity = np.where(check.refused, capacity, np.minimum(capacity, check.fits))
    if strict:
        capacity = np.where(refused, 0, capacity)
    eligible = Eligible(capacity, tiers(unit, catalogue), np.full(count, -1), [], counted=~refused, group=group)
    return eligible, lambda offer: [(c.rule, c.text) for c in filters if c.refused[offer]]
