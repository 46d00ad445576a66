# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenNebula by its OCCI server, of versions 1.4 to 3.8."""

from __future__ import annotations

import base64
import functools
import ipaddress
import os
import time
import types
import typing as t
import urllib.parse

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import TAG, Refusal, Request, Size
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter

NEWEST = "3.8"
PLACE = Place("default", "default")
# The server's words. libcloud takes what is stopped or has failed for gone, and what is suspended for coming up.
STATES = {
    "ACTIVE": "running",
    "STOPPED": "stopped",
    "SUSPENDED": "stopped",
    "POWEROFF": "stopped",
    "UNDEPLOYED": "stopped",
    "FAILED": "error",
    "DONE": "gone",
}


class OpenNebulaAdapter(CloudAdapter):
    """There are no tags: what they would say is in the context of an instance, from version 2.0 on."""

    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "key": ("ONE_AUTH",),
        "secret": ("ONE_AUTH",),
        "host": ("OCCI_URL", "ONE_XMLRPC"),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("key", "secret", "host")
    lacks: t.Mapping[str, str] = {
        "console output": "OCCI knows none",
        "draining": "the context of an instance, which has what tags would say, never changes",
        "client token": "OCCI has none; a lost reply is looked for by name",
        "firewall rules": "OCCI knows none",
        "filtered listing": "OCCI lists the names of all; only this deployment's instances are read",
        "prices": "a private cloud tells none",
        "quota": "OCCI tells none",
        "security groups": "OCCI knows none",
        "ssh key": "OpenNebula keeps no key pairs; give the public key in user_data",
    }

    def __init__(self, deployment: Deployment, name: str) -> None:
        super().__init__(deployment, name)
        if not self.spec.networks:
            raise WombatError(
                f"{deployment.file}: providers.{name}.networks is missing; "
                "an instance of OpenNebula has addresses only in the networks that are named"
            )

    @property
    def version(self) -> str:
        return str(self.arguments["api_version"])

    def missing(self) -> t.Mapping[str, str]:
        lacks = dict(self.lacks)
        if self.version == "1.4":
            why = "OCCI of version 1.4 takes no context"
            lacks.update({"tags": f"{why}; the name alone says whose an instance is", "user data": why})
        if self.version < "3.2":
            lacks["reboot"] = "OCCI knows it from version 3.2 on"
        return lacks

    def from_environment(self) -> dict[str, t.Any]:
        """A file `user:password`, and the server's URL; without one, the front end that the other tools ask."""
        found: dict[str, t.Any] = {}
        written = {**self.options, **self.credentials}  # of a URL no part is to come from elsewhere
        if not written.get("secret") and (path := os.environ.get("ONE_AUTH")):
            try:
                with open(path, encoding="utf-8") as file:
                    found["key"], _colon, found["secret"] = file.read().strip().partition(":")
            except OSError as error:
                raise WombatError(f"the file {path} that ONE_AUTH names cannot be read: {error.strerror}") from None
        for variable in self.environment["host"]:
            if "host" not in {**written, **found} and (value := os.environ.get(variable)):
                url = urllib.parse.urlparse(value)
                found |= {"host": url.hostname, "secure": url.scheme == "https"}
                if variable == "OCCI_URL" and url.port:
                    found["port"] = url.port
        return found

    def constructor_arguments(self) -> dict[str, t.Any]:
        arguments = {"api_version": NEWEST, **super().constructor_arguments()}
        return {**arguments, "api_version": str(arguments["api_version"])}

    def connect(self, region: str) -> t.Any:
        driver = super().connect(region)
        driver.create_node = functools.partial(create_named, driver, driver.create_node)
        # libcloud would ask for all sizes with every node, and keeps of a state only what it takes it for.
        driver._extract_size = lambda compute: compute.findtext("INSTANCE_TYPE")
        driver.NODE_STATE_MAP = {}
        return driver

    # What can be had.

    def places(self, scope: str) -> list[Place]:
        return [PLACE]

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        return [size for size in driver.list_sizes() if size.name != "custom"]  # which has no processor

    def size(self, size: t.Any, place: Place) -> Size:
        """`CPU` is a share of the host's processors, `VCPU` the number that the instance sees."""
        ours = super().size(size, place)
        vcpus = float(getattr(size, "vcpu", None) or getattr(size, "cpu", None) or 0)
        return Size(ours.name, vcpus, ours.memory, ours.disk, ours.price)

    def list_images(self, driver: t.Any, region: str) -> t.Sequence[t.Any]:
        if "id" in self.spec.image:
            return [driver._to_image(driver.connection.request(f"/storage/{self.spec.image['id']}").object)]
        return sorted(driver.list_images(), key=lambda image: -int(image.id))  # of equals the first is taken

    def network(self, driver: t.Any, name: str) -> t.Any:
        """A network by its name or id; without its own address, which libcloud would ask for as the instance's."""
        networks = self.once("networks", lambda: self.calling(driver.ex_list_networks, PLACE.region))
        for network in networks:
            if name in (network.name, network.id):
                return types.SimpleNamespace(id=network.id, address=None)
        raise Refusal("missing", f"there is no network {name}", self.spec.name, PLACE.region)

    # What exists.

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        """Each node is a request of its own, so only those whose name may be ours are read; 1.4 lists no names."""
        prefix = f"{self.deployment.name}-"
        nodes = []
        for element in driver.connection.request("/compute").object.findall("COMPUTE"):
            if element.get("name", prefix).startswith(prefix):
                nodes += self.read(driver, element.get("href").rpartition("/")[2])
        return nodes

    def read(self, driver: t.Any, identity: str) -> list[t.Any]:
        """A node by its id; none when it is gone since it was listed."""
        try:
            return [self.calling(lambda: self.get_node(driver, identity), PLACE.region)]
        except Refusal as refusal:
            if refusal.kind != "missing":
                raise
            return []

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        compute = driver.connection.request(f"/compute/{identity}").object
        node = driver._to_node(compute)
        context = node.extra.get("context") or {}
        node.extra |= {"state": compute.findtext("STATE"), "created": context.get("wombat_created")}
        return node

    def tags_of(self, node: t.Any) -> dict[str, str]:
        if not self.keeps_tags:
            return self.tags_by_name(node.name or "")
        context = node.extra.get("context") or {}
        return {key.replace("_", "-"): str(value) for key, value in context.items()}

    def region_and_zone(self, node: t.Any, scope: str) -> tuple[str, str]:
        return PLACE.region, PLACE.zone

    def size_of(self, node: t.Any, region: str, zone: str) -> str:
        """Version 1.4 does not tell it."""
        return str(node.size or next(iter(self.sizes(PLACE))))

    def state(self, node: t.Any) -> str:
        return STATES.get(str(node.extra.get("state")).upper(), "pending")

    def address(self, node: t.Any, kind: str) -> str | None:
        """OCCI does not tell private addresses from public ones; they do it themselves."""
        for network in node.public_ips:
            if network.address and kind in (network.name, reach(network.address)):
                return network.address
        return None

    # What is done.

    def located(self, place: Place) -> dict[str, t.Any]:
        return {}

    def extras(self, request: Request, driver: t.Any, place: Place) -> dict[str, t.Any]:
        extras: dict[str, t.Any] = {"networks": [self.network(driver, name) for name in self.spec.networks]}
        if self.keeps_tags:
            extras["context"] = self.context(request)
        return extras

    def context(self, request: Request) -> dict[str, str]:
        """Variables of a shell, for so the scripts in images read them; OpenNebula tells no time of creation."""
        context = {key.replace("-", "_"): value for key, value in self.tags(request).items()}
        context[f"{TAG}created".replace("-", "_")] = str(int(time.time()))
        user_data = self.user_data(request)
        if user_data:
            # The server puts values into quotes, and escapes nothing.
            context["user_data"] = base64.b64encode(user_data.encode()).decode()
            context["userdata_encoding"] = "base64"
        return context

    def do(self, verb: str, driver: t.Any, node: t.Any) -> None:
        from libcloud.compute.drivers.opennebula import ACTION

        if (verb, self.state(node)) in (("start", "running"), ("stop", "stopped")):
            return  # the server would refuse it
        # Shutting down would be the end of an instance; suspending leaves its disks where they are.
        action = {"start": ACTION.RESUME, "stop": ACTION.SUSPEND}.get(verb)
        if action:
            driver.ex_node_action(node, action)
        else:
            getattr(driver, f"{verb}_node")(node)


def create_named(driver: t.Any, create: t.Callable[..., t.Any], name: str, **arguments: t.Any) -> t.Any:
    """Create a node with its name: libcloud sends an empty NAME.

    A local variable hides the argument in its `create_node` since https://github.com/apache/libcloud/pull/1389
    (2.8.0); no issue of it was found.
    """
    connection = driver.connection
    connection.encode_data = lambda body: body.replace(b"<NAME />", f"<NAME>{name}</NAME>".encode(), 1)
    try:
        return create(name, **arguments)
    finally:
        del connection.encode_data


def reach(address: str) -> str:
    """private or public."""
    return "private" if ipaddress.ip_address(address).is_private else "public"
