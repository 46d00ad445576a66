# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provider `local`: instances on this machine, declared in the deployment file.

Its options, all but `sizes` and `regions` with a default:

    root: ~/.wombat/<deployment>/<provider>    folder of the instances
    network: 127.77.0.0/16                     loopback addresses to give out; one address only: instances share it
    sizes: {small: {vcpus: 1, memory: 512 MiB, disk: 5 GiB, price: 0.01}}
    regions: {europe: {zones: {a: {quota: {instances: 2}, refuse: capacity}, b: {}}, prices: {small: 0.02}}}
    quota: {instances: 10, vcpus: 20, memory: 8 GiB}
    images: [debian-12]
    latency: 0.1                               seconds a call takes
    refuse: credentials                        or outage: what the whole account answers
"""

from __future__ import annotations

import functools
import ipaddress
import os
import sys
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment, Family
from ansible_collections.wombat.erlang.plugins.plugin_utils.drivers import local as driver
from ansible_collections.wombat.erlang.plugins.plugin_utils.drivers.addresses import OFFSET_STEP
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_provider import read_quota
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import (
    DRAINING,
    TAG,
    Adapter,
    Domain,
    Instance,
    Request,
    Size,
    left,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section, suggestion


class LocalAdapter(Adapter):
    """The driver of `drivers/local.py` as a provider."""

    lacks: t.Mapping[str, str] = {
        "filtered listing": "there is nobody else's",
        "images by id": "images are names only",
        "network": "instances get an address of one network",
        "ssh key": "instances are reached without SSH",
        "firewall rules": "loopback addresses are not filtered",
        "console output": "instances have no console",
        "user data": "instances run no cloud-init",
        "security groups": "loopback addresses are not filtered",
    }

    def __init__(self, deployment: Deployment, name: str) -> None:
        super().__init__(deployment, name)
        try:
            self._read(f"providers.{name}")
        except WombatError as error:
            raise WombatError(f"{deployment.file}: {error}") from None

    def _read(self, path: str) -> None:
        deployment, name = self.deployment, self.spec.name
        credentials = Section(self.credentials, f"{path}.credentials")
        for key in ("key", "secret"):
            credentials.take(key)
        credentials.end()
        options = Section(self.options, f"{path}.options")
        default_root = os.path.join(os.path.expanduser("~"), ".wombat", deployment.name, name)
        self.root = os.path.normpath(
            os.path.join(deployment.folder, os.path.expanduser(options.text("root") or default_root))
        )
        self.network = self._network(options)
        self.latency = options.number("latency", 0, 60) or 0.0
        self.images = options.strings("images") or ("debian-12",)
        self.quota = read_quota(options.section("quota"))
        self.refuse = self._refusal(options, ("credentials", "outage"))
        self.sizes = {size: self._size(section) for size, section in options.sections("sizes").items()}
        self.layout = {region: self._region(section) for region, section in options.sections("regions").items()}
        for key, given in (("sizes", self.sizes), ("regions", self.layout)):
            if not given:
                raise WombatError(f"{options.where(key)} is missing or empty; a local provider declares its {key}")
        options.end()
        self._check_places(path)
        for family in deployment.families.values():
            self._check_family(family)

    @staticmethod
    def _network(options: Section) -> str:
        text = options.text("network", "127.77.0.0/16")
        try:
            if ipaddress.IPv4Network(text).is_loopback:
                return str(text)
        except ValueError:
            pass
        raise options.wrong("network", text, "a network of loopback addresses, such as 127.77.0.0/16")

    def _check_places(self, path: str) -> None:
        """Require that the provider's `regions` and `domains` are among those that its options declare."""
        zones = [f"{region}/{zone}" for region, zones in self.layout.items() for zone in zones]
        for key, named, known in (
            ("regions", self.spec.regions, list(self.layout)),
            ("domains", self.spec.domains, [*self.layout, *zones]),
        ):
            for name in named:
                if name not in known:
                    raise WombatError(
                        f"{path}.{key} names '{name}', which is not in its options.regions; {suggestion(name, known)}"
                    )

    def _check_family(self, family: Family) -> None:
        """Require what the addresses and ports of local instances have room for."""
        nodes = family.nodes_per_instance
        if int(nodes["max"] if isinstance(nodes, t.Mapping) else nodes) > OFFSET_STEP:
            raise WombatError(
                f"families.{family.name}.nodes_per_instance: a local instance has ports for {OFFSET_STEP} nodes; "
                "use more instances"
            )
        if family.node_name and ipaddress.IPv4Network(self.network).num_addresses == 1:
            raise WombatError(
                f"families.{family.name}.node_name gives all nodes at {self.network} one name; "
                f"leave it out, or give providers.{self.spec.name}.options.network more addresses"
            )

    @staticmethod
    def _size(section: Section) -> dict[str, t.Any]:
        size = {
            "vcpus": section.integer("vcpus", 1, 1),
            "memory": section.memory("memory") or 512.0,
            "disk": (section.memory("disk") or 10240.0) / 1024,
            "arch": section.text("arch", os.uname().machine),
            "price": section.number("price", 0, 1e6),
        }
        section.end()
        return size

    def _region(self, section: Section) -> dict[str, dict[str, t.Any]]:
        given = section.section("prices")
        prices = {size: price for size in self.sizes if (price := given.number(size, 0, 1e6)) is not None}
        given.end()
        zones = {}
        for zone, entry in section.sections("zones").items():
            zones[zone] = {
                "quota": read_quota(entry.section("quota")),
                "refuse": self._refusal(entry, ("capacity", "quota", "outage")),
                "prices": prices,
            }
            entry.end()
        section.end()
        return zones or {"a": {"quota": {}, "refuse": None, "prices": prices}}

    @staticmethod
    def _refusal(section: Section, kinds: tuple[str, ...]) -> str | None:
        return section.choice("refuse", kinds, "") if section.take("refuse") else None

    def connect(self, region: str) -> driver.LocalNodeDriver:
        return driver.LocalNodeDriver(
            **self.credentials,
            region=region,
            root=self.root,
            network=self.network,
            sizes=self.sizes,
            zones=self.layout[region],
            quota=self.quota,
            images=self.images,
            latency=self.latency,
            refuse=self.refuse,
        )

    def regions(self) -> tuple[str, ...]:
        return tuple(region for region in self.layout if not self.spec.regions or region in self.spec.regions)

    def domains(self) -> list[Domain]:
        domains = []
        for region in self.regions():
            cloud = self.driver(region)
            records = self.calling(cloud.ex_used, region)
            used = driver.usage(records)
            for location in self.calling(cloud.list_locations, region):
                inside = driver.usage(
                    record for record in records if (record["region"], record["zone"]) == (region, location.id)
                )
                place = self.geography(region, location.id)
                limit = dict(self.layout[region][location.id]["quota"])
                for key, value in place.quota.items():
                    limit[key] = min(value, limit.get(key, value))
                sizes = self.calling(functools.partial(cloud.list_sizes, location), region)
                domains.append(
                    Domain(
                        provider=self.spec.name,
                        region=region,
                        zone=location.id,
                        geography=place,
                        labels=tuple(sorted({*self.spec.labels, *place.labels})),
                        features=tuple(sorted(name for name, reason in self.features.items() if not reason)),
                        sizes=tuple(
                            Size(
                                name=s.name,
                                vcpus=s.extra["vcpus"],
                                memory=s.ram,
                                disk=s.disk,
                                price=s.price,
                                arch=s.extra["arch"],
                            )
                            for s in sizes
                        ),
                        images=tuple(image.name for image in self.calling(cloud.list_images, region)),
                        limit=limit,
                        quota=left(limit, inside),
                        provider_limit=self.quota,
                        provider_quota=left(self.quota, used),
                    )
                )
        return domains

    def instances(self) -> list[Instance]:
        found = []
        for region in self.regions():
            for node in self.calling(self.driver(region).list_nodes, region):
                if self.owned(node.name, node.extra["tags"]):
                    found.append(self._instance(node))
        return found

    def create(self, *requests: Request) -> list[Instance]:
        (request,) = requests
        cloud = self.driver(request.region)

        def call() -> t.Any:
            location = next(place for place in cloud.list_locations() if place.id == request.zone)
            size = next(size for size in cloud.list_sizes(location) if size.name == request.size)
            image = next(iter(cloud.list_images()))
            return cloud.create_node(
                name=request.name,
                size=size,
                image=image,
                location=location,
                ex_tags=self.tags(request),
                ex_client_token=request.token,
            )

        return [self._instance(self.calling(call, request.region, request.zone, request.size))]

    def act(self, verb: str, instance: Instance) -> None:
        cloud = self.driver(instance.region)

        def call() -> None:
            node = next((node for node in cloud.list_nodes() if node.id == instance.id), None)
            if node is not None and verb == "drain":
                cloud.ex_tag_node(node, {DRAINING: "yes"})
            elif node is not None:
                getattr(cloud, f"{verb}_node")(node)
            elif verb != "destroy":
                raise WombatError(f"instance {instance.name} is gone from {instance.domain}; deploy again")

        self.calling(call, instance.region, instance.zone, instance.size)

    def _instance(self, node: t.Any) -> Instance:
        extra = node.extra
        tags = extra["tags"]
        return Instance(
            name=node.name,
            id=node.id,
            provider=self.spec.name,
            region=extra["region"],
            zone=extra["zone"],
            size=extra["size"],
            state=extra["state"],
            family=tags[TAG + "family"],
            run=tags[TAG + "run"],
            created=extra["created"],
            # Instances that share an address tell their nodes apart by the slot, which is also what the port comes
            # from.
            **self.nodes(tags, extra["offset"]),
            address=extra["address"],
            vars={"wombat_root": extra["root"]},
        )

    way = ""

    def connection(self) -> dict[str, t.Any]:
        return {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
