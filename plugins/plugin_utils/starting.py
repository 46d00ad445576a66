# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which families start: those that others need, as neighbours, before these. Pure.

Families that need each other, also through others, start together, and so do those that share instances.
"""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.sharing import lead


def waves(deployment: Deployment) -> list[list[str]]:
    """The families in waves, each to be started when the nodes of those before it are members."""
    needs = needed(deployment)

    @functools.cache
    def wave(name: str) -> int:
        before = [other for other in needs[name] if name not in needs[other]]
        return 1 + max(map(wave, before), default=-1)

    numbers = {name: wave(lead(deployment, name)) for name in deployment.families}
    return [[name for name in numbers if numbers[name] == number] for number in sorted(set(numbers.values()))]


def told(deployment: Deployment) -> list[str]:
    """The order as sentences; none where all families start at once and no circle is the reason."""
    needs = needed(deployment)
    circles = {tuple(other for other in needs if other in needs[name] and name in needs[other]) for name in needs}
    found = [" and ".join(circle) + " need each other and start together" for circle in sorted(circles) if circle]
    order = waves(deployment)
    if len(order) > 1:
        found.insert(0, "families start in this order: " + "; then ".join(", ".join(wave) for wave in order))
    return found


def needed(deployment: Deployment) -> dict[str, set[str]]:
    """For each family with instances of its own all of these that it needs, directly or through others."""
    direct: dict[str, set[str]] = {}
    for name, family in deployment.families.items():
        own = lead(deployment, name)
        direct.setdefault(own, set()).update({lead(deployment, other) for other in family.neighbours} - {own})

    def reached(name: str) -> t.Iterator[str]:
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            for other in direct[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
                yield other

    return {name: set(reached(name)) for name in direct}
