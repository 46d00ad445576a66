# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A libcloud driver whose cloud is this machine: an instance is a loopback address, a port offset and a folder.

All state is on disk, so that it survives processes and two runs see the same; creating and destroying take one lock
per user.
The processes of an instance are those with `WOMBAT_INSTANCE=<its folder>` in their environment. Needs Linux (/proc).
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import shutil
import time
import typing as t
import uuid

try:
    from libcloud.common.exceptions import BaseHTTPError
    from libcloud.common.types import InvalidCredsError
    from libcloud.compute.base import Node, NodeDriver, NodeImage, NodeLocation, NodeSize
    from libcloud.compute.types import NodeState
except ImportError:  # said by the provider registry, once a provider is opened
    NodeDriver = object

from ansible_collections.wombat.erlang.plugins.plugin_utils.drivers.addresses import (
    claims_lock,
    give_back,
    take_address,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.drivers.processes import end_processes


class LocalNodeDriver(NodeDriver):
    """One region of a local cloud.

    :param key: taken as any driver takes it, and not used.
    :param region: the region's name.
    :param root: the folder of the whole account's instances.
    :param network: the loopback network whose addresses are given out, as `127.77.0.0/16`.
    :param sizes: name -> {vcpus, memory (MiB), disk (GiB), arch, price}.
    :param zones: name -> {quota, refuse, prices}; `refuse` is capacity, quota or outage.
    :param quota: the account's limits: instances, vcpus, memory (MiB).
    :param images: names of images.
    :param latency: seconds that each call takes.
    :param refuse: credentials or outage: what the whole account answers.
    """

    name = "local"
    type = "local"
    website = "https://github.com/wombat-erlang/wombat.erlang"
    features: t.ClassVar[dict[str, list[str]]] = {"create_node": []}

    def __init__(
        self,
        key: str | None = None,
        secret: str | None = None,
        region: str = "local",
        root: str = "",
        network: str = "127.77.0.0/16",
        sizes: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
        zones: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
        quota: t.Mapping[str, float] | None = None,
        images: t.Sequence[str] = (),
        latency: float = 0.0,
        refuse: str | None = None,
    ) -> None:
        self.key, self.secret = key, secret
        self.region = region
        self.root = root
        self.network = ipaddress.IPv4Network(network)
        self.sizes = sizes or {}
        self.zones = zones or {}
        self.quota = quota or {}
        self.images = images
        self.latency = latency
        self.refuse = refuse

    def list_locations(self) -> list[NodeLocation]:
        self._call()
        return [NodeLocation(id=zone, name=zone, country="", driver=self) for zone in self.zones]

    def list_sizes(self, location: NodeLocation | None = None) -> list[NodeSize]:
        self._call()
        prices = self.zones[location.id].get("prices", {}) if location else {}
        return [
            NodeSize(
                id=name,
                name=name,
                ram=size["memory"],
                disk=size["disk"],
                bandwidth=None,
                price=prices.get(name, size["price"]),
                driver=self,
                extra={"vcpus": size["vcpus"], "arch": size["arch"]},
            )
            for name, size in self.sizes.items()
        ]

    def list_images(self, location: NodeLocation | None = None) -> list[NodeImage]:
        self._call()
        return [NodeImage(id=name, name=name, driver=self) for name in self.images]

    def list_nodes(self) -> list[Node]:
        self._call()
        return [self._node(record) for record in self._records() if record["region"] == self.region]

    def ex_used(self) -> list[dict[str, t.Any]]:
        """The records of the account's instances in all regions, for quotas."""
        self._call()
        return self._records()

    def create_node(
        self,
        name: str,
        size: NodeSize,
        image: NodeImage | None = None,
        location: NodeLocation | None = None,
        ex_tags: t.Mapping[str, str] | None = None,
        ex_client_token: str | None = None,
    ) -> Node:
        """Create an instance; a token that was used before gives the instance that it created."""
        self._call()
        zone = location.id if location else next(iter(self.zones))
        self._refuse(self.zones[zone].get("refuse"), f"{size.name} in {self.region}/{zone}")
        with claims_lock() as claims:
            for record in self._records():
                if ex_client_token and record["token"] == ex_client_token:
                    return self._node(record)
            self._check_quota(size, zone)
            identity = uuid.uuid4().hex
            folder = os.path.join(self.root, identity)
            address, offset = take_address(claims, self.network, folder)
            record = {
                "id": identity,
                "name": name,
                "token": ex_client_token,
                "region": self.region,
                "zone": zone,
                "size": size.name,
                "vcpus": size.extra["vcpus"],
                "memory": size.ram,
                "image": image.id if image else None,
                "address": address,
                "offset": offset,
                "state": "running",
                "tags": dict(ex_tags or {}),
                "created": time.time(),
            }
            # The folder appears with its record in it: a run that is killed here leaves nothing that looks like an
            # instance.
            os.makedirs(folder + ".new", mode=0o700)
            self._write(folder + ".new", record)
            os.rename(folder + ".new", folder)
        return self._node(record)

    def destroy_node(self, node: Node) -> bool:
        self._call()
        folder = os.path.join(self.root, node.id)
        end_processes(folder)
        with claims_lock() as claims:
            if os.path.isdir(folder):
                os.rename(folder, folder + ".gone")
            give_back(claims, folder)
        shutil.rmtree(folder + ".gone", ignore_errors=True)
        # Under the lock, for a run that creates needs the folder; it is not empty, or gone already.
        with claims_lock(), contextlib.suppress(OSError):
            os.rmdir(self.root)
        return True

    def start_node(self, node: Node) -> bool:
        return self._change(node, state="running")

    def stop_node(self, node: Node) -> bool:
        end_processes(os.path.join(self.root, node.id))
        return self._change(node, state="stopped")

    def reboot_node(self, node: Node) -> bool:
        end_processes(os.path.join(self.root, node.id))
        return self._change(node, state="running")

    def ex_tag_node(self, node: Node, tags: t.Mapping[str, str]) -> bool:
        """Give an instance tags besides those that it has."""
        return self._change(node, tags={**node.extra["tags"], **tags})

    def _call(self) -> None:
        if self.latency:
            time.sleep(self.latency)
        self._refuse(self.refuse, "the account")

    def _refuse(self, kind: str | None, what: str) -> None:
        if kind == "credentials":
            raise InvalidCredsError(f"401 the deployment file lets {what} refuse these credentials")
        if kind == "capacity":
            raise BaseHTTPError(500, f"InsufficientInstanceCapacity: the deployment file lets {what} be refused")
        if kind == "quota":
            raise BaseHTTPError(403, f"Quota exceeded: the deployment file lets {what} be refused")
        if kind == "outage":
            raise BaseHTTPError(503, f"Service unavailable: the deployment file lets {what} fail")

    def _check_quota(self, size: NodeSize, zone: str) -> None:
        records = self._records()
        inside = [record for record in records if (record["region"], record["zone"]) == (self.region, zone)]
        for limit, used_by, where in (
            (self.quota, records, "the account"),
            (self.zones[zone].get("quota", {}), inside, f"{self.region}/{zone}"),
        ):
            used = usage(used_by)
            for key, more in (("instances", 1), ("vcpus", size.extra["vcpus"]), ("memory", size.ram)):
                if key in limit and used[key] + more > limit[key]:
                    raise BaseHTTPError(
                        403, f"Quota exceeded for {key} of {where}: {limit[key]:g} allowed, {used[key]:g} used"
                    )

    def _records(self) -> list[dict[str, t.Any]]:
        records = []
        try:
            names = [name for name in os.listdir(self.root) if "." not in name]
        except FileNotFoundError:
            names = []
        for name in names:
            path = os.path.join(self.root, name, "instance.json")
            try:
                with open(path, encoding="utf-8") as stream:
                    records.append(json.load(stream))
            except (FileNotFoundError, NotADirectoryError):
                continue  # another run destroys it just now
            except ValueError:
                raise BaseHTTPError(500, f"{path} is damaged; mend or remove its folder") from None
        return sorted(records, key=lambda record: record["created"])

    def _write(self, folder: str, record: t.Mapping[str, t.Any]) -> None:
        path = os.path.join(folder, "instance.json")
        with open(path + ".new", "w", encoding="utf-8") as stream:
            json.dump(record, stream, indent=1)
        os.replace(path + ".new", path)

    def _change(self, node: Node, **changes: t.Any) -> bool:
        self._call()
        with claims_lock():
            record = next((record for record in self._records() if record["id"] == node.id), None)
            if record is None:
                raise BaseHTTPError(404, f"instance {node.name} not found")
            self._write(os.path.join(self.root, node.id), {**record, **changes})
        return True

    def _node(self, record: t.Mapping[str, t.Any]) -> Node:
        state = NodeState.RUNNING if record["state"] == "running" else NodeState.STOPPED
        extra = {**record, "root": os.path.join(self.root, record["id"])}
        return Node(record["id"], record["name"], state, [record["address"]], [record["address"]], self, extra=extra)


def usage(records: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, float]:
    """How much of a quota instances use: instances, vcpus, memory (MiB)."""
    listed = list(records)
    return {
        "instances": len(listed),
        "vcpus": sum(record["vcpus"] for record in listed),
        "memory": sum(record["memory"] for record in listed),
    }
