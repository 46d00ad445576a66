# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A libcloud driver whose cloud is a lab of real hosts on this machine, as a third party would write one.

Its dotted path is `ansible_collections.wombat.erlang.tests.lab.nspawn.NspawnNodeDriver`. Needs root, and an image that
`tests/lab/lab image` built. Hosts are reached through `tests/lab/lab run` only.
"""

from __future__ import annotations

import typing as t

from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import Node, NodeAuthSSHKey, NodeDriver, NodeImage, NodeLocation, NodeSize
from libcloud.compute.types import NodeState

from . import images, user_data
from .common import LabError
from .hosts import Lab, NoHostError

STATES = {"running": NodeState.RUNNING, "pending": NodeState.PENDING, "stopped": NodeState.STOPPED}
SIZES = {
    "small": {"vcpus": 1, "memory": 1024, "disk": 10, "price": 0.01},
    "large": {"vcpus": 2, "memory": 4096, "disk": 40, "price": 0.04},
}


class NspawnNodeDriver(NodeDriver):
    """One account of a lab. Accounts share the lab's network and see their own hosts only.

    :param key: the account's name.
    :param secret: taken as any driver takes it, and not used.
    :param root: the lab's folder, where it is not the usual one.
    :param zones: the names of zones.
    :param sizes: name -> {vcpus, memory (MiB), disk (GiB), price}; declared, not enforced.
    :param quota: the account's limits: instances, vcpus, memory (MiB).
    """

    name = "nspawn"
    type = "nspawn"
    website = "https://github.com/wombat-erlang/wombat.erlang"
    features: t.ClassVar[dict[str, list[str]]] = {"create_node": ["ssh_key"]}

    def __init__(
        self,
        key: str,
        secret: str | None = None,
        root: str | None = None,
        zones: t.Sequence[str] = ("a",),
        sizes: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
        quota: t.Mapping[str, float] | None = None,
    ) -> None:
        self.key, self.secret = key, secret
        self.lab = Lab(root)
        self.zones = tuple(zones)
        self.sizes = sizes or SIZES
        self.quota = quota or {}

    def list_locations(self) -> list[NodeLocation]:
        return [NodeLocation(id=zone, name=zone, country="", driver=self) for zone in self.zones]

    def list_sizes(self, location: NodeLocation | None = None) -> list[NodeSize]:
        return [
            NodeSize(name, name, size["memory"], size["disk"], None, size["price"], self, {"vcpus": size["vcpus"]})
            for name, size in self.sizes.items()
        ]

    def list_images(self, location: NodeLocation | None = None) -> list[NodeImage]:
        return [NodeImage(id=name, name=name, driver=self) for name in images.names()]

    def list_nodes(self) -> list[Node]:
        return [self._node(record) for record in self._records()]

    def create_node(
        self,
        name: str,
        size: NodeSize,
        image: NodeImage,
        location: NodeLocation | None = None,
        auth: NodeAuthSSHKey | None = None,
        ex_tags: t.Mapping[str, str] | None = None,
        ex_userdata: str | None = None,
        ex_client_token: str | None = None,
    ) -> Node:
        """Create a host and start it; a token that was used before gives the host that it created.

        :param auth: a public key that may log in, as user `debian`.
        :param ex_userdata: a `#cloud-config`, of which `user_data` says what is taken.
        """

        def check() -> dict[str, t.Any] | None:
            for record in self._records():
                if ex_client_token and record["token"] == ex_client_token:
                    return record
            return self._check_quota(size)

        zone = location.id if location else self.zones[0]
        try:
            seed = user_data.read(ex_userdata)
        except ValueError as error:
            raise BaseHTTPError(400, f"InvalidParameterValue: {error}") from None
        if auth:
            seed["authorized_keys"].append(auth.pubkey)
        try:
            record = self.lab.create(
                name,
                images.layers(image.id),
                seed,
                check,
                account=self.key,
                token=ex_client_token,
                zone=zone,
                size=size.name,
                image=image.id,
                tags=dict(ex_tags or {}),
            )
            self.lab.boot(record["id"])
        except LabError as error:
            raise self._refusal(error) from None
        return self._node(record)

    def destroy_node(self, node: Node) -> bool:
        return self._do(self.lab.destroy, node)

    def start_node(self, node: Node) -> bool:
        return self._do(self.lab.boot, node)

    def stop_node(self, node: Node) -> bool:
        return self._do(self.lab.stop, node)

    def reboot_node(self, node: Node) -> bool:
        return self.stop_node(node) and self.start_node(node)

    def ex_get_console_output(self, node: Node) -> str:
        """What a host's console showed."""
        path = self.lab.folder / node.id / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _do(self, verb: t.Callable[[str], None], node: Node) -> bool:
        try:
            verb(node.id)
        except LabError as error:
            raise self._refusal(error) from None
        return True

    @staticmethod
    def _refusal(error: LabError) -> BaseHTTPError:
        return BaseHTTPError(404 if isinstance(error, NoHostError) else 500, str(error))

    def _records(self) -> list[dict[str, t.Any]]:
        return [record for record in self.lab.records() if record["account"] == self.key]

    def _check_quota(self, size: NodeSize) -> None:
        known = [self.sizes[record["size"]] for record in self._records() if record["size"] in self.sizes]
        used = {
            "instances": len(self._records()),
            "vcpus": sum(one["vcpus"] for one in known),
            "memory": sum(one["memory"] for one in known),
        }
        more = {"instances": 1, "vcpus": size.extra["vcpus"], "memory": size.ram}
        for what, limit in self.quota.items():
            if used[what] + more[what] > limit:
                raise BaseHTTPError(403, f"Quota exceeded for {what}: {limit:g} allowed, {used[what]:g} used")

    def _node(self, record: t.Mapping[str, t.Any]) -> Node:
        state = STATES[self.lab.state(record["id"])]
        return Node(record["id"], record["name"], state, [], [record["address"]], self, extra=dict(record))
