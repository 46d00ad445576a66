# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CP-SAT on the program of a placement, objective by objective, with one worker."""

from __future__ import annotations

import math
import time
import typing as t

# Continuous columns count thousandths, and rows have this many steps to one, as CP-SAT knows whole numbers only.
THOUSANDTHS = 1000
STEPS = 1_000_000


def solve(program: dict[str, t.Any], gap: float, limit: float) -> dict[str, t.Any]:
    """Minimise the stages of a program in order.

    :param limit: seconds for all stages together.
    """
    from ortools.sat.python import cp_model

    started = time.monotonic()
    model = cp_model.CpModel()
    scale = [1 if integer else THOUSANDTHS for integer in program["integer"]]
    bounds = [(low, min(high, 10**6)) for low, high in zip(program["lower"], program["upper"], strict=True)]
    variables = [
        model.new_int_var(int(low * factor), int(high * factor), "")
        for (low, high), factor in zip(bounds, scale, strict=True)
    ]
    for at in range(len(program["row_lower"])):
        span = slice(program["starts"][at], program["starts"][at + 1])
        terms = list(zip(program["index"][span], program["value"][span], strict=True))
        whole = all(value == int(value) and scale[column] == 1 for column, value in terms)
        steps = 1 if whole else STEPS
        total = sum(variables[column] * round(value * steps / scale[column]) for column, value in terms)
        low, high = program["row_lower"][at], program["row_upper"][at]
        if low == high:
            model.add(total == round(low * steps))
        elif high < math.inf:
            model.add(total <= math.floor(high * steps + 1e-6))
        else:
            model.add(total >= math.ceil(low * steps - 1e-6))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.relative_gap_limit = gap
    values: dict[str, float] = {}
    worst, stopped = 0.0, None
    for stage in program["stages"]:
        goal = sum(variables[column] * round(factor * STEPS / scale[column]) for column, factor in stage["terms"])
        model.minimize(goal)
        solver.parameters.max_time_in_seconds = max(0.1, limit - (time.monotonic() - started))
        status = solver.solve(model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            stopped = "deadline"
            break
        value, bound = solver.objective_value, solver.best_objective_bound
        values[stage["name"]] = value / STEPS + stage["constant"]
        worst = max(worst, (value - bound) / max(abs(value), 1e-9))
        stopped = stopped or (None if status == cp_model.OPTIMAL else "deadline")
        model.add(goal <= round(value))
        model.clear_hints()
        for variable in variables:
            model.add_hint(variable, solver.value(variable))
    prefer = [round(value) for name, value in values.items() if name.startswith("prefer")]
    found = {key: round(values[key], 4) if key in values else None for key in ("unplaced", "skew", "price")}
    return {**found, "prefer": prefer, "gap": worst, "limit": stopped}
