# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A good solution of a large program, quickly.

Ceilings of spreads and marks of used keys tie many columns together. Linear programs settle them first; what is left is
almost a transport problem, whose integer program over the support of the linear one is small and easy.
"""

from __future__ import annotations

import contextlib

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.engine import TOLERANCE, Engine, Linear
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.program import Stage

ROUNDS = 60
# A better solution than this is not looked for near the linear one.
LEAST_GAP = 0.001
# Columns that the linear solution does not use may be used up to this reduced cost, as a share of what is much.
NEAR = 0.003


def dive(engine: Engine, linear: Linear, gap: float, unit: float) -> np.ndarray | None:
    """Find a solution for the objective that the engine aims at; its bounds are the program's own again afterwards.

    :param linear: the solution without integrality.
    :param gap: as for `Engine.solve`.
    :param unit: what is much in the objective, such as the largest price.
    """
    limit = engine.limit
    structure = engine.integer.copy()
    structure[list(engine.program.unchanged)] = False
    lower, upper, settled = _settle(engine, linear, structure, unit)
    if not len(_open(settled, structure)):
        lower[structure] = upper[structure] = np.round(settled.columns[structure])
    _narrow(lower, upper, settled, engine.integer & ~structure, NEAR * unit)
    engine.bound(lower, upper)
    values, _bound, _ended = engine.solve(max(gap / 2, LEAST_GAP), None)
    engine.free()
    # What did not end here says nothing of the whole program.
    engine.limit = limit
    return values


def _settle(
    engine: Engine, linear: Linear, structure: np.ndarray, unit: float
) -> tuple[np.ndarray, np.ndarray, Linear]:
    """Fix the columns of the structure at whole numbers, as far as that goes: many at once while it goes well."""
    lower, upper = engine.lower.copy(), engine.upper.copy()
    for push in (unit, -unit):
        linear = _push(engine, linear, structure & (engine.upper > 1), lower, upper, push) or linear
    engine.bound(lower, upper)
    linear = engine.relax() or linear
    share = 1.0
    for _round in range(ROUNDS):
        columns = _open(linear, structure)
        if engine.late or not len(columns):
            break
        columns, values, others = _choose(engine, linear, columns)
        count = max(1, int(len(columns) * share))
        result = _try(engine, lower, upper, columns[:count], values[:count])
        if result is None and count == 1:
            result = _try(engine, lower, upper, columns[:1], others[:1])
            if result is None:
                break
        share = share / 4 if result is None else min(1.0, share * 2)
        if result is not None:
            lower, upper, linear = result
    return lower, upper, linear


def _push(
    engine: Engine, linear: Linear, ceilings: np.ndarray, lower: np.ndarray, upper: np.ndarray, push: float
) -> Linear | None:
    """Push all ceilings at once to the whole numbers below (or above) them, and fix those that give way."""
    columns = _open(linear, ceilings)
    if not len(columns):
        return None
    down = np.floor(linear.columns[columns])
    lower[columns], upper[columns] = down, down + 1
    engine.bound(lower, upper)
    stage = engine.stage
    engine.aim(Stage("", [*stage.terms, *((int(column), push) for column in columns)], False))
    pushed = engine.relax(primal=True)
    engine.aim(stage)
    if pushed is not None:
        goal = down if push > 0 else down + 1
        there = np.abs(pushed.columns[columns] - goal) < TOLERANCE
        lower[columns[there]] = upper[columns[there]] = goal[there]
    return pushed


def _open(linear: Linear, structure: np.ndarray) -> np.ndarray:
    """The columns of the structure that are no whole numbers yet."""
    return np.flatnonzero(structure & (np.abs(linear.columns - np.round(linear.columns)) > TOLERANCE))


def _try(
    engine: Engine, lower: np.ndarray, upper: np.ndarray, columns: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Linear] | None:
    """Fix columns in a copy of the bounds; None when that leaves no solution."""
    lower, upper = lower.copy(), upper.copy()
    lower[columns] = upper[columns] = values
    basis = engine.highs.getBasis()
    engine.bound(lower, upper)
    result = engine.relax()
    if result is None:
        # From where there is no solution, the way to the next one is long.
        engine.highs.setBasis(basis)
    return None if result is None else (lower, upper, result)


def _choose(engine: Engine, linear: Linear, open_columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The columns to fix next, the surest first, where, and where else: ceilings downwards, then marks at one."""
    ceilings = open_columns[engine.upper[open_columns] > 1]
    if len(ceilings):
        down = np.floor(linear.columns[ceilings])
        order = np.argsort(linear.columns[ceilings] - down, kind="stable")
        return ceilings[order], down[order], down[order] + 1
    marks = open_columns[np.argsort(-linear.columns[open_columns], kind="stable")]
    marks = marks[: max(5, len(marks) // 2)]
    return marks, np.ones(len(marks)), np.zeros(len(marks))


def _narrow(lower: np.ndarray, upper: np.ndarray, linear: Linear, body: np.ndarray, most: float) -> None:
    """Leave one step around the linear solution to columns that it uses or nearly uses, and nothing to the others."""
    used = linear.columns > TOLERANCE
    down, up = np.floor(linear.columns + TOLERANCE) - 1, np.ceil(linear.columns - TOLERANCE) + 1
    lower[body & used] = np.maximum(lower, down)[body & used]
    upper[body & used] = np.minimum(upper, up)[body & used]
    near = np.abs(linear.costs) <= most
    upper[body & ~used & near] = np.minimum(upper, 1)[body & ~used & near]
    upper[body & ~used & ~near] = lower[body & ~used & ~near]
