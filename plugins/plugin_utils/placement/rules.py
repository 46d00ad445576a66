# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placement rules as rows of the program.

A required rule is a constraint. Where what runs now breaks it already, its row gets a slack of just that much: nothing
new makes it worse, and the sum of the slacks (the drift) is the first thing minimised once all nodes are placed.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.columns import Key, Part, UnitColumns
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import Count, Near, Relation, Spread
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.program import Program, Terms, negated

# A rule counts as broken from here on.
ROUNDING = 1e-9
# More than any rule can be broken by. No column is without bounds: HiGHS 1.15's presolve errs on integer ones.
FREE = 1e6


@dataclasses.dataclass(frozen=True)
class Slack:
    """Where a rule may stay broken: the column that says by how much, and the rule in words."""

    column: int
    family: str
    rule: str
    detail: str


class RuleRows:
    """Adds the rows of all rules of the given units.

    :param columns: the units' columns by lead.
    :param leads: the lead of every family.
    :param even: add what is needed to break ties by the even distribution of nodes.
    :param wishes: add what is wished and not required too.
    """

    # Whether every required rule can give way; then all of them pass through `_limit`.
    elastic = False

    def __init__(
        self,
        program: Program,
        columns: t.Mapping[str, UnitColumns],
        leads: t.Mapping[str, str],
        even: bool,
        wishes: bool,
    ) -> None:
        self.program = program
        self.columns = columns
        self.leads = leads
        self.slacks: list[Slack] = []
        self.skews: Terms = []
        self.evens: Terms = []
        self.even = even
        self.wishes = wishes
        for unit in columns.values():
            self._unit(unit)

    def _unit(self, unit: UnitColumns) -> None:
        rules = unit.unit.rules
        for spread in rules.spread:
            if spread.required or self.wishes:
                self._spread(unit, spread)
        for count in rules.min:
            self._min(unit, count)
        for count in rules.max:
            self._max(unit, count)
        for count in rules.at_least:
            self._at_least(unit, count)
        for relation in rules.together:
            self._together(unit, relation)
        for relation in rules.apart:
            self._apart(unit, relation)
        for near in rules.near:
            if near.other is not None:
                self._near(unit, near)
        if rules.budget is not None:
            self.budget([unit], rules.budget, unit.unit.name)

    def _limit(self, terms: Terms, upper: float, excess: float, loose: bool, rule: tuple[str, str, str]) -> None:
        """Add `terms <= upper`, softened by what is broken now, or freely where instances have to go (`loose`)."""
        if loose or excess > ROUNDING:
            slack = self.program.column(0, FREE if loose else excess, integer=False)
            self.slacks.append(Slack(slack, *rule))
            terms = [*terms, (slack, -1.0)]
        self.program.at_most(terms, upper)

    def _spread(self, unit: UnitColumns, spread: Spread) -> None:
        most = unit.most_nodes + unit.unit.running
        for tier, keys in unit.eligible_keys(spread.over).items():
            parts = unit.parts(spread.over, tier)
            inside = [parts[key] for key in keys if key in parts]
            total = self.program.column(0, most, integer=False)
            nodes = negated(term for part in inside for term in part.nodes)
            self.program.equal([(total, 1.0), *nodes], sum(part.staying_nodes for part in inside))
            shares: dict[float, list[tuple[Key, Part]]] = {}
            for key, share in shares_of(spread, keys).items():
                shares.setdefault(share, []).append((key, parts.get(key, Part())))
            if self.even:
                self.evens.append(self._level(shares, total, 0, most))
            if spread.required:
                self._required(unit, spread, shares, total, sum(part.running_nodes for part in inside))
            else:
                self.skews.append(self._level(shares, total, spread.max_skew, most))

    def _level(
        self, shares: t.Mapping[float, list[tuple[Key, Part]]], total: int, skew: float, most: int
    ) -> tuple[int, float]:
        """The term for what the fullest key has above its share and `skew`."""
        times = _times(shares)
        excess = self.program.column(0, most * times, integer=_is_whole(times * skew) and len(shares) == 1)
        for share, group in shares.items():
            terms = [(total, -share), (excess, -1.0 / times)]
            self._ceiling([part for _key, part in group], terms, skew, most, times)
        return excess, 1.0 / times

    def _ceiling(self, parts: t.Iterable[Part], terms: Terms, upper: float, most: int, times: int) -> None:
        """Keep the parts under one whole number that is at most `upper` minus the terms: that is quick to branch on."""
        ceiling = self.program.column(0, most)
        for part in parts:
            self.program.at_most([*part.nodes, (ceiling, -1.0)], -part.staying_nodes)
        terms = [(column, _exact(factor * times)) for column, factor in [(ceiling, 1.0), *terms]]
        self.program.at_most(terms, _exact(upper * times))

    def _required(
        self,
        unit: UnitColumns,
        spread: Spread,
        shares: t.Mapping[float, list[tuple[Key, Part]]],
        total: int,
        running: int,
    ) -> None:
        for share, group in shares.items():
            whole = []
            for key, part in group:
                excess = part.running_nodes - share * running - spread.max_skew
                if excess > ROUNDING or unit.loose or self.elastic:
                    rule = (
                        unit.unit.name,
                        "spread",
                        f"{spread.over} {key} has more than its share and {spread.max_skew:g}",
                    )
                    terms = [*part.nodes, (total, -share)]
                    self._limit(terms, spread.max_skew - part.staying_nodes, excess, unit.loose, rule)
                else:
                    whole.append(part)
            most = unit.most_nodes + unit.unit.running
            self._ceiling(whole, [(total, -share)], spread.max_skew, most, _times(shares))

    def _min(self, unit: UnitColumns, count: Count) -> None:
        for key, part in _known(unit.parts(count.over)):
            used, one = _column(unit.used(part), float(count.number))
            excess = max(0, count.number - part.running_nodes) if part.running else 0
            rule = (unit.unit.name, "min", f"{count.over} {key} has fewer than {count.number} nodes")
            self._limit([*negated(part.nodes), *used], part.staying_nodes - one, excess, unit.loose, rule)

    def _max(self, unit: UnitColumns, count: Count) -> None:
        for key, part in _known(unit.parts(count.over)):
            rule = (unit.unit.name, "max", f"{count.over} {key} has more than {count.number} nodes")
            self._limit(part.nodes, count.number - part.staying_nodes, part.running_nodes - count.number, False, rule)

    def _at_least(self, unit: UnitColumns, count: Count) -> None:
        parts = _known(unit.parts(count.over))
        terms, certain = self._sum_used(unit, parts)
        running = sum(1 for _key, part in parts if part.running)
        needed: Terms = []
        constant = float(count.number)
        if not any(existing.column is None for existing in unit.running):
            # Only a family that has nodes has to use so many keys.
            has_nodes = self.program.column(0, 1)
            nodes = [c.nodes for c in unit.candidates]
            nodes += [(r.column, float(r.instance.nodes)) for r in unit.running if r.column is not None]
            self.program.at_most([*nodes, (has_nodes, -float(unit.most_nodes + unit.unit.running))], 0)
            needed, constant = [(has_nodes, float(count.number))], 0.0
        rule = (unit.unit.name, "at_least", f"uses fewer than {count.number} keys of {count.over}")
        excess = count.number - running if unit.running else 0
        self._limit([*negated(terms), *needed], certain - constant, excess, unit.loose, rule)

    def _sum_used(self, unit: UnitColumns, parts: list[tuple[Key, Part]]) -> tuple[Terms, float]:
        terms: Terms = []
        certain = 0.0
        for _key, part in parts:
            used, one = _column(unit.used(part), 1.0)
            terms += used
            certain += one
        return terms, certain

    def _together(self, unit: UnitColumns, relation: Relation) -> None:
        parts = _known(unit.parts(relation.within))
        if relation.other == unit.unit.name:
            terms, certain = self._sum_used(unit, parts)
            running = sum(1 for _key, part in parts if part.running)
            rule = (unit.unit.name, "together", f"is in more than one {relation.within}")
            self._limit(terms, 1 - certain, running - 1, False, rule)
            return
        other = self.columns[self.leads[relation.other]]
        there = other.parts(relation.within)
        for key, part in parts:
            rule = (unit.unit.name, "together", f"{relation.within} {key} has no {relation.other}")
            self._needs(unit, part, other, [there[key]] if key in there else [], rule)

    def _near(self, unit: UnitColumns, near: Near) -> None:
        other = self.columns[self.leads[str(near.other)]]
        domains = {domain.name: domain for domain in unit.catalogue.problem.domains}
        there = [(domains[key], part) for key, part in _known(other.parts("zone")) if key in domains]
        for key, part in _known(unit.parts("zone")):
            domain = domains.get(str(key))
            if domain is not None and domain.latitude is not None and domain.longitude is not None:
                close = []
                for place, there_part in there:
                    distance = place.distance(domain.latitude, domain.longitude)
                    if distance is not None and distance <= near.km:
                        close.append(there_part)
                rule = (unit.unit.name, "near", f"{key} has no {near.other} within {near.km:g} km")
                self._needs(unit, part, other, close, rule)

    def _needs(
        self, unit: UnitColumns, part: Part, other: UnitColumns, places: list[Part], rule: tuple[str, str, str]
    ) -> None:
        """Where the part is used, some instance of the other unit must be in one of the places."""
        if any(place.staying for place in places):
            return
        used, one = _column(unit.used(part), 1.0)
        excess = 1.0 if part.running and not any(place.running for place in places) else 0.0
        terms = [*used, *negated(term for place in places for term in place.instances)]
        self._limit(terms, -one, excess, other.loose and part.running > 0, rule)

    def _apart(self, unit: UnitColumns, relation: Relation) -> None:
        if relation.within == "instance":
            return
        parts = _known(unit.parts(relation.within))
        if relation.other == unit.unit.name:
            for key, part in parts:
                rule = (unit.unit.name, "apart", f"{relation.within} {key} has several instances")
                self._limit(part.instances, 1 - part.staying, part.running - 1, False, rule)
            return
        other = self.columns[self.leads[relation.other]]
        there = other.parts(relation.within)
        for key, part in parts:
            if key in there:
                used, one = _column(unit.used(part), 1.0)
                other_used, other_one = _column(other.used(there[key]), 1.0)
                excess = 1.0 if part.running and there[key].running else 0.0
                rule = (unit.unit.name, "apart", f"{relation.within} {key} has {relation.other} too")
                self._limit([*used, *other_used], 1 - one - other_one, excess, False, rule)

    def budget(self, units: t.Iterable[UnitColumns], budget: float, name: str) -> None:
        """Add the most that the units may cost an hour."""
        terms: Terms = []
        staying = running = 0.0
        for unit in units:
            costs = unit.catalogue.cost
            terms += [(candidate.column, float(costs[candidate.offer])) for candidate in unit.candidates]
            for existing in unit.running:
                running += existing.cost
                if existing.column is None:
                    staying += existing.cost
                else:
                    terms.append((existing.column, existing.cost))
        rule = (name, "budget", f"costs more than {budget:g} an hour")
        self._limit(terms, budget - staying, running - budget, False, rule)


def _known(parts: t.Mapping[Key, Part]) -> list[tuple[Key, Part]]:
    """Parts whose key is known, in the order of keys: for an unknown key, a required rule has refused the offers."""
    return sorted(((key, part) for key, part in parts.items() if key is not None), key=lambda item: str(item[0]))


def shares_of(spread: Spread, keys: t.Sequence[Key]) -> dict[Key, float]:
    """The weighted share of every key."""
    weights = {key: spread.weights.get(str(key), 1.0) for key in keys}
    total = sum(weights.values())
    return {key: weight / total if total else 0.0 for key, weight in weights.items()}


def _column(used: int | float, factor: float) -> tuple[Terms, float]:
    """Split what `used` gave into terms and a constant: a float is certain, an int is a column."""
    return ([], used * factor) if isinstance(used, float) else ([(used, factor)], 0.0)


def _times(shares: t.Mapping[float, list[tuple[Key, Part]]]) -> int:
    """What to multiply a spread by: equal shares become whole numbers, of which the solver can prove more."""
    return max(1, *(len(group) for group in shares.values())) if len(shares) == 1 else 1


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) < ROUNDING


def _exact(value: float) -> float:
    return float(round(value)) if _is_whole(value) else value
