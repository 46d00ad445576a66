# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads libcloud's objects: what most drivers call alike, under the few names that they use for it. Pure."""

from __future__ import annotations

import datetime
import fnmatch
import ipaddress
import re
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.model import Instance, Size

STATES = {
    "running": "running",
    "rebooting": "running",
    "migrating": "running",
    "reconfiguring": "running",
    "updating": "running",
    "normal": "running",
    "stopping": "stopped",
    "stopped": "stopped",
    "suspended": "stopped",
    "paused": "stopped",
    "error": "error",
    "terminated": "gone",
}
ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "64-bit": "x86_64", "arm64": "aarch64", "armv8": "aarch64"}
VCPUS = ("vcpus", "vcpu", "vcpu_count", "cpu", "cpus", "guestCpus", "numberOfCores", "cpu_count", "cores")
LOCATIONS = ("availability_zone", "availability", "zone_name", "zone", "zone_id", "location", "region", "datacenter")
SIZES = ("flavorId", "instance_type", "size_slug", "size_id", "type", "plan", "size", "flavor")
CREATED = ("created", "created_at", "creation_date", "createdAt", "creationTimestamp", "create_time", "updated")

PRIVATE = [ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]


def private_alone(networks: t.Iterable[str]) -> bool:
    """Tell whether some networks are known, and no address of IPv4 in them is one that libcloud takes for public."""
    known = [ipaddress.IPv4Network(one, strict=False) for one in networks if ":" not in one]
    return bool(known) and all(any(one.subnet_of(private) for private in PRIVATE) for one in known)


def clean(name: t.Any) -> str:
    """A name for use in the path of a domain."""
    return str(name).strip().replace("/", "-")


def matches(name: str, patterns: t.Collection[str]) -> bool:
    """Tell whether a name is among patterns such as `m5.*`; with no pattern every name is."""
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def extra(thing: t.Any, keys: t.Iterable[str]) -> t.Any:
    """The first of some keys that is in what a driver tells beyond libcloud's own attributes."""
    told = getattr(thing, "extra", None) or {}
    return next((told[key] for key in keys if told.get(key) not in (None, "", [], {})), None)


def named(value: t.Any) -> str | None:
    """The name of what is told as an object, a mapping or a text."""
    if isinstance(value, t.Mapping):
        value = value.get("slug") or value.get("id") or value.get("name")
    return None if value is None else str(getattr(value, "name", None) or value)


def vcpus(size: t.Any) -> float:
    """The number of processors of a size; 0 where the driver does not tell, which suits no demand for some."""
    value = getattr(size, "vcpus", None) or getattr(size, "cpu", None) or extra(size, VCPUS)
    match = re.match(r"[0-9.]+", str(value))
    return float(match[0]) if match else 0.0


def arch(size: t.Any) -> str:
    """The architecture of a size, as `uname -m` says it."""
    told = str(extra(size, ("architecture", "arch", "cpu_arch")) or "x86_64").lower()
    return ARCHITECTURES.get(told, told)


def used(instances: t.Sequence[Instance], sizes: t.Mapping[str, Size]) -> dict[str, float]:
    """How much of a quota instances use: instances, vcpus, memory (MiB)."""
    known = [sizes[one.size] for one in instances if one.size in sizes]
    return {
        "instances": len(instances),
        "vcpus": sum(size.vcpus for size in known),
        "memory": sum(size.memory for size in known),
    }


def image_fits(image: t.Any, wanted: t.Mapping[str, t.Any]) -> bool:
    """Tell whether an image is what the file asks for by id, name (a pattern) and properties."""
    if "id" in wanted and str(image.id) != wanted["id"]:
        return False
    if "name" in wanted and not fnmatch.fnmatchcase(str(image.name), wanted["name"]):
        return False
    told = {**(image.extra or {}), **((image.extra or {}).get("metadata") or {})}
    return all(str(told.get(key)) == str(value) for key, value in (wanted.get("properties") or {}).items())


def image_age(image: t.Any) -> tuple[float, list[tuple[int, str]]]:
    """The greater, the newer: by date, then by the numbers in the name."""
    words = re.findall(r"[0-9]+|[^0-9]+", str(image.name))
    return seconds(extra(image, CREATED)), [(int(word), "") if word.isdigit() else (-1, word) for word in words]


def seconds(moment: t.Any) -> float:
    """A date as seconds since 1970; 0 where it is none."""
    if isinstance(moment, str):
        text = re.sub(r"([+-][0-9]{2})([0-9]{2})$", r"\1:\2", moment.strip().replace("Z", "+00:00"))
        try:
            moment = datetime.datetime.fromisoformat(text)
        except ValueError:
            return float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else 0.0
    if isinstance(moment, datetime.datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    return float(moment) if isinstance(moment, (int, float)) else 0.0


def created(node: t.Any) -> float:
    return seconds(getattr(node, "created_at", None) or extra(node, CREATED))


def tags(node: t.Any) -> dict[str, str]:
    """A node's tags, from a mapping or from texts such as `key:value` and `key=value`."""
    told = extra(node, ("tags", "metadata", "labels", "tag"))
    if isinstance(told, t.Mapping):
        return {str(key): str(value) for key, value in told.items()}
    found = {}
    for text in [told] if isinstance(told, str) else told if isinstance(told, (list, tuple)) else []:
        match = re.fullmatch(r"([^:=]+)[:=](.*)", str(text))
        if match:
            found[match[1]] = match[2]
    return found


def location(node: t.Any) -> str | None:
    return named(extra(node, LOCATIONS))


def size(node: t.Any) -> str | None:
    if getattr(node, "size", None) is not None:
        return str(getattr(node.size, "id", None) or node.size)
    return named(extra(node, SIZES))


def network_addresses(node: t.Any, network: str) -> list[str]:
    """A node's addresses in a network, by the network's name, where a driver tells them by network."""
    told = extra(node, ("addresses", "networks"))
    entries = told.get(network, []) if isinstance(told, t.Mapping) else []
    return [str(entry.get("addr")) if isinstance(entry, t.Mapping) else str(entry) for entry in entries]


def first_address(addresses: t.Iterable[t.Any]) -> str | None:
    """The first address, one of version 4 before others."""
    found = sorted((str(one) for one in addresses if one), key=lambda one: ":" in one)
    return found[0] if found else None
