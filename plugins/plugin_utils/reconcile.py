# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observe, plan, act: brings the instances that exist to what the deployment file asks for."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
import time
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import acting
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.planning import (
    ALIVE,
    Observation,
    Plan,
    Silent,
    check_network,
    check_twins,
    make_plan,
    told_apart,
    too_young,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.progress import Progress, Say
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import (
    Adapter,
    Domain,
    Instance,
    Refusal,
    Request,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.registry import open_provider

ATTEMPTS = 50  # rounds of placing again; each creates something or takes a scope out of the offers


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a reconcile did."""

    observation: Observation
    plan: Plan
    created: t.Sequence[Instance] = ()
    destroyed: t.Sequence[str] = ()
    started: t.Sequence[str] = ()
    refusals: t.Sequence[Refusal] = ()
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


def observe(adapters: t.Mapping[str, Adapter], unreachable: t.Iterable[str] = ()) -> Observation:
    """Ask all providers at once for their domains and our instances.

    :param unreachable: names of instances whose hosts did not answer when they were asked.
    """

    def ask(name: str) -> tuple[list[Domain], list[Instance], dict[str, str], str]:
        try:
            return (*adapters[name].observe(), "")
        except Refusal as refusal:
            return [], [], {}, str(refusal)

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(adapters))) as pool:
        answers = dict(zip(adapters, pool.map(ask, adapters), strict=False))
    every = [instance for _domains, instances, *_others in answers.values() for instance in instances]
    instances, twins = told_apart(every)
    return Observation(
        domains=tuple(domain for domains, *_others in answers.values() for domain in domains),
        instances=instances,
        twins=twins,
        unknown={name: reason for name, (*_others, reason) in answers.items() if reason},
        silent=tuple(
            Silent(name, one, why, adapters[name].unseen(one))
            for name, (_domains, _instances, unseen, _reason) in answers.items()
            for one, why in unseen.items()
        ),
        unreachable=frozenset(unreachable),
    )


def grow(
    deployment: Deployment,
    adapters: t.Mapping[str, Adapter],
    run: str,
    say: Say,
    deadline: float,
    remembered: t.Sequence[Refusal] = (),
    before: Observation | None = None,
    stop: threading.Event | None = None,
) -> Outcome:
    """Create what is missing. What a provider refuses leaves the offers, and the rest is placed again.

    :param deadline: seconds after which nothing more is asked for; what was created stays.
    :param remembered: what was refused to earlier runs and is not asked for again yet.
    :param before: what was seen just now, where somebody looked already.
    :param stop: set when nothing more is to be asked for; what was asked for is waited for.
    """
    end = time.monotonic() + deadline
    refusals: list[Refusal] = []
    crowded: list[Refusal] = []  # where a quota has no room for many at once, though it may have for some
    created: dict[str, Instance] = {}
    destroyed: list[str] = []
    taken: set[str] = set()
    attempts = 0
    gave_up = False
    progress = Progress(say, stop)

    def look() -> Observation:
        """A listing may lag behind what this run itself just created."""
        seen = observe(adapters, before.unreachable if before else ())
        listed = {instance.name for instance in seen.instances}
        lagging = tuple(instance for name, instance in created.items() if name not in listed)
        progress.run(instance for instance in seen.instances if instance.name in created)
        return dataclasses.replace(seen, instances=seen.instances + lagging)

    seen = before or look()
    known = {instance.name for instance in seen.instances}
    for instance in seen.instances:
        if instance.state not in ALIVE:
            why = f": {instance.error}" if instance.error else ""
            say(f"! {instance.name}  {instance.domain}  is in state {instance.state}{why}; another takes its place")
    check_twins(seen)
    for twin in seen.twins:
        say(f"! {twin.name}  {twin.domain}  is there twice; {twin.id} is the younger, and is destroyed")
    acting.destroy(adapters, seen.twins, say, progress.stop)
    destroyed += [f"{twin.name} ({twin.id})" for twin in seen.twins]
    while True:
        # Two runs at once create too many: each takes back what is its own and too young, for that never joined, and
        # leaves out of sight what the other will take back.
        young = {instance.name: instance for instance in too_young(deployment, seen, known)}
        back = [instance for name, instance in young.items() if name in created]
        if back and not gave_up:
            try:
                destroyed += acting.destroy(adapters, back, say)
            except WombatError as error:  # what was created is told all the same; the next run finds them surplus
                gave_up = True
                say(f"! {error}")
            created = {name: instance for name, instance in created.items() if name not in young}
            refusals = [refusal for refusal in refusals if refusal.kind != "quota"]
            seen = look()
            continue
        seen = seen.without(young)
        plan = make_plan(deployment, seen, run, [*remembered, *refusals], taken)
        if not plan.create or time.monotonic() > end or attempts == ATTEMPTS or gave_up or progress.stop.is_set():
            started = []
            if not progress.stop.is_set():
                started = acting.start(adapters, acting.idle(adapters, seen, plan), say)
                acting.show_names(adapters, seen.instances, say, progress.stop)
            seen = look() if started else seen
            return Outcome(seen, plan, list(created.values()), destroyed, started, refusals, late=plan.create)
        try:
            check_network(deployment, seen, plan)
        except WombatError as error:
            if not created:
                raise
            # What was created stays and is told; only the rest is placed again, without the network that is too much.
            here = {instance.provider for instance in seen.instances}
            fresh = [request.provider for request in plan.create if request.provider not in here]
            refusals.append(Refusal("request", str(error), [*fresh, plan.create[0].provider][0]))
            say(f"! {refusals[-1]}")
            continue
        attempts += 1
        taken.update(request.name.rpartition("-")[2] for request in plan.create)
        new, refused = _create(adapters, plan.create, progress, end, crowded)
        created.update((instance.name, instance) for instance in new)
        refusals.extend(refused)
        seen = look()


def _create(
    adapters: t.Mapping[str, Adapter],
    requests: t.Sequence[Request],
    progress: Progress,
    end: float,
    crowded: list[Refusal],
) -> tuple[list[Instance], list[Refusal]]:
    """Create in parallel, with a bound for each provider; what a refusal covers is not asked for again.

    :param crowded: the quotas that had no room for a batch, to which others are added here.
    """
    created: list[Instance] = []
    refusals: list[Refusal] = []
    progress.want(len(requests))

    def ask(batch: t.Sequence[Request]) -> list[Instance] | Refusal:
        if progress.stop.is_set() or time.monotonic() > end:
            return []
        known = [*refusals, *(crowded if len(batch) > 1 else ())]
        if any(refusal.covers(dataclasses.asdict(batch[0])) for refusal in known):
            return []
        try:
            instances = adapters[batch[0].provider].create(*batch)
        except Refusal as refusal:
            (crowded if refusal.kind == "quota" and len(batch) > 1 else refusals).append(refusal)
            return refusal
        for one in instances:
            if one.state not in ALIVE:  # it is surplus now; what replaces it goes elsewhere, so that this ends
                text = f"{one.name} came up in state {one.state}: {one.error or 'it does not say why'}"
                refusals.append(Refusal("capacity", text, one.provider, one.region, one.zone, one.size))
        return instances

    pools = acting.pools(adapters, requests)
    try:
        futures = {
            pools[batch[0].provider].submit(ask, batch): batch for batch in acting.batches(adapters, requests, crowded)
        }
        for future in concurrent.futures.as_completed(futures):
            answer = future.result()
            batch = futures[future]
            if isinstance(answer, Refusal):
                progress.refused(batch, answer)
                continue
            for instance in answer:
                created.append(instance)
                progress.created(instance)
                if instance.state not in ALIVE:
                    progress.refused([instance], f"came up in state {instance.state}: {instance.error}")
    finally:
        for pool in pools.values():
            pool.shutdown(cancel_futures=True)
    return created, refusals
