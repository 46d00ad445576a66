# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fewest rules to relax in a large problem: the fewest that answer every proof that there is no place.

Where some rules have given way and nodes still have no place in the linear program, its reduced costs prove that one of
certain other rules has to give way too. The fewest rules with one of each proof are the answer, once they are enough.
"""

from __future__ import annotations

import contextlib
import math
import typing as t

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.diving import dive
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.engine import Engine, Linear
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.lexicographic import Lexicographic
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.program import Program, Stage

# A reduced cost above this counts as none; so does a part of a node without a place.
NOTHING = 1e-6
# How near to the least change an answer has to be.
GAP = 0.01
SEARCH_NODES = 200


class Proofs:
    """Looks for the fewest knobs of an elastic program.

    :param program: its stages are what is unplaced, then by how much rules give way.
    :param knobs: the columns that say whether a rule gives way.
    :param proofs: sets of positions in `knobs`, one of each has to give way; what is found is added.
    :param deadline: as for `Engine`.
    """

    def __init__(self, program: Program, knobs: t.Sequence[int], proofs: list[frozenset[int]], deadline: float) -> None:
        self.engine = Engine(program, deadline, SEARCH_NODES)
        self.unplaced, self.amounts = program.stages
        self.knobs = np.array(knobs, dtype=int)
        self.proofs = proofs
        self.worth = np.zeros(len(knobs))

    def fewest(self) -> tuple[list[int], np.ndarray] | None:
        """The positions of the fewest knobs, and the columns with the least change; None when nothing helps in time."""
        self.engine.aim(self.unplaced)
        chosen = self._hitting()
        while (linear := self._place(chosen)) is not None:
            if linear.value <= NOTHING:
                return chosen, self._least(linear)
            costs = linear.costs[self.knobs]
            costs[chosen] = 0
            proof = np.flatnonzero(costs < -NOTHING)
            if not len(proof):
                return None
            self.proofs.append(frozenset(proof.tolist()))
            self.worth[proof] -= costs[proof]
            chosen = self._hitting()
        return None

    def _place(self, chosen: t.Sequence[int]) -> Linear | None:
        """Place the nodes while just these knobs give way."""
        engine = self.engine
        engine.lower[self.knobs] = engine.upper[self.knobs] = 0
        engine.lower[self.knobs[chosen]] = engine.upper[self.knobs[chosen]] = 1
        engine.free()
        return engine.relax()

    def _hitting(self) -> list[int]:
        """The fewest knobs with one of each proof; among equals, those that helped most."""
        if not self.proofs:
            return []
        program = Program()
        columns = {knob: program.column(0, 1) for knob in sorted(frozenset().union(*self.proofs))}
        for proof in self.proofs:
            program.row([(columns[knob], 1.0) for knob in sorted(proof)], 1, math.inf)
        worth = [(column, -float(self.worth[knob])) for knob, column in columns.items() if self.worth[knob] > 0]
        stages = [Stage("knobs", [(column, 1.0) for column in columns.values()], True), Stage("worth", worth, False)]
        program.stages = [stage for stage in stages if stage.terms]
        values = Lexicographic(program, 0.0, self.engine.deadline).run().values
        return [knob for knob, column in columns.items() if values[column] > 0.5]

    def _least(self, linear: Linear) -> np.ndarray:
        """With the knobs as they are, the columns with the least change."""
        engine = self.engine
        engine.pin(self.unplaced, 0)
        engine.aim(self.amounts)
        least = engine.relax() or linear
        values = dive(engine, least, GAP, 1.0)
        return least.columns if values is None else values
