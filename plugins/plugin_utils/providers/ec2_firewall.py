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
        driver, network = self.driver(scope), self._network(scope)
        filters = {"group-name": sorted(wanted(self.deployment))}
        if network:
            filters["vpc-id"] = network
        found = self.calling(lambda: driver.ex_get_security_groups(filters=filters), scope)
        names = {one.id: one.name for one in found}
        return {
            one.name: Group(one.name, one, self._read_rules(one, names), one.extra.get("description") == OURS)
            for one in found
        }

    @staticmethod
    def _read_rules(group: t.Any, names: t.Mapping[str, str]) -> dict[Rule, t.Any]:
        rules = {}
        for entry in group.ingress_rules:
            if entry["from_port"] is None:  # all ports, which nobody but somebody else opened
                continue
            pairs = [names.get(pair["group_id"], pair["group_id"]) for pair in entry["group_pairs"]]
            for source in [*pairs, *filter(None, entry["cidr_ips"])]:
                rules[Rule(entry["protocol"], int(entry["from_port"]), int(entry["to_port"]), source)] = entry
        return rules

    def make_group(self: t.Any, scope: str, name: str) -> None:
        driver, network = self.driver(scope), self._network(scope)
        self.calling(lambda: driver.ex_create_security_group(name, OURS, vpc_id=network), scope)

    def open_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        self._change(scope, "ex_authorize_security_group_ingress", group, rule, groups)

    def close_ports(self: t.Any, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        self._change(scope, "ex_revoke_security_group_ingress", group, rule, groups)

    def _change(self: t.Any, scope: str, verb: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        if ":" in rule.source:  # libcloud cannot write rules of IPv6, nor does it read them
            return
        source: dict[str, t.Any] = {"cidr_ips": [rule.source]}
        if rule.source in groups:
            source = {"group_pairs": [{"group_id": groups[rule.source].theirs.id}]}
        elif rule.source.startswith("sg-"):
            source = {"group_pairs": [{"group_id": rule.source}]}
        ask = getattr(self.driver(scope), verb)
        self.calling(lambda: ask(group.theirs.id, rule.low, rule.high, protocol=rule.protocol, **source), scope)

    def delete_group(self: t.Any, scope: str, group: Group) -> None:
        driver = self.driver(scope)
        self.calling(lambda: driver.ex_delete_security_group_by_id(group.theirs.id), scope)
