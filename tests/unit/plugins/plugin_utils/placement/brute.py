# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the best placement by trying all of them; only for the smallest cases."""

from __future__ import annotations

import itertools
import math

from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement import referee
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement.referee import Seat


def best(case):
    """The best objective of all layouts that break no rule."""
    running = referee.running_seats(case)
    present = referee.violations(case, running)
    found = None
    for parts in itertools.product(*(list(options(case, name)) for name in case["families"])):
        layout = [seat for part in parts for seat in part]
        value = referee.objective(case, layout)
        if (found is None or better(value, found)) and not referee.broken(case, layout, present):
            found = value
    return found


def better(one, other):
    for a, b in zip(one, other, strict=True):
        if abs(a - b) > 1e-5:
            return a < b
    return False


def size(case):
    """The number of layouts that `best` would try."""
    return math.prod(sum(1 for _seats in options(case, name)) for name in case["families"])


def options(case, name):
    """All sets of seats of one family."""
    family = case["families"][name]
    running = [seat for seat in referee.running_seats(case) if seat.family == name]
    wanted = family["nodes"]
    if referee.shrinks(case, name):
        for count in range(len(running) + 1):
            for kept in itertools.combinations(running, count):
                if referee.nodes_in(kept) >= wanted:
                    yield list(kept)
        return
    movable = [seat for seat in running if seat.offer is not None]
    for count in range(referee.moves_of(case, name) + 1):
        for gone in itertools.combinations(movable, count):
            kept = [seat for seat in running if seat not in gone]
            for new in fill(case, name, wanted - referee.nodes_in(kept)):
                # What moves has to arrive somewhere: no family ends with fewer nodes than it has.
                if referee.nodes_in(new) >= referee.nodes_in(gone):
                    yield kept + new


def fill(case, name, wanted):
    """All sets of new seats with at most so many nodes."""
    low, high, fixed = referee.range_of(case["families"][name])
    low = 1 if fixed else min(low, max(1, referee.open_nodes(case, name)))
    divides = referee.open_nodes(case, name) % high == 0 and not referee.moves_of(case, name)
    free = math.inf if not fixed else 0 if divides else high - 1
    kinds = []
    for offer in case["offers"]:
        for nodes in range(low, referee.capacity(case, name, offer) + 1):
            kinds.append(Seat(name, offer, referee.place_of(offer), nodes))

    def extend(start, left, free):
        yield []
        for at in range(start, len(kinds)):
            if kinds[at].nodes <= left and high - kinds[at].nodes <= free:
                for rest in extend(at, left - kinds[at].nodes, free - high + kinds[at].nodes):
                    yield [kinds[at], *rest]

    yield from extend(0, wanted, free)
