# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security groups of families in CloudStack: those of the account, in all its zones with security groups."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import (
    OURS,
    Firewall,
    Group,
    Rule,
    wanted,
)


class CloudStackFirewall(Firewall):
    """Rules have ids of their own, and know a group by its account and name."""

    one_for_all: t.ClassVar[bool] = True

    def list_groups(self: t.Any, scope: str) -> dict[str, Group]:
        driver, ours = self.driver(scope), wanted(self.deployment)
        asked = {"keyword": f"{self.deployment.name}-"}
        found = self.calling(lambda: self.every(driver, "listSecurityGroups", "securitygroup", **asked), scope)
        return {
            one["name"]: Group(one["name"], one, self._read_rules(one), one.get("description") == OURS)
            for one in found
            if one["name"] in ours
        }

    @staticmethod
    def _read_rules(group: t.Mapping[str, t.Any]) -> dict[Rule, t.Any]:
        return {
            Rule(
                rule["protocol"].lower(),
                int(rule["startport"]),
                int(rule["endport"]),
                rule.get("securitygroupname") or rule["cidr"],
            ): rule["ruleid"]
            for rule in group.get("ingressrule", [])
            if "startport" in rule  # else it is of another protocol, and nobody but somebody else opened it
        }

    def make_group(self: t.Any, scope: str, name: str) -> None:
        """libcloud would refuse a name that is a part of another group's."""
        driver = self.driver(scope)
        params = {"name": name, "description": OURS}
        self.calling(lambda: driver._sync_request("createSecurityGroup", params=params), scope)

    def open_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        driver = self.driver(scope)
        params = {
            "securitygroupid": group.theirs["id"],
            "protocol": rule.protocol.upper(),
            "startport": rule.low,
            "endport": rule.high,
        }
        if rule.source in groups:  # libcloud would ask for networks beside it
            params["usersecuritygrouplist[0].account"] = groups[rule.source].theirs["account"]
            params["usersecuritygrouplist[0].group"] = rule.source
        else:
            params["cidrlist"] = rule.source
        self.calling(lambda: driver._async_request("authorizeSecurityGroupIngress", params=params), scope)

    def close_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        driver = self.driver(scope)
        self.calling(lambda: driver.ex_revoke_security_group_ingress(group.rules[rule]), scope)

    def delete_group(self: t.Any, scope: str, group: Group) -> None:
        driver = self.driver(scope)
        params = {"id": group.theirs["id"]}
        self.calling(lambda: driver._sync_request("deleteSecurityGroup", params=params), scope)
