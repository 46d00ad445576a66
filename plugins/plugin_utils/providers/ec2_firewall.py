# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security groups of families in EC2: in the network of the named subnets, else in the default one."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import (
    OURS,
    Firewall,
    Group,
    Rule,
    wanted,
)


class EC2Firewall(Firewall):
    """Every request is about one rule, so that the next run goes on where one was killed."""

    def _network(self: t.Any, scope: str) -> str | None:
        subnets = self.subnets(scope)  # without names those of the default network
        return subnets[0].extra["vpc_id"] if subnets else None

    def list_groups(self: t.Any, scope: str) -> dict[str, Group]:
        from libcloud.compute.drivers.ec2 import NAMESPACE
        from libcloud.utils.xml import findall

        driver, network = self.driver(scope), self._network(scope)
        filters = {"group-name": sorted(wanted(self.deployment))}
        if network:
            filters["vpc-id"] = network
        asked = {"Action": "DescribeSecurityGroups", **driver._build_filters(filters)}
        answer = self.calling(lambda: driver.connection.request(driver.path, params=asked).object, scope)
        told = findall(element=answer, xpath="securityGroupInfo/item", namespace=NAMESPACE)
        found = [(driver._to_security_group(one), one) for one in told]
        names = {group.id: group.name for group, _element in found}
        return {
            group.name: Group(group.name, group, self._read_rules(element, names), group.extra["description"] == OURS)
            for group, element in found
        }

    @staticmethod
    def _read_rules(group: t.Any, names: t.Mapping[str, str]) -> dict[Rule, t.Any]:
        """The rules of a group; libcloud reads none of IPv6."""
        from libcloud.compute.drivers.ec2 import NAMESPACE
        from libcloud.utils.xml import findall, findtext

        def texts(entry: t.Any, xpath: str) -> list[str]:
            return [one.text for one in findall(element=entry, xpath=xpath, namespace=NAMESPACE) if one.text]

        rules = {}
        for entry in findall(element=group, xpath="ipPermissions/item", namespace=NAMESPACE):
            protocol, low, high = (
                findtext(element=entry, xpath=part, namespace=NAMESPACE)
                for part in ("ipProtocol", "fromPort", "toPort")
            )
            if low is None:  # all ports, which nobody but somebody else opened
                continue
            pairs = [names.get(one, one) for one in texts(entry, "groups/item/groupId")]
            for source in [
                *pairs,
                *texts(entry, "ipRanges/item/cidrIp"),
                *texts(entry, "ipv6Ranges/item/cidrIpv6"),
            ]:
                rules[Rule(protocol, int(low), int(high), source)] = entry
        return rules

    def make_group(self: t.Any, scope: str, name: str) -> None:
        driver, network = self.driver(scope), self._network(scope)
        self.calling(lambda: driver.ex_create_security_group(name, OURS, vpc_id=network), scope)

    def open_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        self._change(scope, "AuthorizeSecurityGroupIngress", group, rule, groups)

    def close_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        self._change(scope, "RevokeSecurityGroupIngress", group, rule, groups)

    def _change(self: t.Any, scope: str, action: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        """libcloud's own calls write no rules of IPv6."""
        if rule.source in groups or rule.source.startswith("sg-"):
            source = {"Groups.1.GroupId": groups[rule.source].theirs.id if rule.source in groups else rule.source}
        else:
            source = {"Ipv6Ranges.1.CidrIpv6" if ":" in rule.source else "IpRanges.1.CidrIp": rule.source}
        permission = {"IpProtocol": rule.protocol, "FromPort": rule.low, "ToPort": rule.high, **source}
        params = {f"IpPermissions.1.{key}": value for key, value in permission.items()}
        driver = self.driver(scope)
        asked = {"Action": action, "GroupId": group.theirs.id, **params}
        self.calling(lambda: driver.connection.request(driver.path, params=asked), scope)

    def delete_group(self: t.Any, scope: str, group: Group) -> None:
        driver = self.driver(scope)
        self.calling(lambda: driver.ex_delete_security_group_by_id(group.theirs.id), scope)
