# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to create and what is surplus, from what was observed. Pure.

A provider that cannot be observed makes its instances unknown: while it is, no family grows that may be there, by its
`demand.where`, for its missing nodes may be.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import placement
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_security import groups_of
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.expressions import excludes
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Domain, Instance, Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.sharing import Shares
from ansible_collections.wombat.erlang.plugins.plugin_utils.victims import first_to_go

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ALIVE = ("pending", "running", "stopped")


@dataclasses.dataclass(frozen=True)
class Silent:
    """A part of a provider that cannot be seen: one instance may be there, of `family` where that is known."""

    provider: str
    name: str
    reason: str
    family: str | None = None


@dataclasses.dataclass(frozen=True)
class Observation:
    """What the providers say now; `unknown` gives for each provider that could not be observed the reason."""

    domains: tuple[Domain, ...]
    instances: tuple[Instance, ...]
    unknown: t.Mapping[str, str]
    silent: tuple[Silent, ...] = ()
    twins: tuple[Instance, ...] = ()  # further instances of a name, as when somebody copies one with its tags
    unreachable: frozenset[str] = frozenset()  # names of those whose hosts did not answer when they were asked

    @property
    def unclear(self) -> dict[str, str]:
        """The providers of which not all is known, with the reasons."""
        parts: dict[str, str] = {}
        for one in self.silent:
            parts[one.provider] = "; ".join(filter(None, (parts.get(one.provider), one.reason)))
        return {**parts, **self.unknown}

    def offers(self, refusals: t.Sequence[Refusal] = ()) -> list[dict[str, t.Any]]:
        every = [offer for domain in self.domains for offer in domain.offers()]
        return [offer for offer in every if not any(refusal.covers(offer) for refusal in refusals)]

    def hidden(self, family: str) -> int:
        """How many instances of a family may be where a provider that answers cannot see them."""
        return sum(one.family in (None, family) for one in self.silent)

    def without(self, names: t.Collection[str]) -> Observation:
        """The same without some instances."""
        return dataclasses.replace(self, instances=tuple(one for one in self.instances if one.name not in names))


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do: requests to create, names to retire, and the placement behind it."""

    existing: t.Sequence[t.Mapping[str, t.Any]]  # the instances that run, as `place` takes them
    create: tuple[Request, ...]
    surplus: tuple[Instance, ...]
    result: t.Mapping[str, t.Any]
    held: t.Mapping[str, int]  # family -> nodes not created because a provider is unknown


def staying(instances: t.Iterable[Instance]) -> list[Instance]:
    """The instances that count as there: one that drains has begun to leave, and whatever is asked for now, it goes."""
    return [instance for instance in instances if instance.state in ALIVE and not instance.draining]


def make_plan(
    deployment: Deployment,
    seen: Observation,
    run: str,
    refusals: t.Sequence[Refusal] = (),
    taken: t.Collection[str] = (),
) -> Plan:
    """Place what is missing. Pure.

    :param run: the run's uuid, from which names come.
    :param taken: ids of names already used by this run.
    """
    alive = staying(seen.instances)
    existing = [
        {
            "name": instance.name,
            "family": instance.family,
            "provider": instance.provider,
            "region": instance.region,
            "zone": instance.zone,
            "size": instance.size,
            "nodes": instance.nodes[instance.family],
        }
        for instance in alive
    ]
    demands = deployment.demands()
    held: dict[str, int] = {}
    for name, demand in demands.items():
        there = sum(instance.nodes.get(name, 0) for instance in alive)
        hidden = seen.hidden(name) * most_nodes(demand)
        if any(may_be_on(provider, demand) for provider in seen.unknown):
            hidden = demand["nodes"]
        if demand["nodes"] > there and hidden:
            held[name] = min(hidden, demand["nodes"] - there)
            demand["nodes"] -= held[name]
    wanted = {name: demand["nodes"] for name, demand in demands.items()}
    first = {instance.name for instance in first_to_go(alive, wanted, seen.domains, seen.unreachable)}
    others = [row for row in existing if row["name"] not in first]
    result = placement.place(demands, seen.offers(refusals), others, budget=deployment.budget)
    dropped = {*first, *result["surplus"]}
    stays = {instance.name for instance in alive} - dropped
    surplus = tuple(instance for instance in seen.instances if instance.name not in stays)
    names = {instance.name.rpartition("-")[2] for instance in seen.instances} | set(taken)
    created: dict[str, int] = {}
    for assignment in result["assignments"]:
        created[assignment["family"]] = created.get(assignment["family"], 0) + assignment["instances"]
    shares = Shares(deployment, [one for one in alive if one.name not in dropped], created, held)
    create = tuple(_requests(deployment, result, run, names, shares))
    return Plan(
        existing=existing,
        create=create,
        surplus=surplus,
        result={
            **result,
            "surplus": sorted(dropped),
            "shortfall": {**result["shortfall"], **shares.lacking()},
            "drift": [*result["drift"], *shares.drift()],
        },
        held=held,
    )


def _requests(
    deployment: Deployment, result: t.Mapping[str, t.Any], run: str, taken: set[str], shares: Shares
) -> t.Iterator[Request]:
    ordinal = 0
    for assignment in result["assignments"]:
        nodes = assignment["nodes"]
        for remaining in range(assignment["instances"], 0, -1):
            share = -(-nodes // remaining)
            nodes -= share
            while (identity := short_id(run, ordinal)) in taken:
                ordinal += 1
            taken.add(identity)
            family = assignment["family"]
            yield Request(
                name=f"{deployment.name}-{family}-{identity}",
                token=f"{run}-{ordinal}",
                family=family,
                run=run,
                provider=assignment["provider"],
                region=assignment["region"],
                zone=assignment["zone"],
                size=assignment["size"],
                nodes=share,
                beside=shares.take(family),
            )


def may_be_on(provider: str, demand: t.Mapping[str, t.Any]) -> bool:
    """Whether a family may have nodes at a provider of which nothing but the name is known."""
    wheres = demand["demand"].get("where") or ()
    wheres = (wheres,) if isinstance(wheres, str) else wheres
    return not any(excludes(where, {"provider": provider}) for where in wheres)


def most_nodes(demand: t.Mapping[str, t.Any]) -> int:
    """The most nodes of a family that one instance may have."""
    each = demand["nodes_per_instance"]
    return int(each["max"] if isinstance(each, t.Mapping) else each)


def short_id(run: str, ordinal: int) -> str:
    """Six characters from the run's uuid and an ordinal: a retry within a run asks for the same name."""
    number = int.from_bytes(hashlib.sha256(f"{run}/{ordinal}".encode()).digest()[:8], "big")
    text = ""
    for _place in range(6):
        number, digit = divmod(number, len(DIGITS))
        text += DIGITS[digit]
    return text


def told_apart(instances: t.Iterable[Instance]) -> tuple[tuple[Instance, ...], tuple[Instance, ...]]:
    """The instances, and their twins: of those with one name the oldest that is alive counts, and is what hosts know.

    A listing in pages may have one instance twice.
    """
    first: dict[str, Instance] = {}
    twins = {}
    for one in sorted(instances, key=lambda entry: (entry.state not in ALIVE, entry.created, entry.id)):
        known = first.setdefault(one.name, one)
        if (known.provider, known.region, known.id) != (one.provider, one.region, one.id):
            twins[one.provider, one.region, one.id] = one
    return tuple(first.values()), tuple(twins.values())


def check_twins(seen: Observation) -> None:
    """Refuse to choose between two instances of one name of which none is known to be the older."""
    first = {one.name: one for one in seen.instances}
    for twin in seen.twins:
        if twin.state in ALIVE and twin.created <= first[twin.name].created:
            raise WombatError(
                f"two instances are named {twin.name}, {first[twin.name].id} in {first[twin.name].domain} and "
                f"{twin.id} in {twin.domain}, and none is known to be the older; destroy the one that is too many"
            )


def too_young(deployment: Deployment, seen: Observation, known: t.Collection[str]) -> list[Instance]:
    """Find the instances that two runs at once created too many: of a family's nodes the oldest stay.

    Age is what both runs see alike, whenever they look, so that together they take back exactly what is too many. What
    `rebalance` may move exists twice for a while: its replacements are no surplus before they have joined.

    :param known: names of the instances that were there before this run; they are never among the result.
    """
    found = []
    nodes: dict[str, int] = {}
    wanted = {
        name: demand["nodes"] + demand["placement"].get("rebalance", {}).get("max_moves", 0) * most_nodes(demand)
        for name, demand in deployment.demands().items()
    }
    for instance in sorted(staying(seen.instances), key=lambda entry: (entry.created, entry.name)):
        before = nodes.get(instance.family, 0)
        nodes[instance.family] = before + instance.nodes[instance.family]
        if instance.name not in known and before >= wanted.get(instance.family, 0):
            found.append(instance)
    return found


def check_network(deployment: Deployment, seen: Observation, plan: Plan) -> None:
    """Refuse families that meet over several networks in clear text, unless the file allows it (DESIGN section 8)."""
    remote = {name for name, spec in deployment.providers.items() if spec.driver != "local"}
    for group in groups_of(deployment.families):
        used = {request.provider for request in plan.create if set(group) & set(request.shares)}
        used |= {instance.provider for instance in seen.instances if set(group) & set(instance.nodes)}
        what = f"{deployment.file}: families.{', '.join(group)} would span {' and '.join(sorted(used))}"
        if used & remote and used - remote:
            raise WombatError(
                f"{what}, but nothing reaches a local provider's loopback addresses; keep it apart with demand.where"
            )
        secure = deployment.insecure or all(deployment.families[name].tls for name in group)
        if len(used & remote) > 1 and not secure:
            raise WombatError(
                f"{what} with unencrypted distribution; set distribution.tls there, keep it in one provider with "
                "demand.where, or set insecure: true if you trust them"
            )


def diff_lines(plan: Plan, offers: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """The plan, to be read like a diff."""
    prices = {(o["provider"], o["region"], o["zone"], o["size"]): o["price"] for o in offers}

    def line(sign: str, entry: Request | Instance) -> tuple[str, ...]:
        price = prices.get((entry.provider, entry.region, entry.zone, entry.size))
        cost = "price unknown" if price is None else f"{price:g}/h"
        return (f"{sign} {entry.name}", f"{entry.provider}/{entry.region}/{entry.zone}", entry.size, cost)

    rows = [line("+", request) for request in plan.create] + [line("-", instance) for instance in plan.surplus]
    widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
