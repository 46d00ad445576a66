# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of one unit: new instances and nodes by offer, existing instances that may go, nodes not placed."""

from __future__ import annotations

import contextlib
import dataclasses
import math

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import Catalogue, Eligible
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import Instance, place_key
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.program import Program, Terms, negated
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.prune import prune
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit

Key = str | None


@dataclasses.dataclass(frozen=True)
class Candidate:
    """An offer that may get new instances. `nodes` says how its number of nodes follows from columns."""

    offer: int
    domain: int
    tier: int
    most: int
    column: int
    nodes: tuple[int, float]


@dataclasses.dataclass(frozen=True)
class Running:
    """An existing instance; `column` is 1 when it stays, and None when it stays for certain."""

    instance: Instance
    tier: int | None
    cost: float
    column: int | None


@dataclasses.dataclass
class Part:
    """What a unit has, or may have, in one key: terms for what is open, numbers for what stays, and what runs now."""

    nodes: Terms = dataclasses.field(default_factory=list)
    instances: Terms = dataclasses.field(default_factory=list)
    most: int = 0
    staying_nodes: int = 0
    staying: int = 0
    running_nodes: int = 0
    running: int = 0
    used: int | None = None


class UnitColumns:
    """Creates a unit's columns in a program and groups them by key.

    :param room: how many instances of every offer fit into what quotas leave.
    """

    def __init__(
        self, program: Program, unit: Unit, catalogue: Catalogue, eligible: Eligible, room: np.ndarray
    ) -> None:
        self.program = program
        self.unit = unit
        self.catalogue = catalogue
        self.eligible = eligible
        self.loose = unit.shrinks
        self.running = [self._run(instance) for instance in unit.instances]
        # Nodes that moves can set free have to be placed again.
        movable = sorted((r.instance.nodes for r in self.running if r.column is not None), reverse=True)
        self.most_nodes = unit.open + (0 if unit.shrinks else sum(movable[: unit.moves]))
        self.low = min(unit.lead.low, max(1, unit.open)) if not unit.lead.fixed else 1
        self.candidates: list[Candidate] = []
        if self.most_nodes:
            for offer in prune(unit, catalogue, eligible):
                self._candidate(int(offer), room)
        self.unplaced = program.column(0, unit.open)
        program.unchanged[self.unplaced] = unit.open
        self._parts: dict[tuple[str, int | None], dict[Key, Part]] = {}
        self._keys: dict[str, dict[int, list[Key]]] = {}
        program.unchanged.update({candidate.column: 0.0 for candidate in self.candidates})
        program.unchanged.update({running.column: 1.0 for running in self.running if running.column is not None})
        self._rows()

    def _run(self, instance: Instance) -> Running:
        unit, tier, cost = self.unit, None, 0.0
        if instance.offer is not None:
            tier, cost = int(self.eligible.tier[instance.offer]), float(self.catalogue.cost[instance.offer])
        may_go = unit.shrinks or (unit.moves > 0 and instance.offer is not None)
        return Running(instance, tier, cost, self.program.column(0, 1) if may_go else None)

    def _candidate(self, offer: int, room: np.ndarray) -> None:
        capacity = int(self.eligible.capacity[offer])
        most = int(min(room[offer], math.ceil(self.most_nodes / self.low)))
        column = self.program.column(0, most)
        nodes = (column, float(capacity))
        if capacity > 1 and not (self.unit.lead.fixed and self.unit.open % capacity == 0 and not self.unit.moves):
            many = self.program.column(0, min(most * capacity, self.most_nodes))
            self.program.at_most([(many, 1.0), (column, -float(capacity))], 0)
            self.program.at_most([(column, float(self.low)), (many, -1.0)], 0)
            nodes = (many, 1.0)
        tier, domain = int(self.eligible.tier[offer]), int(self.catalogue.domain[offer])
        self.candidates.append(Candidate(offer, domain, tier, most, column, nodes))

    def _rows(self) -> None:
        unit, program = self.unit, self.program
        staying = sum(r.instance.nodes for r in self.running if r.column is None)
        terms = [c.nodes for c in self.candidates] + [
            (r.column, float(r.instance.nodes)) for r in self.running if r.column is not None
        ]
        if unit.shrinks:
            program.row(terms, min(unit.lead.nodes, unit.running) - staying, math.inf)
            return
        program.row([*terms, (self.unplaced, 1.0)], unit.lead.nodes - staying, unit.lead.nodes - staying)
        going = [r for r in self.running if r.column is not None]
        if going:
            program.row([(r.column, 1.0) for r in going if r.column is not None], len(going) - unit.moves, math.inf)
        if unit.lead.fixed and unit.lead.high > 1:
            # As few instances as the nodes need: all that is left free on them is less than one instance.
            high = float(unit.lead.high)
            free = [(c.column, high) for c in self.candidates] + negated(c.nodes for c in self.candidates)
            program.at_most(free, high - 1)

    def key_of(self, instance: Instance, kind: str) -> tuple[bool, Key]:
        """Whether the key of an existing instance is known, and the key."""
        if kind in ("provider", "region", "zone"):
            return True, place_key(kind, instance.provider, instance.region, instance.zone)
        if instance.domain is None:
            return False, None
        return True, self.catalogue.problem.domains[instance.domain].key(kind)

    def parts(self, kind: str, tier: int | None = None) -> dict[Key, Part]:
        """The unit's parts by key of `kind`, of all tiers or of one (then without instances on offers not listed)."""
        if (kind, tier) not in self._parts:
            self._parts[kind, tier] = self._group(kind, tier)
        return self._parts[kind, tier]

    def _group(self, kind: str, tier: int | None) -> dict[Key, Part]:
        parts: dict[Key, Part] = {}
        domains = self.catalogue.problem.domains
        keys = [domain.key(kind) for domain in domains]
        for candidate in self.candidates:
            if tier is None or candidate.tier == tier:
                part = parts.setdefault(keys[candidate.domain], Part())
                part.nodes.append(candidate.nodes)
                part.instances.append((candidate.column, 1.0))
                part.most += candidate.most
        for running in self.running:
            known, key = self.key_of(running.instance, kind)
            if known and (tier is None or running.tier == tier):
                _add_running(parts.setdefault(key, Part()), running)
        return parts

    def eligible_keys(self, kind: str) -> dict[int, list[Key]]:
        """The keys of all eligible offers by tier, whatever their quotas leave; an unknown key (None) comes last."""
        if kind not in self._keys:
            eligible, domains = self.eligible, self.catalogue.problem.domains
            counted = eligible.capacity > 0 if eligible.counted is None else eligible.counted
            places = np.unique(eligible.tier[counted] * len(domains) + self.catalogue.domain[counted])
            tiers: dict[int, set[Key]] = {}
            for tier, domain in (divmod(place, len(domains)) for place in places.tolist()):
                tiers.setdefault(tier, set()).add(domains[domain].key(kind))
            self._keys[kind] = {
                tier: sorted(tiers[tier], key=lambda key: (key is None, key or "")) for tier in sorted(tiers)
            }
        return self._keys[kind]

    def used(self, part: Part) -> int | float:
        """The column that is 1 when the part has an instance, or 1.0 / 0.0 where that is certain."""
        if part.staying:
            return 1.0
        if not part.instances:
            return 0.0
        if part.used is None:
            part.used = self.program.column(0, 1)
            most = min(part.most, math.ceil(self.most_nodes / self.low) + part.running)
            self.program.at_most([*part.instances, (part.used, -float(most))], 0)
            self.program.at_most([(part.used, 1.0), *((column, -1.0) for column, _one in part.instances)], 0)
        return part.used


def _add_running(part: Part, running: Running) -> None:
    nodes = running.instance.nodes
    part.running_nodes += nodes
    part.running += 1
    if running.column is None:
        part.staying_nodes += nodes
        part.staying += 1
    else:
        part.nodes.append((running.column, float(nodes)))
        part.instances.append((running.column, 1.0))
        part.most += 1
