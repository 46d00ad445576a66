# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vultr."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING, Refusal, Request, Size
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.regions import HOURS, RegionAdapter


class VultrAdapter(RegionAdapter):
    """API version 2. The driver sets one tag, so it holds all of ours."""

    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {"key": ("VULTR_API_KEY",)}
    lacks: t.Mapping[str, str] = {
        **RegionAdapter.lacks,
        "firewall rules": (
            "the rules of Vultr's firewall groups let in networks, never groups, so that none could tell a family's "
            "instances from others; security_groups chooses a group that exists, one for an instance"
        ),
        "filtered listing": "Vultr picks by a whole tag, and one tag holds all of ours, which differ; all are listed",
        "images by id": "the driver has no get_image; all are listed",
        "quota": "Vultr tells none",
    }

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        sizes = self.once("sizes", lambda: driver.list_sizes(ex_list_bare_metals=False))
        return [size for size in sizes if place.region in size.extra["locations"]]

    def size(self, size: t.Any, place: Place) -> Size:
        return dataclasses.replace(super().size(size, place), price=size.price / HOURS if size.price else None)

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        return driver.list_nodes(ex_list_bare_metals=False)

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        return driver.ex_get_node(identity)

    def tags_of(self, node: t.Any) -> dict[str, str]:
        pairs = [text.partition(":") for text in str(node.extra.get("tag") or "").split(",")]
        return {key: value for key, sign, value in pairs if sign}

    def address(self, node: t.Any, kind: str) -> str | None:
        found = super().address(node, kind)
        return None if found == "0.0.0.0" else found  # while it has none yet

    def extras(self, request: Request, driver: t.Any, place: Place) -> dict[str, t.Any]:
        if len(self.spec.security_groups) > 1:
            raise Refusal("request", "an instance has one firewall group only", self.spec.name)
        networks = [self.network(driver, place.region, name) for name in self.spec.networks]
        return {
            "ex_tag": ",".join(self.texts(request)),
            "ex_hostname": request.name,
            "ex_userdata": self.user_data(request),
            "ex_ssh_key_ids": self.key_id(driver, place.region, "id"),
            "ex_private_network_ids": networks,
            "ex_enable_private_network": self.spec.address == "private" and not networks,
            "ex_firewall_group_id": next(iter(self.spec.security_groups), None),
        }

    def network(self, driver: t.Any, region: str, name: str) -> str:
        """The id of a network by its id or description."""
        networks = self.once("networks", lambda: self.calling(driver.ex_list_networks, region))
        for network in networks:
            if name in (network.id, network.extra.get("description")) and network.location == region:
                return network.id
        raise Refusal("missing", f"there is no network {name}", self.spec.name, region)

    def mark(self, driver: t.Any, node: t.Any) -> None:
        tag = f"{node.extra['tag']},{DRAINING}:yes"
        driver.connection.request(f"/v2/instances/{node.id}", data=json.dumps({"tag": tag}), method="PATCH")
