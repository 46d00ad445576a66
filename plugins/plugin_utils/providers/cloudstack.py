# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudStack, and Exoscale's API of it."""

from __future__ import annotations

import types
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import reading
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING, TAG, Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloudstack_firewall import CloudStackFirewall

PAGE = 500  # entries; what CloudStack gives at once at most, unless its operator sets another limit
STATES = {
    "Running": "running",
    "Migrating": "running",
    "Starting": "pending",
    "Stopping": "stopped",
    "Stopped": "stopped",
    "Shutdowned": "stopped",
    "Error": "error",
    "Destroyed": "gone",
    "Expunging": "gone",
}
REPEATABLE = (
    *("list", "query", "start", "stop", "reboot", "destroy"),
    *("createSecurityGroup", "authorize", "revoke", "deleteSecurityGroup"),
)
LONGEST_NAME = 255  # characters of a display name, as CloudStack's database keeps it


class CloudStackAdapter(CloudStackFirewall, CloudAdapter):
    """CloudStack tags in a second request only, so tags are words of the display name, set with the creation."""

    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "key": ("CLOUDSTACK_KEY",),
        "secret": ("CLOUDSTACK_SECRET",),
        "url": ("CLOUDSTACK_ENDPOINT",),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("key", "secret", "url|host")
    lacks: t.Mapping[str, str] = {
        "console output": "CloudStack shows a console to browsers only",
        "client token": "CloudStack has none; a lost reply is looked for by name",
        "prices": "a private cloud tells none",
    }

    @staticmethod
    def harmless(method: str, params: t.Mapping[str, t.Any]) -> bool:
        return str(params.get("command")).startswith(REPEATABLE)

    @staticmethod
    def every(driver: t.Any, command: str, key: str, **params: t.Any) -> list[dict[str, t.Any]]:
        """All entries of a list in pages; libcloud takes the first page for the whole."""
        found: list[dict[str, t.Any]] = []
        while True:
            page = {"page": len(found) // PAGE + 1, "pagesize": PAGE}
            entries = driver._sync_request(command, params={**params, **page}).get(key, [])
            found += entries
            if len(entries) < PAGE:
                return found

    # What can be had.

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        """libcloud stumbles over offerings whose processors and memory are for whoever creates an instance to say."""
        offerings = self.every(driver, "listServiceOfferings", "serviceoffering")
        from libcloud.compute.base import NodeSize

        return [
            NodeSize(
                offering["id"],
                offering["name"],
                offering["memory"],
                0,
                0,
                0,
                driver,
                extra={"cpu": offering["cpunumber"]},
            )
            for offering in offerings
            if "memory" in offering and "cpunumber" in offering
        ]

    def list_images(self, driver: t.Any, region: str) -> t.Sequence[t.Any]:
        """The templates of a zone, with what libcloud leaves out: their dates."""
        from libcloud.compute.base import NodeImage

        zone = next(place.location.id for place in self.places("") if place.region == region)
        wanted = {"id": self.spec.image["id"]} if "id" in self.spec.image else {}
        found = self.every(driver, "listTemplates", "template", templatefilter="executable", zoneid=zone, **wanted)
        return [NodeImage(one["id"], one["name"], driver, {**one, "os": one.get("ostypename")}) for one in found]

    def network(self, driver: t.Any, place: Place, name: str) -> t.Any:
        """A network of a zone by its name or id."""

        def ask() -> list[dict[str, t.Any]]:
            return self.calling(lambda: self.every(driver, "listNetworks", "network"), place.region)

        for network in self.once("networks", ask):
            if name in (network["name"], network["id"]) and str(network.get("zoneid")) == place.location.id:
                return types.SimpleNamespace(id=network["id"], cidr=network.get("cidr"))
        raise Refusal("missing", f"there is no network {name}", self.spec.name, place.region)

    # What exists.

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        return self.machines(driver, keyword=f"{self.deployment.name}-")

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        return next(iter(self.machines(driver, id=identity)), None)

    def machines(self, driver: t.Any, **params: t.Any) -> list[t.Any]:
        """Nodes, with what libcloud leaves out of them."""
        nodes = []
        for machine in self.every(driver, "listVirtualMachines", "virtualmachine", **params):
            node = driver._to_node(machine)
            node.extra.update(displayname=machine.get("displayname", ""), state=machine["state"], addresses={})
            for card in machine.get("nic", []):
                for name in map(str, (card.get("networkname"), card.get("networkid"))):
                    node.extra["addresses"].setdefault(name, []).append(card.get("ipaddress"))
            nodes.append(node)
        return nodes

    def tags_of(self, node: t.Any) -> dict[str, str]:
        words = [word.partition("=") for word in str(node.extra.get("displayname")).split()]
        said = {key: value for key, sign, value in words if sign and key.startswith(TAG)}
        return {**(node.extra.get("tags") or {}), **said}

    def region_and_zone(self, node: t.Any, scope: str) -> tuple[str, str]:
        place = next(one for one in self.locations(scope) if one.location.id == str(node.extra["zone_id"]))
        return place.region, place.zone

    def size_of(self, node: t.Any, region: str, zone: str) -> str:
        return str(node.extra["size_name"])

    def state(self, node: t.Any) -> str:
        return STATES.get(str(node.extra.get("state")), super().state(node))

    def limits(self, scope: str) -> tuple[dict[str, float], dict[str, float]]:
        driver = self.driver(scope)
        answer = self.calling(lambda: driver._sync_request("listAccounts"), scope)
        account: t.Mapping[str, t.Any] = next(iter(answer.get("account", [])), {})
        limit, remaining = {}, {}
        for key, word in (("instances", "vm"), ("vcpus", "cpu"), ("memory", "memory")):
            if str(account.get(f"{word}limit")).isdecimal():  # else it is the word Unlimited
                limit[key] = float(account[f"{word}limit"])
                remaining[key] = float(account[f"{word}available"])
        return limit, remaining

    # What is done.

    def extras(self, request: Request, driver: t.Any, place: Place) -> dict[str, t.Any]:
        words = [request.name, *(f"{key}={value}" for key, value in self.tags(request).items())]
        display_name = " ".join(words)
        if len(display_name) > LONGEST_NAME:
            text = (
                f"the tags of {request.name} need {len(display_name)} characters of a display name, which may have "
                f"{LONGEST_NAME}; shorten the names of the deployment, its families or the network that is address"
            )
            raise Refusal("request", text, self.spec.name)
        networks = [self.network(driver, place, name) for name in self.spec.networks]
        known = [network.cidr for network in networks if network.cidr]
        if self.spec.address == "public" and len(known) == len(networks) and reading.private_alone(known):
            text = "its networks have private addresses alone, and there is no static NAT; choose another address or "
            raise Refusal("request", f"{text}network of the provider", self.spec.name)
        own = [group.name for group in self.family_groups(request, place.region)]
        return {
            "ex_displayname": display_name,
            "ex_userdata": self.user_data(request),
            "ex_keyname": self.spec.ssh.get("key_name"),
            "ex_security_groups": [*(self.spec.security_groups or (["default"] if own else [])), *own],
            "networks": networks,
            "ex_start_vm": True,  # libcloud's default leaves it off
        }

    def do(self, verb: str, driver: t.Any, node: t.Any) -> None:
        {"start": driver.ex_start, "stop": driver.ex_stop}.get(verb, getattr(driver, f"{verb}_node"))(node)

    def mark(self, driver: t.Any, node: t.Any) -> None:
        driver.ex_create_tags([node.id], "UserVm", {DRAINING: "yes"})


class ExoscaleAdapter(CloudStackAdapter):
    """libcloud knows where it is."""

    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "key": ("EXOSCALE_API_KEY",),
        "secret": ("EXOSCALE_API_SECRET",),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("key", "secret")
    lacks: t.Mapping[str, str] = {**CloudStackAdapter.lacks, "prices": "libcloud knows none of Exoscale"}
