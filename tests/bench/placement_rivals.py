# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the placement is compared with: a greedy, and the program without pruning. CP-SAT has a file of its own."""

from __future__ import annotations

import dataclasses
import math
import typing as t

import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import columns, lexicographic, placing
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.build import Model
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import (
    Catalogue,
    filter_offers,
    follow_others,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.reading import read
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import make_units, unit_of

Row = dict[str, t.Any]


def model_of(case: t.Any) -> tuple[Model, Catalogue, t.Any, t.Any]:
    """The program of a whole case, without splitting it."""
    problem = read(*case, (), None)
    units = make_units(problem)
    leads = unit_of(units)
    catalogue = Catalogue(problem)
    table = {name: filter_offers(unit, catalogue) for name, unit in units.items()}
    follow_others(units, leads, catalogue, table)
    return Model(list(units.values()), leads, catalogue, table), catalogue, units, table


def ours(case: t.Any, gap: float, limit: float) -> Row:
    """The placement itself."""
    result = placing.place(*case, gap=gap, time_limit=limit)
    objective = result["objective"]
    gaps = {"gap": result["gap"], "limit": result["limit"]}
    return {
        "unplaced": objective["unplaced"],
        "prefer": objective["prefer"],
        "skew": objective["skew"],
        "price": result["price"],
        **gaps,
    }


def unpruned(case: t.Any, gap: float, limit: float) -> Row:
    """All eligible offers at once in HiGHS, every stage as an integer program."""
    columns.prune = lambda unit, catalogue, eligible: np.flatnonzero(eligible.capacity > 0)
    lexicographic.WHOLE = math.inf
    return ours(case, gap, limit)


def greedy(case: t.Any, _gap: float, _limit: float) -> Row:
    """Family by family to the best tier and then the cheapest offer with room; spreads are left to luck."""
    model, catalogue, units, table = model_of(case)
    problem = catalogue.problem
    left = {at: dict(domain.quota) for at, domain in enumerate(problem.domains)}
    regions: dict[str, set[str | None]] = {}
    unplaced, price, prefer = 0, 0.0, 0
    for name, unit in units.items():
        eligible = table[name]
        offers = sorted(
            np.flatnonzero(eligible.capacity > 0), key=lambda at: (eligible.tier[at], catalogue.cost[at], at)
        )
        needed = [regions.get(r.other, set()) for r in unit.rules.together if r.other != name]
        todo, used = unit.open, regions.setdefault(name, set())
        for at in offers:
            domain = problem.domains[catalogue.domain[at]]
            if any(domain.key("region") not in places for places in needed):
                continue
            quota = left[int(catalogue.domain[at])]
            uses = {resource: catalogue.use[resource][at] for resource in quota}
            fit = min([math.floor(quota[r] / use) for r, use in uses.items() if use > 0], default=todo)
            each = int(eligible.capacity[at])
            count = min(fit, math.ceil(todo / each))
            if count > 0:
                quota.update({r: quota[r] - use * count for r, use in uses.items()})
                nodes = min(todo, count * each)
                todo -= nodes
                price += count * float(catalogue.cost[at])
                prefer += nodes if eligible.tier[at] else 0
                used.add(domain.key("region"))
            if not todo:
                break
        unplaced += todo
    return {
        "unplaced": unplaced,
        "prefer": [prefer],
        "skew": None,
        "price": round(price, 4),
        "gap": None,
        "limit": None,
    }


def program_of(case: t.Any) -> dict[str, t.Any]:
    """The pruned program as plain lists: OR-Tools brings a HiGHS that cannot share a process with ours."""
    return dataclasses.asdict(model_of(case)[0].program)
