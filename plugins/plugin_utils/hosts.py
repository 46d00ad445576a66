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
UNREACHABLE = "wombat_unreachable"  # did not answer when it was asked, as somebody has to go
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
        *([RETIRING] if instance.draining else []),
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
        "wombat_created": instance.created,
        "wombat_address": instance.address,
        "wombat_nodes": nodes_of(deployment, instance),
        **instance.vars,
    }


def host_of(deployment: Deployment, instance: Instance) -> dict[str, t.Any]:
    """An instance for `add_host`: name, groups, variables."""
    return {"name": instance.name, "groups": groups_of(instance), "variables": variables_of(deployment, instance)}


def members_of(families: t.Iterable[str], variables: t.Mapping[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """The nodes of each family, by the inventory in a task's variables.

    :return: for each family its `nodes` that stay, those of the oldest instance first, and those that are `leaving`;
        for both their `hosts` and their `domains` by node.
    """
    groups, hostvars = variables["groups"], variables["hostvars"]
    retiring, gone = {*groups.get(RETIRING, ())}, {*groups.get(GONE, ())}
    known = {host: hostvars.raw_get(host) for host in groups.get(ALL, ()) if host not in gone}
    members: dict[str, dict[str, t.Any]] = {family: _nobody() for family in families}
    for host, facts in sorted(known.items(), key=lambda item: (item[1].get("wombat_created") or 0, item[0])):
        for node in sorted(facts.get("wombat_nodes") or (), key=lambda node: str(node["name"])):
            name, family = str(node["name"]), members.setdefault(node["family"], _nobody())
            family["leaving" if host in retiring else "nodes"].append(name)
            family["hosts"][name] = str(host)
            family["domains"][name] = str(facts.get("wombat_domain") or "")
    return members


def _nobody() -> dict[str, t.Any]:
    return {"nodes": [], "leaving": [], "hosts": {}, "domains": {}}
