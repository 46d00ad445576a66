# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule keeps a family from having one more instance in a domain, as everything else is placed."""

from __future__ import annotations

import math
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import Catalogue, Eligible
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import Domain, Near, Relation, place_key
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.plan import Plan
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.rules import ROUNDING, Key, shares_of
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit, unit_of


class Seat(t.NamedTuple):
    """Instances of one unit in one place; `domain` is None where the offers do not list it."""

    place: tuple[str, str | None, str | None]
    domain: Domain | None
    instances: int
    nodes: int
    cost: float

    def key(self, kind: str) -> Key:
        if kind in ("provider", "region", "zone"):
            return place_key(kind, *self.place)
        return self.domain.key(kind) if self.domain else None


class Forbidden:
    """Looks at a whole plan; a rule is said to forbid a domain where one more instance there would break it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.leads = unit_of(plan.units)
        self.seats: dict[str, list[Seat]] = {name: [] for name in plan.units}
        domains = {(domain.provider, domain.region, domain.zone): domain for domain in plan.problem.domains}
        for row in plan.assignments:
            place = (row["provider"], row["region"], row["zone"])
            cost = (row["price"] or 0.0) * row["instances"]
            self.seats[row["family"]].append(Seat(place, domains.get(place), row["instances"], row["nodes"], cost))
        kept = set(plan.kept)
        for one in plan.problem.instances:
            if one.name in kept and one.family in self.seats:
                place = (one.provider, one.region, one.zone)
                cost = 0.0 if one.offer is None else float(plan.catalogue.cost[one.offer])
                self.seats[one.family].append(Seat(place, domains.get(place), 1, one.nodes, cost))
        self.spent = {name: math.fsum(seat.cost for seat in seats) for name, seats in self.seats.items()}

    def reason(self, unit: Unit, at: int, cheapest: float) -> str | None:
        """The first rule that forbids one more instance of a unit in the domain `at`, in words.

        Where all nodes of the unit have a place, a domain that has some of them is not refused.

        :param cheapest: what the cheapest eligible offer there costs.
        """
        domain = self.plan.problem.domains[at]
        if unit.name not in self.plan.shortfall and any(seat.domain == domain for seat in self.seats[unit.name]):
            return None
        return next(self._broken(unit, domain, cheapest), None)

    def _broken(self, unit: Unit, domain: Domain, cheapest: float) -> t.Iterator[str]:
        seats, low = self.seats[unit.name], unit.lead.low
        for count in unit.rules.max:
            if _nodes(seats, count.over, domain) + low > count.number:
                yield f"max of {count.number} in a {count.over}"
        for relation, other in self._apart(unit):
            if relation.within != "instance" and _instances(self.seats[other], relation.within, domain):
                yield f"apart from {'itself' if other == unit.name else other} within {relation.within}"
        for relation in unit.rules.together:
            yield from self._together(unit, relation, domain)
        for near in unit.rules.near:
            if near.other is not None and not self._close(near, domain):
                yield f"no {near.other} within {near.km:g} km"
        yield from self._spread(unit, domain)
        for budget, spent in (
            (unit.rules.budget, self.spent[unit.name]),
            (self.plan.problem.budget, math.fsum(self.spent.values())),
        ):
            if budget is not None and spent + cheapest > budget + ROUNDING:
                yield f"budget of {budget:g} an hour, {spent:g} spent"

    def _apart(self, unit: Unit) -> t.Iterator[tuple[Relation, str]]:
        """The rules that keep the unit and another apart, whoever of them has the rule; with the other's lead."""
        for relation in unit.rules.apart:
            yield relation, self.leads[relation.other]
        for other in self.plan.units.values():
            for relation in other.rules.apart if other is not unit else ():
                if self.leads[relation.other] == unit.name:
                    yield relation, other.name

    def _together(self, unit: Unit, relation: Relation, domain: Domain) -> t.Iterator[str]:
        lead = self.leads[relation.other]
        if relation.within == "instance" or _instances(self.seats[lead], relation.within, domain):
            return
        if lead != unit.name:
            yield f"no {relation.other} in the {relation.within}"
        elif self.seats[lead]:
            yield f"all of {unit.name} is in one other {relation.within}"

    def _close(self, near: Near, domain: Domain) -> bool:
        for seat in self.seats[self.leads[str(near.other)]]:
            there = seat.domain
            if there and there.latitude is not None and there.longitude is not None:
                distance = domain.distance(there.latitude, there.longitude)
                if distance is not None and distance <= near.km:
                    return True
        return False

    def _spread(self, unit: Unit, domain: Domain) -> t.Iterator[str]:
        eligible = self.plan.table[unit.name]
        for spread in unit.rules.spread:
            if spread.required and _one_tier(eligible):
                keys = _keys(spread.over, eligible, self.plan.catalogue)
                share = shares_of(spread, keys).get(domain.key(spread.over), 0.0)
                seats = [seat for seat in self.seats[unit.name] if seat.key(spread.over) in keys]
                total = sum(seat.nodes for seat in seats) + unit.lead.low
                if _nodes(seats, spread.over, domain) + unit.lead.low > share * total + spread.max_skew + ROUNDING:
                    yield f"spread over {spread.over} with a skew of {spread.max_skew:g}"


def _nodes(seats: t.Iterable[Seat], kind: str, domain: Domain) -> int:
    return sum(seat.nodes for seat in _beside(seats, kind, domain))


def _instances(seats: t.Iterable[Seat], kind: str, domain: Domain) -> int:
    return sum(seat.instances for seat in _beside(seats, kind, domain))


def _beside(seats: t.Iterable[Seat], kind: str, domain: Domain) -> t.Iterator[Seat]:
    """The seats in the domain's key, where it is known."""
    key = domain.key(kind)
    return (seat for seat in seats if key is not None and seat.key(kind) == key)


def _one_tier(eligible: Eligible) -> bool:
    tiers = eligible.tier[eligible.capacity > 0]
    return bool((tiers == tiers[:1]).all())


def _keys(kind: str, eligible: Eligible, catalogue: Catalogue) -> list[Key]:
    domains = {catalogue.domain[offer] for offer in eligible.capacity.nonzero()[0]}
    return sorted({catalogue.problem.domains[at].key(kind) for at in domains}, key=str)
