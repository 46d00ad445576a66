# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of a deployment: frozen dataclasses that everything above the file works with.

The inventory plugin, the lookups and the actions all get it from `loader.load`, so that the same text never means two
things.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.upgrade import Upgrade


@dataclasses.dataclass(frozen=True)
class Geography:
    """What the file says of a domain, or of a whole region; None where it says nothing."""

    country: str | None = None
    continent: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    labels: tuple[str, ...] = ()
    quota: t.Mapping[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Provider:
    """A registered infrastructure account.

    `credentials` and `options` are the file's own text, templated only by `Deployment.access`. `rate` is in requests a
    second; `attempts` counts those of a request that a busy provider turns away; `sizes` are patterns such as `m5.*`,
    and none means all.
    """

    name: str
    driver: str
    credentials: t.Mapping[str, t.Any] = dataclasses.field(repr=False)
    options: t.Mapping[str, t.Any] = dataclasses.field(repr=False)
    labels: tuple[str, ...]
    regions: tuple[str, ...]
    domains: t.Mapping[str, Geography]
    image: t.Mapping[str, t.Any]
    ssh: t.Mapping[str, t.Any]
    address: str
    parallel: int
    rate: float = 10.0
    attempts: int = 6
    sizes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    user_data: str | None = dataclasses.field(default=None, repr=False)
    firewall: bool = False  # whether families get security groups of their own


@dataclasses.dataclass(frozen=True)
class Storage:
    """Object storage for releases: a container of a libcloud storage driver.

    `credentials` and `options` are the file's own text, templated when the store is opened; `expiry` is the seconds for
    which the URLs are good that hosts get.
    """

    driver: str
    container: str
    credentials: t.Mapping[str, t.Any] = dataclasses.field(repr=False)
    options: t.Mapping[str, t.Any] = dataclasses.field(repr=False)
    expiry: int


@dataclasses.dataclass(frozen=True)
class Release:
    """A release: an archive, a version that the store has already, or Debian packages.

    `archive` is an absolute path on the controller; `stored` is the name and the version in the store; `service` says
    how it runs where that is not known, see `services.Service`; `user` is its own user on hosts, None where it runs as
    the user of all releases.
    """

    name: str
    archive: str | None
    checksum: str | None
    packages: tuple[str, ...] = ()
    service: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    user: str | None = None
    stored: tuple[str, str] | None = None


@dataclasses.dataclass(frozen=True)
class CertificateAuthority:
    """Who signs the certificates of nodes: the deployment's own in `folder`, else an existing one's files."""

    folder: str | None
    certificate: str | None = None
    key: str | None = None


@dataclasses.dataclass(frozen=True)
class OpenPort:
    """A port that a family opens besides those of its nodes, to addresses or networks."""

    port: int
    protocol: str
    sources: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Family:
    """A set of nodes. `config`, `vm_args`, `env` and `files` are templated once a node, by `Deployment.settings`."""

    name: str
    release: str
    nodes: int
    nodes_per_instance: t.Any
    node_name: str | None
    demand: t.Mapping[str, t.Any]
    placement: t.Mapping[str, t.Any]
    strategy: str
    bootstrap: t.Mapping[str, t.Any]  # the strategy's own options, complete
    neighbours: tuple[str, ...]
    links: t.Mapping[
        str, t.Mapping[str, t.Any]
    ]  # for each neighbour how it is met: connect, call, and what it is told as
    config: t.Mapping[str, t.Any]
    vm_args: t.Sequence[t.Any]
    env: t.Mapping[str, t.Any]
    tls: bool = False
    cookie: str = ""  # the file on the controller; neighbours have the same
    upgrade: Upgrade = Upgrade()
    hooks: t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]] = dataclasses.field(default_factory=dict)
    firewall: tuple[OpenPort, ...] = ()
    files: t.Sequence[t.Mapping[str, t.Any]] = ()

    def label(self, slot: int) -> str:
        """The part of a node's name before the `@`."""
        return self.node_name or f"{self.name}{slot}"


@dataclasses.dataclass(frozen=True)
class Deployment:
    """One named service: its providers, releases and families."""

    file: str
    name: str
    store: str  # the folder of what belongs to the deployment on the controller
    storage: Storage | None
    ca: CertificateAuthority
    epmd: bool
    port: int
    on_shortfall: str
    refusal_minutes: t.Mapping[str, int]  # how long a refusal counts: of a quota, and any other
    insecure: bool
    providers: t.Mapping[str, Provider]
    releases: t.Mapping[str, Release]
    families: t.Mapping[str, Family]
    budget: float | None
    template: t.Callable[..., t.Any] = dataclasses.field(repr=False, compare=False)

    @property
    def folder(self) -> str:
        return os.path.dirname(self.file)

    @property
    def known_hosts(self) -> str:
        """The file with the SSH host keys of instances."""
        return os.path.join(self.store, "known_hosts")

    def access(self, provider: str) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
        """Template a provider's credentials and options; call it only when the provider is opened.

        :return: credentials and options, plain data.
        :raises WombatError: naming the key whose template fails, never its value.
        """
        spec = self.providers[provider]
        path = f"providers.{provider}"
        return (
            self.template(spec.credentials, f"{path}.credentials", secret=True),
            self.template(spec.options, f"{path}.options", secret=True),
        )

    def settings(self, family: str, node: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Template a family's node settings for one node.

        :param node: the variables that its templates may use, such as node, slot and address.
        :return: `config`, `vm_args`, `env` and `files`, plain data.
        """
        spec = self.families[family]
        return {
            key: self.template(getattr(spec, key), f"families.{family}.{key}", variables=node)
            for key in ("config", "vm_args", "env", "files")
        }

    def mapped(self, family: str, neighbour: str, node: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Template what a neighbour becomes in a family's settings, for one node.

        :param node: the variables as for `settings`, and `nodes`, the neighbour's.
        :return: `config`, `vm_args` and `env`, plain data.
        """
        path = f"families.{family}.neighbours.{neighbour}.as"
        shape = self.families[family].links[neighbour]["as"]
        return {key: self.template(value, f"{path}.{key}", variables=node) for key, value in shape.items()}

    def demands(self) -> dict[str, dict[str, t.Any]]:
        """The families as `place` takes them."""
        return {
            name: {
                "nodes": family.nodes,
                "nodes_per_instance": family.nodes_per_instance,
                "demand": dict(family.demand),
                "placement": dict(family.placement),
            }
            for name, family in self.families.items()
        }

    def public(self) -> dict[str, t.Any]:
        """What plays may know of the deployment: no credentials, no options, no untemplated settings."""
        return {
            "file": self.file,
            "name": self.name,
            "store": self.store,
            "storage": self.storage.driver if self.storage else None,
            "distribution": {"epmd": self.epmd, "port": self.port},
            "on_shortfall": self.on_shortfall,
            "providers": {name: {"driver": p.driver, "labels": list(p.labels)} for name, p in self.providers.items()},
            "releases": {
                name: {
                    "archive": r.archive,
                    "checksum": r.checksum,
                    "stored": list(r.stored) if r.stored else None,
                    "packages": list(r.packages),
                    "user": r.user,
                }
                for name, r in self.releases.items()
            },
            "families": {
                name: {
                    "release": f.release,
                    "nodes": f.nodes,
                    "strategy": f.strategy,
                    "bootstrap": dict(f.bootstrap),
                    "neighbours": list(f.neighbours),
                    "connect": {other: link["connect"] for other, link in f.links.items()},
                    "calls": {other: link["call"] for other, link in f.links.items() if link["call"]},
                    "tls": f.tls,
                    "hooks": {event: [dict(hook) for hook in hooks] for event, hooks in f.hooks.items()},
                }
                for name, f in self.families.items()
            },
        }
