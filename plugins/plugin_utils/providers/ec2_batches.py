# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many instances of EC2 by one request.

All get the same tags. One of these has the ids of all names, and an instance's place in the request says which is its
own: so it is known from its first moment, also where the run that asked for it was killed right then. Its tag Name,
which people see, comes afterwards, if need be by the next run.
"""

from __future__ import annotations

import types
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import TAG, Instance, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter

IDS = f"{TAG}ids"
LONGEST = 256  # characters of a tag's value


class EC2Batches(CloudAdapter):
    """The part of the adapter that creates many at once."""

    at_once: t.ClassVar[int] = (LONGEST + 1) // len("a1b2c3 ")

    def launch(self, driver: t.Any, arguments: dict[str, t.Any], requests: t.Sequence[Request]) -> dict[str, t.Any]:
        """EC2 may create fewer than it is asked for, but not none. The client token of the first is that of all."""
        if len(requests) == 1:
            return super().launch(driver, arguments, requests)
        ids = " ".join(request.name.rpartition("-")[2] for request in requests)
        asked = {
            **arguments,
            "name": requests[0].name.rpartition("-")[0],
            "ex_mincount": 1,
            "ex_maxcount": len(requests),
            "ex_metadata": {**arguments["ex_metadata"], IDS: ids},
        }
        made = driver.create_node(**asked)
        return {self.named(node).name: node for node in (made if isinstance(made, list) else [made])}

    @staticmethod
    def common(node: t.Any) -> str:
        """The name that a node shares with all of its request; nothing where it is not one of many."""
        tags = node.extra.get("tags") or {}
        return f"{tags.get(TAG + 'deployment')}-{tags.get(TAG + 'family')}" if IDS in tags else ""

    def unnamed(self, node: t.Any) -> bool:
        return bool(self.common(node)) and node.extra["tags"].get("Name") == self.common(node)

    def named(self, node: t.Any) -> t.Any:
        """A node with the name of its own."""
        if self.unnamed(node):
            ids, place = node.extra["tags"][IDS].split(), node.extra.get("launch_index")
            if place is not None and place < len(ids):
                node.name = f"{self.common(node)}-{ids[place]}"
        return node

    def act(self, verb: str, instance: Instance) -> None:
        if verb != "name":
            super().act(verb, instance)
            return
        driver = self.driver(self.scope(instance.region))
        node = types.SimpleNamespace(id=instance.id)
        self.calling(lambda: self.set_tags(driver, node, {"Name": instance.name}), instance.region)

    @staticmethod
    def set_tags(driver: t.Any, node: t.Any, tags: t.Mapping[str, str]) -> None:
        # libcloud's ex_create_tags counts from 0, where EC2 counts from 1.
        params = {"Action": "CreateTags", "ResourceId.1": node.id}
        for number, (key, value) in enumerate(tags.items(), 1):
            params |= {f"Tag.{number}.Key": key, f"Tag.{number}.Value": value}
        driver.connection.request(driver.path, params=params)
