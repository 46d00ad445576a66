# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a lab: a bridge in a namespace that has no way out, and a namespace with one cable for each host."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path

from .common import LabError, locked, tell  # relative, for the command `lab` runs without the collection's path

SUBNET = ipaddress.IPv4Network("10.91.60.0/24")  # exists only inside the lab's namespace
GATEWAY, *ADDRESSES = list(SUBNET.hosts())
BRIDGE = "hosts"
NAMESPACES = Path("/run/netns")


class Network:
    """The network of one lab.

    :param name: the name of its namespace; those of its hosts begin with it.
    :param lock: the lock file of the lab.
    """

    def __init__(self, name: str, lock: Path) -> None:
        self.name = name
        self.lock = lock
        self.namespace = NAMESPACES / name

    def make(self) -> None:
        """Make the namespace and the bridge, where they are not."""
        with locked(self.lock):
            if not self._exists():
                self.namespace.unlink(missing_ok=True)  # what a crash between file and mount leaves
                tell("ip", "netns", "add", self.name)
            if BRIDGE not in self._links():
                tell("ip", "-n", self.name, "link", "add", BRIDGE, "type", "bridge")
            tell("ip", "-n", self.name, "addr", "replace", f"{GATEWAY}/{SUBNET.prefixlen}", "dev", BRIDGE)
            for link in ("lo", BRIDGE):
                tell("ip", "-n", self.name, "link", "set", link, "up")

    def check(self) -> None:
        """Make sure that what runs in the namespace can reach the hosts and nothing else.

        :raises LabError: when the namespace is missing, or has a way out, as the machine's own has.
        """
        if not self._exists():
            raise LabError(f"there is no network namespace {self.name}; nothing was sent")
        strangers = [link for link in self._links() if link not in ("lo", BRIDGE) and not link.startswith("v-")]
        routes = tell("ip", "-n", self.name, "route", "show", "default").split()
        if strangers or routes:
            raise LabError(f"namespace {self.name} has a way out: {' '.join(strangers + routes)}; nothing was sent")

    def host(self, identity: str) -> str:
        """The name of a host's namespace."""
        return f"{self.name}-{identity[:8]}"

    def plug(self, identity: str, address: str) -> None:
        """Give a host a namespace with one end of a cable; the other is in the bridge."""
        namespace, cable = self.host(identity), f"v-{identity[:8]}"
        self.remove(namespace)
        tell("ip", "netns", "add", namespace)
        tell("ip", "-n", self.name, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        tell("ip", "-n", self.name, "link", "set", cable, "master", BRIDGE, "up")
        tell("ip", "-n", namespace, "addr", "add", f"{address}/{SUBNET.prefixlen}", "dev", "eth0")
        for link in ("lo", "eth0"):
            tell("ip", "-n", namespace, "link", "set", link, "up")

    def switch(self, identity: str, state: str) -> None:
        """Put a host's cable `up` or `down`."""
        tell("ip", "-n", self.name, "link", "set", f"v-{identity[:8]}", state)

    @staticmethod
    def remove(namespace: str) -> None:
        """Take away a namespace with its cables; one that is not there does no harm."""
        if (NAMESPACES / namespace).exists():
            tell("ip", "netns", "delete", namespace)

    def remove_all(self) -> None:
        """Take away the hosts' namespaces and the lab's."""
        for namespace in [*NAMESPACES.glob(f"{self.name}-*"), self.namespace]:
            self.remove(namespace.name)

    def _exists(self) -> bool:
        # Without its mount the file is an empty one of /run's own.
        return self.namespace.exists() and os.stat(self.namespace).st_dev != os.stat(NAMESPACES).st_dev

    def _links(self) -> list[str]:
        lines = tell("ip", "-n", self.name, "-o", "link", "show").splitlines()
        return [re.split(r"[:@]", line)[1].strip() for line in lines]
