# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Google Compute Engine."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tempfile
import types
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import opening, reading
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING, Refusal, Request, Size
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.gce_firewall import GCEFirewall

PAGE = 500  # items; the most that GCE gives at once
# GCE's states; a TERMINATED instance can be started again, and one that is deleted is not listed.
STATES = {
    "RUNNING": "running",
    "REPAIRING": "running",
    "STOPPING": "stopped",
    "STOPPED": "stopped",
    "SUSPENDING": "stopped",
    "SUSPENDED": "stopped",
    "TERMINATED": "stopped",
}
LIMITS = {"INSTANCES": "instances", "CPUS": "vcpus"}
OF_CPUS = ("e2-", "f1-", "g1-", "n1-")  # other machine types have quotas of their own
SHARES = {"e2-micro": 0.25, "e2-small": 0.5, "e2-medium": 1.0}  # the processors that are paid for
ON_HYPERDISK = ("c4", "m4", "n4", "x4")  # these take no disk of another kind


class GCEAdapter(GCEFirewall, CloudAdapter):
    """A scope is a region; its zones are written without it: a, b. Tags are labels, security groups network tags."""

    region_argument = "region"
    region_environment: t.ClassVar[tuple[str, ...]] = ("CLOUDSDK_COMPUTE_REGION", "GOOGLE_REGION")
    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "user_id": ("GOOGLE_APPLICATION_CREDENTIALS",),
        "key": ("GOOGLE_APPLICATION_CREDENTIALS",),
        "project": ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("user_id", "key", "project")
    lacks: t.Mapping[str, str] = {
        "bulk creation": "libcloud's ex_create_multiple_nodes sends a request for each instance, too; so do we",
        "ssh key": "GCE keeps keys by user, not by name; an instance gets the public half of ssh.key_file",
    }

    def __init__(self, deployment: Deployment, name: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="wombat-gce-")
        super().__init__(deployment, name)
        if len(self.spec.networks) > 1:
            raise WombatError(f"{deployment.file}: providers.{name}.networks must be one network or subnetwork of GCE")

    def from_environment(self) -> dict[str, t.Any]:
        """What a service account's key file says, as Google's own tools take it."""
        found: dict[str, t.Any] = {"project": opening.from_environment(self.environment["project"])}
        path = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        if not path or {**self.options, **self.credentials}.get("key"):
            return found
        try:
            with open(path, encoding="utf-8") as file:
                told = json.load(file)
            found |= {"user_id": told["client_email"], "key": told["private_key"]}
        except OSError as error:
            why = f"cannot be read: {error.strerror}"
            raise WombatError(f"the file {path} that GOOGLE_APPLICATION_CREDENTIALS names {why}") from None
        except (ValueError, KeyError, TypeError):
            why = "is not the key of a service account"
            raise WombatError(f"the file {path} that GOOGLE_APPLICATION_CREDENTIALS names {why}") from None
        found["project"] = found["project"] or told.get("project_id")
        return found

    def constructor_arguments(self) -> dict[str, t.Any]:
        # Without the type libcloud would ask this machine's metadata server. All drivers share one token, which
        # libcloud would keep in the home folder for ever.
        given = {"auth_type": "SA", **super().constructor_arguments()}
        return {**given, "credential_file": os.path.join(self.folder.name, "token")}

    def connect(self, region: str) -> t.Any:
        driver = super().connect(region)
        make = driver._to_node

        def to_node(instance: dict[str, t.Any], **_options: t.Any) -> t.Any:
            """libcloud's node, without one more request for each disk, and with an id that says the zone."""
            node = make({**instance, "disks": []})
            node.id = f"{node.extra['zone'].name}/{node.id}"
            return node

        driver._to_node = to_node
        return driver

    def endpoint(self, region: str) -> str:
        return super().endpoint(region) or " by https://accounts.google.com"  # a driver logs in before it is there

    def words(self, error: BaseException) -> str:
        """GCE's code beside its sentence."""
        text, code = super().words(error), getattr(error, "code", None)
        return f"{code}: {text}" if isinstance(code, str) and code not in text else text

    @staticmethod
    def every(driver: t.Any, action: str, **params: t.Any) -> list[dict[str, t.Any]]:
        """All items of a list in pages; libcloud follows pages of few lists."""
        found: list[dict[str, t.Any]] = []
        following = None
        while True:
            page: dict[str, str] = {"pageToken": following} if following else {}
            answer = driver.connection.request(action, params={"maxResults": PAGE, **params, **page}).object
            found += answer.get("items", [])
            following = answer.get("nextPageToken")
            if not following:
                return found

    # What can be had.

    def places(self, scope: str) -> list[Place]:
        return [place for place in self.locations(scope) if place.location.status == "UP"]

    def locations(self, scope: str) -> list[Place]:
        """All zones of a region: in one that is down instances may be, and come back."""

        def ask() -> list[Place]:
            zones = self.calling(self.driver(scope).ex_list_zones, scope)
            here = [zone for zone in zones if zone.name.rpartition("-")[0] == scope]
            return [Place(scope, zone.name.rpartition("-")[2], zone) for zone in here]

        return self.once(("locations", scope), ask)

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        """The machine types in use that fit the image."""
        from libcloud.pricing import get_pricing

        prices = get_pricing(driver_type="compute", driver_name="gce_instances")
        sizes = []
        for kind in self.every(driver, f"/zones/{place.location.name}/machineTypes"):
            if "deprecated" not in kind:
                size = driver._to_node_size(kind, prices)
                size.extra["architecture"] = kind.get("architecture")
                if size.price and size.name in SHARES:  # libcloud takes its processors for whole ones
                    spare = kind["guestCpus"] - SHARES[size.name]
                    size.price -= spare * prices["e2"]["cpu"]["on_demand"][place.region]["price"]
                sizes.append(size)
        try:
            wanted = reading.arch(self.image(place.region))
        except Refusal:
            return sizes
        return [size for size in sizes if reading.arch(size) == wanted]

    def size(self, size: t.Any, place: Place) -> Size:
        """Machine types have no disk of their own: what an instance has is the image's."""
        try:
            disk = float(self.image(place.region).extra.get("diskSizeGb") or 0)
        except Refusal:
            disk = 0.0
        return dataclasses.replace(super().size(size, place), disk=disk)

    def list_images(self, driver: t.Any, region: str) -> t.Sequence[t.Any]:
        """The images of `properties.project`; without it the account's own, and those that Google publishes."""

        def ask() -> list[t.Any]:
            above = f"https://{driver.connection.host}{driver.base_path.rpartition('/')[0]}"
            wanted, project = self.spec.image, self.spec.image["properties"].get("project")
            if "id" in wanted:
                action = f"{above}/{project or driver.project}/global/images/{wanted['id']}"
                found = [driver.connection.request(action).object]
            else:
                found = []
                for one in [project] if project else [driver.project, *driver.IMAGE_PROJECTS]:
                    found += self.every(driver, f"{above}/{one}/global/images")
            images = []
            for told in found:
                if "deprecated" not in told:
                    image = driver._to_node_image(told)
                    image.extra["architecture"] = told.get("architecture")
                    images.append(image)
            return images

        return self.once("images", ask)  # they are the same in all regions

    def fits(self, image: t.Any) -> bool:
        properties = {key: value for key, value in self.spec.image["properties"].items() if key != "project"}
        wanted = {key: value for key, value in self.spec.image.items() if key != "id"}  # asked for by it
        return reading.image_fits(image, {**wanted, "properties": properties})

    def limits(self, scope: str) -> tuple[dict[str, float], dict[str, float]]:
        driver = self.driver(scope)
        told = self.calling(lambda: driver.connection.request(f"/regions/{scope}").object, scope)
        limit, remaining = {}, {}
        for quota in told.get("quotas", []):
            key = LIMITS.get(quota["metric"])
            if key == "vcpus" and not (self.spec.sizes and all(one.startswith(OF_CPUS) for one in self.spec.sizes)):
                continue
            if key:
                limit[key] = quota["limit"]
                remaining[key] = max(0, quota["limit"] - quota["usage"])
        return limit, remaining

    # What exists.

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        names = f'name eq "{self.deployment.name}-.*"'
        nodes = []
        for place in self.locations(scope):
            found = self.every(driver, f"/zones/{place.location.name}/instances", filter=names)
            nodes += [driver._to_node(instance) for instance in found]
        return nodes

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        zone, _slash, number = identity.partition("/")
        return driver._to_node(driver.connection.request(f"/zones/{zone}/instances/{number}").object)

    def tags_of(self, node: t.Any) -> dict[str, str]:
        return {key: decoded(str(value)) for key, value in (node.extra.get("labels") or {}).items()}

    def region_and_zone(self, node: t.Any, scope: str) -> tuple[str, str]:
        return scope, node.extra["zone"].name.rpartition("-")[2]

    def size_of(self, node: t.Any, region: str, zone: str) -> str:
        return str(node.size)

    def state(self, node: t.Any) -> str:
        return STATES.get(str(node.extra.get("status")), "pending")

    def address(self, node: t.Any, kind: str) -> str | None:
        if kind in ("private", "public"):
            return super().address(node, kind)
        for interface in node.extra.get("networkInterfaces") or []:
            if kind in [str(interface.get(key)).rpartition("/")[2] for key in ("network", "subnetwork")]:
                return interface.get("networkIP")
        return None

    # What is done.

    def create_nodes(self, *requests: Request) -> dict[str, t.Any]:
        """Names are unique, and a name is a request's: what there is already has come of the same request."""
        try:
            return super().create_nodes(*requests)
        except Refusal as refusal:
            nodes = self._named(requests) if "already exists" in refusal.text else {}
            if not nodes:
                raise
            return nodes

    def extras(self, request: Request, driver: t.Any, place: Place) -> dict[str, t.Any]:
        own = [group.name for group in self.family_groups(request, place.region)]
        disk = "hyperdisk-balanced" if request.size.startswith(ON_HYPERDISK) else "pd-balanced"
        public = opening.public_key(self.spec)
        metadata = {
            "user-data": self.user_data(request),
            "ssh-keys": f"{self.spec.ssh['user']}:{public}" if public and "user" in self.spec.ssh else None,
        }
        return {
            "ex_labels": {key: encoded(value) for key, value in self.tags(request).items()},
            "ex_metadata": {key: value for key, value in metadata.items() if value} or None,
            "ex_tags": [*self.spec.security_groups, *own] or None,
            "ex_disk_type": link(f"zones/{place.location.name}/diskTypes/{disk}"),
            "external_ip": "ephemeral" if self.spec.address == "public" else None,
            **self.networking(driver, place.region),
        }

    def networking(self, driver: t.Any, region: str) -> dict[str, t.Any]:
        """The network, or the subnetwork of the region and its network, by name."""
        name = next(iter(self.spec.networks), "default")
        subnetworks = self.once(
            ("subnetworks", region),
            lambda: self.calling(lambda: self.every(driver, f"/regions/{region}/subnetworks"), region),
        )
        for one in subnetworks:
            if name == one["name"]:
                return {"ex_network": link(one["network"]), "ex_subnetwork": link(one["selfLink"])}
        return {"ex_network": link(f"global/networks/{name}")}

    def mark(self, driver: t.Any, node: t.Any) -> None:
        driver.ex_set_node_labels(node, {**node.extra["labels"], DRAINING: "yes"})


def link(path: str) -> t.Any:
    """What libcloud takes for an object that it has asked for already."""
    return types.SimpleNamespace(name=path.rpartition("/")[2], extra={"selfLink": path})


def encoded(value: str) -> str:
    """A text as the value of a label, which has small letters, digits, _ and - only."""
    return re.sub(rb"[^a-z0-9-]", lambda match: b"_%02x" % ord(match[0]), value.encode()).decode()


def decoded(value: str) -> str:
    text = re.sub(rb"_([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), value.encode())
    return text.decode(errors="replace")
