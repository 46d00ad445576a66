# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenStack, and Rackspace, which is one."""

from __future__ import annotations

import re
import threading
import types
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import reading
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING, Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.openstack_firewall import NeutronFirewall

# Nova's name of a limit and of what is used of it.
LIMITS = {
    "instances": ("maxTotalInstances", "totalInstancesUsed"),
    "vcpus": ("maxTotalCores", "totalCoresUsed"),
    "memory": ("maxTotalRAMSize", "totalRAMUsed"),
}

NO_PUBLIC = (
    "its networks have private addresses alone, and floating ones are not allocated; choose another address or network "
    "of the provider"
)


class Tokens:
    """Tokens for all threads: else every thread would log in for itself, once for each of five services."""

    def __init__(self) -> None:
        self._kept: dict[t.Any, t.Any] = {}
        self._lock = threading.Lock()

    def get(self, key: t.Any) -> t.Any:
        with self._lock:
            return self._kept.get(key)

    def put(self, key: t.Any, context: t.Any) -> None:
        with self._lock:
            self._kept[key] = context

    def clear(self, key: t.Any) -> None:
        with self._lock:
            self._kept.pop(key, None)


class OpenStackAdapter(NeutronFirewall, CloudAdapter):
    """A region is one driver object; its zones are nova's availability zones."""

    region_argument = "ex_force_service_region"
    region_environment: t.ClassVar[tuple[str, ...]] = ("OS_REGION_NAME",)
    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "key": ("OS_USERNAME",),
        "secret": ("OS_PASSWORD",),
        "ex_force_auth_url": ("OS_AUTH_URL",),
        "ex_tenant_name": ("OS_PROJECT_NAME", "OS_TENANT_NAME"),
        "ex_domain_name": ("OS_USER_DOMAIN_NAME",),
        "ex_tenant_domain_id": ("OS_PROJECT_DOMAIN_ID",),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("key", "secret", "ex_force_auth_url")
    lacks: t.Mapping[str, str] = {
        "bulk creation": (
            "nova could (max_count), but names them itself, by numbers, and answers with the first only, and "
            "libcloud's driver does not ask it to; many requests go out in parallel"
        ),
        "client token": "nova creates a second instance of the same name; a lost reply is looked for by name",
        "prices": "a private cloud tells none",
    }

    def constructor_arguments(self) -> dict[str, t.Any]:
        arguments = {"api_version": "2.2", "ex_auth_cache": Tokens(), **super().constructor_arguments()}
        # libcloud adds the version itself, where OS_AUTH_URL usually ends with it.
        arguments["ex_force_auth_url"] = re.sub(r"/v[23](\.0)?/?$", "", str(arguments["ex_force_auth_url"]))
        return arguments

    def endpoint(self, region: str) -> str:
        connection = getattr(self.opened(region), "connection", None)
        return f" by {connection.get_auth_class().auth_url}" if connection else ""

    def places(self, scope: str) -> list[Place]:
        def ask() -> list[Place]:
            driver = self.driver(scope)
            answer = self.calling(lambda: driver.connection.request("/os-availability-zone").object, scope)
            zones = [zone["zoneName"] for zone in answer["availabilityZoneInfo"] if zone["zoneState"]["available"]]
            return [Place(scope, zone) for zone in zones]

        return self.once(("places", scope), ask)

    def located(self, place: Place) -> dict[str, t.Any]:
        return {"ex_availability_zone": place.zone}

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        # libcloud's list_nodes has no filter; nova takes an expression over names.
        names = {"name": f"^{self.deployment.name}-"}
        return driver._to_nodes(driver._paginated_request("/servers/detail", "servers", driver.connection, names))

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        return driver.ex_get_node_details(identity)

    def state(self, node: t.Any) -> str:
        if node.extra.get("task_state") == "deleting" or node.extra.get("vm_state") in ("deleted", "soft-delete"):
            return "gone"
        return super().state(node)

    def fault(self, node: t.Any) -> str:
        return str((node.extra.get("fault") or {}).get("message") or "")

    def limits(self, scope: str) -> tuple[dict[str, float], dict[str, float]]:
        driver = self.driver(scope)
        answer = self.calling(lambda: driver.connection.request("/limits").object, scope)["limits"]["absolute"]
        limit, remaining = {}, {}
        for key, (most, used) in LIMITS.items():
            if answer.get(most, -1) >= 0:  # nova writes -1 for unlimited
                limit[key] = answer[most]
                remaining[key] = max(0, answer[most] - answer.get(used, 0))
        return limit, remaining

    def extras(self, request: Request, driver: t.Any, place: Place) -> dict[str, t.Any]:
        networks = [self.network(driver, place.region, name) for name in self.spec.networks]
        self.check_public(driver, place.region, {network.id for network in networks})
        own = self.family_groups(request, place.region)
        groups = [*(self.spec.security_groups or (("default",) if own else ())), *(group.name for group in own)]
        return {
            "ex_metadata": self.tags(request),
            "ex_userdata": self.user_data(request),
            "ex_keyname": self.spec.ssh.get("key_name"),
            "ex_security_groups": [types.SimpleNamespace(name=name) for name in groups],
            "networks": networks,
        }

    def check_public(self, driver: t.Any, region: str, networks: set[str]) -> None:
        """Refuse a creation in networks that give no public address, when one is wanted."""
        if self.spec.address != "public" or not networks or not hasattr(driver, "ex_list_subnets"):
            return
        subnets = self.once(("subnets", region), lambda: self.calling(driver.ex_list_subnets, region))
        if reading.private_alone(subnet.cidr for subnet in subnets if subnet.network_id in networks):
            raise Refusal("request", NO_PUBLIC, self.spec.name, region)

    def network(self, driver: t.Any, region: str, name: str) -> t.Any:
        """A network by its name or id."""
        networks = self.once(("networks", region), lambda: self.calling(driver.ex_list_networks, region))
        for network in networks:
            if name in (network.name, network.id):
                return network
        raise Refusal("missing", f"there is no network {name}", self.spec.name, region)

    def mark(self, driver: t.Any, node: t.Any) -> None:
        # libcloud's ex_set_metadata would replace all.
        driver.connection.request(f"/servers/{node.id}/metadata", method="POST", data={"metadata": {DRAINING: "yes"}})


class RackspaceAdapter(OpenStackAdapter):
    """Its regions have no zones, and libcloud knows where to log in."""

    region_argument = "region"
    region_environment: t.ClassVar[tuple[str, ...]] = ("RAX_REGION", "OS_REGION_NAME")
    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "key": ("RAX_USERNAME", "OS_USERNAME"),
        "secret": ("RAX_API_KEY", "OS_PASSWORD"),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("key", "secret")
    lacks: t.Mapping[str, str] = {
        "bulk creation": OpenStackAdapter.lacks["bulk creation"],
        "client token": OpenStackAdapter.lacks["client token"],
        "firewall rules": "the driver speaks to nova alone, which knows no rules between groups at Rackspace",
    }

    def constructor_arguments(self) -> dict[str, t.Any]:
        return {"ex_auth_cache": Tokens(), **CloudAdapter.constructor_arguments(self)}

    def places(self, scope: str) -> list[Place]:
        return [Place(scope, scope)]

    def located(self, place: Place) -> dict[str, t.Any]:
        return {}
