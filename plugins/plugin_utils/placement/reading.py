# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that `place` takes, validated and put into one canonical order."""

from __future__ import annotations

import math
import typing as t
from collections.abc import Mapping

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.families import read_families
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import (
    RESOURCES,
    Domain,
    Instance,
    Offer,
    Problem,
    place_key,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.plain import (
    architecture,
    number,
    optional_text,
    plain,
    text,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import kind

GEOGRAPHY = ("city", "country", "continent", "latitude", "longitude")
AMOUNTS = {"vcpus": 1e6, "memory": 1e12, "disk": 1e12, "price": 1e9}
NUMBERS = frozenset((int, float))
COMMON = (*GEOGRAPHY, "quota", "provider_quota")
Place = tuple[str, str, str]


def read(families: t.Any, offers: t.Any, existing: t.Any, budget: t.Any) -> Problem:
    """Validate the input of a placement.

    :raises WombatError: one sentence that names the first wrong value.
    """
    if not isinstance(families, t.Mapping):
        raise WombatError(f"families must be a mapping of names to families, but is {kind(families)}")
    reader = _OfferReader()
    for position, entry in enumerate(_listed(offers, "offers")):
        reader.read(entry, f"offers[{position}]")
    domains, listed = reader.finish()
    limit = None if budget is None else number(plain(budget, "budget"), "budget")
    index = {(offer.provider, offer.region or "", offer.zone or "", offer.size): at for at, offer in enumerate(listed)}
    places = {(domain.provider, domain.region or "", domain.zone or ""): at for at, domain in enumerate(domains)}
    instances: dict[str, Instance] = {}
    for position, entry in enumerate(_listed(existing, "existing")):
        instance = _instance(_mapping(entry, f"existing[{position}]"), f"existing[{position}]", index, places)
        if instance.name in instances:
            raise WombatError(f"existing lists the instance {instance.name} twice; list each instance once")
        instances[instance.name] = instance
    return Problem(
        offers=listed,
        domains=domains,
        provider_quota=dict(sorted(reader.provider_quota.items())),
        families=read_families(plain(families, "families")),
        instances=tuple(instances[name] for name in sorted(instances)),
        budget=limit,
    )


def _listed(value: t.Any, what: str) -> t.Sequence[t.Any]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        raise WombatError(f"{what} must be a list of mappings, but is {kind(value)}")
    return value


def _mapping(value: t.Any, what: str) -> dict[str, t.Any]:
    if not isinstance(value, Mapping):
        raise WombatError(f"{what} must be a mapping, but is {kind(value)}")
    result: dict[str, t.Any] = plain(value, what)
    return result


class _OfferReader:
    """Collects offers and what their domains and providers have in common."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str, str, str], dict[str, t.Any]] = {}
        self.geography: dict[Place, tuple[t.Any, ...]] = {}
        self.quota: dict[Place, dict[str, float]] = {}
        self.provider_quota: dict[str, dict[str, float]] = {}
        self._last: dict[Place, list[t.Any]] = {}

    def read(self, value: t.Any, what: str) -> None:
        entry = _mapping(value, what)
        provider, size = text(entry.get("provider"), f"{what}.provider"), text(entry.get("size"), f"{what}.size")
        region, zone = (
            optional_text(entry.get("region"), f"{what}.region"),
            optional_text(entry.get("zone"), f"{what}.zone"),
        )
        place = (provider, region or "", zone or "")
        if (*place, size) in self.entries:
            raise WombatError(f"{what} repeats {'/'.join(filter(None, place))} {size}; list each size of a domain once")
        for key, high in AMOUNTS.items():
            amount: t.Any = entry.get(key)
            if type(amount) not in NUMBERS or not 0 <= amount <= high:
                number(amount, f"{what}.{key}", 0.0, high)
        for key in ("labels", "features"):
            entry[key] = entry.get(key) or []
            if not isinstance(entry[key], list):
                raise WombatError(f"{what}.{key} must be a list, but is {kind(entry[key])}")
        common = [entry.get(key) for key in COMMON]
        # Most sizes of a domain say the same of it.
        if self._last.get(place) != common:
            self._common(place, entry, what)
            self._last[place] = common
        self.entries[(*place, size)] = entry

    def _common(self, place: Place, entry: dict[str, t.Any], what: str) -> None:
        geography = (
            *(optional_text(entry.get(key), f"{what}.{key}") for key in GEOGRAPHY[:3]),
            None if entry.get("latitude") is None else number(entry["latitude"], f"{what}.latitude", -90, 90),
            None if entry.get("longitude") is None else number(entry["longitude"], f"{what}.longitude", -180, 180),
        )
        known = self.geography.setdefault(place, geography)
        if known != geography:
            key = next(key for key, one, other in zip(GEOGRAPHY, known, geography, strict=True) if one != other)
            raise WombatError(
                f"{what}.{key} differs from another size's in {'/'.join(filter(None, place))}; give a domain one {key}"
            )
        _lower(self.quota.setdefault(place, {}), self._quota(entry.get("quota"), f"{what}.quota"))
        _lower(
            self.provider_quota.setdefault(place[0], {}),
            self._quota(entry.get("provider_quota"), f"{what}.provider_quota"),
        )

    @staticmethod
    def _quota(value: t.Any, what: str) -> dict[str, float]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise WombatError(f"{what} must be a mapping, but is {kind(value)}")
        # A provider that lowered a quota below what runs reports less than nothing left: that is nothing.
        return {
            key: max(0.0, number(value[key], f"{what}.{key}", -1e15, 1e15))
            for key in RESOURCES
            if value.get(key) is not None
        }

    def finish(self) -> tuple[tuple[Domain, ...], tuple[Offer, ...]]:
        places = sorted(self.geography)
        domains = tuple(
            Domain(
                place_key("zone", *place),
                place[0],
                place[1] or None,
                place[2] or None,
                **dict(zip(GEOGRAPHY, self.geography[place], strict=True)),
                quota=self.quota[place],
            )
            for place in places
        )
        position = {place: at for at, place in enumerate(places)}
        return domains, tuple(_offer(position[key[:3]], key[3], self.entries[key]) for key in sorted(self.entries))


def _lower(quota: dict[str, float], other: t.Mapping[str, float]) -> None:
    for key, amount in other.items():
        quota[key] = min(amount, quota.get(key, math.inf))


def _offer(domain: int, size: str, entry: dict[str, t.Any]) -> Offer:
    arch = entry.get("arch")
    profile = entry
    for key in ("vcpus", "memory", "disk", "price", "latitude", "longitude"):
        if isinstance(entry.get(key), str):
            profile[key] = float(entry[key])
    return Offer(
        domain=domain,
        provider=entry["provider"],
        region=entry.get("region") or None,
        zone=entry.get("zone") or None,
        size=size,
        vcpus=_amount(entry.get("vcpus")),
        memory=_amount(entry.get("memory")),
        disk=_amount(entry.get("disk")),
        arch=architecture(str(arch)) if arch else None,
        price=_amount(entry.get("price")),
        profile=profile,
    )


def _amount(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _instance(
    entry: dict[str, t.Any], what: str, offers: t.Mapping[tuple[str, str, str, str], int], places: t.Mapping[Place, int]
) -> Instance:
    nodes = number(entry.get("nodes", 1), f"{what}.nodes", 0, 1000)
    if math.isnan(nodes) or nodes != int(nodes):
        raise WombatError(f"{what}.nodes must be a whole number, but is {kind(entry.get('nodes'))}")
    provider = text(entry.get("provider"), f"{what}.provider")
    region, zone = (
        optional_text(entry.get("region"), f"{what}.region"),
        optional_text(entry.get("zone"), f"{what}.zone"),
    )
    size = optional_text(entry.get("size"), f"{what}.size") or ""
    place = (provider, region or "", zone or "")
    return Instance(
        name=text(entry.get("name"), f"{what}.name"),
        family=text(entry.get("family"), f"{what}.family"),
        provider=provider,
        region=region,
        zone=zone,
        size=size,
        nodes=int(nodes),
        offer=offers.get((*place, size)),
        domain=places.get(place),
    )
