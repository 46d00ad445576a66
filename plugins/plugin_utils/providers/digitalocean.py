# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DigitalOcean."""

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING, TAG, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.regions import RegionAdapter


class DigitalOceanAdapter(RegionAdapter):
    """Droplets; tags are set with their creation, and the cloud lists by tag."""

    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "key": ("DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN")
    }
    at_once = 10
    lacks: t.Mapping[str, str] = {
        **RegionAdapter.lacks,
        "firewall rules": "the driver knows no firewalls of DigitalOcean",
        "network": "the driver cannot choose one; instances get the region's default network",
        "security groups": "the driver knows no firewalls of DigitalOcean",
    }

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        path = f"/v2/droplets?tag_name={TAG}deployment:{self.deployment.name}&per_page=200"
        return [driver._to_node(droplet) for droplet in driver._paginated_request(path, "droplets")]

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        return driver.ex_get_node_details(identity)

    def size_name(self, size: t.Any) -> str:
        return str(size.name)  # the slug

    def size_of(self, node: t.Any, region: str, zone: str) -> str:
        return str(node.extra["size_slug"])

    def limits(self, scope: str) -> tuple[dict[str, float], dict[str, float]]:
        driver = self.driver(scope)
        most = self.calling(driver.ex_account_info, scope)["droplet_limit"]
        used = len(self.calling(driver.list_nodes, scope))
        return {"instances": most}, {"instances": max(0, most - used)}

    def extras(self, request: Request, driver: t.Any, place: Place) -> dict[str, t.Any]:
        attributes: dict[str, t.Any] = {
            "tags": self.texts(request),
            "ssh_keys": self.key_id(driver, place.region, "id"),
        }
        if self.spec.address == "private":
            attributes["private_networking"] = True
        return {"ex_create_attr": attributes, "ex_user_data": self.user_data(request)}

    def launch(self, driver: t.Any, arguments: dict[str, t.Any], requests: t.Sequence[Request]) -> dict[str, t.Any]:
        """libcloud's create_node sends one name, where DigitalOcean takes several."""
        if len(requests) == 1:
            return super().launch(driver, arguments, requests)
        asked = {
            "names": [request.name for request in requests],
            "size": arguments["size"].name,
            "image": arguments["image"].id,
            "region": arguments["location"].id,
            "user_data": arguments["ex_user_data"],
            **arguments["ex_create_attr"],
        }
        answer = driver.connection.request("/v2/droplets", data=json.dumps(asked), method="POST").object
        return {node.name: node for node in map(driver._to_node, answer["droplets"])}

    def do(self, verb: str, driver: t.Any, node: t.Any) -> None:
        ours = {"start": driver.ex_power_on_node, "stop": driver.ex_shutdown_node}
        ours.get(verb, getattr(driver, f"{verb}_node"))(node)

    def mark(self, driver: t.Any, node: t.Any) -> None:
        """A tag must be there before anything can have it."""
        name = f"{DRAINING}:yes"
        with contextlib.suppress(Exception):  # refused where it is there; whatever else is wrong is said next
            driver.connection.request("/v2/tags", data=json.dumps({"name": name}), method="POST")
        droplet = {"resources": [{"resource_id": node.id, "resource_type": "droplet"}]}
        driver.connection.request(f"/v2/tags/{name}/resources", data=json.dumps(droplet), method="POST")
