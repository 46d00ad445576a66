# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure by its resource manager."""

from __future__ import annotations

import dataclasses
import re
import threading
import time
import types
import typing as t
import urllib.parse

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import azure_machines, opening, reading
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.azure_firewall import AzureFirewall
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.azure_machines import (
    USER,
    azure_node,
    interfaces,
    machine_of,
    plain,
    public_address,
    same,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import DRAINING, Refusal, Request, Size
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter

COMPUTE_API = "2021-11-01"
NETWORK_API = "2021-08-01"
PROVIDERS_API = "2021-04-01"
MARGIN = 300  # seconds that a token must still be good for, as libcloud wants it
LIMITS = {"virtualMachines": "instances", "cores": "vcpus"}
ON_ARM = re.compile(r"_[A-Z]+[0-9]+(-[0-9]+)?[a-z]*p[a-z]*(_|$)")  # by the letter p in a size's name


class AzureAdapter(AzureFirewall, CloudAdapter):
    """A scope is a region. All is in one resource group; what belongs to an instance is made and goes with it."""

    region_argument = "region"
    region_environment: t.ClassVar[tuple[str, ...]] = ("AZURE_DEFAULTS_LOCATION", "AZURE_LOCATION")
    environment: t.ClassVar[t.Mapping[str, tuple[str, ...]]] = {
        "tenant_id": ("AZURE_TENANT_ID", "AZURE_TENANT"),
        "subscription_id": ("AZURE_SUBSCRIPTION_ID",),
        "key": ("AZURE_CLIENT_ID",),
        "secret": ("AZURE_CLIENT_SECRET", "AZURE_SECRET"),
        "resource_group": ("AZURE_DEFAULTS_GROUP", "AZURE_RESOURCE_GROUP"),
    }
    needed: t.ClassVar[tuple[str, ...]] = ("tenant_id", "subscription_id", "key", "secret", "resource_group")
    lacks: t.Mapping[str, str] = {
        "console output": "libcloud's driver reads no boot diagnostics",
        "filtered listing": "Azure lists a resource group whole; give the deployment one of its own",
    }

    def __init__(self, deployment: Deployment, name: str) -> None:
        self._lock = threading.Lock()
        self._token: tuple[str, t.Any] | None = None
        super().__init__(deployment, name)
        self.driver_class = self.sharing(self.driver_class)
        path = f"{deployment.file}: providers.{name}"
        spec = self.spec
        if not spec.networks:
            raise WombatError(
                f"{path}.networks is missing; name a virtual network of the resource group, or net/subnet"
            )
        if spec.firewall and spec.security_groups:
            raise WombatError(
                f"{path}.security_groups cannot be had beside firewall; Azure takes one group for a network interface"
            )
        if len(spec.security_groups) > 1:
            raise WombatError(f"{path}.security_groups must be one group; Azure takes one for a network interface")
        if "id" not in spec.image and not {"publisher", "offer"} <= set(spec.image["properties"]):
            raise WombatError(
                f"{path}.image.properties must name the publisher and the offer, or image.id the image itself, "
                "as Debian:debian-12:12-gen2:latest"
            )
        if "key_name" not in spec.ssh and not opening.public_key(spec):
            raise WombatError(
                f"{path}.ssh must name a key_name that Azure knows, or a key_file with its public half "
                "beside it in a file of the same name and .pub; Azure creates no instance without a public key"
            )

    def connection(self) -> dict[str, t.Any]:
        return {"ansible_user": USER, **super().connection()}

    def constructor_arguments(self) -> dict[str, t.Any]:
        arguments = super().constructor_arguments()
        group = arguments.pop("resource_group")
        self.group = f"/subscriptions/{arguments['subscription_id']}/resourceGroups/{group}/providers"
        return arguments

    def sharing(self, driver_class: t.Any) -> type:
        """A driver class whose objects share one token: else each would log in for itself, when it is made."""
        adapter = self

        class Connection(driver_class.connectionCls):
            def get_token_from_credentials(self) -> None:
                adapter.login(self, super().get_token_from_credentials)

        return type(driver_class.__name__, (driver_class,), {"connectionCls": Connection})

    def login(self, connection: t.Any, ask: t.Callable[[], None]) -> None:
        from libcloud.common.exceptions import BaseHTTPError
        from libcloud.common.types import InvalidCredsError

        with self._lock:
            if self._token is None or time.time() + MARGIN >= int(self._token[1]):
                try:
                    ask()
                except BaseHTTPError as error:
                    if error.code in (400, 401):  # 400 where there is no such tenant or account
                        raise InvalidCredsError(error.message) from None
                    raise
                self._token = (connection.access_token, connection.expires_on)
            connection.access_token, connection.expires_on = self._token

    def endpoint(self, region: str) -> str:
        from libcloud.common.azure_arm import publicEnvironments

        if found := super().endpoint(region):
            return found
        told = self.arguments.get("cloud_environment") or "default"  # a driver logs in before it is there
        return f" by {(publicEnvironments[told] if isinstance(told, str) else told)['activeDirectoryEndpointUrl']}"

    @staticmethod
    def every(driver: t.Any, action: str, version: str, **params: t.Any) -> list[dict[str, t.Any]]:
        """All entries of a list in pages."""
        found: list[dict[str, t.Any]] = []
        asked: dict[str, t.Any] = {"api-version": version, **params}
        while action:
            answer = driver.connection.request(action, params=asked).object
            found += answer["value"]
            following = urllib.parse.urlparse(answer.get("nextLink") or "")
            action, asked = following.path, dict(urllib.parse.parse_qsl(following.query))
        return found

    # What can be had.

    def places(self, scope: str) -> list[Place]:
        """The zones of a region; a region without any is its own only zone."""

        def ask() -> list[Place]:
            driver = self.driver(scope)
            action = f"/subscriptions/{driver.subscription_id}/providers/Microsoft.Compute"
            told = self.calling(lambda: driver.connection.request(action, params={"api-version": PROVIDERS_API}), scope)
            kinds = {kind["resourceType"]: kind for kind in told.object["resourceTypes"]}
            machines = kinds["virtualMachines"]
            if scope not in map(plain, machines["locations"]):
                raise Refusal("missing", f"there is no region {scope}", self.spec.name, scope)
            zones = [entry["zones"] for entry in machines.get("zoneMappings", []) if plain(entry["location"]) == scope]
            return [Place(scope, zone) for zone in sorted(zones[0]) if zone] if zones else [Place(scope, scope)]

        return self.once(("places", scope), ask)

    def list_sizes(self, driver: t.Any, place: Place) -> t.Sequence[t.Any]:
        """The sizes that fit the image; Azure tells the architecture of neither but by their names."""
        sizes = driver.list_sizes(types.SimpleNamespace(id=place.region))
        try:
            on_arm = "arm64" in self.image(place.region).name.lower()
        except Refusal:
            return sizes
        return [size for size in sizes if bool(ON_ARM.search(size.name)) == on_arm]

    def size(self, size: t.Any, place: Place) -> Size:
        """libcloud knows prices, but not here: it tells 0 for all."""
        from libcloud.pricing import get_pricing

        prices = get_pricing(driver_type="compute", driver_name="azure_linux")
        price = prices.get(size.name.lower().replace("_", ""), {}).get(place.region)
        arch = "aarch64" if ON_ARM.search(size.name) else "x86_64"
        return dataclasses.replace(super().size(size, place), price=float(price) if price else None, arch=arch)

    def list_images(self, driver: t.Any, region: str) -> t.Sequence[t.Any]:
        wanted = self.spec.image.get("id")
        if wanted and wanted.startswith("/"):  # of the account's own, or of a gallery
            return [types.SimpleNamespace(id=wanted, name=wanted, extra={})]
        location = types.SimpleNamespace(id=region)
        if wanted:
            return [driver.get_image(wanted, location)]
        properties = self.spec.image["properties"]
        return driver.list_images(location, properties["publisher"], properties["offer"], properties.get("sku"))

    def fits(self, image: t.Any) -> bool:
        return reading.image_fits(image, {**self.spec.image, "properties": {}})  # these were asked for

    def limits(self, scope: str) -> tuple[dict[str, float], dict[str, float]]:
        driver = self.driver(scope)
        action = f"/subscriptions/{driver.subscription_id}/providers/Microsoft.Compute/locations/{scope}/usages"
        limit, remaining = {}, {}
        for usage in self.calling(lambda: self.every(driver, action, COMPUTE_API), scope):
            key = LIMITS.get(usage["name"]["value"])
            if key:
                limit[key] = usage["limit"]
                remaining[key] = max(0, usage["limit"] - usage["currentValue"])
        return limit, remaining

    # What exists.

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        """Few lists, instead of libcloud's three requests for each node."""
        listed = self.every(driver, f"{self.group}/Microsoft.Compute/virtualMachines", COMPUTE_API)
        prefix = f"{self.deployment.name}-"
        ours = [one for one in listed if one["name"].startswith(prefix) and plain(one["location"]) == scope]
        if not ours:
            return []
        everywhere = f"/subscriptions/{driver.subscription_id}/providers/Microsoft.Compute/virtualMachines"
        for status in self.every(driver, everywhere, COMPUTE_API, statusOnly="true"):
            for machine in ours:
                if same(machine, status):
                    machine["properties"] |= {"instanceView": status["properties"].get("instanceView")}
        network = f"{self.group}/Microsoft.Network"
        cards = self.every(driver, f"{network}/networkInterfaces", NETWORK_API)
        addresses = self.every(driver, f"{network}/publicIPAddresses", NETWORK_API)
        return [azure_node(driver, machine, cards, addresses) for machine in ours]

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        def ask(action: str, version: str, **params: str) -> dict[str, t.Any]:
            return driver.connection.request(action, params={"api-version": version, **params}).object

        machine = ask(identity, COMPUTE_API, **{"$expand": "instanceView"})
        cards = [ask(card["id"], NETWORK_API) for card in interfaces(machine)]
        addresses = [ask(one["id"], NETWORK_API) for card in cards if (one := public_address(card))]
        return azure_node(driver, machine, cards, addresses)

    def region_and_zone(self, node: t.Any, scope: str) -> tuple[str, str]:
        return scope, (node.extra.get("zones") or [scope])[0]

    def size_of(self, node: t.Any, region: str, zone: str) -> str:
        return node.extra["properties"]["hardwareProfile"]["vmSize"]

    def state(self, node: t.Any) -> str:
        return azure_machines.state(node.extra)

    def fault(self, node: t.Any) -> str:
        return azure_machines.fault(node.extra)

    # What is done.

    def create_nodes(self, *requests: Request) -> dict[str, t.Any]:
        """One request makes the machine with its disk, interface and address; sent again it makes nothing more.

        libcloud would make the interface apart, and its custom data are bytes, which no JSON holds.
        """
        (request,) = requests
        where = (request.region, request.zone, request.size)
        driver = self.driver(request.region)
        self.find(request.region, request.zone)
        key = self.public_key(driver, request.region)
        spec = dataclasses.replace(self.spec, user_data=self.user_data(request))
        worn = self.worn(request)
        machine = machine_of(spec, request, self.tags(request), self.image(request.region), key, self.group, worn)
        action = f"{self.group}/Microsoft.Compute/virtualMachines/{request.name}"
        params = {"api-version": COMPUTE_API}
        answer = self.calling(
            lambda: driver.connection.request(action, params=params, data=machine, method="PUT").object, *where
        )
        return {request.name: azure_node(driver, answer, [], [])}

    def public_key(self, driver: t.Any, region: str) -> str:
        name = self.spec.ssh.get("key_name")
        if not name:
            return opening.public_key(self.spec)
        action, params = f"{self.group}/Microsoft.Compute/sshPublicKeys/{name}", {"api-version": COMPUTE_API}
        told = self.once("key", lambda: self.calling(lambda: driver.connection.request(action, params=params), region))
        return told.object["properties"]["publicKey"]

    def do(self, verb: str, driver: t.Any, node: t.Any) -> None:
        if verb == "destroy":  # its disk, interface and address go with it
            driver.connection.request(node.id, params={"api-version": COMPUTE_API}, method="DELETE")
        else:
            super().do(verb, driver, node)

    def mark(self, driver: t.Any, node: t.Any) -> None:
        driver.ex_create_tags(node.id, {DRAINING: "yes"})
