# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the solver's columns back to what an operator asked for: assignments, instances that stay or go, prices."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.build import Model
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.columns import Candidate, Running, UnitColumns
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import Catalogue, Eligible
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.lexicographic import Outcome
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import Instance, Problem
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit

Row = dict[str, t.Any]


class Plan:
    """Collects the results of all components."""

    def __init__(
        self, problem: Problem, units: t.Mapping[str, Unit], catalogue: Catalogue, table: t.Mapping[str, Eligible]
    ) -> None:
        self.problem = problem
        self.units = units
        self.catalogue = catalogue
        self.table = table
        self.assignments: list[Row] = []
        self.created: dict[str, list[tuple[Candidate, int]]] = {}
        self.kept: list[str] = []
        self.surplus = [instance.name for instance in problem.instances if instance.family not in units]
        self.moved: list[str] = []
        self.drift: list[Row] = []
        self.shortfall: dict[str, int] = {}
        self.stages: dict[str, list[float]] = {}
        self.limits: set[str] = set()

    def add(self, model: Model, outcome: Outcome) -> None:
        """Take over the solution of one component."""
        for name, (value, bound) in outcome.stages.items():
            total = self.stages.setdefault(name, [0.0, 0.0])
            total[0] += value
            total[1] += bound
        if outcome.limit:
            self.limits.add(outcome.limit)
        for columns in model.columns.values():
            self._unit(columns, outcome.values)
        for slack in model.rules.slacks:
            if outcome.values[slack.column] > 1e-4:
                self.drift.append({"family": slack.family, "rule": slack.rule, "text": slack.detail})

    def skip(self, unit: Unit) -> None:
        """Leave a unit as it is, for there is no time to look for more."""
        self.limits.add("deadline")
        self.kept += [instance.name for instance in unit.instances]
        self.stages.setdefault("unplaced", [0.0, 0.0])[0] += unit.open
        self._assign(unit, unit.instances, [])

    def _unit(self, columns: UnitColumns, values: t.Any) -> None:
        unit = columns.unit
        staying, leaving = _stay(columns.running, values)
        self.kept += [running.instance.name for running in staying]
        (self.surplus if unit.shrinks else self.moved).extend(running.instance.name for running in leaving)
        for running in staying:
            at = running.instance.offer
            broken = None if at is None else columns.eligible.broken(at)
            if broken:
                rule, text = broken
                self.drift.append({"family": unit.name, "rule": rule, "text": f"{running.instance.name}: {text}"})
        rows = []
        for candidate in columns.candidates:
            count = int(round(values[candidate.column]))
            if count:
                column, factor = candidate.nodes
                rows.append((candidate, count, int(round(values[column] * factor))))
        self._assign(unit, [running.instance for running in staying], rows)

    def _assign(self, unit: Unit, staying: t.Sequence[Instance], rows: t.Sequence[tuple[Candidate, int, int]]) -> None:
        self.created[unit.name] = [(candidate, count) for candidate, count, _nodes in rows]
        placed = sum(nodes for _candidate, _count, nodes in rows) + sum(instance.nodes for instance in staying)
        if placed < unit.lead.nodes:
            self.shortfall[unit.name] = unit.lead.nodes - placed
        total = sum(count for _candidate, count, _nodes in rows) + len(staying)
        sharers = {family.name: _Shares(family.nodes, total, family.high, len(staying)) for family in unit.followers}
        for candidate, count, nodes in rows:
            offer = self.problem.offers[candidate.offer]
            row: Row = {
                "family": unit.name,
                "provider": offer.provider,
                "region": offer.region,
                "zone": offer.zone,
                "size": offer.size,
            }
            row.update(instances=count, nodes=nodes, price=None if math.isnan(offer.price) else round(offer.price, 6))
            if sharers:
                row["together"] = {name: share.take(count) for name, share in sharers.items()}
            self.assignments.append(row)
        for name, share in sharers.items():
            if share.lacking:
                self.shortfall[name] = share.lacking

    def running(self) -> t.Iterator[tuple[str, str, float, int]]:
        """Family, provider, price an hour (NaN: unknown) and number of everything that will run."""
        for name, rows in self.created.items():
            for candidate, count in rows:
                offer = self.problem.offers[candidate.offer]
                yield name, offer.provider, offer.price, count
        kept = set(self.kept)
        for instance in self.problem.instances:
            if instance.name in kept:
                price = math.nan if instance.offer is None else self.problem.offers[instance.offer].price
                yield instance.family, instance.provider, price, 1

    def price(self) -> tuple[float, int]:
        """Money an hour for everything that will run, and the number of instances whose price is unknown."""
        rows = list(self.running())
        known = math.fsum(price * count for _family, _provider, price, count in rows if not math.isnan(price))
        return round(known, 6), sum(count for _family, _provider, price, count in rows if math.isnan(price))

    def prices(self) -> Row:
        """Known money an hour by family and by provider."""
        totals: dict[str, dict[str, list[float]]] = {"families": {}, "providers": {}}
        for family, provider, price, count in self.running():
            for word, name in (("families", family), ("providers", provider)):
                totals[word].setdefault(name, []).append(0.0 if math.isnan(price) else price * count)
        return {word: {name: round(math.fsum(sums[name]), 6) for name in sorted(sums)} for word, sums in totals.items()}

    def objective(self) -> Row:
        """The value of every stage; `prefer` lists the nodes in the last tiers first."""
        values = {name: round(total[0], 4) for name, total in self.stages.items()}
        prefer = [
            values[name]
            for name in sorted((n for n in values if n.startswith("prefer")), key=lambda name: int(name[6:]))
        ]
        return {
            "unplaced": int(sum(self.shortfall.get(name, 0) for name in self.units)),
            "drift": values.get("drift", 0.0),
            "prefer": [int(round(value)) for value in prefer],
            "skew": values.get("skew", 0.0),
            "price": self.price()[0],
            "moves": len(self.moved),
        }


class _Shares:
    """Hands out a follower's nodes over the instances of its lead, evenly: the first instances get one more."""

    def __init__(self, nodes: int, instances: int, most: int, already: int) -> None:
        placed = min(nodes, instances * most)
        self.lacking = nodes - placed
        self.each, self.more = divmod(placed, instances) if instances else (0, 0)
        self.at = 0
        self.take(already)

    def take(self, count: int) -> int:
        """The nodes of the next instances."""
        more = max(0, min(self.more - self.at, count))
        self.at += count
        return count * self.each + more


def _stay(running: t.Sequence[Running], values: t.Any) -> tuple[list[Running], list[Running]]:
    """Split existing instances into those that stay and those that go: among equals the first names stay."""
    groups: dict[tuple[t.Any, ...], list[Running]] = {}
    for entry in running:
        instance = entry.instance
        key = (
            instance.provider,
            instance.region or "",
            instance.zone or "",
            instance.size,
            instance.nodes,
            entry.column is None,
        )
        groups.setdefault(key, []).append(entry)
    staying, leaving = [], []
    for group in groups.values():
        count = sum(1 for entry in group if entry.column is None or values[entry.column] > 0.5)
        staying += group[:count]
        leaving += group[count:]
    return sorted(staying, key=lambda entry: entry.instance.name), sorted(
        leaving, key=lambda entry: entry.instance.name
    )
