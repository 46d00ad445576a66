# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to instances that are there: name, mark, start, destroy, and keep their firewall rules."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.planning import Observation, Plan
from ansible_collections.wombat.erlang.plugins.plugin_utils.ports import EVERYBODY
from ansible_collections.wombat.erlang.plugins.plugin_utils.progress import Say
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Adapter, Instance, Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import left_out
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.model import write_nodes


def pools(
    adapters: t.Mapping[str, Adapter], work: t.Iterable[Request | Instance]
) -> dict[str, concurrent.futures.ThreadPoolExecutor]:
    """Threads for each provider, as many as it may be asked at a time."""
    names = sorted({one.provider for one in work})
    return {name: concurrent.futures.ThreadPoolExecutor(max_workers=adapters[name].spec.parallel) for name in names}


def batches(
    adapters: t.Mapping[str, Adapter], requests: t.Iterable[Request], crowded: t.Sequence[Refusal]
) -> list[list[Request]]:
    """What can be asked for by one request each; one by one where the quota has no room for a whole batch."""
    alike: dict[tuple[str, ...], list[Request]] = {}
    for one in requests:  # the number of nodes is a tag, and tags are those of a whole batch
        alike.setdefault((one.provider, one.region, one.zone, one.size, one.family, write_nodes(one)), []).append(one)
    found = []
    for some in alike.values():
        alone = any(refusal.covers(dataclasses.asdict(some[0])) for refusal in crowded)
        most = 1 if alone else adapters[some[0].provider].batch
        found += [some[start : start + most] for start in range(0, len(some), most)]
    return found


def idle(adapters: t.Mapping[str, Adapter], seen: Observation, plan: Plan) -> list[Instance]:
    """The instances that stay but were stopped, and can be started."""
    leaving = {instance.name for instance in plan.surplus}
    stopped = (one for one in seen.instances if one.state == "stopped" and one.name not in leaving)
    return [one for one in stopped if not adapters[one.provider].features["start and stop"]]


def start(adapters: t.Mapping[str, Adapter], instances: t.Sequence[Instance], say: Say) -> list[str]:
    """Start instances in parallel; gives the names of those that a provider started, and says why others are not."""
    started, failed = _act(adapters, "start", instances, say)
    for reason in failed:
        say(f"! not started: {reason}")
    return started


def show_names(
    adapters: t.Mapping[str, Adapter], instances: t.Iterable[Instance], say: Say, stop: threading.Event
) -> None:
    """Let people see the names of instances that are many of one request; where that fails, all else goes on."""
    failed = _act(adapters, "name", [one for one in instances if one.unnamed], lambda _line: None, stop)[1]
    if failed:
        say(f"? the cloud's console does not show the names of {len(failed)} instances, as of {failed[0]}")


def drain(adapters: t.Mapping[str, Adapter], instances: t.Sequence[Instance], say: Say) -> None:
    """Mark instances as those that are to go, in parallel, before anything on them is given up.

    :raises WombatError: naming those that a provider would not mark.
    """
    failed = _act(adapters, "drain", instances, say)[1]
    if failed:
        raise WombatError(f"not marked as draining, and nothing has left: {'; '.join(sorted(failed))}; deploy again")


def _act(
    adapters: t.Mapping[str, Adapter],
    verb: str,
    instances: t.Sequence[Instance],
    say: Say,
    stop: threading.Event | None = None,
) -> tuple[list[str], list[str]]:
    """Do the same to instances in parallel: the names of those where it is done, and why it is not to others."""
    done: list[str] = []
    failed: list[str] = []
    sign = "-" if verb == "destroy" else "~"
    word = {"drain": "draining", "start": "started", "name": "named", "destroy": "destroyed"}[verb]

    def ask(instance: Instance) -> None:
        if stop and stop.is_set():
            return
        try:
            adapters[instance.provider].act(verb, instance)
            done.append(instance.name)
            say(f"{sign} {instance.name}  {instance.domain}  {instance.size}  {word} ({len(done)} of {len(instances)})")
        except WombatError as error:
            failed.append(f"{instance.name} ({error})")

    threads = pools(adapters, instances)
    try:
        for future in [threads[instance.provider].submit(ask, instance) for instance in instances]:
            future.result()
    finally:
        for pool in threads.values():
            pool.shutdown(cancel_futures=True)
    return done, failed


def destroy(
    adapters: t.Mapping[str, Adapter],
    instances: t.Sequence[Instance],
    say: Say,
    stop: threading.Event | None = None,
) -> list[str]:
    """Destroy instances in parallel; gives the names of those that are gone.

    :param stop: set when nothing more is to be destroyed.
    :raises WombatError: after all were tried, naming those that a provider would not destroy.
    """
    gone, failed = _act(adapters, "destroy", instances, say, stop)
    _close_firewalls(adapters, [instance for instance in instances if instance.name in gone], failed)
    if failed:
        raise WombatError(
            f"not destroyed: {'; '.join(sorted(failed))}; mend the cause and run again, what was destroyed stays so"
        )
    return sorted(gone)


def _close_firewalls(adapters: t.Mapping[str, Adapter], gone: t.Sequence[Instance], failed: list[str]) -> None:
    """Where the last instance of a region went, its firewall rules go too."""
    for name, region in sorted({(instance.provider, instance.region) for instance in gone}):
        adapter = adapters[name]
        if not adapter.spec.firewall:
            continue
        try:
            if not any(instance.region == region for instance in adapter.instances()):
                adapter.close_firewall(region)
        except Refusal as refusal:
            failed.append(f"the firewall rules of {name}/{region} ({refusal})")


def keep_firewalls(adapters: t.Mapping[str, Adapter], instances: t.Iterable[Instance], say: Say) -> None:
    """Bring the firewall rules of all regions with instances to what the file says by now."""
    instances = list(instances)
    for name in sorted({instance.provider for instance in instances if adapters[instance.provider].spec.firewall}):
        named = [source for source in left_out(adapters[name]) if source not in EVERYBODY]
        if named:
            say(f"! {name}  its firewall rules leave out {', '.join(named)}: it takes no networks of IPv6")
    for name, region in sorted({(instance.provider, instance.region) for instance in instances}):
        if adapters[name].spec.firewall:
            try:
                adapters[name].open_firewall(region)
            except Refusal as refusal:
                say(f"! {name}/{region}  its firewall rules are not as the file says: {refusal}")
