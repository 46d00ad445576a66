# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What everything above the providers sees of a cloud."""

from __future__ import annotations

import dataclasses
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
    are the numbers of its nodes' slots; `error` is what the provider says of one in state error.
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

    @property
    def domain(self) -> str:
        return f"{self.provider}/{self.region}/{self.zone}"


@dataclasses.dataclass(frozen=True)
class Request:
    """An instance to be created.

    `token` is the same when one run tries again, so that a cloud that knows tokens creates one instance only.
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


def left(limit: t.Mapping[str, float], used: t.Mapping[str, float]) -> dict[str, float]:
    """What a quota leaves: its limits less what is used, never below 0; what has no limit is not in it."""
    return {key: max(0, value - used.get(key, 0)) for key, value in limit.items()}
