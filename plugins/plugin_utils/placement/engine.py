# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HiGHS, held so that equal programs give equal answers: one thread, one seed, bounded by nodes of the search tree."""

from __future__ import annotations

import math
import time
import typing as t

try:
    import highspy
    import numpy as np
except ImportError:  # ansible-test imports every file without the collection's requirements
    highspy = None  # type: ignore[assignment]
else:

    class Quiet(highspy.Highs):
        """HiGHS 1.16 prints a banner when its constructor enables callbacks, before it can be told to be quiet."""

        def enableCallbacks(self) -> None:
            self.setOptionValue("output_flag", False)


from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.program import Program, Stage

# Whole-number objectives are proven as soon as the bound is within one of the value.
INTEGRAL_GAP = 0.999
# What a pinned objective may be above its value. HiGHS 1.15's presolve takes programs for infeasible where such a
# number equals its own tolerance, so that one is smaller.
TOLERANCE, FEASIBILITY = 1e-6, 1e-7
DUAL, PRIMAL = 1, 4
# Up to so many columns the whole program is solved at once, and a restart of the search costs more than it gains.
WHOLE = 2000
# How long the integer solver may go without a look at the clock, at the least and in times of the first linear run.
BLIND, BLIND_RUNS = 4e-5, 8


class Linear(t.NamedTuple):
    """What a linear program gave: its value, its columns and their reduced costs."""

    value: float
    columns: np.ndarray
    costs: np.ndarray


def require() -> None:
    """Check that the solver is there.

    :raises WombatError: when it is not installed.
    """
    if highspy is None:
        raise WombatError("placement needs the Python package highspy on the controller; install it with pip")


class Engine:
    """One program in HiGHS, with objectives put in and values pinned one after the other.

    :param deadline: the `time.monotonic` second at which every run has to stop.
    :param nodes: the most nodes of the search tree in one run.
    """

    def __init__(self, program: Program, deadline: float, nodes: int) -> None:
        self.program = program
        self.deadline = deadline
        self.count = len(program.lower)
        self.columns = np.arange(self.count, dtype=np.int32)
        self.lower, self.upper = np.array(program.lower, dtype=float), np.array(program.upper, dtype=float)
        self.integer = np.array(program.integer, dtype=bool)
        self.limit: str | None = None
        self.blind = 0.0
        self.part = 1.0
        self.highs = Quiet()
        options: dict[str, bool | int | float | str] = {
            "threads": 1,
            "parallel": "off",
            "random_seed": 0,
            "mip_max_nodes": nodes,
            "mip_allow_restart": self.count > WHOLE,
        }
        options.update(mip_feasibility_tolerance=FEASIBILITY, mip_rel_gap=0.0)
        for name, value in options.items():
            self.highs.setOptionValue(name, value)
        self.highs.passModel(_model(program))
        # The rows that pin stages are there from the beginning: a basis stays one when a stage is pinned.
        self.rows: dict[str, tuple[int, float]] = {}
        for stage in (*program.stages, *program.ties):
            if stage.terms:
                self.rows[stage.name] = self._row(stage)

    def aim(self, stage: Stage) -> None:
        """Make the stage's objective that of the next runs; money is scaled, so that its unit does not matter."""
        cost = np.zeros(self.count)
        for column, factor in stage.terms:
            cost[column] += factor
        self.scale = 1.0 if stage.integral else float(np.abs(cost).max(initial=0)) or 1.0
        self.stage = stage
        self.highs.changeColsCost(self.count, self.columns, cost / self.scale)

    def _row(self, stage: Stage) -> tuple[int, float]:
        merged: dict[int, float] = {}
        for column, factor in stage.terms:
            merged[column] = merged.get(column, 0.0) + factor
        scale = 1.0 if stage.integral else max(map(abs, merged.values())) or 1.0
        index = np.array(list(merged), dtype=np.int32)
        infinite = highspy.kHighsInf
        self.highs.addRow(-infinite, infinite, len(index), index, np.array(list(merged.values())) / scale)
        return int(self.highs.getNumRow()) - 1, scale

    def pin(self, stage: Stage, value: float) -> None:
        """Keep the stage's value at or below `value`."""
        row, scale = self.rows[stage.name]
        slack = 0.0 if stage.integral else TOLERANCE
        self.highs.changeRowBounds(row, -highspy.kHighsInf, value / scale + slack)

    def unpin(self, stage: Stage) -> None:
        self.highs.changeRowBounds(self.rows[stage.name][0], -highspy.kHighsInf, highspy.kHighsInf)

    def bound(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """Set the bounds of all columns."""
        self.part = float(np.count_nonzero(lower < upper)) / max(self.count, 1)
        self.highs.changeColsBounds(self.count, self.columns, lower, upper)

    def free(self) -> None:
        """Set the program's own bounds again."""
        self.bound(self.lower, self.upper)

    @property
    def late(self) -> bool:
        """Whether the deadline is over."""
        return time.monotonic() >= self.deadline

    def relax(self, primal: bool = False) -> Linear | None:
        """Solve without integrality; None when there is no solution or no time for it.

        :param primal: right where only the objective changed since the last run: the last basis is feasible still.
        """
        started = time.monotonic()
        if started >= self.deadline:
            return None
        self.highs.setOptionValue("simplex_strategy", PRIMAL if primal else DUAL)
        self.highs.setOptionValue("solve_relaxation", True)
        self.highs.setOptionValue("presolve", "choose")
        # For linear runs, the solver's clock goes on from run to run of one object.
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + self.deadline - started)
        self.highs.run()
        self.blind = self.blind or max(BLIND_RUNS * (time.monotonic() - started), BLIND * len(self.program.index))
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self.highs.getSolution()
        value = self.highs.getInfo().objective_function_value * self.scale
        return Linear(value, np.array(solution.col_value), np.array(solution.col_dual) * self.scale)

    def solve(
        self, gap: float, start: np.ndarray | None, certain: bool = False, presolve: bool = True
    ) -> tuple[np.ndarray | None, float, bool]:
        """Solve in integers.

        :param gap: the relative gap that is good enough.
        :param start: a feasible solution to begin with.
        :param certain: whether it is known that there is a solution.
        :param presolve: not worth its time where the program is large and only a bound is wanted.
        :return: the best columns (None: none found), a lower bound of the objective, whether the run came to its end.
        """
        left = self.deadline - time.monotonic() - self.blind * self.part
        if left <= 0:
            self.limit = "deadline"
            return start, -math.inf, False
        # What a linear run left behind would cost the integer one its presolve; the next linear run wants it back.
        basis = self.highs.getBasis()
        self.highs.clearSolver()
        options: dict[str, bool | int | float | str] = {
            "mip_rel_gap": gap,
            "mip_abs_gap": INTEGRAL_GAP if self.stage.integral else 1e-9,
            "time_limit": left,
        }
        options.update(simplex_strategy=DUAL, solve_relaxation=False, presolve="choose" if presolve else "off")
        for name, value in options.items():
            self.highs.setOptionValue(name, value)
        if start is not None:
            self.highs.setSolution(self.count, self.columns, start)
        self.highs.run()
        if (certain or start is not None) and not (self.late or math.isfinite(self.highs.getInfo().mip_dual_bound)):
            # There is a solution, and yet presolve found none.
            self.highs.setOptionValue("presolve", "off")
            self.highs.setOptionValue("time_limit", max(0.001, self.deadline - time.monotonic()))
            self.highs.run()
        status, info = self.highs.getModelStatus(), self.highs.getInfo()
        ended = status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible)
        if not ended:
            self.limit = "deadline" if status == highspy.HighsModelStatus.kTimeLimit else self.limit or "nodes"
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        values = self._rounded(np.array(self.highs.getSolution().col_value)) if found else start
        bound = info.mip_dual_bound * self.scale
        if basis.valid:
            self.highs.setBasis(basis)
        return values, bound, ended

    def value(self, stage: Stage, values: np.ndarray) -> float:
        """The stage's value at a solution, without its constant."""
        return float(sum(factor * values[column] for column, factor in stage.terms))

    def _rounded(self, values: np.ndarray) -> np.ndarray:
        return np.where(self.integer, np.round(values), values)


def _model(program: Program) -> t.Any:
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.lower), len(program.row_lower)
    model.col_cost_ = np.zeros(model.num_col_)
    model.col_lower_, model.col_upper_ = np.array(program.lower, dtype=float), np.array(program.upper, dtype=float)
    model.row_lower_, model.row_upper_ = (
        np.array(program.row_lower, dtype=float),
        np.array(program.row_upper, dtype=float),
    )
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.array(program.starts, dtype=np.int32)
    model.a_matrix_.index_ = np.array(program.index, dtype=np.int32)
    model.a_matrix_.value_ = np.array(program.value, dtype=float)
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    model.integrality_ = [kinds[integer] for integer in program.integer]
    return model
