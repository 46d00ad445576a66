# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drivers of libcloud have in common, as an adapter. One for a cloud overrides what differs there."""

from __future__ import annotations

import dataclasses
import re
import time
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.known_hosts import KEYS, Host, KnownHosts
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import host_keys, opening, reading
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import TAG, Instance, Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Catalogue, Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.transport import pause

POLL = 2.0  # seconds between two looks at an instance that has no address yet


class CloudAdapter(Catalogue):
    """The instances of a cloud. Each method that is one line here is what some cloud does differently."""

    address_deadline: t.ClassVar[float] = 300.0  # seconds
    owned_by_name: t.ClassVar[bool] = False  # where tags may not come back, the name alone says whose an instance is

    # What exists.

    def instances(self) -> list[Instance]:
        return self.in_scopes(self.instances_in)

    def instances_in(self, scope: str) -> list[Instance]:
        driver = self.driver(scope)
        found = []
        for node in self.calling(lambda: self.list_nodes(driver, scope), scope):
            tags = self.tags_of(node)
            if self.state(node) != "gone" and self.owned(node.name or "", tags):
                found.append(self.instance(node, scope, tags))
        return found

    def list_nodes(self, driver: t.Any, scope: str) -> t.Sequence[t.Any]:
        """libcloud's nodes of a scope, or where the cloud can pick them, this deployment's."""
        return driver.list_nodes()

    def tags_of(self, node: t.Any) -> dict[str, str]:
        tags = reading.tags(node)
        return {**self.tags_by_name(node.name or ""), **tags} if self.owned_by_name else tags

    def tags_by_name(self, name: str) -> dict[str, str]:
        """What the name alone says of an instance."""
        match = re.fullmatch(rf"{self.deployment.name}-([a-z0-9]+)-[a-z0-9]{{6}}", name)
        family = self.deployment.families.get(match[1]) if match else None
        if family is None:
            return {}
        each = family.nodes_per_instance
        nodes = each.get("min", 1) if isinstance(each, t.Mapping) else each
        tags = self.tags(Request(name, "", family.name, "", self.spec.name, "", "", "", int(nodes)))
        return {key: value for key, value in tags.items() if key != f"{TAG}hostkey"}  # of an instance there is

    def instance(self, node: t.Any, scope: str, tags: t.Mapping[str, str]) -> Instance:
        region, zone = self.region_and_zone(node, scope)
        return Instance(
            name=node.name,
            id=str(node.id),
            provider=self.spec.name,
            region=region,
            zone=zone,
            size=self.size_of(node, region, zone),
            state=self.state(node),
            family=tags[TAG + "family"],
            run=tags[TAG + "run"],
            created=reading.created(node),
            **self.nodes(tags),
            address=self.address(node, tags.get(TAG + "address") or self.spec.address),
            vars=self.known_keys(tags),
            error=self.fault(node),
            unnamed=self.unnamed(node),
        )

    def region_and_zone(self, node: t.Any, scope: str) -> tuple[str, str]:
        """Where a node is, of the places; the first of these where a driver does not tell."""
        places = self.places(scope)
        said = reading.location(node)
        for place in places if self.region_argument else self.locations(scope):
            theirs = (getattr(place.location, "id", None), getattr(place.location, "name", None))
            if said and said in (place.zone, place.region, *map(str, theirs)):
                return place.region, place.zone
        return (places[0].region, places[0].zone) if places else (scope or "default", scope or "default")

    def size_of(self, node: t.Any, region: str, zone: str) -> str:
        """The name of a node's size."""
        said = reading.size(node)
        for place in self.places(self.scope(region)):
            if (place.region, place.zone) == (region, zone):
                for name, (_ours, theirs) in self.sizes(place).items():
                    if str(said) in (name, str(theirs.id)):
                        return name
        return str(said)

    def state(self, node: t.Any) -> str:
        """pending, running, stopped, error or gone."""
        return reading.STATES.get(str(node.state), "pending")

    def fault(self, node: t.Any) -> str:
        """What the provider says of a node in state error."""
        return str(reading.extra(node, ("fault", "status_message")) or "")

    def unnamed(self, node: t.Any) -> bool:
        return False

    def address(self, node: t.Any, kind: str) -> str | None:
        """A node's private or public address, or its address in a network; None while there is none."""
        if self.one_network and kind in self.spec.networks:
            kind = "private"
        addresses = {"private": node.private_ips, "public": node.public_ips}.get(kind)
        if addresses is None:
            addresses = reading.network_addresses(node, kind)
        return reading.first_address(addresses)

    # What is done.

    def create(self, *requests: Request) -> list[Instance]:
        names = [request.name for request in requests]
        if self.way == "inject":  # before they are there, for not every cloud has room for a key among tags
            keys = [tuple(self.known_keys(self.tags(request))[KEYS]) for request in requests]
            KnownHosts(self.deployment).know([Host(name, None, own) for name, own in zip(names, keys, strict=True)])
        try:
            nodes = self._created(requests)
        except Refusal as refusal:
            if refusal.kind != "outage":  # after one they may be there
                KnownHosts(self.deployment).forget(names)
            raise
        KnownHosts(self.deployment).forget([name for name in names if name not in nodes])
        return self._addressed([request for request in requests if request.name in nodes], nodes)

    def _created(self, requests: t.Sequence[Request]) -> dict[str, t.Any]:
        """Create; after a reply that is lost or was "too busy", look for the names before anything else."""
        for attempt in range(1, self.pace.attempts + 1):
            try:
                return self.create_nodes(*requests)
            except Refusal as refusal:
                if refusal.kind not in ("outage", "throttled"):
                    raise
                nodes = self._named(requests)
                if nodes:
                    return nodes
                if refusal.kind == "outage" or attempt == self.pace.attempts:
                    raise
                self.pace.hold(pause(refusal, attempt))
        raise AssertionError("unreachable")

    def _named(self, requests: t.Sequence[Request]) -> dict[str, t.Any]:
        """The nodes that are there of those that were asked for, by name."""
        names = {request.name for request in requests}
        scope = self.scope(requests[0].region)
        driver = self.driver(scope)
        try:
            nodes = self.calling(lambda: self.list_nodes(driver, scope), scope)
        except Refusal:
            return {}  # what the create itself said is told
        return {node.name: node for node in reversed(nodes) if node.name in names and self.state(node) != "gone"}

    def create_nodes(self, *requests: Request) -> dict[str, t.Any]:
        """Create nodes in libcloud, as `create` says; gives them by name."""
        request = requests[0]
        driver = self.driver(self.scope(request.region))
        place = self.find(request.region, request.zone)
        sizes = self.sizes(place)
        where = (request.region, request.zone, request.size)
        if request.size not in sizes:
            raise Refusal("missing", f"there is no size {request.size}", self.spec.name, *where)
        arguments = {
            "name": request.name,
            "size": sizes[request.size][1],
            "image": self.image(request.region),
            **self.located(place),
            **self.extras(request, driver, place),
        }

        def call() -> dict[str, t.Any]:
            nodes = self.launch(driver, arguments, requests)
            for one in requests:
                if one.name in nodes:
                    self.label(driver, nodes[one.name], one)
            return nodes

        return self.calling(call, *where)

    def launch(self, driver: t.Any, arguments: dict[str, t.Any], requests: t.Sequence[Request]) -> dict[str, t.Any]:
        """Send the request, with the arguments of the first; gives the nodes by name."""
        return {requests[0].name: driver.create_node(**arguments)}

    def find(self, region: str, zone: str) -> Place:
        for place in self.places(self.scope(region)):
            if (place.region, place.zone) == (region, zone):
                return place
        raise Refusal("missing", f"there is no zone {zone}", self.spec.name, region)

    def located(self, place: Place) -> dict[str, t.Any]:
        """The arguments that say where."""
        return {} if place.location is None else {"location": place.location}

    def extras(self, request: Request, driver: t.Any, place: Place) -> dict[str, t.Any]:
        """The arguments of libcloud's `create_node` beyond name, size, image and location."""
        return opening.conventional(self, self.tags(request), request)

    def label(self, driver: t.Any, node: t.Any, request: Request) -> None:
        """Tag a node right after its creation, where a cloud cannot do both at once."""

    def _addressed(self, requests: t.Sequence[Request], nodes: dict[str, t.Any]) -> list[Instance]:
        """Wait for the addresses that name the instances' nodes; without one an instance is of no use."""
        end = time.monotonic() + self.address_deadline
        while True:
            made = {request.name: self._made(request, nodes[request.name]) for request in requests}
            waiting = [one for one in made.values() if not (one.address or one.state in ("error", "gone"))]
            if not waiting or self.stop.is_set():
                return list(made.values())
            if time.monotonic() > end:
                made.update((one.name, self._unreached(one, nodes[one.name])) for one in waiting)
                return list(made.values())
            self.pace.sleep(POLL)
            for one in waiting:
                nodes[one.name] = self.reread(nodes[one.name], one.region) or nodes[one.name]

    def _made(self, request: Request, node: t.Any) -> Instance:
        """An instance that was just created; what was asked for is known better than a new node tells it."""
        return dataclasses.replace(
            self.instance(node, self.scope(request.region), self.tags(request)),
            name=request.name,
            region=request.region,
            zone=request.zone,
            size=request.size,
        )

    def _unreached(self, instance: Instance, node: t.Any) -> Instance:
        text = f"it has no {self.spec.address} address after {self.address_deadline:g} seconds"
        others = [one for one in (*node.private_ips, *node.public_ips) if one]
        if others:
            text += f", only {', '.join(others)}; choose another address of provider {self.spec.name}"
        return dataclasses.replace(instance, state="error", error=text)

    def reread(self, node: t.Any, region: str) -> t.Any:
        """The node as it is now; None when it is not told of, as may be right after its creation."""
        driver = self.driver(self.scope(region))
        try:
            return self.calling(lambda: self.get_node(driver, str(node.id)), region)
        except Refusal as refusal:
            if refusal.kind != "missing":
                raise
            return None

    def get_node(self, driver: t.Any, identity: str) -> t.Any:
        """libcloud's node by its id; None when there is none."""
        return next((node for node in driver.list_nodes() if str(node.id) == identity), None)

    def act(self, verb: str, instance: Instance) -> None:
        where = (instance.region, instance.zone, instance.size)
        driver = self.driver(self.scope(instance.region))
        try:
            node = self.calling(lambda: self.get_node(driver, instance.id), *where)
            if node is not None and self.state(node) != "gone":
                self.calling(
                    lambda: self.mark(driver, node) if verb == "drain" else self.do(verb, driver, node), *where
                )
                return
        except Refusal as refusal:
            if refusal.kind != "missing":
                raise
        if verb != "destroy":
            raise WombatError(f"instance {instance.name} is gone from {instance.domain}; deploy again")

    def console_keys(self, instance: Instance) -> tuple[str, ...]:
        driver = self.driver(self.scope(instance.region))

        def ask() -> str:
            node = self.get_node(driver, instance.id)
            return self.console(driver, node) if node is not None else ""

        return host_keys.on_console(str(self.calling(ask, instance.region)))

    def console(self, driver: t.Any, node: t.Any) -> str:
        """What a node's console showed."""
        told = getattr(driver, opening.console_call(driver) or "")(node)
        return str(told.get("output") or "") if isinstance(told, t.Mapping) else str(told or "")

    def do(self, verb: str, driver: t.Any, node: t.Any) -> None:
        """Start, stop, reboot or destroy a node in libcloud."""
        getattr(driver, f"{verb}_node")(node)

    def mark(self, driver: t.Any, node: t.Any) -> None:
        """Set the tag DRAINING on a node."""
        raise NotImplementedError
