# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observe, place, act: brings the instances that exist to what the deployment file asks for.

A provider that cannot be observed makes its instances unknown: while it is, no family grows, for its missing nodes
may be there.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import time
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import placement
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import (
    Adapter,
    Domain,
    Instance,
    Refusal,
    Request,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.registry import open_provider

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ALIVE = ("pending", "running", "stopped")
ATTEMPTS = 50  # rounds of placing again; each creates something or takes a scope out of the offers

Say = t.Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Observation:
    """What the providers say now; `unknown` gives for each provider that could not be observed the reason."""

    domains: tuple[Domain, ...]
    instances: tuple[Instance, ...]
    unknown: t.Mapping[str, str]

    def offers(self, refusals: t.Sequence[Refusal] = ()) -> list[dict[str, t.Any]]:
        every = [offer for domain in self.domains for offer in domain.offers()]
        return [offer for offer in every if not any(refusal.covers(offer) for refusal in refusals)]


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do: requests to create, names to retire, and the placement behind it."""

    create: tuple[Request, ...]
    surplus: tuple[Instance, ...]
    result: t.Mapping[str, t.Any]
    held: t.Mapping[str, int]  # family -> nodes not created because a provider is unknown


@dataclasses.dataclass
class Outcome:
    """What a reconcile did."""

    observation: Observation
    plan: Plan
    created: list[Instance] = dataclasses.field(default_factory=list)
    destroyed: list[str] = dataclasses.field(default_factory=list)
    refusals: list[Refusal] = dataclasses.field(default_factory=list)
    late: t.Sequence[Request] = ()  # not asked for any more at the deadline

    def shortfall(self) -> dict[str, int]:
        """Nodes that are missing, by family."""
        missing = {**self.plan.result.get("shortfall", {})}
        for family, nodes in (*self.plan.held.items(), *((request.family, request.nodes) for request in self.late)):
            missing[family] = missing.get(family, 0) + nodes
        return {family: nodes for family, nodes in missing.items() if nodes}


def open_providers(deployment: Deployment) -> dict[str, Adapter]:
    """Open every provider of a deployment; wrong options fail here, before anything is asked."""
    return {name: open_provider(deployment, name) for name in deployment.providers}


def observe(adapters: t.Mapping[str, Adapter]) -> Observation:
    """Ask all providers at once for their domains and our instances."""

    def ask(name: str) -> tuple[list[Domain], list[Instance], str]:
        try:
            return adapters[name].domains(), adapters[name].instances(), ""
        except Refusal as refusal:
            return [], [], str(refusal)

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(adapters))) as pool:
        answers = dict(zip(adapters, pool.map(ask, adapters), strict=False))
    return Observation(
        domains=tuple(domain for domains, _instances, _reason in answers.values() for domain in domains),
        instances=tuple(instance for _domains, instances, _reason in answers.values() for instance in instances),
        unknown={name: reason for name, (_domains, _instances, reason) in answers.items() if reason},
    )


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
    alive = [instance for instance in seen.instances if instance.state in ALIVE]
    existing = [
        {
            "name": instance.name,
            "family": instance.family,
            "provider": instance.provider,
            "region": instance.region,
            "zone": instance.zone,
            "size": instance.size,
            "nodes": len(instance.slots),
        }
        for instance in alive
    ]
    demands = deployment.demands()
    held = {}
    if seen.unknown:
        for name, demand in demands.items():
            there = sum(entry["nodes"] for entry in existing if entry["family"] == name)
            if demand["nodes"] > there:
                held[name] = demand["nodes"] - there
                demand["nodes"] = there
    result = placement.place(demands, seen.offers(refusals), existing, budget=deployment.budget)
    dropped = set(result["surplus"])
    surplus = tuple(instance for instance in seen.instances if instance.name in dropped or instance.state not in ALIVE)
    names = {instance.name.rpartition("-")[2] for instance in seen.instances} | set(taken)
    return Plan(create=tuple(_requests(deployment, result, run, names)), surplus=surplus, result=result, held=held)


def _requests(deployment: Deployment, result: t.Mapping[str, t.Any], run: str, taken: set[str]) -> t.Iterator[Request]:
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
            )


def short_id(run: str, ordinal: int) -> str:
    """Six characters from the run's uuid and an ordinal: a retry within a run asks for the same name."""
    number = int.from_bytes(hashlib.sha256(f"{run}/{ordinal}".encode()).digest()[:8], "big")
    text = ""
    for _place in range(6):
        number, digit = divmod(number, len(DIGITS))
        text += DIGITS[digit]
    return text


def grow(deployment: Deployment, adapters: t.Mapping[str, Adapter], run: str, say: Say, deadline: float) -> Outcome:
    """Create what is missing. What a provider refuses leaves the offers, and the rest is placed again.

    :param deadline: seconds after which nothing more is asked for; what was created stays.
    """
    end = time.monotonic() + deadline
    refusals: list[Refusal] = []
    created: dict[str, Instance] = {}
    taken: set[str] = set()
    seen = observe(adapters)
    for _attempt in range(ATTEMPTS):
        plan = make_plan(deployment, seen, run, refusals, taken)
        if not plan.create or time.monotonic() > end:
            break
        _check_network(deployment, seen, plan)
        taken.update(request.name.rpartition("-")[2] for request in plan.create)
        new, refused = _create(adapters, plan.create, say, end)
        created.update((instance.name, instance) for instance in new)
        refusals.extend(refused)
        seen = observe(adapters)
        # A listing may lag behind what this run itself just created.
        listed = {instance.name for instance in seen.instances}
        late = tuple(instance for instance in created.values() if instance.name not in listed)
        seen = dataclasses.replace(seen, instances=seen.instances + late)
    outcome = Outcome(observation=seen, plan=plan, created=list(created.values()), refusals=refusals, late=plan.create)
    _undo_race(adapters, outcome, say)
    return outcome


def _create(
    adapters: t.Mapping[str, Adapter], requests: t.Sequence[Request], say: Say, end: float
) -> tuple[list[Instance], list[Refusal]]:
    """Create in parallel, with a bound for each provider; what a refusal covers is not asked for again."""
    created: list[Instance] = []
    refusals: list[Refusal] = []

    def ask(request: Request) -> Instance | Refusal | None:
        if time.monotonic() > end or any(refusal.covers(dataclasses.asdict(request)) for refusal in refusals):
            return None
        try:
            return adapters[request.provider].create(request)
        except Refusal as refusal:
            refusals.append(refusal)
            return refusal

    pools = {
        name: concurrent.futures.ThreadPoolExecutor(max_workers=adapters[name].spec.parallel)
        for name in sorted({request.provider for request in requests})
    }
    try:
        futures = {pools[request.provider].submit(ask, request): request for request in requests}
        for future in concurrent.futures.as_completed(futures):
            answer = future.result()
            request = futures[future]
            if isinstance(answer, Instance):
                created.append(answer)
                say(f"+ {answer.name}  {answer.domain}  {answer.size}  created ({len(created)} of {len(requests)})")
            elif answer is not None:
                say(f"! {request.name}  {request.provider}/{request.region}/{request.zone}  {request.size}  {answer}")
    finally:
        for pool in pools.values():
            pool.shutdown(cancel_futures=True)
    return created, refusals


def _undo_race(adapters: t.Mapping[str, Adapter], outcome: Outcome, say: Say) -> None:
    """Two runs at once create too many: each takes back what is surplus and its own, for that never joined."""
    own = {instance.name for instance in outcome.created}
    extra = [instance for instance in outcome.plan.surplus if instance.name in own]
    if extra:
        outcome.destroyed = destroy(adapters, extra, say)
        gone = set(outcome.destroyed)
        outcome.created = [instance for instance in outcome.created if instance.name not in gone]
        seen = outcome.observation
        outcome.observation = dataclasses.replace(
            seen, instances=tuple(i for i in seen.instances if i.name not in gone)
        )
        outcome.plan = dataclasses.replace(
            outcome.plan, surplus=tuple(i for i in outcome.plan.surplus if i.name not in gone)
        )


def destroy(adapters: t.Mapping[str, Adapter], instances: t.Sequence[Instance], say: Say) -> list[str]:
    """Destroy instances in parallel; gives the names of those that are gone.

    :raises WombatError: after all were tried, naming those that a provider would not destroy.
    """
    gone: list[str] = []
    failed: list[str] = []

    def ask(instance: Instance) -> None:
        try:
            adapters[instance.provider].act("destroy", instance)
            gone.append(instance.name)
            say(f"- {instance.name}  {instance.domain}  {instance.size}  destroyed")
        except Refusal as refusal:
            failed.append(f"{instance.name} ({refusal})")

    bound = max([1, *(adapters[instance.provider].spec.parallel for instance in instances)])
    with concurrent.futures.ThreadPoolExecutor(max_workers=bound) as pool:
        list(pool.map(ask, instances))
    if failed:
        raise WombatError(
            f"not destroyed: {'; '.join(sorted(failed))}; mend the cause and run again, what was destroyed stays so"
        )
    return sorted(gone)


def _check_network(deployment: Deployment, seen: Observation, plan: Plan) -> None:
    """Refuse a family over several networks in clear text, unless the file allows it (DESIGN section 8)."""
    remote = {name for name, spec in deployment.providers.items() if spec.driver != "local"}
    if deployment.insecure:
        return
    for family in deployment.families:
        used = {request.provider for request in plan.create if request.family == family}
        used |= {instance.provider for instance in seen.instances if instance.family == family}
        if len(used & remote) > 1:
            raise WombatError(
                f"{deployment.file}: families.{family} would span {' and '.join(sorted(used))} with unencrypted "
                "distribution; keep it in one provider with demand.where, or set insecure: true if their networks are yours"
            )


def diff_lines(outcome_plan: Plan, offers: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """The plan, to be read like a diff."""
    prices = {(o["provider"], o["region"], o["zone"], o["size"]): o["price"] for o in offers}

    def line(sign: str, entry: Request | Instance) -> tuple[str, ...]:
        price = prices.get((entry.provider, entry.region, entry.zone, entry.size))
        cost = "price unknown" if price is None else f"{price:g}/h"
        return (f"{sign} {entry.name}", f"{entry.provider}/{entry.region}/{entry.zone}", entry.size, cost)

    rows = [line("+", request) for request in outcome_plan.create] + [
        line("-", instance) for instance in outcome_plan.surplus
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
