# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random small cases with all rules mixed, and what is needed to write cases by hand."""

from __future__ import annotations

import random

SIZES = {"small": (2, 4096, 0.04), "big": (4, 8192, 0.07)}
POINTS = [(59.3, 18.1), (52.5, 13.4), (40.7, -74.0), (48.9, 2.4)]


def offer(provider="aws", region="r1", zone="a", size="small", **values):
    """One offer; every field can be set."""
    vcpus, memory, price = SIZES.get(size, (1, 1024, 0.01))
    fields = {
        "provider": provider,
        "region": region,
        "zone": zone,
        "size": size,
        "vcpus": vcpus,
        "memory": memory,
        "disk": 20,
        "arch": "x86_64",
        "price": price,
        "country": None,
        "continent": "EU",
        "city": None,
        "latitude": None,
        "longitude": None,
        "labels": [],
        "features": [],
        "quota": {},
        "provider_quota": {},
    }
    fields.update(values)
    return fields


def random_case(seed):
    """A case small enough to try all its placements."""
    dice = random.Random(seed)
    domains = dice.sample(
        [(p, r, z) for p in ("attic", "aws") for r in ("r1", "r2") for z in ("a", "b")], dice.randint(2, 4)
    )
    offers = []
    provider_quota = {p: _quota(dice, 0.15) for p in ("attic", "aws")}
    for number, (provider, region, zone) in enumerate(domains):
        latitude, longitude = dice.choice([*POINTS, (None, None)]) if dice.random() < 0.4 else POINTS[number % 4]
        common = {
            "continent": dice.choice(["EU", "EU", "NA", None]),
            "country": dice.choice(["SE", "DE", None]),
            "latitude": latitude,
            "longitude": longitude,
            "labels": dice.choice([["private"], ["public"], []]),
            "quota": _quota(dice, 0.6),
            "provider_quota": provider_quota[provider],
        }
        for size in dice.choice([["small"], ["small", "big"], ["big"]]) if len(domains) < 4 else ["small"]:
            price = None if dice.random() < 0.08 else round(SIZES[size][2] * dice.choice([1, 1, 1.5, 2]), 4)
            offers.append(offer(provider, region, zone, size, price=price, **common))
    names = ["kv", "web", "mq"][: dice.choice([1, 2, 2, 2])]
    families = {name: _family(dice, names, name) for name in names}
    existing = _existing(dice, families, offers) if dice.random() < 0.5 else []
    case = {"families": families, "offers": offers, "existing": existing, "budget": None}
    if dice.random() < 0.1:
        case["budget"] = round(dice.uniform(0.05, 0.5), 2)
    return case


def _quota(dice, likely):
    if dice.random() > likely:
        return {}
    quota = {"instances": dice.randint(0, 4)} if dice.random() < 0.7 else {}
    if dice.random() < 0.3:
        quota["vcpus"] = dice.choice([2, 4, 6, 8])
    if dice.random() < 0.3:
        quota["memory"] = dice.choice([4096, 8192, 16384])
    return quota


def _family(dice, names, name):
    def over():
        return dice.choice(["zone", "zone", "region", "provider", "country", "continent"])

    others = [other for other in names if other != name] or [name]
    rules = {
        "prefer": lambda: dice.sample(
            ["contains(labels, 'private')", "contains(labels, 'public')", "size == 'big'"], dice.randint(1, 2)
        ),
        "spread": lambda: {"over": over(), "max_skew": dice.choice([0, 0.5, 1, 1]), "required": dice.random() < 0.4},
        "together": lambda: {"with": dice.choice([*others, *others, name]), "within": over()},
        "apart": lambda: {"with": dice.choice([*others, *others, name]), "within": over()},
        "near": lambda: dice.choice(
            [{"with": others[0], "km": dice.choice([1, 1000, 2000])}, {"latitude": 52.0, "longitude": 10.0, "km": 1500}]
        ),
        "min": lambda: {"over": over(), "nodes": 2},
        "max": lambda: {"over": over(), "nodes": dice.randint(1, 2)},
        "at_least": lambda: {"over": over(), "keys": 2},
        "budget": lambda: round(dice.uniform(0.04, 0.3), 2),
        "rebalance": lambda: {"max_moves": 1},
    }
    chosen = dice.sample(sorted(rules), dice.choice([0, 1, 2, 3, 4]))
    if "near" in chosen and others == [name]:
        chosen.remove("near")
    family = {
        "nodes": dice.choice([0, 1, 2, 3, 3, 4, 4, 5]),
        "placement": {rule: rules[rule]() for rule in chosen},
        "demand": {},
    }
    if "spread" in family["placement"] and dice.random() < 0.3:
        family["placement"]["spread"]["weights"] = {"aws/r1/a": 2, "EU": 3, "aws": 0}
    if dice.random() < 0.25:
        family["nodes_per_instance"] = dice.choice([2, {"min": 1, "max": 2}, {"min": 2, "max": 3}])
    if dice.random() < 0.3:
        family["demand"]["vcpus"] = dice.choice([1, 2, 4])
    if dice.random() < 0.2:
        family["demand"]["where"] = dice.choice(["continent == 'EU'", "vcpus >= `4`"])
    return family


def _existing(dice, families, offers):
    existing = []
    for name in families:
        for number in range(dice.randint(0, 3)):
            chosen = dice.choice(offers)
            place = {key: chosen[key] for key in ("provider", "region", "zone", "size")}
            if dice.random() < 0.1:
                place["zone"] = "gone"
            existing.append(
                {"name": f"shop-{name}-{number}", "family": name, "nodes": dice.choice([1, 1, 1, 2]), **place}
            )
    return existing
