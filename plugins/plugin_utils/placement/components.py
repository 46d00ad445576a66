# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits a problem into parts that share nothing, each of which is solved alone."""

from __future__ import annotations

import contextlib
import math
import typing as t

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import Catalogue, Eligible
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import RESOURCES
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit


def split(
    units: t.Mapping[str, Unit], leads: t.Mapping[str, str], catalogue: Catalogue, table: t.Mapping[str, Eligible]
) -> list[list[Unit]]:
    """Group the units that share a quota which they could exhaust, a rule, or the budget; in the order of names."""
    parent = {name: name for name in units}

    def root(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    def join(names: t.Iterable[str]) -> None:
        roots = sorted({root(name) for name in names})
        for other in roots[1:]:
            parent[other] = roots[0]

    for name, unit in units.items():
        rules = unit.rules
        related = [relation.other for relation in rules.together + rules.apart] + [
            near.other for near in rules.near if near.other
        ]
        join([name, *(leads[other] for other in related)])
    if catalogue.problem.budget is not None:
        join(units)
    for names in _contended(units, catalogue, table):
        join(names)
    groups: dict[str, list[Unit]] = {}
    for name, unit in units.items():
        groups.setdefault(root(name), []).append(unit)
    return list(groups.values())


def _contended(
    units: t.Mapping[str, Unit], catalogue: Catalogue, table: t.Mapping[str, Eligible]
) -> t.Iterator[list[str]]:
    """The units of every quota that they could exhaust together."""
    problem = catalogue.problem
    providers = sorted({domain.provider for domain in problem.domains})
    provider_of = np.array([providers.index(domain.provider) for domain in problem.domains], dtype=int)
    scopes = [
        (len(problem.domains), catalogue.domain, [domain.quota for domain in problem.domains]),
        (
            len(providers),
            provider_of[catalogue.domain] if len(catalogue.domain) else catalogue.domain,
            [problem.provider_quota.get(name, {}) for name in providers],
        ),
    ]
    for resource in RESOURCES:
        amounts = catalogue.use[resource]
        for count, scope_of, quotas in scopes:
            limit = np.array([quota.get(resource, math.inf) for quota in quotas])
            if not np.isfinite(limit).any():
                continue
            use = {name: _most_use(unit, table[name], scope_of, amounts, count) for name, unit in units.items()}
            total = sum(use.values(), np.zeros(count))
            for at in np.flatnonzero(total > limit):
                yield [name for name in units if use[name][at] > 0]


def _most_use(unit: Unit, eligible: Eligible, scope_of: t.Any, amounts: t.Any, count: int) -> t.Any:
    """The most that a unit can take of a resource, by scope: all its nodes one an instance on the largest size."""
    most = np.zeros(count)
    offers = np.flatnonzero(eligible.capacity > 0)
    nodes = unit.open + sum(sorted((instance.nodes for instance in unit.instances), reverse=True)[: unit.moves])
    np.maximum.at(most, scope_of[offers], amounts[offers] * nodes)
    return most
