# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall rules of families in Azure: application security groups tell families apart.

An interface has one network security group, so all families of a region share one, and its rules name the families.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import TAG, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import (
    LINGER,
    TRIES,
    Firewall,
    Group,
    Rule,
    wanted,
)

FIREWALL_API = "2021-08-01"
FAMILIES = "applicationSecurityGroups"
RULES = "networkSecurityGroups"
FIRST = 100  # the priority of the first rule; the lower comes first


class AzureFirewall(Firewall):
    """All rules of a region are written by one request, so that no run that is killed leaves half of them."""

    group: str  # the path of the resource group
    every: t.Any
    sign = f"tag {TAG}deployment than the deployment's name"
    ipv6 = False  # interfaces are made with addresses of IPv4 alone

    def _id(self, scope: str, kind: str, name: str) -> str:
        """A group's path; regions share a resource group, so that names say the region."""
        return f"{self.group}/Microsoft.Network/{kind}/{name}-{scope}"

    def _ask(self: t.Any, scope: str, method: str, action: str, data: t.Any = None) -> t.Any:
        driver, params = self.driver(scope), {"api-version": FIREWALL_API}
        ask = driver.connection.request
        return self.calling(lambda: ask(action, params=params, data=data, method=method).object, scope)

    def list_groups(self: t.Any, scope: str) -> dict[str, Group]:
        """The network security group by the deployment's name, and those of the families by theirs."""
        driver = self.driver(scope)
        found = {}
        for kind, names in ((RULES, [self.deployment.name]), (FAMILIES, sorted(wanted(self.deployment)))):
            action = f"{self.group}/Microsoft.Network/{kind}"
            there = self.calling(lambda action=action: self.every(driver, action, FIREWALL_API), scope)
            by_name = {one["name"].lower(): one for one in there}
            for name in names:
                if one := by_name.get(f"{name}-{scope}"):
                    ours = (one.get("tags") or {}).get(TAG + "deployment") == self.deployment.name
                    found[name] = Group(name, one, {}, ours)
        return found

    def _put(self: t.Any, scope: str, kind: str, name: str, properties: t.Mapping[str, t.Any]) -> None:
        """Make or change a group, and wait for it, for Azure refuses what names a group that is being made."""
        action = self._id(scope, kind, name)
        tags = {TAG + "deployment": self.deployment.name}
        told = self._ask(scope, "PUT", action, {"location": scope, "tags": tags, "properties": properties})
        for _attempt in range(TRIES):
            if told["properties"].get("provisioningState") != "Updating":
                return
            self.pace.sleep(LINGER)
            told = self._ask(scope, "GET", action)

    def make_group(self, scope: str, name: str) -> None:
        self._put(scope, FAMILIES, name, {})

    def _reconcile(self, scope: str, rules: t.Mapping[str, set[Rule]]) -> dict[str, Group]:
        groups = super()._reconcile(scope, dict.fromkeys(rules, set()))
        ours = self.rules(scope, rules)
        there = groups.get(self.deployment.name)
        if there is None or not equal(there.theirs["properties"].get("securityRules") or [], ours):
            self._put(scope, RULES, self.deployment.name, {"securityRules": ours})
        return groups

    def rules(self, scope: str, rules: t.Mapping[str, set[Rule]]) -> list[dict[str, t.Any]]:
        """The rules as Azure has them. Its own last ones open all to the whole network, so that ours close it."""

        def family(name: str) -> list[dict[str, str]]:
            return [{"id": self._id(scope, FAMILIES, name)}]

        made: list[dict[str, t.Any]] = []
        for name, some in sorted(rules.items()):
            for rule in sorted(some):
                inside = {"sourceApplicationSecurityGroups": family(rule.source)} if rule.source in rules else {}
                made.append(
                    {
                        "access": "Allow",
                        "protocol": rule.protocol.title(),
                        "destinationPortRange": ports(rule.low, rule.high),
                        "destinationApplicationSecurityGroups": family(name),
                        **(inside or {"sourceAddressPrefix": rule.source}),
                    }
                )
        for name, some in sorted(rules.items()):
            for protocol, low, high in sorted({(rule.protocol, rule.low, rule.high) for rule in some}):
                made.append(
                    {
                        "access": "Deny",
                        "protocol": protocol.title(),
                        "destinationPortRange": ports(low, high),
                        "destinationApplicationSecurityGroups": family(name),
                        "sourceAddressPrefix": "*",
                    }
                )
        shared = {"direction": "Inbound", "sourcePortRange": "*"}
        return [
            {"name": f"rule-{number}", "properties": {**one, **shared, "priority": number}}
            for number, one in enumerate(made, FIRST)
        ]

    def delete_group(self, scope: str, group: Group) -> None:
        self._ask(scope, "DELETE", group.theirs["id"])

    def worn(self, request: Request) -> dict[str, t.Any]:
        """What is added to each interface of an instance, and to its address."""
        scope = request.region
        families = [{"id": self._id(scope, FAMILIES, group.name)} for group in self.family_groups(request, scope)]
        if not families:
            return {}
        rules = {"id": self._id(scope, RULES, self.deployment.name)}
        return {"networkSecurityGroup": rules, "applicationSecurityGroups": families}


def ports(low: int, high: int) -> str:
    return f"{low}-{high}" if low < high else str(low)


def equal(there: t.Sequence[t.Mapping[str, t.Any]], ours: t.Sequence[t.Mapping[str, t.Any]]) -> bool:
    """Tell whether rules say the same; Azure tells more of each, and ids in other letters."""
    told = {one["name"]: one["properties"] for one in there}
    return told.keys() == {one["name"] for one in ours} and all(
        json.dumps(told[one["name"]].get(key)).lower() == json.dumps(value).lower()
        for one in ours
        for key, value in one["properties"].items()
    )
