# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way from plain input to plain result."""

from __future__ import annotations

import math
import time
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.build import Model
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.components import split
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import (
    Catalogue,
    Eligible,
    filter_offers,
    follow_others,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.engine import require
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.lexicographic import Lexicographic, relative
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import Problem
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.plain import number
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.plan import Plan
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.reading import read
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.refusal import refusals
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.relax import relax
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit, make_units, unit_of

# What the time to put a result into words is, as a part of the time to read the input.
RESULT = 0.5


def place(
    families: t.Mapping[str, t.Any],
    offers: t.Sequence[t.Mapping[str, t.Any]],
    existing: t.Sequence[t.Mapping[str, t.Any]] = (),
    budget: float | None = None,
    time_limit: float = 10.0,
    gap: float = 0.0,
) -> dict[str, t.Any]:
    """Find where the nodes of every family go.

    :param families: name to `{nodes, nodes_per_instance, demand, placement}`.
    :param offers: one mapping for each size in each domain; quotas are what is left beside the existing instances.
    :param existing: `{name, family, provider, region, zone, size, nodes}` of every instance that runs.
    :param budget: the most money an hour for all families together.
    :param time_limit: seconds after which the best plan so far is given, and flagged.
    :param gap: the relative distance from the proven bound that is good enough.
    :return: `status`, `gap`, `limit`, `price`, `unknown_prices`, `prices`, `assignments`, `kept`, `surplus`, `moved`,
        `drift`, `shortfall`, `refusals`, `conflict`, `changes`, `objective`; equal for equal input in any order.
    :raises WombatError: when the input is malformed, or a Python package is missing.
    """
    started = time.monotonic()
    limit, tolerance = number(time_limit, "time_limit", 0.0, 1e6), number(gap, "gap", 0.0, 1.0)
    if math.isnan(limit) or math.isnan(tolerance):
        raise WombatError("time_limit and gap must be numbers; leave them out for 10 seconds and 0")
    require()
    problem = read(families, offers, existing, budget)
    # A program takes about as long to build as its input to read; what it gives, a part of that.
    reading = time.monotonic() - started
    plan = _plan(problem, tolerance, reading, started + limit)
    conflict: list[dict[str, str]] = []
    changes: list[str] = []
    # What the deadline cut short may have a place after all: then there is nothing to explain.
    end = started + limit - 2 * reading
    if plan.shortfall and "deadline" not in plan.limits and time.monotonic() < end:
        conflict, changes = relax(plan, lambda other: _fits(other, end), end)
    return {**_result(plan), "conflict": conflict, "changes": changes}


class _Parts(t.NamedTuple):
    """A problem ready to be solved: its units in groups that share nothing."""

    units: dict[str, Unit]
    leads: dict[str, str]
    catalogue: Catalogue
    table: dict[str, Eligible]
    groups: list[list[Unit]]

    def model(self, group: list[Unit], wishes: bool = True) -> Model:
        return Model(group, self.leads, self.catalogue, self.table, wishes)


def _parts(problem: Problem) -> _Parts:
    units = make_units(problem)
    leads = unit_of(units)
    catalogue = Catalogue(problem)
    table = {name: filter_offers(unit, catalogue) for name, unit in units.items()}
    follow_others(units, leads, catalogue, table)
    return _Parts(units, leads, catalogue, table, split(units, leads, catalogue, table))


def _plan(problem: Problem, gap: float, reading: float, deadline: float) -> Plan:
    parts = _parts(problem)
    plan = Plan(problem, parts.units, parts.catalogue, parts.table)
    left = len(parts.units)
    each = 2 * reading / max(left, 1)
    for group in parts.groups:
        now = time.monotonic()
        # What early groups leave of their time goes to the later ones.
        end = now + (deadline - now - RESULT * each * left) * len(group) / left
        left -= len(group)
        if now + each * len(group) >= end:
            for unit in group:
                plan.skip(unit)
        else:
            model = parts.model(group)
            plan.add(model, Lexicographic(model.program, gap, end).run())
    return plan


def _fits(problem: Problem, deadline: float) -> bool:
    """Whether all nodes have a place, at whatever price."""
    if time.monotonic() >= deadline:
        return False
    parts = _parts(problem)
    for group in parts.groups:
        program = parts.model(group, wishes=False).program
        outcome = Lexicographic(program, 0.0, deadline).run()
        if outcome.stages.get("unplaced", (0.0, 0.0))[0] > 0.5:
            return False
    return True


def _result(plan: Plan) -> dict[str, t.Any]:
    gap = max((relative(value, bound) for value, bound in plan.stages.values()), default=0.0)
    status = "infeasible" if plan.shortfall else "feasible" if gap > 0 else "optimal"
    price, unknown = plan.price()
    return {
        "status": status,
        "gap": float(f"{gap:.4g}") if math.isfinite(gap) else 1.0,
        "limit": min(plan.limits, default=None),
        "price": price,
        "unknown_prices": unknown,
        "prices": plan.prices(),
        "assignments": sorted(
            plan.assignments,
            key=lambda row: tuple(str(row[key] or "") for key in ("family", "provider", "region", "zone", "size")),
        ),
        "kept": sorted(plan.kept),
        "surplus": sorted(plan.surplus),
        "moved": sorted(plan.moved),
        "drift": sorted(plan.drift, key=lambda row: (row["family"], row["rule"], row["text"])),
        "shortfall": dict(sorted(plan.shortfall.items())),
        "refusals": refusals(plan),
        "objective": plan.objective(),
    }
