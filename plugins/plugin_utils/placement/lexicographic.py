# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Minimises the stages of a program in order: bounds by linear programs, then as few integer programs as can be."""

from __future__ import annotations

import contextlib
import dataclasses
import math

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.diving import dive
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.engine import TOLERANCE, WHOLE, Engine, Linear
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.program import Program, Stage, Terms

# How much more an objective weighs than the next one while several are blended: for a linear solution, for one in
# integers, and for one in integers with all of them.
BLEND, STEEP, SOFT = 10.0, 1000.0, 30.0
# Whether all nodes have a place is worth a longer search than what is best.
PLACING_NODES, SEARCH_NODES = 15_000, 1500
TIE_NODES = 1
# Up to so many columns ties are broken among all solutions.
TINY = 100


@dataclasses.dataclass
class Outcome:
    """The best columns, the value and the proven bound of every stage, and what stopped the search, if anything."""

    values: np.ndarray
    stages: dict[str, tuple[float, float]]
    limit: str | None

    @property
    def gap(self) -> float:
        """The largest relative gap of a stage, against the bound of the whole program."""
        return max((relative(value, bound) for value, bound in self.stages.values()), default=0.0)


def relative(value: float, bound: float) -> float:
    """How far a value may be from the best one, as a share of it."""
    return max(0.0, value - bound) / max(abs(value), 1e-9)


class Lexicographic:
    """One run over all stages of a program.

    :param gap: the relative gap that is good enough in every stage.
    :param deadline: as for `Engine`.
    """

    def __init__(self, program: Program, gap: float, deadline: float) -> None:
        self.program = program
        self.gap = gap
        self.engine = Engine(program, deadline, SEARCH_NODES)
        self.stages = [stage for stage in program.stages if stage.terms]
        # The linear bounds of the stages, each while the earlier ones are at theirs.
        self.bounds: list[float] = []

    def run(self) -> Outcome:
        """Solve; a solution always exists, as everything may stay unplaced."""
        values, bounds = self._one_by_one(*self._first())
        results = {stage.name: (stage.constant, stage.constant) for stage in self.program.stages}
        for stage, bound in zip(self.stages, bounds, strict=True):
            value = self.engine.value(stage, values)
            rounding = 4 * TOLERANCE * max(abs(value), *(abs(factor) for _column, factor in stage.terms))
            results[stage.name] = (
                value + stage.constant,
                (bound if value - bound > rounding else value) + stage.constant,
            )
        limit = self.engine.limit
        return Outcome(self._untied(values), results, limit)

    def _untied(self, values: np.ndarray) -> np.ndarray:
        """Choose among equally good solutions."""
        engine = self.engine
        engine.highs.setOptionValue("mip_max_nodes", TIE_NODES)
        if engine.count > TINY:
            # Which keys are used is settled: choosing again among them is what costs.
            marks = engine.integer & (engine.upper == 1)
            marks[list(self.program.unchanged)] = False
            engine.bound(np.where(marks, values, engine.lower), np.where(marks, values, engine.upper))
        for stage in [] if engine.limit else self.program.ties:
            engine.aim(stage)
            better, _bound, _ended = engine.solve(0.0, values)
            values = values if better is None else better
            engine.pin(stage, engine.value(stage, values))
        return values

    def _first(self) -> tuple[np.ndarray | None, list[float]]:
        """A solution to begin with, and the bounds of the stages that it settles."""
        engine = self.engine
        self.bounds = self._linear()
        values = None
        if self.bounds and len(self.bounds) == len(self.stages):
            if engine.count <= WHOLE:
                return self._at_once()
            basis = engine.highs.getBasis()
            values = self._near()
            engine.highs.setBasis(basis)
        for stage in self.stages:
            engine.unpin(stage)
        return values, []

    def _linear(self) -> list[float]:
        """Pin every stage at its linear bound, one after the other; fewer bounds than stages when there is no time."""
        bounds: list[float] = []
        linear = self._blend(self.stages, BLEND)
        for stage in self.stages:
            self.engine.aim(stage)
            linear = self.engine.relax(primal=True) if linear else None
            if linear is None:
                break
            bounds.append(_whole(stage, linear.value))
            self.engine.pin(stage, bounds[-1])
        return bounds

    def _blend(self, stages: list[Stage], base: float) -> Linear | None:
        """Solve for all objectives weighted by their order: from there, each of them is a few steps away."""
        terms: Terms = []
        for order, stage in enumerate(reversed(stages)):
            weight = base ** min(order, 4) / _unit(stage)
            terms += [(column, weight * factor) for column, factor in stage.terms]
        self.engine.aim(Stage("", terms, False))
        return self.engine.relax(primal=base != BLEND) if terms else None

    def _at_once(self) -> tuple[np.ndarray | None, list[float]]:
        """Solve with the stages at their bounds: where the last has a solution in integers, that proves them all.

        All stages are tried, then those up to the skew, whose linear bound is out of reach most often.
        :return: the solution and the bounds of the stages that it settles; None and no bounds when there is none.
        """
        engine = self.engine
        linear, self.bounds = self.bounds, []
        for last in reversed(range(len(self.stages))):
            stage = self.stages[last]
            engine.unpin(stage)
            if last == len(self.stages) - 1 or stage.name == "skew":
                engine.aim(stage)
                engine.relax()
                values, bound = self._integers(stage, linear[last], None, False)
                if values is not None:
                    engine.pin(stage, engine.value(stage, values))
                    return values, [*linear[:last], bound]
        # That there was nothing at these bounds needs no flag: the stages are solved again.
        engine.limit = None
        return None, []

    def _near(self) -> np.ndarray | None:
        """A good solution of a large program: whole objectives at their bounds, the others weighted by their order.

        Where there is none, all objectives are weighted; each that is not as good as it can be is solved again.
        """
        for base, kept in ((STEEP, [stage for stage in self.stages[:-1] if stage.integral]), (SOFT, [])):
            weighted = [stage for stage in self.stages if stage not in kept]
            for stage in weighted:
                self.engine.unpin(stage)
            linear = self._blend(weighted, base)
            values = dive(self.engine, linear, self.gap, 1.0) if linear else None
            if values is not None:
                return values
        return None

    def _integers(
        self, stage: Stage, bound: float, start: np.ndarray | None, certain: bool
    ) -> tuple[np.ndarray | None, float]:
        """Solve the stage in integers."""
        values, better, _ended = self.engine.solve(
            self.gap, start, certain, start is None or self.engine.count <= WHOLE
        )
        return values, max(bound, better) if math.isfinite(better) else bound

    def _one_by_one(self, values: np.ndarray | None, bounds: list[float]) -> tuple[np.ndarray, list[float]]:
        """Solve the stages that have no bound yet in integers, each from the solution of the one before."""
        engine = self.engine
        for at, stage in list(enumerate(self.stages))[len(bounds) :]:
            engine.aim(stage)
            engine.highs.setOptionValue("mip_max_nodes", SEARCH_NODES if at else PLACING_NODES)
            linear = None
            if at < len(self.bounds) and (values is not None or engine.late):
                bound = self.bounds[at]
            else:
                linear = engine.relax(primal=values is not None)
                bound = _whole(stage, linear.value) if linear is not None else -math.inf
            if values is None and linear is not None and engine.count > WHOLE:
                values = dive(engine, linear, self.gap, _unit(stage))
            if values is None or not self._enough(stage, values, bound):
                values, bound = self._integers(stage, bound, values, True)
            bounds = [*bounds, bound]
            if values is None:
                values = self._nothing()
            value = engine.value(stage, values)
            engine.pin(stage, value)
            if at < len(self.bounds) and value > self.bounds[at] + TOLERANCE:
                # The linear bounds of the later stages hold only while the earlier ones are at theirs.
                self.bounds = []
        return self._nothing() if values is None else values, bounds

    def _enough(self, stage: Stage, values: np.ndarray, bound: float) -> bool:
        value = self.engine.value(stage, values)
        return value <= bound + TOLERANCE or (self.engine.count > WHOLE and relative(value, bound) <= self.gap)

    def _nothing(self) -> np.ndarray:
        """The solution that changes nothing, for a deadline that leaves no time; other columns follow from it."""
        engine = self.engine
        lower, upper = engine.lower.copy(), engine.upper.copy()
        for column, value in self.program.unchanged.items():
            lower[column] = upper[column] = value
        engine.bound(lower, upper)
        deadline, engine.deadline = engine.deadline, math.inf
        engine.aim(Stage("", [], True))
        values, _bound, _ended = engine.solve(math.inf, None, True)
        engine.deadline = deadline
        engine.free()
        if values is None:
            raise AssertionError("the plan that changes nothing must always be possible")
        return values


def _whole(stage: Stage, value: float) -> float:
    return math.ceil(value - TOLERANCE) if stage.integral else value


def _unit(stage: Stage) -> float:
    """What is much in the stage's objective."""
    return max((abs(factor) for _column, factor in stage.terms), default=0.0) or 1.0
