# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a placement works on: frozen, typed and in one canonical order."""

from __future__ import annotations

import dataclasses
import math
import typing as t

KEYS = ("provider", "region", "zone", "city", "country", "continent")
RESOURCES = ("instances", "vcpus", "memory")
EARTH_KM = 6371.0


@dataclasses.dataclass(frozen=True)
class Domain:
    """A place in a provider where instances can be created. Quotas are what is left; a missing key is unlimited."""

    name: str
    provider: str
    region: str | None
    zone: str | None
    city: str | None
    country: str | None
    continent: str | None
    latitude: float | None
    longitude: float | None
    quota: t.Mapping[str, float]

    def key(self, kind: str) -> str | None:
        """The key of this domain for rules over `kind` (one of `KEYS`); None where it is not known."""
        return (
            place_key(kind, self.provider, self.region, self.zone)
            if kind in ("provider", "region", "zone")
            else getattr(self, kind)
        )

    def distance(self, latitude: float, longitude: float) -> float | None:
        """Great-circle kilometres to a point; None when this domain has no coordinates."""
        if self.latitude is None or self.longitude is None:
            return None
        phi, psi = math.radians(self.latitude), math.radians(latitude)
        half = (
            math.sin((psi - phi) / 2) ** 2
            + math.cos(phi) * math.cos(psi) * math.sin(math.radians(longitude - self.longitude) / 2) ** 2
        )
        return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def place_key(kind: str, provider: str, region: str | None, zone: str | None) -> str:
    """The provider-qualified key of a place: `attic`, `attic/RegionOne` or `attic/RegionOne/nova`."""
    parts = {"provider": (provider,), "region": (provider, region), "zone": (provider, region, zone)}[kind]
    return "/".join(part for part in parts if part)


@dataclasses.dataclass(frozen=True)
class Offer:
    """One size in one domain: vcpus, MiB, GiB and money an hour, NaN if unknown. Expressions see `profile`."""

    domain: int
    provider: str
    region: str | None
    zone: str | None
    size: str
    vcpus: float
    memory: float
    disk: float
    arch: str | None
    price: float
    profile: t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Spread:
    """Nodes over the keys of `over`, no key above its weighted share by more than `max_skew`."""

    over: str
    max_skew: float
    weights: t.Mapping[str, float]
    required: bool


@dataclasses.dataclass(frozen=True)
class Relation:
    """`together` or `apart` with family `other` (itself allowed) within a key or `instance`."""

    other: str
    within: str


@dataclasses.dataclass(frozen=True)
class Near:
    """Within `km` of a point, or of some instance of family `other`."""

    km: float
    latitude: float | None = None
    longitude: float | None = None
    other: str | None = None


@dataclasses.dataclass(frozen=True)
class Count:
    """A number of nodes in every used key (`min`, `max`) or of used keys (`at_least`)."""

    over: str
    number: int


@dataclasses.dataclass(frozen=True)
class Rules:
    """The placement rules of a family."""

    prefer: tuple[str, ...] = ()
    spread: tuple[Spread, ...] = ()
    together: tuple[Relation, ...] = ()
    apart: tuple[Relation, ...] = ()
    near: tuple[Near, ...] = ()
    min: tuple[Count, ...] = ()
    max: tuple[Count, ...] = ()
    at_least: tuple[Count, ...] = ()
    budget: float | None = None
    max_moves: int = 0


@dataclasses.dataclass(frozen=True)
class Demand:
    """What every node needs (vcpus, MiB, GiB) and what the offer must be."""

    vcpus: float = 0.0
    memory: float = 0.0
    disk: float = 0.0
    arch: tuple[str, ...] = ()
    where: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Family:
    """Nodes under one demand. An instance holds `low` to `high` of them; `fixed`: as few instances as they need."""

    name: str
    nodes: int
    low: int
    high: int
    fixed: bool
    demand: Demand
    rules: Rules


@dataclasses.dataclass(frozen=True)
class Instance:
    """A running instance; `offer` and `domain` are None when the offers do not list them."""

    name: str
    family: str
    provider: str
    region: str | None
    zone: str | None
    size: str
    nodes: int
    offer: int | None
    domain: int | None


@dataclasses.dataclass(frozen=True)
class Problem:
    """All of one placement. `provider_quota` is by provider; `budget` is for all families together."""

    offers: tuple[Offer, ...]
    domains: tuple[Domain, ...]
    provider_quota: t.Mapping[str, t.Mapping[str, float]]
    families: t.Mapping[str, Family]
    instances: tuple[Instance, ...]
    budget: float | None
