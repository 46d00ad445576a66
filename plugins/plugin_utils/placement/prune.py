# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaves out offers that another one makes pointless, before the solver sees them."""

from __future__ import annotations

import contextlib
import typing as t

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import Catalogue, Eligible
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit


def prune(unit: Unit, catalogue: Catalogue, eligible: Eligible) -> list[int]:
    """Give the eligible offers that no other one dominates, in their own order.

    An offer is dominated by one of the same domain (so of the same keys, geography and quotas) and the same tier that
    holds as many nodes, is as cheap, and takes no more of a quota that exists: it can stand in, instance by instance.
    """
    offers = np.flatnonzero(eligible.capacity > 0)
    if not len(offers):
        return []
    cell = catalogue.domain[offers] * (int(eligible.tier.max()) + 1) + eligible.tier[offers]
    if eligible.group is not None:
        cell = cell * (int(eligible.group.max()) + 1) + eligible.group[offers]
    capacity = -eligible.capacity[offers]
    by_quota = [catalogue.quota_use[resource][offers] for resource in ("vcpus", "memory")]
    # Most offers are worse than the cheapest of their cell; only the rest need a closer look.
    order = np.lexsort((catalogue.cost[offers], cell))
    first = np.r_[True, np.diff(cell[order]) != 0]
    cheapest = order[np.flatnonzero(first)][np.cumsum(first) - 1]
    survives = first.copy()
    for amounts in (capacity, *by_quota):
        survives |= amounts[order] < amounts[cheapest]
    left = np.sort(order[survives])
    table = np.column_stack(
        (cell[left], catalogue.cost[offers[left]], capacity[left], *(use[left] for use in by_quota))
    )
    kept: list[int] = []
    front: list[t.Any] = []
    for position in np.lexsort((left, *table.T[::-1])).tolist():
        row = table[position].tolist()
        if front and front[-1][0] != row[0]:
            front = []
        # Sorted by cost, so only the other three can be worse than those of an offer kept before.
        if not any(other[2] <= row[2] and other[3] <= row[3] and other[4] <= row[4] for other in front):
            front.append(row)
            kept.append(int(offers[left[position]]))
    return sorted(kept)
