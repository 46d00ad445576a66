# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall rules of families in a cloud's own means: a security group for each family, in each region.

It opens the ports of the family's nodes to the family and its neighbours, and what the file's `firewall` says. It is
made before the first instance that needs it, kept as the file says, and goes with the region's last instance.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import threading
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment, Family
from ansible_collections.wombat.erlang.plugins.plugin_utils.ports import EPMD_PORT
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal, Request

OURS = "Nodes of wombat.erlang"  # the description of a group that is ours to change
LINGER = 5.0  # seconds between two tries to delete a group that an ending instance is in still
TRIES = 24


@dataclasses.dataclass(frozen=True, order=True)
class Rule:
    """Ports from `low` to `high` are open to `source`: a network, or the name of a group."""

    protocol: str
    low: int
    high: int
    source: str


@dataclasses.dataclass
class Group:
    """A security group there is; `theirs` is what the driver knows it by, and its rules by ours."""

    name: str
    theirs: t.Any
    rules: dict[Rule, t.Any]
    ours: bool


def group_name(deployment: Deployment, family: str) -> str:
    return f"{deployment.name}-{family}"


def wanted(deployment: Deployment) -> dict[str, set[Rule]]:
    """The rules of every family's group, by the group's name."""
    return {group_name(deployment, name): _rules(deployment, family) for name, family in deployment.families.items()}


def _rules(deployment: Deployment, family: Family) -> set[Rule]:
    near = {family.name, *family.neighbours}
    near |= {other.name for other in deployment.families.values() if family.name in other.neighbours}
    ports = [(deployment.port + 1, deployment.port + most_slots(deployment))]
    ports += [(EPMD_PORT, EPMD_PORT)] if deployment.epmd else []
    inside = {Rule("tcp", low, high, group_name(deployment, name)) for name in near for low, high in ports}
    return inside | {
        # As clouds tell it again: an address is a network of its own, and a network has no bits of a host.
        Rule(one.protocol, one.port, one.port, str(ipaddress.ip_network(source, strict=False)))
        for one in family.firewall
        for source in one.sources
    }


def most_slots(deployment: Deployment) -> int:
    """The highest slot that a node can have: families that share instances number their nodes one after the other."""
    each = [family.nodes_per_instance for family in deployment.families.values()]
    most = [int(nodes["max"] if isinstance(nodes, t.Mapping) else nodes) for nodes in each]
    rules = [family.placement.get("together") or [] for family in deployment.families.values()]
    listed = [rule for some in rules for rule in ([some] if isinstance(some, t.Mapping) else some)]
    return sum(most) if any(rule.get("within") == "instance" for rule in listed) else max(most)


def left_out(adapter: t.Any) -> list[str]:
    """The sources that an adapter's cloud has no rules for."""
    sources = {rule.source for some in wanted(adapter.deployment).values() for rule in some}
    return sorted(source for source in sources if ":" in source and not adapter.ipv6)


class Firewall:
    """What an adapter of a cloud with security groups has besides. A scope's groups are looked at once a run."""

    deployment: Deployment
    spec: t.Any
    pace: t.Any
    one_for_all: t.ClassVar[bool] = False  # whether all regions have the same groups
    sign: t.ClassVar[str] = f"description than '{OURS}'"
    ipv6: t.ClassVar[bool] = True  # whether rules can name networks of IPv6

    def __init__(self, *arguments: t.Any) -> None:
        self._groups: dict[str, dict[str, Group]] = {}
        self._groups_lock = threading.Lock()
        super().__init__(*arguments)

    # What a cloud does differently.

    def list_groups(self, scope: str) -> dict[str, Group]:
        """The groups with names of the deployment's families."""
        raise NotImplementedError

    def make_group(self, scope: str, name: str) -> None:
        raise NotImplementedError

    def open_ports(self, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        raise NotImplementedError

    def close_ports(self, scope: str, group: Group, rule: Rule, groups: t.Mapping[str, Group]) -> None:
        raise NotImplementedError

    def delete_group(self, scope: str, group: Group) -> None:
        raise NotImplementedError

    # What is done with it.

    def family_groups(self, request: Request, scope: str) -> list[Group]:
        """The groups that an instance gets."""
        if not self.spec.firewall:
            return []
        groups = self.open_firewall(scope)
        return [groups[group_name(self.deployment, family)] for family in request.shares]

    def open_firewall(self, region: str) -> dict[str, Group]:
        """Bring the groups of a region to what the file says."""
        scope = self._scope(region)
        with self._groups_lock:
            if scope not in self._groups:
                refused = set(left_out(self))
                rules = {
                    name: {rule for rule in some if rule.source not in refused}
                    for name, some in wanted(self.deployment).items()
                }
                self._groups[scope] = self._reconcile(scope, rules)
            return self._groups[scope]

    def _scope(self: t.Any, region: str) -> str:
        return self.scopes()[0] if self.one_for_all else region

    def _reconcile(self, scope: str, rules: t.Mapping[str, set[Rule]]) -> dict[str, Group]:
        there = self.list_groups(scope)
        foreign = sorted(name for name in there if not there[name].ours)
        if foreign:
            text = f"the security group {foreign[0]} is not ours: it has another {self.sign}"
            raise Refusal("request", text, self.spec.name, scope)
        for name in rules:
            if name not in there:
                self._unless_there(self.make_group, scope, name)
        there = self.list_groups(scope) if rules.keys() - there.keys() else there
        for name, some in rules.items():
            for rule in sorted(some - there[name].rules.keys()):
                self._unless_there(self.open_ports, scope, there[name], rule, there)
            for rule in sorted(there[name].rules.keys() - some):
                self.close_ports(scope, there[name], rule, there)
        return there

    @staticmethod
    def _unless_there(make: t.Callable[..., None], *arguments: t.Any) -> None:
        """Another run may have been quicker."""
        try:
            make(*arguments)
        except Refusal as refusal:
            if "duplicate" not in refusal.text.lower() and "already exists" not in refusal.text.lower():
                raise

    def close_firewall(self: t.Any, region: str) -> None:
        """Delete the groups of a region without instances; each may be in use until the last of these have ended."""
        if not self.spec.firewall or (self.one_for_all and self.instances()):
            return
        scope = self._scope(region)
        with self._groups_lock:
            self._groups.pop(scope, None)
            there = {name: group for name, group in self.list_groups(scope).items() if group.ours}
            for group in there.values():  # first what groups say of one another
                for rule in group.rules:
                    self.close_ports(scope, group, rule, there)
            for group in there.values():
                self._delete(scope, group)

    def _delete(self, scope: str, group: Group) -> None:
        for attempt in range(TRIES):
            try:
                self.delete_group(scope, group)
                return
            except Refusal as refusal:
                if refusal.kind == "missing":
                    return
                if "use" not in refusal.text.lower() and "dependen" not in refusal.text.lower() or attempt == TRIES - 1:
                    raise
                self.pace.sleep(LINGER)
