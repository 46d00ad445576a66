# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the clouds of virtual servers share: regions without zones, tags that are texts, a token for credentials."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter

HOURS = 672  # a month costs as much as so many hours


class RegionAdapter(CloudAdapter):
    """A location is a region, and its only zone."""

    needed = ("key",)
    one_network = True
    lacks: t.Mapping[str, str] = {
        "console output": "the driver has no call for it",
        "client token": "the cloud has none; a lost reply is looked for by name",
    }

    def place(self, scope: str, location: t.Any) -> Place:
        return Place(location.id, location.id, location)

    def texts(self, request: Request) -> list[str]:
        """The tags as texts."""
        return [f"{key}:{value}" for key, value in self.tags(request).items()]

    def key_id(self, driver: t.Any, region: str, attribute: str) -> list[str]:
        """The id of the key pair that the file names, as a list; an empty one without a name."""
        name = self.spec.ssh.get("key_name")
        if not name:
            return []
        pairs = self.once("keys", lambda: self.calling(driver.list_key_pairs, region))
        for pair in pairs:
            if pair.name == name:
                return [pair.extra[attribute]]
        raise Refusal("missing", f"there is no SSH key {name}", self.spec.name, region)
