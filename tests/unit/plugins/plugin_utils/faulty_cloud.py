# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A libcloud driver whose cloud is in memory and goes wrong as a seed says: reconciling is tested on it."""

from __future__ import annotations

import collections
import contextlib
import random
import time

from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import Node, NodeDriver, NodeImage, NodeLocation, NodeSize
from libcloud.compute.types import NodeState

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.generic import GenericAdapter

ACCOUNTS: dict[str, Account] = {}
COUNTS: collections.Counter[str] = collections.Counter()  # of what happened, in all accounts


class Killed(BaseException):
    """The process ended here; nothing in it goes on."""


@contextlib.contextmanager
def killed(what):
    """Count the processes that end within something."""
    try:
        yield
    except Killed:
        COUNTS[f"killed in {what}"] += 1
        raise


class Account:
    """One account's state, which survives the processes that ask, and how it misbehaves."""

    def __init__(self, seed: str, quota: int, latency: float) -> None:
        self.random = random.Random(seed)
        self.latency = latency  # seconds that a call may take, so that parallel ones overtake each other
        self.quota = quota
        self.nodes: list[dict] = []
        self.quiet = True
        self.calls_to_live = -1  # calls until the asking process is killed; never, where negative
        self.refused: set[str] = set()
        self.generous = random.Random(f"{seed} generous").random() < 0.5

    def misbehave(self) -> None:
        """Begin a time of faults, for one run."""
        self.quiet = False
        self.calls_to_live = self.random.choice([-1, self.random.randrange(1, 25)])
        self.refused = {zone for zone in ("a", "b") if self.random.random() < 0.2}

    def settle(self) -> None:
        """End it: nothing fails, and listings are true."""
        self.quiet = True
        for node in self.nodes:
            node["unseen"] = node["addressless"] = 0

    def chance(self, share: float) -> bool:
        return not self.quiet and self.random.random() < share

    def step(self) -> None:
        """What can go wrong before a call has any effect."""
        if self.latency:
            time.sleep(self.random.random() * self.latency)
        if self.chance(0.03):
            raise BaseHTTPError(429, "Too many requests")
        if self.chance(0.03):
            raise BaseHTTPError(500, "Internal error")
        self.live()

    def live(self) -> None:
        if not self.quiet and self.calls_to_live >= 0:
            self.calls_to_live -= 1
            if self.calls_to_live < 0:
                raise Killed


class FaultyDriver(NodeDriver):
    """The account that `key` names."""

    type = name = "faulty"

    def __init__(self, key: str) -> None:
        self.account = ACCOUNTS[key]

    def list_locations(self):
        return [NodeLocation(zone, zone, "", self) for zone in ("a", "b")]

    def list_sizes(self, location=None):
        return [NodeSize("small", "small", 1024, 10, None, 0.01, self, {"vcpus": 1})]

    def list_images(self, location=None):
        return [NodeImage("debian-12", "debian-12", self)]

    def list_nodes(self):
        self.account.step()
        seen = []
        for record in self.account.nodes:
            record["unseen"] -= 1
            if record["unseen"] < 0:
                seen.append(self._node(record))
        return seen

    def create_node(self, name, size, image, location, ex_tags=None):
        return self.ex_create_nodes([name], location, ex_tags)[0]

    def ex_create_nodes(self, names, location, ex_tags):
        """All of them, or fewer: some clouds refuse what they have no room for, and others give what they can."""
        account = self.account
        account.step()
        if location.id in account.refused and not account.quiet:
            raise BaseHTTPError(500, "InsufficientInstanceCapacity: no host for it")
        room = account.quota - len(account.nodes)
        if room <= 0 or (room < len(names) and not account.generous):
            raise BaseHTTPError(403, "Quota exceeded for instances")
        names = names[:room]
        if len(names) > 1 and account.chance(0.1):
            names = names[: account.random.randrange(1, len(names))]
            COUNTS["fewer than asked for"] += 1
        records = [self._record(name, location, ex_tags) for name in names]
        COUNTS["creations of several"] += len(names) > 1
        with killed("creations of several" if len(names) > 1 else "creations"):
            account.live()
        if account.chance(0.06):
            COUNTS["lost replies to several"] += len(names) > 1
            raise BaseHTTPError(504, "the reply was lost")
        return [self._node(record) for record in records]

    def _record(self, name, location, ex_tags):
        account = self.account
        record = {
            "id": f"{len(account.nodes)}-{account.random.randrange(10**9)}",
            "name": name,
            "zone": location.id,
            "tags": dict(ex_tags or {}),
            "state": NodeState.ERROR if account.chance(0.08) else NodeState.RUNNING,
            "unseen": account.random.randrange(4) if account.chance(0.3) else 0,
            "addressless": account.random.randrange(3) if account.chance(0.3) else 0,
            "created": len(account.nodes),
        }
        account.nodes.append(record)
        return record

    def ex_tag_node(self, node, tags):
        self.account.step()
        for record in self.account.nodes:
            if record["id"] == node.id:
                record["tags"].update(tags)
        with killed("markings"):
            self.account.live()

    def destroy_node(self, node):
        self.account.step()
        self.account.nodes = [record for record in self.account.nodes if record["id"] != node.id]
        self.account.live()
        return True

    def _node(self, record):
        record["addressless"] -= 1
        addresses = [] if record["addressless"] >= 0 else [f"192.0.2.{record['created'] % 250 + 1}"]
        extra = {"tags": record["tags"], "zone": record["zone"], "size": "small", "created": float(record["created"])}
        return Node(record["id"], record["name"], record["state"], addresses, addresses, self, extra=extra)


class BulkDriver(FaultyDriver):
    """One whose adapter knows more of it."""


class BulkAdapter(GenericAdapter):
    """Creates up to three by one request, and marks what is to go."""

    at_once = 3

    def missing(self):
        return {feature: why for feature, why in super().missing().items() if feature != "draining"}

    def launch(self, driver, arguments, requests):
        names = [request.name for request in requests]
        return {node.name: node for node in driver.ex_create_nodes(names, arguments["location"], arguments["ex_tags"])}

    def mark(self, driver, node):
        driver.ex_tag_node(node, {DRAINING: "yes"})
