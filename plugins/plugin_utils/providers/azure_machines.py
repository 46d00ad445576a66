# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's machines as its resource manager writes them: what is read of them, and what is asked for. Pure."""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Provider
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Request

USER = "azureuser"  # where the file names none
POWER = {
    "running": "running",
    "stopping": "stopped",
    "stopped": "stopped",
    "deallocating": "stopped",
    "deallocated": "stopped",
}


def azure_node(driver: t.Any, machine: dict[str, t.Any], cards: list[t.Any], addresses: list[t.Any]) -> t.Any:
    """libcloud's node, with its addresses from the lists of interfaces and of public addresses."""
    machine["properties"].setdefault("networkProfile", {}).setdefault("networkInterfaces", [])  # none, early on
    node = driver._to_node(machine, fetch_nic=False, fetch_power_state=False)
    node.extra["created"] = machine["properties"].get("timeCreated")
    node.extra["addresses"] = {}
    for card in [card for mine in interfaces(machine) for card in cards if same(mine, card)]:
        told = configuration(card)
        private = told.get("privateIPAddress")
        parts = told.get("subnet", {}).get("id", "").split("/")
        if private and len(parts) > 2:
            node.private_ips.append(private)
            for name in (parts[-3], f"{parts[-3]}/{parts[-1]}"):
                node.extra["addresses"].setdefault(name, []).append(private)
        found = [one for one in addresses if same(public_address(card), one)]
        node.public_ips += [one["properties"]["ipAddress"] for one in found if "ipAddress" in one["properties"]]
    return node


def statuses(machine: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    return (machine["properties"].get("instanceView") or {}).get("statuses", [])


def state(machine: t.Mapping[str, t.Any]) -> str:
    """pending, running, stopped, error or gone."""
    codes = [status["code"].lower().split("/") for status in statuses(machine)]
    provisioning = [code[1] for code in codes if code[0] == "provisioningstate"]
    power = [POWER.get(code[1], "pending") for code in codes if code[0] == "powerstate"]
    told = (provisioning or [str(machine["properties"].get("provisioningState")).lower()])[0]
    if told == "deleting":
        return "gone"
    if told == "failed" and power != ["running"]:  # a machine whose last change failed runs on
        return "error"
    return power[0] if power else "pending"


def fault(machine: t.Mapping[str, t.Any]) -> str:
    """What Azure says of a machine that failed."""
    failed = [one for one in statuses(machine) if one["code"].lower().startswith("provisioningstate/fail")]
    return " ".join(f"{one['code'].rpartition('/')[2]}: {one.get('message', '')}" for one in failed)


def machine_of(
    spec: Provider,
    request: Request,
    tags: t.Mapping[str, str],
    image: t.Any,
    key: str,
    group: str,
    worn: t.Mapping[str, t.Any],
) -> dict[str, t.Any]:
    """What is asked for: a machine whose disk, interface and address are made with it, and go with it.

    :param key: the public key of who may log in.
    :param group: the path of the resource group.
    :param worn: the security groups of its families, where they have some.
    """
    user = spec.ssh.get("user", USER)
    reference = {
        part: getattr(image, part) for part in ("publisher", "offer", "sku", "version") if hasattr(image, part)
    }
    keys = [{"path": f"/home/{user}/.ssh/authorized_keys", "keyData": key}]
    system: dict[str, t.Any] = {
        "computerName": request.name,
        "adminUsername": user,
        "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": keys}},
    }
    if spec.user_data:
        system["customData"] = base64.b64encode(spec.user_data.encode()).decode()
    disk = {
        "createOption": "FromImage",
        "deleteOption": "Delete",
        "managedDisk": {"storageAccountType": "StandardSSD_LRS"},
    }
    cards = [
        interface_of(spec, request.name, number, f"{group}/Microsoft.Network", worn)
        for number in range(len(spec.networks))
    ]
    return {
        "location": request.region,
        "tags": tags,
        **({"zones": [request.zone]} if request.zone != request.region else {}),
        "properties": {
            "hardwareProfile": {"vmSize": request.size},
            "storageProfile": {"imageReference": reference or {"id": image.id}, "osDisk": disk},
            "osProfile": system,
            "networkProfile": {"networkApiVersion": "2020-11-01", "networkInterfaceConfigurations": cards},
        },
    }


def interface_of(spec: Provider, name: str, number: int, above: str, worn: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The interface in a network; the first has the public address."""
    network, _slash, subnet = spec.networks[number].partition("/")
    within = f"{above}/virtualNetworks/{network}/subnets/{subnet or 'default'}"
    address: dict[str, t.Any] = {"subnet": {"id": within}}
    if spec.address == "public" and number == 0:
        address["publicIPAddressConfiguration"] = {
            "name": f"{name}-address",
            "sku": {"name": "Standard"},
            "properties": {"deleteOption": "Delete", "publicIPAllocationMethod": "Static"},
        }
    properties: dict[str, t.Any] = {
        "primary": number == 0,
        "deleteOption": "Delete",
        "ipConfigurations": [{"name": "address", "properties": address}],
    }
    if worn:
        properties["networkSecurityGroup"] = worn["networkSecurityGroup"]
        # All of an application security group have to be in one network: that where nodes are named.
        named = next((one for one in spec.networks if spec.address in (one, one.partition("/")[0])), spec.networks[0])
        if network == named.partition("/")[0]:
            address["applicationSecurityGroups"] = worn["applicationSecurityGroups"]
    for group in spec.security_groups:
        properties["networkSecurityGroup"] = {"id": f"{above}/networkSecurityGroups/{group}"}
    return {"name": f"{name}-{number}", "properties": properties}


def plain(location: str) -> str:
    """A region's name as Azure's paths have it: East US is eastus."""
    return location.lower().replace(" ", "")


def same(one: t.Mapping[str, t.Any] | None, other: t.Mapping[str, t.Any]) -> bool:
    """Tell whether two mean one thing; Azure writes the same id in small and in capital letters."""
    return one is not None and str(one.get("id")).lower() == str(other.get("id")).lower()


def interfaces(machine: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    return machine["properties"].get("networkProfile", {}).get("networkInterfaces") or []


def configuration(card: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    found = card["properties"].get("ipConfigurations") or [{}]
    return found[0].get("properties", {})


def public_address(card: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    return configuration(card).get("publicIPAddress")
