# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases of the placement benchmark, drawn with fixed seeds."""

from __future__ import annotations

import random
import typing as t

CONTINENTS = ("EU", "EU", "NA", "AS")
ARCHES = ("x86_64", "x86_64", "aarch64")
Case = tuple[dict[str, t.Any], list[dict[str, t.Any]]]


def offers(dice: random.Random, domains: int, sizes: int, instances: tuple[int, int]) -> list[dict[str, t.Any]]:
    """Sizes in domains over five providers; all have a quota of instances, every fourth also of vcpus and memory."""
    flavours = []
    for number in range(sizes):
        vcpus = dice.choice([1, 2, 2, 4, 4, 8, 16, 32])
        memory = vcpus * dice.choice([2048, 4096, 8192])
        flavours.append((f"s{number:02}", vcpus, memory, dice.choice(ARCHES), 0.01 * vcpus + 0.000002 * memory))
    result = []
    for number in range(domains):
        provider = f"cloud{number % 5}"
        quota = {"instances": dice.randint(*instances)}
        if number % 4 == 0:
            quota.update(vcpus=quota["instances"] * 4, memory=quota["instances"] * 16384)
        place = {
            "provider": provider,
            "region": f"region{number // 15}",
            "zone": f"zone{number}",
            "country": None,
            "city": None,
            "continent": CONTINENTS[(number // 15) % 4],
            "latitude": dice.uniform(-60, 60),
            "longitude": dice.uniform(-180, 180),
            "labels": ["private"] if number % 5 == 0 else ["public"],
            "features": [],
            "quota": quota,
            "provider_quota": {},
        }
        factor = dice.uniform(0.8, 1.4)
        for size, vcpus, memory, arch, price in flavours:
            amounts = {
                "size": size,
                "vcpus": vcpus,
                "memory": memory,
                "disk": 50,
                "arch": arch,
                "price": round(price * factor, 4),
            }
            result.append({**place, **amounts})
    return result


def small(seed: int = 1) -> Case:
    """10 domains x 20 sizes, 5 families, 100 nodes, all rules."""
    dice = random.Random(seed)
    families = {
        "kv": {
            "nodes": 20,
            "demand": {"vcpus": 2, "memory": "4 GiB", "where": "continent == 'EU'"},
            "placement": {
                "prefer": ["contains(labels, 'private')"],
                "spread": {"over": "zone", "max_skew": 2, "required": True},
                "max": {"over": "zone", "nodes": 8},
                "rebalance": {"max_moves": 1},
            },
        },
        "web": {
            "nodes": 30,
            "nodes_per_instance": {"min": 1, "max": 4},
            "demand": {"vcpus": 1, "memory": 2048},
            "placement": {"together": {"with": "kv", "within": "region"}, "spread": {"over": "zone"}},
        },
        "mq": {
            "nodes": 15,
            "demand": {"memory": "8 GiB"},
            "placement": {"apart": {"with": "kv", "within": "zone"}, "min": {"over": "zone", "nodes": 3}, "budget": 5},
        },
        "edge": {
            "nodes": 15,
            "placement": {"near": {"with": "kv", "km": 6000}, "at_least": {"over": "provider", "keys": 2}},
        },
        "batch": {
            "nodes": 20,
            "nodes_per_instance": 4,
            "demand": {"vcpus": 2},
            "placement": {"together": {"with": "batch", "within": "region"}},
        },
    }
    return families, offers(dice, 10, 20, (8, 20))


def middle(seed: int = 2) -> Case:
    """50 domains x 50 sizes, 20 families, 1,000 nodes."""
    dice = random.Random(seed)
    return _many(dice, 20, 1000), offers(dice, 50, 50, (18, 30))


def large(seed: int = 3) -> Case:
    """200 domains x 50 sizes, 50 families, 10,000 nodes, quotas tight, spread and together."""
    dice = random.Random(seed)
    return _many(dice, 50, 10_000), offers(dice, 200, 50, (45, 65))


def short(seed: int = 3) -> Case:
    """The large case with quotas that have no room for all nodes."""
    dice = random.Random(seed)
    return _many(dice, 50, 10_000), offers(dice, 200, 50, (40, 54))


def blocked(seed: int = 3) -> Case:
    """The large case with room, and a family that no size is large enough for."""
    dice = random.Random(seed)
    families = _many(dice, 50, 10_000)
    families["family07"]["demand"]["memory"] = "900 GiB"
    return families, offers(dice, 200, 50, (52, 70))


def _many(dice: random.Random, count: int, nodes: int) -> dict[str, t.Any]:
    families: dict[str, t.Any] = {}
    for number in range(count):
        rules: dict[str, t.Any] = {}
        if number % 2 == 0:
            rules["prefer"] = ["contains(labels, 'private')"]
        if number % 3 == 0:
            rules["spread"] = {
                "over": dice.choice(["zone", "region", "continent"]),
                "max_skew": dice.choice([1, 3, 10]),
            }
        if number % 4 == 1:
            rules["together"] = {"with": f"family{number - 1:02}", "within": "region"}
        demand: dict[str, t.Any] = {"vcpus": dice.choice([1, 2, 4]), "memory": dice.choice([2048, 4096, 8192])}
        if number % 5 == 2:
            demand["where"] = "continent == 'EU' || continent == 'NA'"
        families[f"family{number:02}"] = {"nodes": nodes // count, "demand": demand, "placement": rules}
    return families
