# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What everything above the providers sees of a cloud."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Geography


@dataclasses.dataclass(frozen=True)
class Size:
    """A flavour of instance: memory in MiB, disk in GiB, price an hour (None: unknown).

    `labels` are its own, besides its domain's; `pin` is the only family that may have it.
    """

    name: str
    vcpus: float
    memory: float
    disk: float
    price: float | None
    arch: str = "x86_64"
    labels: tuple[str, ...] = ()
    pin: str | None = None


@dataclasses.dataclass(frozen=True)
class Domain:
    """A place where instances can be created, with its whole profile. `quota` is what is left of `limit`."""

    provider: str
    region: str
    zone: str
    geography: Geography
    labels: tuple[str, ...]
    features: tuple[str, ...]
    sizes: tuple[Size, ...]
    images: tuple[str, ...]
    limit: t.Mapping[str, float]
    quota: t.Mapping[str, float]
    provider_limit: t.Mapping[str, float]
    provider_quota: t.Mapping[str, float]

    @property
    def path(self) -> str:
        return f"{self.provider}/{self.region}/{self.zone}"

    def offers(self) -> list[dict[str, t.Any]]:
        """One offer a size, as `place` takes them."""
        place = self.geography
        return [
            {
                "provider": self.provider,
                "region": self.region,
                "zone": self.zone,
                "size": size.name,
                "vcpus": size.vcpus,
                "memory": size.memory,
                "disk": size.disk,
                "arch": size.arch,
                "price": size.price,
                "country": place.country,
                "continent": place.continent,
                "city": place.city,
                "latitude": place.latitude,
                "longitude": place.longitude,
                "labels": sorted({*self.labels, *size.labels}),
                "pin": size.pin,
                "features": list(self.features),
                "quota": dict(self.quota),
                "provider_quota": dict(self.provider_quota),
            }
            for size in self.sizes
        ]


@dataclasses.dataclass(frozen=True)
class Instance:
    """A computing unit that exists and is ours.

    `state` is pending, running, stopped or error; `created` is in seconds since 1970, by the provider's clock; `slots`
    are the numbers of its nodes' slots: those of its family first, then those of the families `beside` it, which share
    the instance; `error` is what the provider says of one in state error; one that is `draining` is to go, and never
    counts as there again; of one that is `unnamed` people do not see the name in the cloud's console yet.
    """

    name: str
    id: str
    provider: str
    region: str
    zone: str
    size: str
    state: str
    family: str
    run: str
    created: float
    slots: tuple[int, ...]
    address: str | None
    vars: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    error: str = ""
    beside: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    draining: bool = False
    unnamed: bool = False

    @property
    def domain(self) -> str:
        return f"{self.provider}/{self.region}/{self.zone}"

    @property
    def nodes(self) -> dict[str, int]:
        """The number of nodes of each family on the instance, its own family's first."""
        return {self.family: len(self.slots) - sum(self.beside.values()), **self.beside}


@dataclasses.dataclass(frozen=True)
class Request:
    """An instance to be created.

    `token` is the same when one run tries again, so that a cloud that knows tokens creates one instance only. `beside`
    are the numbers of nodes of other families that share the instance.
    """

    name: str
    token: str
    family: str
    run: str
    provider: str
    region: str
    zone: str
    size: str
    nodes: int
    beside: t.Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def shares(self) -> dict[str, int]:
        """The number of nodes of each family."""
        return {self.family: self.nodes, **self.beside}


def write_nodes(request: Request) -> str:
    """The text of the tag that says how many nodes an instance has: `2`, or `2-web-1` where families share it.

    Digits, small letters and dashes are all that every cloud takes.
    """
    return "-".join([str(request.nodes), *(f"{family}-{nodes}" for family, nodes in request.beside.items() if nodes)])


def read_nodes(text: str) -> tuple[int, dict[str, int]] | None:
    """The nodes of the own family and of those beside it, by what `write_nodes` wrote; None for other text."""
    if not re.fullmatch(r"[0-9]+(-[a-z][a-z0-9]*-[0-9]+)*", text):
        return None
    nodes, *rest = text.split("-")
    return int(nodes), {family: int(number) for family, number in zip(rest[::2], rest[1::2], strict=True)}


def left(limit: t.Mapping[str, float], used: t.Mapping[str, float]) -> dict[str, float]:
    """What a quota leaves: its limits less what is used, never below 0; what has no limit is not in it."""
    return {key: max(0, value - used.get(key, 0)) for key, value in limit.items()}
