# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provider `hosts`: servers that exist, over SSH. An instance is a server with this deployment's claim on it.

Its options:

    hosts:                          by a name of the operator's own
      pluto:
        address: 192.0.2.11         where it is reached, and what names its nodes
        region: stockholm           and zone: rack1; both are "default" by default
        size: big                   of `sizes`, or its own vcpus, memory, disk, arch and price
        labels: [ssd]               besides the provider's
        pin: kv                     only this family may have it
    sizes: {big: {vcpus: 8, memory: 32 GiB, disk: 500 GiB, arch: x86_64, price: 0.05}}
    root: /srv/wombat               what goes with the claim when an instance is destroyed
"""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.drivers import hosts as driver
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import host_keys
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import (
    DRAINING,
    TAG,
    Adapter,
    Domain,
    Instance,
    Refusal,
    Request,
    Size,
    left,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section, suggestion

PLACE = r"[A-Za-z0-9_.-]+"
KEYS = ("vcpus", "memory", "disk", "arch", "price")


class HostsAdapter(Adapter):
    """The driver of `drivers/hosts.py` as a provider."""

    remembers = False  # only what the servers say counts
    lacks: t.Mapping[str, str] = {
        "start and stop": "servers have no switch that SSH reaches",
        "reboot": "nobody else does it either: use ansible.builtin.reboot",
        "images by id": "servers keep the system that is installed on them",
        "network": "servers have the network that they are in",
        "security groups": "servers are reached without a cloud",
        "ssh key": "who may log in is the servers' own matter",
        "firewall rules": "servers have their own: the role firewall writes them",
        "console output": "SSH reaches no console",
        "user data": "servers are installed already",
    }

    def __init__(self, deployment: Deployment, name: str) -> None:
        super().__init__(deployment, name)
        if self.way not in ("known", "accept-new"):
            raise WombatError(
                f"{deployment.file}: providers.{name}.ssh.host_keys cannot be {self.way}: servers are installed "
                "already; use known or accept-new"
            )
        try:
            self._read(f"providers.{name}")
        except WombatError as error:
            raise WombatError(f"{deployment.file}: {error}") from None
        self._free: list[str] = []
        self._chosen: dict[str, str] = {}  # token -> the server that was chosen for it

    def _read(self, path: str) -> None:
        options = Section(self.options, f"{path}.options")
        self.root = options.text("root") or "/srv/wombat"
        declared = {}
        for size, section in options.sections("sizes").items():
            declared[size] = self._size(section)
            section.end()
        self.sizes: dict[str, Size] = {}
        self.hosts: dict[str, dict[str, t.Any]] = {}
        for name, section in options.sections("hosts").items():
            self.hosts[name] = self._host(section, declared)
            section.end()
        if not self.hosts:
            raise options.missing("hosts", "list at least one server, by name")
        options.end()
        Section({key: value for key, value in self.credentials.items() if value}, f"{path}.credentials").end()
        addresses = [host["address"] for host in self.hosts.values()]
        twice = sorted({address for address in addresses if addresses.count(address) > 1})
        if twice:
            raise WombatError(f"{options.where('hosts')} has {twice[0]} twice; list each server once")

    def _host(self, section: Section, declared: t.Mapping[str, Size]) -> dict[str, t.Any]:
        section.need("address")
        pin = section.text("pin")
        if pin and pin not in self.deployment.families:
            families = self.deployment.families
            raise WombatError(f"{section.where('pin')} names '{pin}', which is no family; {suggestion(pin, families)}")
        size = section.text("size")
        if size is None:
            own = self._size(section)
            name = f"{own.vcpus:g}-vcpus-{own.memory / 1024:g}-gib"
        elif size in declared:
            own, name = declared[size], size
        else:
            raise WombatError(
                f"{section.where('size')} names '{size}', which is not in options.sizes; {suggestion(size, declared)}"
            )
        labels = tuple(sorted(section.strings("labels")))
        # One offer is one size in one place: what is told apart by labels or a pin is a size of its own.
        name = "+".join([name, *labels, *([f"pin-{pin}"] if pin else [])])
        size_of_it = Size(name, own.vcpus, own.memory, own.disk, own.price, own.arch, labels, pin)
        if self.sizes.setdefault(name, size_of_it) != size_of_it:
            raise WombatError(f"{section.path} has another disk, arch or price than others like it; give it a size")
        return {
            "address": section.name("address", r"[A-Za-z0-9:][A-Za-z0-9:.-]*", "an address or a host's name"),
            "region": section.name("region", PLACE, "a name") if section.take("region") else "default",
            "zone": section.name("zone", PLACE, "a name") if section.take("zone") else "default",
            "size": name,
            "pin": pin,
        }

    @staticmethod
    def _size(section: Section) -> Size:
        for key in ("vcpus", "memory"):
            section.need(key)
        return Size(
            name="",
            vcpus=section.integer("vcpus", 1, 1),
            memory=section.memory("memory") or 0.0,
            disk=(section.memory("disk") or 0.0) / 1024,
            price=section.number("price", 0, 1e6),
            arch=section.text("arch", "x86_64") or "x86_64",
        )

    def connect(self, region: str) -> driver.HostsNodeDriver:
        return driver.HostsNodeDriver(
            hosts=self.hosts,
            sizes={name: {key: getattr(size, key) for key in KEYS} for name, size in self.sizes.items()},
            ssh=self.ssh_command(),
            root=self.root,
            parallel=self.spec.parallel,
        )

    @functools.cached_property
    def way(self) -> str:
        """Whoever has servers knows their keys."""
        return str(self.spec.ssh.get("host_keys", "known"))

    def ssh_command(self) -> list[str]:
        """The operator's own ssh, as the file says it; it asks nothing and gives up on who is silent."""
        command = ["ssh", "-T"]
        settings = ("BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3")
        for setting in settings:
            command += ["-o", setting]
        for setting in host_keys.settings(self.way, self.spec.ssh, self.deployment.known_hosts):
            command += ["-o", setting]
        for key, option in (("user", "-l"), ("key_file", "-i"), ("port", "-p")):
            if key in self.spec.ssh:
                command += [option, str(self.spec.ssh[key])]
        return command

    def regions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(host["region"] for host in self.hosts.values()))

    def observe(self) -> tuple[list[Domain], list[Instance], dict[str, str]]:
        """All in one round; servers that do not answer are neither free nor anybody's."""
        cloud = self.driver("")
        claims = self.calling(cloud.ex_claims)
        silent = {name: self.words(claim) for name, claim in claims.items() if isinstance(claim, driver.SilentError)}
        if len(silent) == len(claims):
            raise Refusal("outage", "; ".join(silent.values()), self.spec.name)
        nodes = [cloud.ex_node(name, claim) for name, claim in claims.items() if name not in silent and claim]
        found = [self._instance(node) for node in nodes if self.owned(node.name, node.extra.get("tags") or {})]
        with self._lock:
            self._free = [name for name, claim in claims.items() if claim == {}]
        return self._domains(claims), found, silent

    def domains(self) -> list[Domain]:
        return self.observe()[0]

    def instances(self) -> list[Instance]:
        found, silent = self.observe()[1:]
        if silent:
            raise Refusal("outage", "; ".join(silent.values()), self.spec.name)
        return found

    def unseen(self, name: str) -> str | None:
        return self.hosts[name]["pin"]

    def _domains(self, claims: t.Mapping[str, t.Any]) -> list[Domain]:
        domains = []
        for region, zone in dict.fromkeys((host["region"], host["zone"]) for host in self.hosts.values()):
            there = {n: host for n, host in self.hosts.items() if (host["region"], host["zone"]) == (region, zone)}
            free = [host for name, host in there.items() if claims[name] == {}]
            geography = self.geography(region, zone)
            quota = self._sum(free)
            allowed = left(geography.quota, self._sum([host for host in there.values() if host not in free]))
            domains.append(
                Domain(
                    provider=self.spec.name,
                    region=region,
                    zone=zone,
                    geography=geography,
                    labels=tuple(sorted({*self.spec.labels, *geography.labels})),
                    features=tuple(sorted(feature for feature, reason in self.features.items() if not reason)),
                    sizes=tuple(self.sizes[name] for name in sorted({host["size"] for host in there.values()})),
                    images=("installed",),
                    limit=self._sum(list(there.values())),
                    quota={**quota, **{key: min(value, quota[key]) for key, value in allowed.items()}},
                    provider_limit={},
                    provider_quota={},
                )
            )
        return domains

    def _sum(self, hosts: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, float]:
        sizes = [self.sizes[host["size"]] for host in hosts]
        return {
            "instances": float(len(sizes)),
            "vcpus": float(sum(size.vcpus for size in sizes)),
            "memory": float(sum(size.memory for size in sizes)),
        }

    def create(self, *requests: Request) -> list[Instance]:
        """Claim a free server of the size in the zone; where another run was quicker, the next one."""
        (request,) = requests
        where = (request.region, request.zone, request.size)
        cloud = self.driver("")
        size = next(one for one in cloud.list_sizes() if one.name == request.size)
        while True:
            host = self._choose(request)
            if host is None:
                raise Refusal("capacity", "all hosts of this size are taken", self.spec.name, *where)
            try:
                node = cloud.create_node(
                    request.name, size, ex_tags=self.tags(request), ex_client_token=request.token, ex_host=host
                )
            except driver.SilentError as error:
                # Whether the claim is there is unknown: the next look tells, and until then nothing else has its name.
                raise Refusal("capacity", self.words(error), self.spec.name, *where) from None
            except driver.BaseHTTPError:  # somebody else's by now
                self._chosen.pop(request.token, None)
                continue
            return [self._instance(node)]

    def _choose(self, request: Request) -> str | None:
        with self._lock:
            if request.token not in self._chosen:
                for name in self._free:
                    host = self.hosts[name]
                    if (host["region"], host["zone"], host["size"]) == (request.region, request.zone, request.size):
                        self._free.remove(name)
                        self._chosen[request.token] = name
                        break
            return self._chosen.get(request.token)

    def act(self, verb: str, instance: Instance) -> None:
        if verb not in ("drain", "destroy"):
            feature = "reboot" if verb == "reboot" else "start and stop"
            raise Refusal("request", f"{verb}: {self.lacks[feature]}", self.spec.name)
        cloud = self.driver("")
        node = cloud.ex_node(instance.id, {"name": instance.name})
        where = (instance.region, instance.zone, instance.size)
        if verb == "drain":
            self.calling(lambda: cloud.ex_tag_node(node, {DRAINING: "yes"}), *where)
        else:
            self.calling(lambda: cloud.destroy_node(node), *where)

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
            state="running",
            family=tags[TAG + "family"],
            run=tags[TAG + "run"],
            created=float(extra["created"]),
            **self.nodes(tags),
            address=extra["address"],
        )
