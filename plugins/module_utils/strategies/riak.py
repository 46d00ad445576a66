# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Riak, and other applications of riak_core that have its admin command: staged changes, one plan, one commit."""

from __future__ import annotations

import os
import re
import shlex
import time
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Strategy, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Ran

_MEMBER = re.compile(
    r"^(joining|valid|leaving|exiting|down) +[\d.]+% +(?:--|[\d.]+%) +'?([^\s'@]+@[^\s']+)'?(?: \((.*)\))?\s*$", re.M
)
_CLAIMANT = re.compile(r"^Claimant:\s*'?([^\s']+)'?", re.M)
_UNREACHABLE = re.compile(r"nodes are unreachable:\s*\[(.*?)\]", re.S)  # Erlang breaks long lists over lines
_DOWN = re.compile(r"^FALSE \[(.*?)\] down", re.M | re.S)
_PLAN = re.compile(r"^Action +Details.*?\n-+\n(.*?)^-+$", re.M | re.S)
# What must be said once nothing moves any more. The ring comes last, again: transfers begin after it has changed.
_SETTLED = (("ringready", "TRUE"), ("transfers", "No transfers active"), ("ring-status", "No pending changes"))
_UNCONVERGED = "until cluster state has converged"
_LIMIT = 60  # seconds for one command, as they wait for ever for a member that is frozen
_POLL = 1.0


class Cluster(NamedTuple):
    """What member-status and ring-status say, at one node."""

    status: dict[str, str]  # of the members: joining, valid, leaving, exiting or down
    locations: dict[str, str]
    claimant: str | None
    unreachable: tuple[str, ...]
    ready: bool  # all members have the same ring
    moving: bool  # partitions are still to change their owner

    def is_up(self, node: str) -> bool:
        """Whether a member is seen running; one that was marked as down is not."""
        return node not in self.unreachable and self.status[node] != "down"


class Riak(Strategy):
    """Riak. Return codes say nothing: nearly every failure has 0, so all is told by text and code together."""

    NAME = "riak"
    TIMEOUT = 3600  # all data of a leaver move
    TELLS = False
    OPTIONS = {
        "admin": {
            "type": "str",
            "default": "riak admin",
            "description": "The admin command, for other applications of riak_core. It is looked for in the release "
            "first.",
        },
        "n_val": {
            "type": "int",
            "default": 3,
            "description": "The greatest number of replicas of any bucket. No scale-in goes below as many nodes.",
        },
        "location": {
            "type": "str",
            "choices": ["provider", "region", "zone"],
            "description": "What of its place becomes each node's C(cluster location), over which replicas are spread. "
            "Without it no location is set.",
        },
    }

    # Asking.

    def question(self, name: str) -> str | None:
        """It is asked by its admin command."""
        return None

    def views(self, names: list[str]) -> dict[str, View]:
        """What the nodes say of the ring, and what is not settled yet."""
        return {name: self._view(name) for name in names}

    def _view(self, name: str) -> View:
        cluster, error = self._cluster(name)
        if cluster is None:
            return View(error=error)
        pending = unsettled(cluster)
        # A dead member that is to leave keeps the ring from being ready until it is removed.
        dead = [node for node in self.family.leaving if node in cluster.status and not cluster.is_up(node)]
        signs = _SETTLED[1:] if dead and not self.family.left else _SETTLED
        for words, sign in signs if not pending and len(cluster.status) > 1 else ():
            error = self._try(name, [words], sign)
            if error:
                pending = [f"is not settled: {error}"]
                break
        return View(
            members=tuple(cluster.status),
            up=tuple(node for node in cluster.status if cluster.is_up(node)),
            pending=tuple(pending),
            facts={"status": cluster.status, "locations": cluster.locations, "claimant": cluster.claimant},
        )

    # Deciding.

    def unsafe(self, views: dict[str, View]) -> list[str]:
        """Data are lost where fewer nodes than replicas are left, and by all leaving, which Riak itself permits."""
        members = {node for view in views.values() for node in view.members}
        going = members & set(self.family.leaving)
        left, n_val = len(members) - len(going), self.options["n_val"]
        if not going or left >= n_val:
            return []
        return [
            f"{', '.join(sorted(going))} cannot leave: {left or 'no'} node{'s' if left != 1 else ''} would be left of "
            f"{len(members)}, but buckets have {n_val} replicas (n_val); let fewer leave."
        ]

    # Acting.

    def join(self, names: list[str]) -> dict[str, str]:
        """Stage the joins, which the lead commits all at once; "already a member" may mean another cluster."""
        tried = {
            name: self._try(name, ["cluster", "join", self.family.seeds[name]], "Success: staged join request")
            for name in names
        }
        return {name: error for name, error in tried.items() if error}

    def finish(self, name: str) -> bool:
        """Stage the locations that differ, and commit all that is staged."""
        cluster = self._need(name)
        for node in self.family.wanted if self.options["location"] else ():
            place = location(self.family.domains.get(node, ""), self.options["location"])
            # Riak stages the same value again, and would commit it for nothing.
            if place and node in cluster.status and cluster.locations.get(node) != place:
                self._must(name, ["cluster", "location", place, "--node", node], "Success: staged changing location")
        return self._commit(name)

    def forget(self, name: str, dead: tuple[str, ...]) -> None:
        """Remove members without their data; the claimant can be removed only after it was marked as down."""
        for node in dead:
            self._admin(name, ["down", node])  # one that was wiped and runs again is up, and no claimant
            self._must(name, ["cluster", "force-remove", node], "Success: staged remove request", "is not a member")
        self._commit(name)

    def leave(self, name: str) -> str | None:
        """Stage and commit that all leavers leave; afterwards they hand off, and their VMs exit by themselves."""
        cluster, error = self._cluster(name)
        if cluster is None or cluster.status.get(name) not in ("valid", "joining"):
            return error
        try:
            for node in self.family.leaving:
                if cluster.status.get(node) in ("valid", "joining") and cluster.is_up(node):
                    self._must(name, ["cluster", "leave", node], "Success: staged leave", "in the process of leaving")
            self._commit(name)
        except WombatError as error_of_it:
            return str(error_of_it).rstrip(".")
        return None

    def _commit(self, name: str) -> bool:
        """Plan and commit until nothing is staged: whatever anybody stages after a plan makes it void."""
        committed = False
        while True:
            plan = self._admin(name, ["cluster", "plan"])
            if _says(plan, "There are no staged changes"):
                return committed
            ran, words = plan, ["cluster", "plan"]
            if _says(plan, "Staged Changes"):
                self._check(plan.output)
                ran, words = self._admin(name, ["cluster", "commit"]), ["cluster", "commit"]
                committed = committed or _says(ran, "Cluster changes committed")
            waits = ("Cluster changes committed", "The plan has changed", "You must verify the plan", _UNCONVERGED)
            if self.console.late or not any(_says(ran, sign) for sign in waits):
                cluster, _error = self._cluster(name)
                lost = f", and it misses {', '.join(cluster.unreachable)}" if cluster and cluster.unreachable else ""
                raise WombatError(f"What is staged at {name} cannot be committed: {self._words(ran, words)}{lost}.")
            time.sleep(_POLL)

    def _check(self, plan: str) -> None:
        """Refuse to commit what somebody else staged, for a commit carries out everything."""
        ours = {
            "join": self.family.wanted,
            "leave": self.family.leaving,
            "force-remove": self.family.forget,
            "set-location": self.family.wanted,
        }
        found = _PLAN.search(plan)
        for line in found.group(1).splitlines() if found else [""]:
            action, node = [*line.replace("'", "").split(), "", ""][:2]
            if node not in ours.get(action, ()):
                raise WombatError(
                    f"The cluster of family {self.family.name} has a staged change that is not of this run, which a "
                    f"commit would carry out: {' '.join(line.split())}. Commit or clear it yourself, and deploy again."
                )

    # The command.

    def _cluster(self, name: str) -> tuple[Cluster | None, str | None]:
        """What a node says of its cluster, or the end of a sentence that says why it does not."""
        members, ring = self._admin(name, ["member-status"]), self._admin(name, ["ring-status"])
        for ran, words, sign in ((members, "member-status", "Membership"), (ring, "ring-status", "Ring Ready:")):
            if not _says(ran, sign):
                return None, self._words(ran, [words])
        return parse(members.output, ring.output, self._admin(name, ["ringready"]).output), None

    def _need(self, name: str) -> Cluster:
        cluster, error = self._cluster(name)
        if cluster is None:
            raise WombatError(f"Node {name} does not tell its cluster: {error}.")
        return cluster

    def _admin(self, name: str, words: list[str]) -> Ran:
        program, *first = shlex.split(self.options["admin"])
        own = os.path.join(self.console.nodes[name].release.path, "bin", program)
        return self.console.run(name, [own if os.path.isfile(own) else program, *first, *words], limit=_LIMIT)

    def _try(self, name: str, words: list[str], *signs: str) -> str | None:
        """Run a command; what it says where that has none of the signs of success, as the end of a sentence."""
        ran = self._admin(name, words)
        return None if any(_says(ran, sign) for sign in signs) else self._words(ran, words)

    def _must(self, name: str, words: list[str], *signs: str) -> None:
        error = self._try(name, words, *signs)
        if error:
            raise WombatError(f"Node {name} refuses: {error}.")

    def _words(self, ran: Ran, words: list[str]) -> str:
        command = f"'{' '.join([self.options['admin'], *words])}'"
        if ran.code is None:
            return f"{command} did not answer within its time limit, as when a member is frozen"
        lines = [line for line in ran.output.splitlines() if line.strip() not in ("", "ok", "error")]
        return f"{command} says: {' '.join(' '.join(lines).split())[:300].rstrip('.') or 'nothing'}"


def parse(members: str, ring: str, ready: str = "") -> Cluster:
    """What the texts of member-status, ring-status and ringready say.

    Only the last tells of members whose network is cut off: ring-status gives them a second, and takes them for up.
    """
    found = _MEMBER.findall(members)
    claimant = _CLAIMANT.search(ring)
    down = [found.group(1) for found in (_UNREACHABLE.search(ring), _DOWN.search(ready)) if found]
    return Cluster(
        status={node: status for status, node, _place in found},
        locations={node: place for _status, node, place in found if place},
        claimant=claimant.group(1) if claimant else None,
        unreachable=tuple(sorted({node for text in down for node in re.findall(r"[^\s',]+", text)})),
        ready="Ring Ready: true" in ring,
        moving="No pending changes" not in ring,
    )


def unsettled(cluster: Cluster) -> list[str]:
    """What is on its way, as ends of sentences."""
    said = [
        f"sees {', '.join(nodes)} {status}"
        for status in ("joining", "leaving", "exiting")
        for nodes in [sorted(node for node, one in cluster.status.items() if one == status)]
        if nodes
    ]
    if not cluster.ready:
        said.append("has a ring that not all members have")
    if cluster.moving:
        said.append("has partitions that are to change their owner")
    return said


def location(domain: str, level: str) -> str:
    """The part of provider/region/zone that is a node's location."""
    parts = domain.split("/")
    return "/".join(parts[: {"provider": 1, "region": 2, "zone": 3}[level]])


def _says(ran: Ran, sign: str) -> bool:
    return ran.code == 0 and sign in ran.output
