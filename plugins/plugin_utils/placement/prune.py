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
    problem = catalogue.problem
    cost, capacity = catalogue.cost[offers], -eligible.capacity[offers]
    by_quota = {}
    for resource in ("vcpus", "memory"):
        limited = [
            resource in domain.quota or resource in problem.provider_quota.get(domain.provider, {})
            for domain in problem.domains
        ]
        by_quota[resource] = np.where(catalogue.by_domain(limited)[offers], catalogue.use[resource][offers], 0.0)
    domain, tier = catalogue.domain[offers], eligible.tier[offers]
    group = np.zeros(len(offers), dtype=int) if eligible.group is None else eligible.group[offers]
    order = np.lexsort((offers, by_quota["memory"], by_quota["vcpus"], capacity, cost, group, tier, domain))
    table = np.column_stack((domain, tier, group, cost, capacity, by_quota["vcpus"], by_quota["memory"]))[order]
    # Most offers are worse than the cheapest of their domain; only the rest need a closer look.
    first = np.r_[True, (np.diff(table[:, :3], axis=0) != 0).any(axis=1)]
    cheapest = table[np.flatnonzero(first)][np.cumsum(first) - 1]
    survives = first | (table[:, 4:] < cheapest[:, 4:]).any(axis=1)
    rows, order = table[survives].tolist(), order[survives]
    kept: list[int] = []
    front: list[t.Any] = []
    for position, row in enumerate(rows):
        if front and front[-1][:3] != row[:3]:
            front = []
        # Sorted by cost, so only the other three can be worse than those of an offer kept before.
        if not any(other[4] <= row[4] and other[5] <= row[5] and other[6] <= row[6] for other in front):
            front.append(row)
            kept.append(int(offers[order[position]]))
    return sorted(kept)
