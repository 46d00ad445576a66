# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security groups of families in OpenStack, which are neutron's."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import (
    OURS,
    Firewall,
    Group,
    Rule,
    wanted,
)


class NeutronFirewall(Firewall):
    """Rules have ids of their own. A new group lets everything out, which is left so."""

    def list_groups(self: t.Any, scope: str) -> dict[str, Group]:
        driver = self.driver(scope)
        found = self.calling(driver.ex_list_security_groups, scope)
        if len({one.tenant_id for one in found}) > 1:  # an administrator sees those of all projects
            ask = driver.network_connection.request
            mine = self.calling(lambda: ask("/v2.0/quotas/tenant").object["tenant"]["tenant_id"], scope)
            found = [one for one in found if one.tenant_id == mine]
        names = {one.id: one.name for one in found}
        ours = wanted(self.deployment)
        return {
            one.name: Group(one.name, one, self._read_rules(one, names), one.description == OURS)
            for one in found
            if one.name in ours
        }

    @staticmethod
    def _read_rules(found: t.Any, names: t.Mapping[str, str]) -> dict[Rule, t.Any]:
        rules = {}
        for rule in found.rules:
            if rule.from_port is not None:  # else it lets everything out
                group_id = rule.group.get("name")  # libcloud's word for it
                source = names.get(group_id, group_id) or rule.ip_range or "0.0.0.0/0"
                rules[Rule(rule.ip_protocol, rule.from_port, rule.to_port, source)] = rule
        return rules

    def make_group(self: t.Any, scope: str, name: str) -> None:
        driver = self.driver(scope)
        self.calling(lambda: driver.ex_create_security_group(name, OURS), scope)

    def open_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        """libcloud says nothing of the version of addresses, and neutron takes that for the fourth."""
        data = {
            "direction": "ingress",
            "ethertype": "IPv6" if ":" in rule.source else "IPv4",
            "protocol": rule.protocol,
            "port_range_min": rule.low,
            "port_range_max": rule.high,
            "security_group_id": group.theirs.id,
        }
        if rule.source in groups:
            data["remote_group_id"] = groups[rule.source].theirs.id
        else:
            data["remote_ip_prefix"] = rule.source
        connection = self.driver(scope).network_connection
        self.calling(
            lambda: connection.request("/v2.0/security-group-rules", method="POST", data={"security_group_rule": data}),
            scope,
        )

    def close_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        driver = self.driver(scope)
        self.calling(lambda: driver.ex_delete_security_group_rule(group.rules[rule]), scope)

    def delete_group(self: t.Any, scope: str, group: Group) -> None:
        driver = self.driver(scope)
        self.calling(lambda: driver.ex_delete_security_group(group.theirs), scope)
