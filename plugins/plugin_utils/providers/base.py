# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one API: an adapter turns a libcloud driver into what everything above knows of a cloud.

libcloud's objects and exceptions stop here. An adapter for one cloud overrides what differs there and nothing else.
"""

from __future__ import annotations

import functools
import re
import threading
import typing as t
import urllib.parse

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment, Geography
from ansible_collections.wombat.erlang.plugins.plugin_utils.known_hosts import KEYS
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import host_keys
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.geography import CONTINENT_OF, known
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.model import (
    Domain,
    Instance,
    Request,
    Size,
    left,
    read_nodes,
    write_nodes,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.refusal import Refusal, refusal_kind
from ansible_collections.wombat.erlang.plugins.plugin_utils.unsafe import trusted

__all__ = ["DRAINING", "TAG", "Adapter", "Domain", "Instance", "Refusal", "Request", "Size", "left"]

TAG = "wombat-"
DRAINING = f"{TAG}draining"  # on an instance that is to go, with the value "yes"
# What clouds differ in, and what it means.
FEATURES = {
    "create": "Creating and destroying instances.",
    "bulk creation": "Many instances by one request, where ``ssh.host_keys`` is not ``inject``.",
    "tags": "Tags that say who owns an instance, set with its creation.",
    "client token": "Asking twice for an instance creates one.",
    "filtered listing": "The cloud, not the controller, picks a deployment's instances among all.",
    "start and stop": "Starting and stopping instances.",
    "reboot": "Rebooting instances.",
    "images by id": "Finding an image by its id without listing all.",
    "prices": "Prices an hour of sizes.",
    "quota": "What is left of the account's limits.",
    "network": "Choosing the networks of an instance.",
    "security groups": "Choosing the security groups of an instance.",
    "firewall rules": "Security groups of the families' own, made and removed with their instances.",
    "ssh key": "Giving an instance a key pair that the cloud knows.",
    "user data": "Giving an instance data for cloud-init.",
    "console output": "Reading what an instance's console showed.",
    "draining": "A tag that says that an instance is to go, so that the next run goes on after one that was killed.",
}
# Why there is no bulk creation where an adapter says nothing else of it.
ONE_BY_ONE = "a request creates one instance; many requests go out in parallel"
MOST_WORDS = 500  # characters of a provider's words


class Adapter:
    """A provider opened for one deployment.

    :param deployment: the deployment.
    :param name: the provider's name in it.
    :raises WombatError: when credentials or options are not what the driver takes.
    """

    lacks: t.Mapping[str, str] = {}  # feature -> why it is missing
    at_once: t.ClassVar[int] = 1  # instances that one request can create
    arguments: t.Mapping[str, t.Any] = {}  # what a libcloud driver is opened with, by file and environment
    remembers: t.ClassVar[bool] = True  # whether what it refused counts for later runs too

    def __init__(self, deployment: Deployment, name: str) -> None:
        self.deployment = deployment
        self.spec = deployment.providers[name]
        self.credentials, self.options = deployment.access(name)
        self._own_keys = host_keys.own(self.spec.user_data)
        self._keys: dict[str, host_keys.HostKey] = {}
        self.stop = threading.Event()  # set when nobody waits any more
        self._lock = threading.Lock()
        self._threads = threading.local()

    @classmethod
    def all_lacks(cls, lacks: t.Mapping[str, str]) -> dict[str, str]:
        """What is lacking, with what all lack that do nothing about it."""
        return {**({"bulk creation": ONE_BY_ONE} if cls.at_once == 1 else {}), **lacks}

    @property
    def features(self) -> dict[str, str]:
        """Feature -> "" when there is, else why not."""
        return {feature: self.all_lacks(self.lacks).get(feature, "") for feature in FEATURES}

    @property
    def batch(self) -> int:
        """How many instances to create by one request, which gives the same user data to all."""
        return 1 if self.way == "inject" and not self._own_keys else self.at_once

    # What a cloud's own adapter gives.

    def connect(self, region: str) -> t.Any:
        """A new libcloud driver object for one region."""
        raise NotImplementedError

    def regions(self) -> tuple[str, ...]:
        raise NotImplementedError

    def domains(self) -> list[Domain]:
        raise NotImplementedError

    def instances(self) -> list[Instance]:
        """The instances that exist and carry this deployment's name and tags; terminated ones do not."""
        raise NotImplementedError

    def observe(self) -> tuple[list[Domain], list[Instance], dict[str, str]]:
        """Domains, instances, and what of the provider cannot be seen though the rest can: name -> why."""
        return self.domains(), self.instances(), {}

    def unseen(self, name: str) -> str | None:
        """The only family whose instance may be at what cannot be seen; None: any family's."""
        return None

    def create(self, *requests: Request) -> list[Instance]:
        """Create instances by one request: up to `batch`, which differ in name and token only.

        Gives those that came to be; there may be fewer than were asked for.
        """
        raise NotImplementedError

    def act(self, verb: str, instance: Instance) -> None:
        """Start, stop, reboot, drain, name or destroy an instance; one that is gone counts as destroyed.

        To drain is to set the tag that says that an instance is to go, to name is to let people see an unnamed one's.
        """
        raise NotImplementedError

    def connection(self) -> dict[str, t.Any]:
        """How Ansible reaches the provider's hosts: variables of the provider's group."""
        # An instance at an address of one that is gone must not get the connection that ssh keeps to that one.
        sockets = {"ansible_control_path": trusted("%(directory)s/{{ inventory_hostname }}-%%p-%%r")}
        variables = {**sockets, **host_keys.variables(self.way, self.spec.ssh, self.deployment.known_hosts)}
        for key, variable in (
            ("user", "ansible_user"),
            ("key_file", "ansible_ssh_private_key_file"),
            ("port", "ansible_port"),
        ):
            if key in self.spec.ssh:
                variables[variable] = self.spec.ssh[key]
        return variables

    @functools.cached_property
    def way(self) -> str:
        """How SSH host keys become known: inject, console, accept-new or known; nothing where there is no SSH."""
        return host_keys.choose(self.spec, self.lacks)

    def console_keys(self, instance: Instance) -> tuple[str, ...]:
        """The public host keys that an instance's console shows by now."""
        return ()

    def open_firewall(self, scope: str) -> t.Any:
        """Bring the firewall rules of a region to what the file says, where a cloud has them."""

    def close_firewall(self, scope: str) -> None:
        """Remove the firewall rules of a region that has no instance any more."""

    # What all share.

    def host_key(self, name: str) -> host_keys.HostKey:
        """The host key of an instance that is created; the same each time that this run asks for it."""
        with self._lock:
            if name not in self._keys:
                self._keys[name] = host_keys.generate()
            return self._keys[name]

    def user_data(self, request: Request) -> str | None:
        """The file's user data, with the instance's host key where keys are injected."""
        if self.way != "inject":
            return self.spec.user_data
        return host_keys.merged(self.spec.user_data, self.host_key(request.name))

    def known_keys(self, tags: t.Mapping[str, str]) -> dict[str, list[str]]:
        """The variable of an instance with its public host keys, where its tags tell them."""
        if self.way == "inject" and self._own_keys:
            return {KEYS: list(self._own_keys)}
        key = host_keys.of_tag(tags.get(TAG + "hostkey", ""))
        return {KEYS: [key]} if key else {}

    def driver(self, region: str) -> t.Any:
        """This thread's driver of a region: libcloud's objects must not be shared by threads."""
        drivers = self._threads.__dict__.setdefault("drivers", {})
        if region not in drivers:
            drivers[region] = self.connect(region)
        return drivers[region]

    def opened(self, region: str) -> t.Any:
        """This thread's driver of a region, or of all regions, if there is one yet."""
        drivers = self._threads.__dict__.get("drivers", {})
        return drivers.get(region) or drivers.get("")

    def calling(self, call: t.Callable[[], t.Any], region: str = "", zone: str = "", size: str = "") -> t.Any:
        """Run a libcloud call; its failures become refusals, with the provider's words and without secrets."""
        try:
            return call()
        except WombatError:
            raise
        except Exception as error:  # drivers raise whatever a reply makes them stumble over
            text = self.words(error)
            kind = refusal_kind(error, text)
            if kind == "credentials":
                text = f"the credentials are not accepted{self.endpoint(region)}: {text}"
            raise Refusal(kind, text, self.spec.name, region, zone, size) from None

    def endpoint(self, region: str) -> str:
        """Where a driver connects to, for sentences: ` by https://...`, or nothing where that is unknown."""
        connection = getattr(self.opened(region), "connection", None)
        if connection is None or not getattr(connection, "host", None):
            return ""
        return f" by {'https' if connection.secure else 'http'}://{connection.host}:{connection.port}"

    def words(self, error: BaseException) -> str:
        """The provider's own words on one line, with the credentials taken out."""
        value = getattr(error, "value", None) or getattr(error, "message", None) or str(error) or type(error).__name__
        # An error of the HTTP library has the whole URL, which may have an instance's user data in it.
        text = re.sub(r"\?[^\s?'\"<>]*=[^\s'\"<>]*", "?...", " ".join(str(value).split()))
        given = [*self.options.items(), *self.arguments.items()]
        hidden = [value for key, value in given if re.search("token|secret|password|key|user", key)]
        with self._lock:
            hidden += [key.private for key in self._keys.values()]
        lines = {line.strip() for secret in texts_in([self.credentials, hidden]) for line in secret.splitlines()}
        for secret in sorted(lines, key=len, reverse=True):  # one may be a part of another
            if len(secret) > 3:
                for form in (secret, urllib.parse.quote(secret, safe="")):
                    text = text.replace(form, "***")
        return text[:MOST_WORDS]

    def tags(self, request: Request) -> dict[str, str]:
        """The tags that, with the name, say who owns an instance (DESIGN section 5)."""
        key = self.host_key(request.name).public if self.way == "inject" and not self._own_keys else ""
        return {
            **({TAG + "hostkey": host_keys.tag_of(key)} if key else {}),
            TAG + "deployment": self.deployment.name,
            TAG + "family": request.family,
            TAG + "run": request.run,
            TAG + "nodes": write_nodes(request),
            TAG + "address": self.spec.address,
        }

    def owned(self, name: str, tags: t.Mapping[str, str]) -> bool:
        """Tell whether name and tags together say that an instance is this deployment's."""
        return (
            all(TAG + key in tags for key in ("family", "run"))
            and name.startswith(f"{self.deployment.name}-{tags[TAG + 'family']}-")
            and tags.get(TAG + "deployment") == self.deployment.name
            and read_nodes(str(tags.get(TAG + "nodes"))) is not None
        )

    @staticmethod
    def nodes(tags: t.Mapping[str, str], offset: int = 0) -> dict[str, t.Any]:
        """What the tags of an owned instance say of its slots and families, and whether it drains, for `Instance`.

        :param offset: what its slots begin after, where instances share an address.
        """
        nodes, beside = read_nodes(str(tags[TAG + "nodes"])) or (0, {})
        total = nodes + sum(beside.values())
        slots = tuple(range(offset + 1, offset + total + 1))
        return {"slots": slots, "beside": beside, "draining": DRAINING in tags}

    def geography(self, region: str, zone: str) -> Geography:
        """What the file says of a zone, else what it says of its region, else what is known of the cloud's region."""
        nothing = Geography()
        said = [
            self.spec.domains.get(f"{region}/{zone}", nothing),
            self.spec.domains.get(region, nothing),
            known(self.spec.driver, region),
        ]
        merged: dict[str, t.Any] = {}
        for one in said:
            told = {key: value for key, value in vars(one).items() if value not in (None, (), {})}
            other = [
                key for key in ("country", "city") if merged.get(key, told.get(key)) != told.get(key, merged.get(key))
            ]
            if other:  # it is elsewhere, so that what tells the spot is not of this place
                gone = {"city", "latitude", "longitude", *(["continent"] if "country" in other else [])}
                told = {key: value for key, value in told.items() if key not in gone}
            merged = {**told, **merged}
        merged.setdefault("continent", CONTINENT_OF.get(merged.get("country", "")))
        return Geography(**merged)


def texts_in(value: t.Any) -> t.Iterator[str]:
    """All texts in nested mappings and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (t.Mapping, list)):
        for item in value.values() if isinstance(value, t.Mapping) else value:
            yield from texts_in(item)
