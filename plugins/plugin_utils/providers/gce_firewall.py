# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall rules of families in Google Compute Engine.

A group is a network tag that a family's instances have, so there is nothing to make of it: each rule is a firewall of
the network, for the instances with that tag, and its name follows from what it opens.
"""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import (
    OURS,
    Firewall,
    Group,
    Rule,
    wanted,
)


class GCEFirewall(Firewall):
    """Firewalls are the whole project's."""

    one_for_all: t.ClassVar[bool] = True

    def list_groups(self: t.Any, scope: str) -> dict[str, Group]:
        driver = self.driver(scope)
        network = self.networking(driver, scope)["ex_network"].name
        names = f'name eq "{self.deployment.name}-.*"'
        found = self.calling(lambda: self.every(driver, "/global/firewalls", filter=names), scope)
        groups = {name: Group(name, network, {}, ours=True) for name in wanted(self.deployment)}
        for one in found:
            if one.get("description") != OURS or named(one["network"]) != network:
                continue
            for target in groups.keys() & {*one.get("targetTags", [])}:
                groups[target].rules.update((rule, one["name"]) for rule in rules_of(one))
        return groups

    def make_group(self: t.Any, scope: str, name: str) -> None:
        """A tag is there once an instance has it."""

    def open_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        driver = self.driver(scope)
        source = "sourceTags" if rule.source in groups else "sourceRanges"
        data = {
            "name": firewall_name(group, rule),
            "description": OURS,
            "network": self.networking(driver, scope)["ex_network"].extra["selfLink"],
            "direction": "INGRESS",
            "allowed": [{"IPProtocol": rule.protocol, "ports": [f"{rule.low}-{rule.high}"]}],
            "targetTags": [group.name],
            source: [rule.source],
        }
        self.calling(lambda: driver.connection.async_request("/global/firewalls", method="POST", data=data), scope)

    def close_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        driver = self.driver(scope)
        action = f"/global/firewalls/{group.rules[rule]}"
        self.calling(lambda: driver.connection.async_request(action, method="DELETE"), scope)

    def delete_group(self: t.Any, scope: str, group: Group) -> None:
        """A tag goes with the last instance that has it."""


def firewall_name(group: Group, rule: Rule) -> str:
    told = f"{group.theirs} {rule.protocol} {rule.low} {rule.high} {rule.source}"
    return f"{group.name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def rules_of(firewall: t.Mapping[str, t.Any]) -> list[Rule]:
    rules = []
    for allowed in firewall.get("allowed") or []:
        for ports in allowed.get("ports") or []:
            low, _dash, high = ports.partition("-")
            for source in [*(firewall.get("sourceTags") or []), *(firewall.get("sourceRanges") or [])]:
                rules.append(Rule(allowed["IPProtocol"], int(low), int(high or low), source))
    return rules


def named(link: str) -> str:
    return link.rpartition("/")[2]
