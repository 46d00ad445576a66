# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Linode, now of Akamai."""

from __future__ import annotations

import dataclasses
import json
import secrets
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING, TAG, Request, Size
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.regions import RegionAdapter


class LinodeAdapter(RegionAdapter):
    """API version 4."""

    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {"key": ("LINODE_CLI_TOKEN", "LINODE_TOKEN")}
    lacks: t.Mapping[str, str] = {
        **RegionAdapter.lacks,
        "firewall rules": "the driver knows no firewalls of Linode",
        "network": "the driver knows no networks of Linode",
        "quota": "Linode tells none",
        "security groups": "the driver knows no firewalls of Linode",
    }

    def connect(self, region: str) -> t.Any:
        driver = super().connect(region)
        # libcloud takes one that is being deleted for one that is coming up, and stumbles over a suspended one.
        states = {**driver.LINODE_STATES, "deleting": "terminated", "billing_suspension": "stopped"}
        driver.LINODE_STATES = states
        return driver

    def size_name(self, size: t.Any) -> str:
        return str(size.id)

    def size(self, size: t.Any, place: Place) -> Size:
        return dataclasses.replace(super().size(size, place), disk=size.disk / 1024)  # libcloud leaves it in MiB

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        return driver.list_sizes()

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        """This deployment's, by a header that the driver does not send."""
        wanted = {"X-Filter": json.dumps({"tags": f"{TAG}deployment:{self.deployment.name}"})}
        nodes: list[t.Any] = []
        page, pages = 0, 1
        while page < pages:
            page += 1
            answer = driver.connection.request("/v4/linode/instances", params={"page": page}, headers=wanted).object
            nodes += [driver._to_node(entry) for entry in answer["data"]]
            pages = answer["pages"]
        return nodes

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        return driver.ex_get_node(identity)

    def extras(self, request: Request, driver: t.Any, place: Place) -> dict[str, t.Any]:
        user = self.spec.ssh.get("key_name")
        return {
            "root_pass": secrets.token_urlsafe(32),  # Linode wants one; nobody is to know it
            "ex_authorized_users": [user] if user else None,
            "ex_private_ip": self.spec.address == "private",
            # A tag has room for 50 characters, so that only this controller's known_hosts has the host key.
            "ex_tags": [text for text in self.texts(request) if not text.startswith(f"{TAG}hostkey")],
            "ex_userdata": self.user_data(request),
        }

    def mark(self, driver: t.Any, node: t.Any) -> None:
        tags = [*node.extra["tags"], f"{DRAINING}:yes"]
        driver.connection.request(f"/v4/linode/instances/{node.id}", data=json.dumps({"tags": tags}), method="PUT")
