# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2, and Eucalyptus, which speaks its language."""

from __future__ import annotations

import base64
import copy
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import reading
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING, TAG, Refusal, Request, Size
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.ec2_batches import EC2Batches
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.ec2_firewall import EC2Firewall

PAGE = 1000  # instances; the most that EC2 gives at once
# EC2's states of instances that are not gone; libcloud knows neither stopping nor shutting-down.
STATES = {"pending": "pending", "running": "running", "stopping": "stopped", "stopped": "stopped"}
REPEATABLE = (
    *("Describe", "Get", "Start", "Stop", "Reboot", "Terminate", "CreateTags"),
    *("CreateSecurityGroup", "Authorize", "Revoke", "DeleteSecurityGroup"),
)


class EC2Adapter(EC2Firewall, EC2Batches):
    """A region is one driver object; its zones are written without the region: a, b, lax-1a."""

    region_argument = "region"
    one_network = True
    region_environment: t.ClassVar[tuple[str, ...]] = ("AWS_REGION", "AWS_DEFAULT_REGION")
    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "key": ("AWS_ACCESS_KEY_ID",),
        "secret": ("AWS_SECRET_ACCESS_KEY",),
        "token": ("AWS_SESSION_TOKEN",),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("key", "secret")
    lacks: t.Mapping[str, str] = {
        "quota": "EC2 tells a number of instances that no longer counts; limits are of vcpus, and known by refusals",
    }

    def __init__(self, deployment: Deployment, name: str) -> None:
        super().__init__(deployment, name)
        if "id" not in self.spec.image and "owner_id" not in self.spec.image["properties"]:
            # Anybody can publish an image of any name.
            raise WombatError(
                f"{deployment.file}: providers.{name}.image.properties.owner_id is missing; "
                "name the account whose images are trusted (a number, self or amazon), or give the image by its id"
            )

    def constructor_arguments(self) -> dict[str, t.Any]:
        return {"signature_version": "4", **super().constructor_arguments()}

    @staticmethod
    def harmless(method: str, params: t.Mapping[str, t.Any]) -> bool:
        action = str(params.get("Action"))
        return action.startswith(REPEATABLE) or (action == "RunInstances" and "ClientToken" in params)

    # What can be had.

    def places(self, scope: str) -> list[Place]:
        """The zones; with networks named, those that have a subnet in them."""
        found = super().places(scope)
        if not self.spec.networks:
            return found
        zones = {subnet.extra["zone"] for subnet in self.subnets(scope)}
        return [place for place in found if place.location.name in zones]

    def place(self, scope: str, location: t.Any) -> Place:
        return Place(scope, location.name.removeprefix(scope).lstrip("-"), location)

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        """The sizes that fit the image, and without patterns of sizes only those of the current generation."""
        from libcloud.compute.base import NodeSize
        from libcloud.compute.constants.ec2_instance_types import INSTANCE_TYPES

        sizes = driver.list_sizes()
        if not sizes:  # libcloud's table of this region is empty; whoever names sizes knows better
            sizes = [NodeSize(driver=driver, price=None, **copy.deepcopy(kind)) for kind in INSTANCE_TYPES.values()]
            sizes = sizes if self.spec.sizes else []
        elif not self.spec.sizes:
            sizes = [size for size in sizes if size.extra.get("currentGeneration") != "No"]
        try:
            wanted = reading.arch(self.image(place.region))
        except Refusal:
            return sizes
        return [size for size in sizes if self.arch(size) == wanted]

    @staticmethod
    def arch(size: t.Any) -> str:
        return "aarch64" if "Graviton" in str(size.extra.get("physicalProcessor")) else "x86_64"

    def size(self, size: t.Any, place: Place) -> Size:
        """Most sizes have no disk of their own: what an instance has is the image's."""
        try:
            mapping = self.image(place.region).extra.get("block_device_mapping") or []
        except Refusal:
            mapping = []
        volumes = [float((entry.get("ebs") or {}).get("volume_size") or 0) for entry in mapping]
        ours = super().size(size, place)
        return Size(ours.name, ours.vcpus, ours.memory, max([ours.disk, *volumes]), ours.price, self.arch(size))

    def list_images(self, driver: t.Any, region: str) -> t.Sequence[t.Any]:
        if "id" in self.spec.image:
            return driver.list_images(ex_image_ids=[self.spec.image["id"]])
        filters = {"state": "available"}
        if "name" in self.spec.image:
            filters["name"] = self.spec.image["name"]
        return driver.list_images(ex_owner=self.spec.image["properties"]["owner_id"], ex_filters=filters)

    def fits(self, image: t.Any) -> bool:
        properties = {key: value for key, value in self.spec.image["properties"].items() if key != "owner_id"}
        return reading.image_fits(image, {**self.spec.image, "properties": properties})

    def subnets(self, scope: str) -> list[t.Any]:
        """The subnets that the file names, by themselves or by their network; else each zone's default one."""

        def ask() -> list[t.Any]:
            driver = self.driver(scope)
            names = set(self.spec.networks)
            filters = None if names else {"default-for-az": "true"}
            found = self.calling(lambda: driver.ex_list_subnets(filters=filters), scope)
            return [one for one in found if not names or names & {one.id, one.name, one.extra["vpc_id"]}]

        return self.once(("subnets", scope), ask)

    # What exists.

    def describe(self, driver: t.Any, params: t.Mapping[str, str]) -> list[t.Any]:
        """All nodes of an answer in pages; libcloud's list_nodes takes the first page for the whole."""
        from libcloud.compute.drivers.ec2 import NAMESPACE
        from libcloud.utils.xml import findall, findtext

        nodes: list[t.Any] = []
        following: str | None = ""
        while following is not None:
            page = {"NextToken": following} if following else {}
            asked = {"Action": "DescribeInstances", **params, **page}
            answer = driver.connection.request(driver.path, params=asked).object
            for reservation in findall(element=answer, xpath="reservationSet/item", namespace=NAMESPACE):
                nodes += [self.named(node) for node in driver._to_nodes(reservation, "instancesSet/item")]
            following = findtext(element=answer, xpath="nextToken", namespace=NAMESPACE) or None
        return nodes

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        wanted = {f"tag:{TAG}deployment": self.deployment.name, "instance-state-name": list(STATES)}
        return self.describe(driver, {"MaxResults": str(PAGE), **driver._build_filters(wanted)})

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        return next((node for node in self.describe(driver, {"InstanceId.1": identity}) if node.id == identity), None)

    def region_and_zone(self, node: t.Any, scope: str) -> tuple[str, str]:
        name = str(node.extra.get("availability") or "")
        return scope, name.removeprefix(scope).lstrip("-")

    def state(self, node: t.Any) -> str:
        return STATES.get(str(node.extra.get("status")), "gone")

    def fault(self, node: t.Any) -> str:
        return str(node.extra.get("reason") or "") if self.state(node) == "gone" else ""

    def console(self, driver: t.Any, node: t.Any) -> str:
        """libcloud stumbles over an answer without a time, and over letters that EC2 cut in two."""
        from libcloud.compute.drivers.ec2 import NAMESPACE
        from libcloud.utils.xml import findtext

        asked = {"Action": "GetConsoleOutput", "InstanceId": node.id}
        answer = driver.connection.request(driver.path, params=asked).object
        coded = findtext(element=answer, xpath="output", namespace=NAMESPACE) or ""
        return base64.b64decode(coded).decode(errors="replace")

    # What is done.

    def extras(self, request: Request, driver: t.Any, place: Place) -> dict[str, t.Any]:
        return {
            "ex_clienttoken": request.token,
            "ex_metadata": self.tags(request),
            "ex_userdata": self.user_data(request),
            "ex_keyname": self.spec.ssh.get("key_name"),
            **self.networking(driver, place, request),
        }

    def networking(self, driver: t.Any, place: Place, request: Request) -> dict[str, t.Any]:
        """Subnet and security groups. libcloud takes groups by id only with a subnet, by name without."""
        groups = list(self.spec.security_groups)
        own = self.family_groups(request, self.scope(place.region))
        if own and not groups and not self.spec.networks:
            groups = ["default"]  # which an instance is in otherwise
        groups += [group.theirs.id if self.spec.networks else group.name for group in own]
        if not self.spec.networks and not any(group.startswith("sg-") for group in groups):
            return {"ex_security_groups": groups or None}
        subnet = next((one for one in self.subnets(place.region) if one.extra["zone"] == place.location.name), None)
        if subnet is None:
            raise Refusal("missing", f"there is no subnet in zone {place.zone}", self.spec.name, place.region)
        return {
            "ex_subnet": subnet,
            "ex_security_group_ids": [self.group(driver, place.region, subnet.extra["vpc_id"], one) for one in groups],
            "ex_assign_public_ip": self.spec.address == "public",
        }

    def group(self, driver: t.Any, region: str, network: str, name: str) -> str:
        """The id of a security group."""
        if name.startswith("sg-"):
            return name
        filters = {"group-name": name, "vpc-id": network}

        def ask() -> list[t.Any]:
            return self.calling(lambda: driver.ex_get_security_groups(filters=filters), region)

        found = self.once(("group", region, network, name), ask)
        if not found:
            raise Refusal("missing", f"there is no security group {name} in {network}", self.spec.name, region)
        return found[0].id

    def mark(self, driver: t.Any, node: t.Any) -> None:
        self.set_tags(driver, node, {DRAINING: "yes"})


class EucalyptusAdapter(EC2Adapter):
    """One region; it tells its sizes itself, but no prices."""

    at_once = 1
    region_argument = ""
    ipv6 = False
    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "key": ("EC2_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
        "secret": ("EC2_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("key", "secret", "host")
    lacks: t.Mapping[str, str] = {
        "bulk creation": (
            "instances of one request are told apart by tags that come with it, which Eucalyptus knows since the end "
            "of 2018 only; many requests go out in parallel"
        ),
        "quota": "Eucalyptus tells none",
        "prices": "a private cloud tells none",
    }

    def constructor_arguments(self) -> dict[str, t.Any]:
        return CloudAdapter.constructor_arguments(self)

    def places(self, scope: str) -> list[Place]:
        from libcloud.compute.drivers.ec2 import EC2NodeLocation

        def ask() -> list[Place]:
            driver = self.driver(scope)
            zones = self.calling(driver.ex_list_availability_zones, scope)
            # libcloud refuses a zone whose region is not the one that its driver is written with.
            for zone in zones:
                zone.region_name = driver.region_name
            return [
                Place("eucalyptus", zone.name, EC2NodeLocation(number, zone.name, "", driver, zone))
                for number, zone in enumerate(zones)
            ]

        return self.once(("places", scope), ask)

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        return driver.list_sizes()

    def region_and_zone(self, node: t.Any, scope: str) -> tuple[str, str]:
        return "eucalyptus", str(node.extra.get("availability") or "")

    def label(self, driver: t.Any, node: t.Any, request: Request) -> None:
        # Corymbia/eucalyptus issue 93: tags in the request that creates are known since the end of 2018 only.
        self.set_tags(driver, node, {"Name": request.name, **self.tags(request)})
