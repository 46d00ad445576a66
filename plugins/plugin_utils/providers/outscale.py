# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outscale by its own API."""

from __future__ import annotations

import base64
import json
import types
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import reading
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING, TAG, Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.model import write_nodes
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.outscale_firewall import OutscaleFirewall
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.outscale_machines import (
    disk_of,
    host_key_in,
    tags_in,
)

PAGE = 1000  # entries; the most that Outscale gives at once
STATES = {
    "pending": "pending",
    "running": "running",
    "stopping": "stopped",
    "stopped": "stopped",
    "quarantine": "error",
}
LIMITS = {"vm_limit": ("instances", 1), "core_limit": ("vcpus", 1), "memory_limit": ("memory", 1024)}  # memory in GiB
VERBS = {"start": "StartVms", "stop": "StopVms", "reboot": "RebootVms", "destroy": "DeleteVms"}


class OutscaleAdapter(OutscaleFirewall, CloudAdapter):
    """A scope is a region; its zones are written without it: a, b.

    libcloud's driver signs requests; it takes errors for answers, has no sizes, and stumbles over a state that it does
    not know, so that what is sent and read is here. Tags come in a second request only: until then an instance is
    known by its client token, which says its name and its number of nodes.
    """

    region_argument = "region"
    one_network = True
    region_environment: t.ClassVar[tuple[str, ...]] = ("OSC_REGION",)
    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "key": ("OSC_ACCESS_KEY",),
        "secret": ("OSC_SECRET_KEY",),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("key", "secret")
    lacks: t.Mapping[str, str] = {
        "bulk creation": (
            "CreateVms takes no tags, and gives all that it creates one client token, by which an instance is known "
            "until its tags come; many requests go out in parallel"
        ),
        "filtered listing": "an instance whose tags are not set yet is known by its client token; all are listed",
        "prices": "libcloud's table of Outscale is of other sizes than today's, and in euros",
    }

    def __init__(self, deployment: Deployment, name: str) -> None:
        super().__init__(deployment, name)
        path = f"{deployment.file}: providers.{name}"
        if "id" not in self.spec.image and not self.owner():
            # Anybody can publish an image of any name.
            raise WombatError(
                f"{path}.image.properties must name whose images are trusted, by account_id or account_alias "
                "(as Outscale), or image.id the image itself"
            )
        if self.spec.networks and self.spec.address == "public":
            raise WombatError(f"{path}.address must be private: an instance in a subnet of Outscale gets no public one")

    def owner(self) -> dict[str, list[str]]:
        """The filter of images by their owner."""
        names = {"account_id": "AccountIds", "account_alias": "AccountAliases"}
        told = self.spec.image["properties"]
        return {filter_: [str(told[name])] for name, filter_ in names.items() if name in told}

    def connect(self, region: str) -> t.Any:
        """Requests go by libcloud's connection, under the provider's pace; the driver would go past it."""
        from libcloud.common.base import JsonResponse

        class Reply(JsonResponse):
            def parse_error(self) -> str:
                told = self.parse_body()
                errors = told.get("Errors", []) if isinstance(told, dict) else []
                return "; ".join(f"{one.get('Type')}: {one.get('Details')}" for one in errors) or str(told)

        driver = super().connect(region)
        connection = driver.connection
        connection.host = f"{driver.service_name}.{driver.region}.{driver.base_uri}"
        connection.driver, connection.responseCls = driver, Reply
        return driver

    @staticmethod
    def harmless(method: str, params: t.Mapping[str, t.Any]) -> bool:
        return True  # a creation has its client token

    @staticmethod
    def ask(driver: t.Any, action: str, **data: t.Any) -> dict[str, t.Any]:
        text = json.dumps(data)
        headers = driver.signer.get_request_headers(
            action=action, data=text, service_name=driver.service_name, region=driver.region
        )
        path = f"/{driver.service_name}/{driver.version}/{action}"
        return driver.connection.request(path, data=text, headers=headers, method="POST").object

    def every(self, driver: t.Any, action: str, key: str, **filters: t.Any) -> list[dict[str, t.Any]]:
        """All entries of a list in pages."""
        found: list[dict[str, t.Any]] = []
        page: dict[str, t.Any] = {"ResultsPerPage": PAGE}
        while True:
            answer = self.ask(driver, action, Filters=filters, **page)
            found += answer[key]
            if not answer.get("NextPageToken"):
                return found
            page["NextPageToken"] = answer["NextPageToken"]

    # What can be had.

    def places(self, scope: str) -> list[Place]:
        """The zones; with networks named, those that have a subnet in them."""

        def ask() -> list[Place]:
            driver = self.driver(scope)
            zones = self.calling(lambda: self.every(driver, "ReadSubregions", "Subregions"), scope)
            names = [zone["SubregionName"] for zone in zones if zone["State"] == "available"]
            if self.spec.networks:
                names = [name for name in names if any(one["SubregionName"] == name for one in self.subnets(scope))]
            return [Place(scope, name.removeprefix(scope)) for name in names]

        return self.once(("places", scope), ask)

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        from libcloud.compute.base import NodeSize

        try:
            disk = disk_of(self.image(place.region).extra)
        except Refusal:
            disk = 0
        return [
            NodeSize(
                id=kind["VmTypeName"],
                name=kind["VmTypeName"],
                ram=int(kind["MemorySize"] * 1024),
                disk=disk,
                bandwidth=0,
                price=None,
                driver=driver,
                extra={"vcpus": kind["VcoreCount"]},
            )
            for kind in self.once(("kinds", place.region), lambda: self.every(driver, "ReadVmTypes", "VmTypes"))
        ]

    def list_images(self, driver: t.Any, region: str) -> t.Sequence[t.Any]:
        wanted = self.spec.image
        filters = {"ImageIds": [wanted["id"]]} if "id" in wanted else {**self.owner(), "States": ["available"]}
        return [
            types.SimpleNamespace(
                id=image["ImageId"], name=image["ImageName"], extra={**image, "created": image["CreationDate"]}
            )
            for image in self.every(driver, "ReadImages", "Images", **filters)
        ]

    def fits(self, image: t.Any) -> bool:
        asked = ("account_id", "account_alias")
        properties = {key: value for key, value in self.spec.image["properties"].items() if key not in asked}
        return reading.image_fits(image, {**self.spec.image, "properties": properties})

    def subnets(self, scope: str) -> list[dict[str, t.Any]]:
        """The subnets that the file names, by their own id or name, or by their network's id."""

        def ask() -> list[dict[str, t.Any]]:
            driver = self.driver(scope)
            names = set(self.spec.networks)
            found = self.calling(lambda: self.every(driver, "ReadSubnets", "Subnets"), scope)
            return [one for one in found if names & {one["SubnetId"], one["NetId"], tags_in(one).get("Name")}]

        return self.once(("subnets", scope), ask)

    def limits(self, scope: str) -> tuple[dict[str, float], dict[str, float]]:
        driver = self.driver(scope)
        kinds = self.calling(lambda: self.every(driver, "ReadQuotas", "QuotaTypes", QuotaTypes=["global"]), scope)
        limit, remaining = {}, {}
        for quota in [quota for kind in kinds for quota in kind["Quotas"]]:
            if quota["Name"] in LIMITS:
                key, unit = LIMITS[quota["Name"]]
                limit[key] = quota["MaxValue"] * unit
                remaining[key] = max(0, quota["MaxValue"] - quota["UsedValue"]) * unit
        return limit, remaining

    # What exists.

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        machines = self.every(driver, "ReadVms", "Vms", VmStateNames=list(STATES))
        return [self.node(machine) for machine in machines]

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        return next(map(self.node, self.every(driver, "ReadVms", "Vms", VmIds=[identity])), None)

    def node(self, machine: dict[str, t.Any]) -> t.Any:
        """What libcloud's nodes have, by the client token where that is of this deployment."""
        name, _dot, nodes = str(machine.get("ClientToken")).partition(".")
        tags = tags_in(machine)
        by_token = self.tags_by_name(name) if name.startswith(f"{self.deployment.name}-") else {}
        if by_token:
            tags = {**by_token, TAG + "nodes": nodes, **host_key_in(machine), **tags}
        return types.SimpleNamespace(
            id=machine["VmId"],
            name=name if by_token else tags.get("Name", ""),
            private_ips=[machine.get("PrivateIp")],
            public_ips=[machine.get("PublicIp")],
            extra={**machine, "tags": tags, "created": machine.get("CreationDate")},
        )

    def region_and_zone(self, node: t.Any, scope: str) -> tuple[str, str]:
        return scope, str(node.extra["Placement"]["SubregionName"]).removeprefix(scope)

    def size_of(self, node: t.Any, region: str, zone: str) -> str:
        return str(node.extra["VmType"])

    def state(self, node: t.Any) -> str:
        return STATES.get(str(node.extra["State"]), "gone")

    def fault(self, node: t.Any) -> str:
        return str(node.extra.get("StateReason") or "")

    def console(self, driver: t.Any, node: t.Any) -> str:
        coded = self.ask(driver, "ReadConsoleOutput", VmId=node.id).get("ConsoleOutput") or ""
        return base64.b64decode(coded).decode(errors="replace")

    # What is done.

    def create_nodes(self, *requests: Request) -> dict[str, t.Any]:
        (request,) = requests
        where = (request.region, request.zone, request.size)
        driver = self.driver(request.region)
        place = self.find(request.region, request.zone)
        data: dict[str, t.Any] = {
            "ClientToken": f"{request.name}.{write_nodes(request)}",
            "ImageId": self.image(request.region).id,
            "VmType": request.size,
            "Placement": {"SubregionName": request.region + place.zone, "Tenancy": "default"},
            **self.networking(driver, place, request),
        }
        if "key_name" in self.spec.ssh:
            data["KeypairName"] = self.spec.ssh["key_name"]
        user_data = self.user_data(request)
        if user_data:
            data["UserData"] = base64.b64encode(user_data.encode()).decode()
        machine = self.calling(lambda: self.ask(driver, "CreateVms", **data)["Vms"][0], *where)
        tags = {"Name": request.name, **self.tags(request)}
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.calling(lambda: self.ask(driver, "CreateTags", ResourceIds=[machine["VmId"]], Tags=pairs), *where)
        return {request.name: self.node({**machine, "Tags": pairs})}

    def networking(self, driver: t.Any, place: Place, request: Request) -> dict[str, t.Any]:
        """Subnet and security groups; with a subnet the groups are known by id only."""
        groups = list(self.spec.security_groups)
        own = self.family_groups(request, place.region)
        if not self.spec.networks:
            groups = [*(groups or (["default"] if own else [])), *(group.name for group in own)]
            return {"SecurityGroups": groups} if groups else {}
        zone = place.region + place.zone
        subnet = next((one for one in self.subnets(place.region) if one["SubregionName"] == zone), None)
        if subnet is None:
            raise Refusal("missing", f"there is no subnet in zone {place.zone}", self.spec.name, place.region)
        found = {"SubnetId": subnet["SubnetId"]}
        groups += [group.theirs["SecurityGroupId"] for group in own]
        return {**found, "SecurityGroupIds": [self.group(driver, place, subnet, one) for one in groups]}

    def group(self, driver: t.Any, place: Place, subnet: t.Mapping[str, t.Any], name: str) -> str:
        """The id of a security group."""
        if name.startswith("sg-"):
            return name
        filters = {"SecurityGroupNames": [name], "NetIds": [subnet["NetId"]]}

        def ask() -> list[dict[str, t.Any]]:
            return self.calling(
                lambda: self.every(driver, "ReadSecurityGroups", "SecurityGroups", **filters), place.region
            )

        found = self.once(("group", subnet["NetId"], name), ask)
        if not found:
            why = f"there is no security group {name} in {subnet['NetId']}"
            raise Refusal("missing", why, self.spec.name, place.region)
        return found[0]["SecurityGroupId"]

    def do(self, verb: str, driver: t.Any, node: t.Any) -> None:
        self.ask(driver, VERBS[verb], VmIds=[node.id])  # its volumes and interfaces go with it

    def mark(self, driver: t.Any, node: t.Any) -> None:
        self.ask(driver, "CreateTags", ResourceIds=[node.id], Tags=[{"Key": DRAINING, "Value": "yes"}])
