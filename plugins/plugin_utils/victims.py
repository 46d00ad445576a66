# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who goes first where a family has too many nodes, before the placement chooses among the others. Pure.

First what is not healthy: an instance that is stopped, that has no address by which its nodes could be reached, or
whose host did not answer when it was asked.
Then, where a quota was lowered below what runs, instances under it, the dearest first. The rest is the placement's
choice, which keeps the balance and sheds the last tiers of `prefer` and what is dear.
"""

from __future__ import annotations

import collections
import math
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Domain, Instance, Size


def healthy(instance: Instance) -> bool:
    """Tell whether an instance's nodes can run and be reached, as far as its provider knows."""
    return instance.state != "stopped" and (instance.address is not None or instance.state == "pending")


def first_to_go(
    instances: t.Sequence[Instance],
    wanted: t.Mapping[str, int],
    domains: t.Sequence[Domain],
    unreachable: t.Collection[str] = (),
) -> list[Instance]:
    """Choose among instances that stay otherwise; no family gets fewer nodes than are wanted of it.

    :param unreachable: names of instances whose hosts did not answer.
    """
    spare = collections.Counter(dict.fromkeys(wanted, 0))
    for instance in instances:
        spare[instance.family] += instance.nodes[instance.family]
    spare.subtract(wanted)
    limits = _Limits(instances, domains)
    chosen: list[Instance] = []

    def take(instance: Instance) -> None:
        spare[instance.family] -= instance.nodes[instance.family]
        limits.leave(instance)
        chosen.append(instance)

    def may_go(instance: Instance) -> bool:
        return instance.family in wanted and 0 < instance.nodes[instance.family] <= spare[instance.family]

    for instance in sorted(instances, key=lambda one: one.name):
        if (instance.name in unreachable or not healthy(instance)) and may_go(instance):
            take(instance)
    gone = {instance.name for instance in chosen}
    left = [instance for instance in instances if instance.name not in gone]
    for instance in sorted(left, key=lambda one: (-limits.price(one), one.name)):
        if limits.exceeded(instance) and may_go(instance):
            take(instance)
    return chosen


class _Limits:
    """What instances use of the limits of their domains and providers."""

    def __init__(self, instances: t.Iterable[Instance], domains: t.Sequence[Domain]) -> None:
        self.limits: dict[str, t.Mapping[str, float]] = {}
        self.sizes: dict[tuple[str, str], Size] = {}
        self.used: dict[tuple[str, str], float] = collections.defaultdict(float)
        for domain in domains:
            self.limits[domain.path] = domain.limit
            self.limits[domain.provider] = domain.provider_limit
            self.sizes.update(((domain.path, size.name), size) for size in domain.sizes)
        for instance in instances:
            self._count(instance, 1)

    def leave(self, instance: Instance) -> None:
        self._count(instance, -1)

    def exceeded(self, instance: Instance) -> bool:
        """Tell whether a limit that an instance counts towards is below what is used."""
        return any(
            self.used[scope, key] > limit
            for scope in (instance.domain, instance.provider)
            for key, limit in self.limits.get(scope, {}).items()
        )

    def price(self, instance: Instance) -> float:
        """Money an hour; nothing where it is unknown."""
        size = self.sizes.get((instance.domain, instance.size))
        return 0.0 if size is None or size.price is None or math.isnan(size.price) else size.price

    def _count(self, instance: Instance, sign: int) -> None:
        size = self.sizes.get((instance.domain, instance.size))
        for scope in (instance.domain, instance.provider):
            self.used[scope, "instances"] += sign
            self.used[scope, "vcpus"] += sign * size.vcpus if size else 0
            self.used[scope, "memory"] += sign * size.memory if size else 0
