# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units: what is placed as one, a family alone or families that share instances (`together` within `instance`)."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import (
    Demand,
    Family,
    Instance,
    Problem,
    Relation,
    Rules,
)


@dataclasses.dataclass(frozen=True)
class Unit:
    """One or more families on the same instances. Its nodes are those of the `lead`, the family that the others follow.

    `demand` is what one node of the lead needs, with its share of the followers. `shrinks` says that more nodes run
    than are wanted: then nothing is created and some instances are surplus. `open` is the number of nodes to place.
    """

    lead: Family
    followers: tuple[Family, ...]
    demand: Demand
    rules: Rules
    wheres: tuple[tuple[str, str], ...]
    instances: tuple[Instance, ...]

    @property
    def name(self) -> str:
        return self.lead.name

    @property
    def families(self) -> tuple[Family, ...]:
        return (self.lead, *self.followers)

    @property
    def running(self) -> int:
        return sum(instance.nodes for instance in self.instances)

    @property
    def open(self) -> int:
        return max(0, self.lead.nodes - self.running)

    @property
    def shrinks(self) -> bool:
        return self.running > self.lead.nodes or (self.lead.nodes == 0 and bool(self.instances))

    @property
    def moves(self) -> int:
        """How many instances may move; a unit that shrinks, or whose offers are frozen, moves nothing."""
        return 0 if self.shrinks else min(self.rules.max_moves, len([i for i in self.instances if i.offer is not None]))


def make_units(problem: Problem) -> dict[str, Unit]:
    """Join families that share instances; the result is by the lead's name, in the order of names.

    :raises WombatError: when families cannot share instances as they ask.
    """
    families = problem.families
    follows = {name: _followed(family) for name, family in families.items()}
    leads = {name: _lead(name, follows) for name in families}
    units = {}
    for name, family in families.items():
        if leads[name] == name:
            members = [families[other] for other in families if leads[other] == name and other != name]
            units[name] = _unit(problem, family, members)
    return units


def unit_of(units: t.Mapping[str, Unit]) -> dict[str, str]:
    """The lead's name for every family."""
    return {family.name: name for name, unit in units.items() for family in unit.families}


def _followed(family: Family) -> str | None:
    others = {
        relation.other
        for relation in family.rules.together
        if relation.within == "instance" and relation.other != family.name
    }
    if len(others) > 1:
        raise WombatError(
            f"families.{family.name}.placement.together within instance names {' and '.join(sorted(others))}; name one"
        )
    return next(iter(others), None)


def _lead(name: str, follows: t.Mapping[str, str | None]) -> str:
    seen = [name]
    while (followed := follows[seen[-1]]) is not None:
        if followed in seen:
            raise WombatError(
                f"families.{name}.placement.together goes in a circle: {' -> '.join([*seen, followed])}; break it"
            )
        seen.append(followed)
    return seen[-1]


def _unit(problem: Problem, lead: Family, followers: list[Family]) -> Unit:
    instances = tuple(instance for instance in problem.instances if instance.family == lead.name)
    rules = dataclasses.replace(lead.rules, together=_elsewhere(lead))
    wheres = tuple((lead.name, where) for where in lead.demand.where)
    if not followers:
        return Unit(lead, (), lead.demand, rules, wheres, instances)
    for family in (lead, *followers):
        if not family.fixed:
            raise WombatError(
                f"families.{family.name}.nodes_per_instance must be a number where families share instances; choose one"
            )
    count = math.ceil(lead.nodes / lead.high)
    demand = lead.demand
    names = {lead.name, *(family.name for family in followers)}
    for family in followers:
        _check_follower(lead, family, count)
        demand = _sum(demand, family, lead)
        rules = _join(rules, family.rules, _elsewhere(family))
        wheres += tuple((family.name, where) for where in family.demand.where)
    for relation in rules.apart:
        if relation.other in names:
            raise WombatError(
                f"families.{lead.name} shares instances with a family to be apart within {relation.within}; drop one"
            )
    rules = dataclasses.replace(
        rules, together=tuple(relation for relation in rules.together if relation.other not in names)
    )
    return Unit(lead, tuple(followers), demand, rules, wheres, instances)


def _elsewhere(family: Family) -> tuple[Relation, ...]:
    return tuple(relation for relation in family.rules.together if relation.within != "instance")


def _check_follower(lead: Family, family: Family, count: int) -> None:
    if math.ceil(family.nodes / family.high) > count:
        raise WombatError(
            f"families.{family.name} needs {math.ceil(family.nodes / family.high)} instances, "
            f"but {lead.name}, whose instances it shares, has {count}; raise its nodes_per_instance"
        )
    for key in ("prefer", "spread", "min", "max", "max_moves"):
        if getattr(family.rules, key):
            word = "rebalance" if key == "max_moves" else key
            raise WombatError(
                f"families.{family.name}.placement.{word} means nothing on shared instances; say it at {lead.name}"
            )


def _sum(demand: Demand, family: Family, lead: Family) -> Demand:
    share = family.high / lead.high
    both = tuple(sorted(set(demand.arch) & set(family.demand.arch)))
    if demand.arch and family.demand.arch and not both:
        raise WombatError(
            f"families.{family.name}.demand.arch excludes that of {lead.name}, whose instances it shares; agree on one"
        )
    return Demand(
        vcpus=demand.vcpus + share * family.demand.vcpus,
        memory=demand.memory + share * family.demand.memory,
        disk=demand.disk + share * family.demand.disk,
        arch=both or demand.arch or family.demand.arch,
    )


def _join(rules: Rules, other: Rules, together: tuple[Relation, ...]) -> Rules:
    budgets = [budget for budget in (rules.budget, other.budget) if budget is not None]
    return dataclasses.replace(
        rules,
        together=rules.together + together,
        apart=rules.apart + other.apart,
        near=rules.near + other.near,
        at_least=rules.at_least + other.at_least,
        budget=min(budgets, default=None),
    )
