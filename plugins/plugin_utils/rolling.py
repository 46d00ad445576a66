# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instances are upgraded after which others: pure, from what the hosts said of their nodes."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Family
from ansible_collections.wombat.erlang.plugins.plugin_utils.upgrade import METHODS


@dataclasses.dataclass(frozen=True)
class Host:
    """An instance. `nodes` maps its nodes' names to families, `waiting` some of them to {from, to, cold}."""

    name: str
    domain: str
    nodes: t.Mapping[str, str]
    waiting: t.Mapping[str, t.Mapping[str, t.Any]]
    down: t.Mapping[str, str] = dataclasses.field(default_factory=dict)  # what keeps nodes from counting

    @property
    def families(self) -> list[str]:
        """The families whose nodes wait, the first of them being the one that it is upgraded with."""
        return list(dict.fromkeys(self.nodes[node] for node in self.waiting))


@dataclasses.dataclass(frozen=True)
class Roll:
    """The batches of hosts, and for each host `method`, `at_once` and `pause`."""

    batches: list[list[str]]
    hosts: dict[str, dict[str, t.Any]]
    lines: list[str]


def plan(hosts: t.Sequence[Host], families: t.Mapping[str, Family], asked: str | None = None) -> Roll:
    """Put the hosts whose nodes wait for an upgrade into batches.

    A batch has hosts of one family and one domain, except where a family is upgraded in full: then it is one batch.

    :param hosts: all hosts of the deployment, since those that do not change count for a majority.
    :param asked: the method that the operator asked for, instead of what the families permit.
    :raises WombatError: nothing that is permitted is possible, or a family would lose its majority.
    """
    roll = Roll([], {}, [])
    order = {name: number for number, name in enumerate(families)}
    waiting = sorted((host for host in hosts if host.waiting), key=lambda host: order[host.families[0]])
    for name, group in itertools.groupby(waiting, key=lambda host: host.families[0]):
        members = sorted(group, key=lambda host: (host.domain, host.name))
        methods = {host.name: _method(host, families, asked) for host in members}
        # In full means together, so that old and new never meet.
        if "full" in methods.values():
            methods = dict.fromkeys(methods, "full")
        upgrade = families[name].upgrade
        for number, batch in enumerate(_batches(members, methods, upgrade.canary, upgrade.at_once)):
            at_once = _at_once(batch, hosts, families, methods)
            roll.batches.append([host.name for host in batch])
            for host in batch:
                note = ", canary" if number == 0 and len(members) > 1 and methods[host.name] != "full" else ""
                roll.lines.extend(_line(node, item, methods[host.name], note) for node, item in host.waiting.items())
                roll.hosts[host.name] = {"method": methods[host.name], "at_once": at_once, "pause": upgrade.pause}
    return roll


def _method(host: Host, families: t.Mapping[str, Family], asked: str | None) -> str:
    allowed = [asked] if asked else None
    cold = any(item["cold"] for item in host.waiting.values())
    for method in METHODS[1:] if cold else METHODS:
        if all(method in (allowed or families[family].upgrade.allow) for family in host.families):
            return method
    permit = f"wombat_upgrade={asked}" if asked else f"families.{host.families[0]}.upgrade.allow"
    if not cold or "hot" not in (allowed or families[host.families[0]].upgrade.allow):
        raise WombatError(f"The nodes of {host.name} have no method that all of their families permit: see {permit}.")
    node, reason = next((node, item["cold"]) for node, item in host.waiting.items() if item["cold"])
    raise WombatError(f"Node {node} cannot be upgraded while it runs: {reason}; {permit} permits nothing else.")


def _batches(
    members: t.Sequence[Host], methods: t.Mapping[str, str], canary: int, at_once: int
) -> t.Iterator[list[Host]]:
    if "full" in methods.values():
        yield list(members)
        return
    first = min(canary, at_once)
    if first:
        # Within one domain, as every batch.
        chosen = [host for host in members if host.domain == members[0].domain][:first]
        yield chosen
        members = [host for host in members if host not in chosen]
    for _domain, group in itertools.groupby(members, key=lambda host: host.domain):
        hosts = list(group)
        yield from (hosts[index : index + at_once] for index in range(0, len(hosts), at_once))


def _at_once(
    batch: t.Sequence[Host], hosts: t.Sequence[Host], families: t.Mapping[str, Family], methods: t.Mapping[str, str]
) -> int:
    """How many nodes of a family may restart at once on each host of the batch; 0 where it does not matter."""
    if methods[batch[0].name] == "full":
        return 0
    counts: collections.Counter[str] = collections.Counter()
    for host in hosts:
        counts.update(host.nodes.values())
    names = {host.name for host in batch}
    lowest = 0
    for family in dict.fromkeys(family for host in batch for family in host.families):
        down: dict[str, list[str]] = {}
        for host in hosts:
            for node, why in host.down.items() if host.name not in names else ():
                if host.nodes[node] == family:
                    down.setdefault(why, []).append(node)
        spare = (counts[family] - 1) // 2 - sum(map(len, down.values()))
        if spare < 1 and (counts[family] > 2 or down):
            said = ", and that ".join(f"{why}: {', '.join(nodes)}" for why, nodes in down.items())
            raise WombatError(
                f"Family {family} may lose its majority by nodes that {said}. Mend that first, or ask for "
                "wombat_upgrade=full."
            )
        if len(batch) > max(1, spare):
            raise WombatError(
                f"families.{family}.upgrade.at_once takes {len(batch)} of {counts[family]} nodes down, which may cost "
                f"the family its majority: at most {max(1, spare)}, or ask for wombat_upgrade=full."
            )
        share = max(1, spare // len(batch))
        lowest = min(lowest, share) if lowest else share
    return lowest


def _line(node: str, item: t.Mapping[str, t.Any], method: str, note: str) -> str:
    if item["from"] == item["to"]:
        return f"{node}: {method}, new settings for {item['from']}{note}"
    return f"{node}: {method} {item['from']} -> {item['to']}{note}"
