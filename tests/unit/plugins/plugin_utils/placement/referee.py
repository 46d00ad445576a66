# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges placements from their plain data, straight from the meaning of the rules; shares no code with the model.

A layout is a list of seats: one instance with its family, its offer (None: not listed), its place, its nodes and its
name (None: new).
"""

from __future__ import annotations

import dataclasses
import math

PLACES = ("provider", "region", "zone")


@dataclasses.dataclass(frozen=True)
class Seat:
    family: str
    offer: dict | None
    place: tuple
    nodes: int
    name: str | None = None


def as_list(rule):
    return rule if isinstance(rule, list) else [] if rule is None else [rule]


def rules_of(family):
    return family.get("placement") or {}


def place_of(row):
    return row["provider"], row["region"], row["zone"]


def key_of(case, place, kind):
    if kind in PLACES:
        return "/".join(place[: PLACES.index(kind) + 1])
    return next((offer.get(kind) for offer in case["offers"] if place_of(offer) == place), None)


def truth(expression, offer):
    """The few expressions that the cases use."""
    return {
        "contains(labels, 'private')": "private" in offer["labels"],
        "contains(labels, 'public')": "public" in offer["labels"],
        "continent == 'EU'": offer["continent"] == "EU",
        "vcpus >= `4`": offer["vcpus"] >= 4,
        "size == 'big'": offer["size"] == "big",
    }[expression]


def tier_of(family, offer):
    prefer = as_list(rules_of(family).get("prefer"))
    return next((tier for tier, expression in enumerate(prefer) if truth(expression, offer)), len(prefer))


def range_of(family):
    value = family.get("nodes_per_instance", 1)
    return (value.get("min", 1), value["max"], False) if isinstance(value, dict) else (value, value, True)


def capacity(case, name, offer):
    """How many nodes fit on an instance; 0 when the offer is refused, or a family that must be there cannot be."""
    if "reach" not in case:
        case["reach"] = {other: [alone(case, other, entry) for entry in case["offers"]] for other in case["families"]}
        while any(lose_places(case, other) for other in case["families"]):
            pass
    return case["reach"][name][case["offers"].index(offer)]


def lose_places(case, name):
    """Refuse the offers in keys that a family to be together with cannot reach; whether there was one."""
    lost = False
    for rule in as_list(rules_of(case["families"][name]).get("together")):
        if rule["with"] != name:
            keys = {
                key_of(case, s.place, rule["within"]) for s in running_seats(case) if s.family in (name, rule["with"])
            }
            if open_nodes(case, rule["with"]) and not shrinks(case, rule["with"]) or moves_of(case, rule["with"]):
                reach = zip(case["offers"], case["reach"][rule["with"]], strict=True)
                keys |= {key_of(case, place_of(offer), rule["within"]) for offer, fits in reach if fits}
            for at, offer in enumerate(case["offers"]):
                if case["reach"][name][at] and key_of(case, place_of(offer), rule["within"]) not in keys:
                    case["reach"][name][at], lost = 0, True
    return lost


def moves_of(case, name):
    """How many instances of the family may move."""
    most = (rules_of(case["families"][name]).get("rebalance") or {}).get("max_moves", 0)
    listed = sum(1 for seat in running_seats(case) if seat.family == name and seat.offer is not None)
    return 0 if shrinks(case, name) else min(most, listed)


def alone(case, name, offer):
    family = case["families"][name]
    demand, rules = family.get("demand") or {}, rules_of(family)
    low, high, _fixed = range_of(family)
    most = high
    for key in ("vcpus", "memory"):
        if demand.get(key):
            most = min(most, int(offer[key] // demand[key]))
    if "where" in demand and not truth(demand["where"], offer):
        return 0
    if (rules.get("budget") is not None or case.get("budget") is not None) and offer["price"] is None:
        return 0
    for near in as_list(rules.get("near")):
        if offer["latitude"] is None or ("with" not in near and kilometres(offer, near) > near["km"]):
            return 0
    kinds = [spread["over"] for spread in as_list(rules.get("spread")) if spread.get("required")]
    kinds += [rule["within"] for key in ("together", "apart") for rule in as_list(rules.get(key))]
    kinds += [rule["over"] for key in ("min", "max", "at_least") for rule in as_list(rules.get(key))]
    if any(key_of(case, place_of(offer), kind) is None for kind in kinds):
        return 0
    return most if most >= low else 0


def kilometres(one, other):
    a, b = (math.radians(point["latitude"]) for point in (one, other))
    turn = math.radians(one["longitude"] - other["longitude"])
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(turn)
    return 6371 * math.acos(max(-1, min(1, cosine)))


def shrinks(case, name):
    running = sum(e["nodes"] for e in case["existing"] if e["family"] == name)
    return running > case["families"][name]["nodes"]


def seats_of(case, result):
    """The layout that a result describes; nodes are dealt out evenly over the instances of an assignment."""
    offers = {(place_of(offer), offer["size"]): offer for offer in case["offers"]}
    seats = []
    for row in result["assignments"]:
        each, more = divmod(row["nodes"], row["instances"])
        for at in range(row["instances"]):
            nodes = each + (at < more)
            seats.append(Seat(row["family"], offers[place_of(row), row["size"]], place_of(row), nodes))
    return seats + [seat for seat in running_seats(case) if seat.name in result["kept"]]


def running_seats(case):
    offers = {(place_of(offer), offer["size"]): offer for offer in case["offers"]}
    return [
        Seat(e["family"], offers.get((place_of(e), e["size"])), place_of(e), e["nodes"], e["name"])
        for e in case["existing"]
        if e["family"] in case["families"]
    ]


def grouped(case, seats, kind):
    groups = {}
    for seat in seats:
        key = key_of(case, seat.place, kind)
        if key is not None:
            groups.setdefault(key, []).append(seat)
    return groups


def nodes_in(seats):
    return sum(seat.nodes for seat in seats)


def spread_skews(case, name, seats, spread):
    """The excess over the share, by tier and key; what is above `max_skew` breaks the rule."""
    family = case["families"][name]
    keys = {}
    for offer in case["offers"]:
        if capacity(case, name, offer):
            keys.setdefault(tier_of(family, offer), set()).add(key_of(case, place_of(offer), spread["over"]))
    weights = spread.get("weights") or {}
    skews = {}
    for tier, names in keys.items():
        mine = [s for s in seats if s.offer is not None and tier_of(family, s.offer) == tier]
        held = {key: nodes_in(s for s in mine if key_of(case, s.place, spread["over"]) == key) for key in names}
        total, weight = sum(held.values()), sum(weights.get(key, 1) for key in names)
        for key in names:
            share = weights.get(key, 1) / weight * total if weight else 0
            skews[tier, str(key)] = max(0.0, held[key] - share - spread.get("max_skew", 1))
    return skews


def violations(case, layout):
    """By how much rules are broken: (family, rule, number, key) to amount, and whose shrinking may break it."""
    found = {}
    for name, family in case["families"].items():
        seats, rules = [s for s in layout if s.family == name], rules_of(family)
        involved = {}

        def note(rule, number, key, amount, shrinking=None, owner=(name, involved)):
            owner[1][owner[0], rule, number, key] = (max(0.0, amount), shrinking)

        for number, spread in enumerate(as_list(rules.get("spread"))):
            if spread.get("required"):
                for key, amount in spread_skews(case, name, seats, spread).items():
                    note("spread", number, key, amount, name)
        for number, rule in enumerate(as_list(rules.get("min"))):
            for key, group in grouped(case, seats, rule["over"]).items():
                note("min", number, key, rule["nodes"] - nodes_in(group), name)
        for number, rule in enumerate(as_list(rules.get("max"))):
            for key, group in grouped(case, seats, rule["over"]).items():
                note("max", number, key, nodes_in(group) - rule["nodes"])
        for number, rule in enumerate(as_list(rules.get("at_least"))):
            used = grouped(case, seats, rule["over"])
            note("at_least", number, "", rule["keys"] - len(used) if seats else 0, name)
        for number, rule in enumerate(as_list(rules.get("together"))):
            used = grouped(case, seats, rule["within"])
            if rule["with"] == name:
                note("together", number, "", len(used) - 1)
                continue
            there = grouped(case, [s for s in layout if s.family == rule["with"]], rule["within"])
            for key in used:
                note("together", number, key, 0 if key in there else 1, rule["with"])
        for number, rule in enumerate(as_list(rules.get("apart"))):
            used = grouped(case, seats, rule["within"])
            if rule["with"] == name:
                for key, group in used.items():
                    note("apart", number, key, len(group) - 1)
                continue
            there = grouped(case, [s for s in layout if s.family == rule["with"]], rule["within"])
            for key in used:
                note("apart", number, key, 1 if key in there else 0)
        for number, rule in enumerate(as_list(rules.get("near"))):
            if "with" in rule:
                others = [
                    s.offer for s in layout if s.family == rule["with"] and s.offer and s.offer["latitude"] is not None
                ]
                for key, group in grouped(case, seats, "zone").items():
                    here = group[0].offer
                    if here is not None and here["latitude"] is not None:
                        close = any(kilometres(here, other) <= rule["km"] for other in others)
                        note("near", number, key, 0 if close else 1, rule["with"])
        if rules.get("budget") is not None:
            note("budget", 0, "", cost(seats) - rules["budget"])
        found.update(involved)
    if case.get("budget") is not None:
        found["", "budget", 0, ""] = (max(0.0, cost(layout) - case["budget"]), None)
    return found


def cost(seats):
    return sum((seat.offer["price"] or 0.0) for seat in seats if seat.offer is not None)


def broken(case, layout, present):
    """The rules that the layout breaks more than `present` does, in words.

    Where instances have to go, what stays may break a rule.
    """
    problems = []
    for key, (amount, shrinking) in violations(case, layout).items():
        allowed = present.get(key, (0.0, None))[0]
        if shrinking is not None and shrinks(case, shrinking):
            # Of `together` and `near`, only keys that the family uses now.
            allowed = math.inf if shrinking == key[0] or key in present else allowed
        if amount > allowed + 1e-6:
            problems.append(f"{key} is broken by {amount}, allowed {allowed}")
    return problems + over_quota(case, layout)


def over_quota(case, layout):
    problems = []
    for scope, key in (("quota", place_of), ("provider_quota", lambda row: row["provider"])):
        for place in sorted({key(offer) for offer in case["offers"]}):
            limits = next(offer.get(scope) or {} for offer in case["offers"] if key(offer) == place)
            new = [s.offer for s in layout if s.name is None and key(s.offer) == place]
            for resource, limit in limits.items():
                use = len(new) if resource == "instances" else sum(offer[resource] for offer in new)
                if use > limit + 1e-6:
                    problems.append(f"{resource} of {place}: {use} of {limit}")
    return problems


def objective(case, layout):
    """The value of every objective, in their order; smaller is better."""
    unplaced = excess = moves = 0
    drift = skew = 0.0
    prefer = [0] * 4
    names = {seat.name for seat in layout}
    for name, family in case["families"].items():
        seats = [s for s in layout if s.family == name]
        over = nodes_in(seats) - family["nodes"]
        unplaced += max(0, -over)
        excess += max(0, over) if shrinks(case, name) else 0
        if not shrinks(case, name):
            moves += sum(1 for e in case["existing"] if e["family"] == name and e["name"] not in names)
        last = len(as_list(rules_of(family).get("prefer")))
        for seat in seats:
            if seat.offer is not None:
                tier = tier_of(family, seat.offer)
                prefer[last - tier] += seat.nodes if tier else 0
                drift += 1 if seat.name and not capacity(case, name, seat.offer) else 0
        for spread in as_list(rules_of(family).get("spread")):
            if not spread.get("required"):
                tiers = {}
                for (tier, _key), amount in spread_skews(case, name, seats, spread).items():
                    tiers[tier] = max(amount, tiers.get(tier, 0.0))
                skew += sum(tiers.values())
    drift += sum(amount for amount, _names in violations(case, layout).values())
    return [unplaced, excess, drift, *prefer, skew, cost(layout), moves]


def problems_of(case, result):
    """Everything that is wrong with a result, in words; empty when nothing is."""
    layout = seats_of(case, result)
    problems = broken(case, layout, violations(case, running_seats(case)))
    for seat in layout:
        if seat.name is None:
            low, _high, fixed = range_of(case["families"][seat.family])
            most = capacity(case, seat.family, seat.offer)
            if not (1 if fixed else min(low, max(1, open_nodes(case, seat.family)))) <= seat.nodes <= most:
                problems.append(f"{seat.family} has {seat.nodes} nodes on an instance for {most}")
    names = [e["name"] for e in case["existing"]]
    if sorted([*result["kept"], *result["surplus"], *result["moved"]]) != sorted(names):
        problems.append("kept, surplus and moved are not the existing instances")
    for name, family in case["families"].items():
        placed = nodes_in(s for s in layout if s.family == name)
        if family["nodes"] - placed != result["shortfall"].get(name, 0) and not shrinks(case, name):
            problems.append(f"{name} has {placed} nodes and a shortfall of {result['shortfall'].get(name, 0)}")
    return problems


def open_nodes(case, name):
    """The nodes to place beside those that run."""
    running = sum(e["nodes"] for e in case["existing"] if e["family"] == name)
    return max(0, case["families"][name]["nodes"] - running)
