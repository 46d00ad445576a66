# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Families that share instances (`together` within `instance`): which nodes a new instance gets. Pure.

How many nodes of each family an instance has is decided when it is created and never changes, for its tag says so.
"""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment, Family
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Instance


def followed(family: Family) -> str | None:
    """The family whose instances a family shares, by its own words; None for one that has instances of its own."""
    rules = family.placement.get("together") or []
    for rule in [rules] if isinstance(rules, t.Mapping) else rules:
        if rule.get("within") == "instance" and rule.get("with") != family.name:
            return str(rule["with"])
    return None


def lead(deployment: Deployment, name: str) -> str:
    """The family whose instances a family is on: itself, or the one at the end of those that it follows."""
    while (other := followed(deployment.families[name])) is not None:
        name = other
    return name


class Shares:
    """Hands out the nodes of followers to new instances, evenly, beside those that instances have already."""

    def __init__(
        self, deployment: Deployment, kept: t.Sequence[Instance], created: t.Mapping[str, int], held: t.Collection[str]
    ) -> None:
        """Count what is left to hand out.

        :param kept: the instances that stay.
        :param created: the number of new instances by family.
        :param held: families that must not grow now.
        """
        self.leads = {name: lead(deployment, name) for name in deployment.families}
        self.to_come = dict(created)
        self.most: dict[str, int] = {}
        self.left: dict[str, int] = {}
        for name, family in deployment.families.items():
            if self.leads[name] != name:
                there = sum(instance.nodes.get(name, 0) for instance in kept)
                self.most[name] = int(family.nodes_per_instance)
                self.left[name] = 0 if name in held else family.nodes - there

    def take(self, family: str) -> dict[str, int]:
        """The nodes that the next new instance of a family has beside the family's own."""
        taken = {}
        for name, left in self.left.items():
            if self.leads[name] == family and left > 0:
                taken[name] = min(self.most[name], -(-left // self.to_come[family]))
                self.left[name] -= taken[name]
        self.to_come[family] -= 1
        return taken

    def lacking(self) -> dict[str, int]:
        """The nodes of followers that no instance has room for."""
        return {name: left for name, left in self.left.items() if left > 0}

    def drift(self) -> list[dict[str, t.Any]]:
        """Where instances have other numbers of nodes than the file asks for, as `place` tells of drift."""
        return [
            {
                "family": name,
                "rule": "nodes",
                "text": f"{abs(left)} nodes too {'few' if left > 0 else 'many'} on the instances of "
                f"{self.leads[name]}, whose nodes never change; destroy some of these instances and deploy again",
            }
            for name, left in self.left.items()
            if left
        ]
