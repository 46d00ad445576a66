# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances as Ansible hosts: their groups and variables, the same from the inventory plugin and from a reconcile."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Instance

ALL = "wombat"
RETIRING = "wombat_retiring"  # is to leave and be destroyed
GONE = "wombat_gone"  # is in the inventory, as in an exported one, but does not exist any more


def group_name(kind: str, *parts: str) -> str:
    """A group's name, of the characters that Ansible allows: `family_kv`, `domain_aws_eu_north_1_a`."""
    return re.sub(r"[^A-Za-z0-9_]", "_", "_".join((kind, *parts)))


def groups_of(instance: Instance) -> list[str]:
    return [
        ALL,
        *(group_name("family", family) for family in instance.nodes),
        group_name("provider", instance.provider),
        group_name("region", instance.provider, instance.region),
        group_name("domain", instance.provider, instance.region, instance.zone),
    ]


def nodes_of(deployment: Deployment, instance: Instance) -> list[dict[str, t.Any]]:
    """The nodes of an instance: name, label (the name before the `@`), family, slot and, without epmd, port."""
    families = [family for family, count in instance.nodes.items() for _node in range(count)]
    nodes = []
    for name, slot in zip(families, instance.slots, strict=True):
        family = deployment.families.get(name)
        label = family.label(slot) if family else f"{name}{slot}"
        node = {"name": f"{label}@{instance.address}", "label": label, "family": name, "slot": slot}
        nodes.append({**node, "port": None if deployment.epmd else deployment.port + slot})
    return nodes


def variables_of(deployment: Deployment, instance: Instance) -> dict[str, t.Any]:
    """The host variables of an instance; credentials and options never are among them."""
    return {
        "ansible_host": instance.address,
        "wombat_deployment": deployment.name,
        "wombat_family": instance.family,
        "wombat_provider": instance.provider,
        "wombat_region": instance.region,
        "wombat_zone": instance.zone,
        "wombat_domain": instance.domain,
        "wombat_size": instance.size,
        "wombat_state": instance.state,
        "wombat_address": instance.address,
        "wombat_nodes": nodes_of(deployment, instance),
        **instance.vars,
    }


def host_of(deployment: Deployment, instance: Instance) -> dict[str, t.Any]:
    """An instance for `add_host`: name, groups, variables."""
    return {"name": instance.name, "groups": groups_of(instance), "variables": variables_of(deployment, instance)}


def members_of(families: t.Iterable[str], variables: t.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """The nodes of each family that stay, by the inventory in a task's variables, sorted by name."""
    groups, hostvars = variables["groups"], variables["hostvars"]
    leaving = {*groups.get(RETIRING, ()), *groups.get(GONE, ())}
    members: dict[str, list[str]] = {family: [] for family in families}
    for host in groups.get(ALL, ()):
        if host not in leaving:
            for node in hostvars.raw_get(host).get("wombat_nodes") or ():
                members.setdefault(node["family"], []).append(str(node["name"]))
    return {family: sorted(nodes) for family, nodes in members.items()}
