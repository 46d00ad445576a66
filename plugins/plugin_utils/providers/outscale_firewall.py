# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security groups of families in Outscale: in the net of the named subnets, else in the public cloud."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import (
    OURS,
    Firewall,
    Group,
    Rule,
    wanted,
)


class OutscaleFirewall(Firewall):
    """Every request is about one rule, so that the next run goes on where one was killed."""

    ipv6 = False  # Outscale's rules take none

    def _net(self: t.Any, scope: str) -> str | None:
        subnets = self.subnets(scope) if self.spec.networks else []
        return subnets[0]["NetId"] if subnets else None

    def list_groups(self: t.Any, scope: str) -> dict[str, Group]:
        driver, net = self.driver(scope), self._net(scope)
        filters = {"SecurityGroupNames": sorted(wanted(self.deployment))}
        found = self.calling(lambda: self.every(driver, "ReadSecurityGroups", "SecurityGroups", **filters), scope)
        here = [one for one in found if (one.get("NetId") or None) == net]
        names = {one["SecurityGroupId"]: one["SecurityGroupName"] for one in here}
        return {
            one["SecurityGroupName"]: Group(
                one["SecurityGroupName"], one, self._read_rules(one, names), one.get("Description") == OURS
            )
            for one in here
        }

    @staticmethod
    def _read_rules(group: t.Mapping[str, t.Any], names: t.Mapping[str, str]) -> dict[Rule, t.Any]:
        rules = {}
        for entry in group.get("InboundRules") or []:
            low, high = entry.get("FromPortRange", -1), entry.get("ToPortRange", -1)
            if low < 0:  # all ports, which nobody but somebody else opened
                continue
            members = [one["SecurityGroupId"] for one in entry.get("SecurityGroupsMembers") or []]
            for source in [*(names.get(one, one) for one in members), *(entry.get("IpRanges") or [])]:
                rules[Rule(entry["IpProtocol"], low, high, source)] = entry
        return rules

    def make_group(self: t.Any, scope: str, name: str) -> None:
        driver, net = self.driver(scope), self._net(scope)
        data = {"SecurityGroupName": name, "Description": OURS, **({"NetId": net} if net else {})}
        self.calling(lambda: self.ask(driver, "CreateSecurityGroup", **data), scope)

    def open_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        self._change(scope, "CreateSecurityGroupRule", group, rule, groups)

    def close_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        self._change(scope, "DeleteSecurityGroupRule", group, rule, groups)

    def _change(self: t.Any, scope: str, verb: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        source: dict[str, t.Any]
        ports = {"IpProtocol": rule.protocol, "FromPortRange": rule.low, "ToPortRange": rule.high}
        if rule.source in groups:
            theirs = groups[rule.source].theirs
            source = {"SecurityGroupsMembers": [{key: theirs[key] for key in ("AccountId", "SecurityGroupId")}]}
        elif rule.source.startswith("sg-"):
            members = group.rules[rule]["SecurityGroupsMembers"]
            source = {"SecurityGroupsMembers": [one for one in members if one["SecurityGroupId"] == rule.source]}
        else:
            source = {"IpRanges": [rule.source]}
        data = {"Flow": "Inbound", "SecurityGroupId": group.theirs["SecurityGroupId"], "Rules": [{**ports, **source}]}
        driver = self.driver(scope)
        self.calling(lambda: self.ask(driver, verb, **data), scope)

    def delete_group(self: t.Any, scope: str, group: Group) -> None:
        driver = self.driver(scope)
        identity = group.theirs["SecurityGroupId"]
        self.calling(lambda: self.ask(driver, "DeleteSecurityGroup", SecurityGroupId=identity), scope)
