# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a strategy is: how the nodes of a family become one cluster, and how they leave it.

To add one, write a class in a file of its own here and name it in registry.py. Everything about one Erlang system is in
its class; what all share (who is the seed, pace, time limits, healing, reports) is in decision.py and in
module_utils/membership.py, which call the class in this order:

1. C(settings), on the controller: what the node boots with. Pure.
2. C(views), on every host, or C(question) and C(view) where an expression asks: what each of its nodes says of its
   cluster. From the views of all nodes decision.py tells, on the controller, who is a member, who is to join, through
   which seed, who is to be forgotten first, and which member is the family's lead. Classes with C(REMEMBERS = False)
   skip this: their nodes need no seed, and may join at any time.
3. C(forget), on the host of the lead: a member that was wiped leaves the cluster's memory before it joins anew.
4. C(join), on the hosts of the joiners, C(PACE) hosts at once: called again and again until C(is_member) says so or the
   time is over. So C(join) makes one attempt, says in the system's own words why it failed, and may be repeated.
5. C(finish), on the host of the lead alone, once for the family: what makes staged joins real (riak's one plan and one
   commit), or follows them (rabbitmq's growing of quorum queues). It must do nothing when there is nothing to do.
6. C(disagreement), on every host, until no node has any: the cluster agrees.

A leaver: C(unsafe) from the views of all, before anything else; C(leave) on its own host until C(has_left); then
C(finish) and C(disagreement) at the survivors, which then count it in no more. A leaver that cannot be asked any more
is forgotten by the lead, if the operator said so.

Methods that decide (C(settings), C(is_member), C(has_left), C(disagreement), C(unsafe)) are pure functions of their
arguments and C(self.family): test them on recorded output, by parsing it in a function of its own that gives a View.
Methods that act go through C(self.console) only, so that a test can put a stand-in there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Console


class View(NamedTuple):
    """What one node says of its cluster."""

    members: tuple[str, ...] = ()  # whom it counts in, running or not, itself too
    up: tuple[str, ...] = ()  # those of them that it sees running
    pending: tuple[str, ...] = ()  # what is on its way, as ends of sentences: joins, leaves, transfers
    error: str | None = None  # why it cannot be asked, in the system's own words
    facts: dict[str, Any] = {}  # what else the class needs for its decisions; plain data


class Family(NamedTuple):
    """What a strategy knows of its family in this run, the same on all hosts but for C(seeds) and C(forget)."""

    name: str
    wanted: tuple[str, ...]  # who is to be a member when the run is over, the oldest instance's nodes first
    leaving: tuple[str, ...] = ()  # who is to leave; counted in until then
    left: bool = False  # whether those are out by now, so that nobody may count them in any more
    lost: tuple[str, ...] = ()  # of those that are wanted, whose hosts take no part in the run any more
    seeds: dict[str, str] = {}  # of this host's nodes those that are to join, each with a member to join through
    lead: str | None = None  # the member that does what is done once; None where nobody answers
    forget: tuple[str, ...] = ()  # members that the lead is to remove as dead, for they were wiped or are gone
    domains: dict[str, str] = {}  # provider/region/zone of each node


class Settings(NamedTuple):
    """What a strategy adds to a node's boot files; what the deployment file says itself goes before it."""

    config: dict[str, dict] = {}  # applications and their settings, as to_erlang takes data
    told: dict[str, dict] = {}  # as config, but follows the family: running nodes get it without a restart
    vm_args: tuple[str, ...] = ()  # one flag with its values an element
    env: dict[str, str] = {}
    home: dict[str, str] = {}  # files of the home that the family's nodes share on a host, by name


class Strategy:
    """A strategy for one family on one host."""

    NAME = ""
    # The argument spec of its own options, which stand beside `strategy` in the file; each has a `description`.
    OPTIONS: dict[str, dict[str, Any]] = {}
    # How many hosts may join at once, for systems whose members join one after the other; 0 is all.
    PACE = 0
    # Seconds that its nodes may take to join, to agree or to leave, where the caller gives them less.
    TIMEOUT = 0.0
    # Whether the cluster remembers its members, so that it matters who joins whom, and a split is not merged blindly.
    REMEMBERS = True
    # Whether a node can be a member before the whole family agrees, so that the state `settled` has to follow `joined`.
    SETTLES = True
    # Whether it needs a stock epmd on every host.
    EPMD = False
    # Whether running nodes are told their family and neighbours, in the environment of the application wombat.
    TELLS = True

    def __init__(self, family: Family, options: dict[str, Any], console: Console) -> None:
        """Keep what all methods need.

        :arg options: Its own options, validated, with their defaults.
        :arg console: What reaches the nodes of this host.
        """
        self.family = family
        self.options = options
        self.console = console

    # Before the start.

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """What a node boots with.

        :arg node: The node's C(node) (full name), C(slot), C(port), C(address), C(provider), C(region), C(zone) and
            C(data_dir).
        """
        return Settings()

    # Asking.

    def question(self, name: str) -> str | None:
        """The Erlang expression that asks a running node for what C(view) reads.

        None where the class overrides C(views) instead, as it asks by the system's own tool.
        """
        return "[]"

    def view(self, name: str, value: Any) -> View:
        """What the value of C(question) says, as plain data. Pure."""
        return View(members=(name,), up=(name,))

    def views(self, names: list[str]) -> dict[str, View]:
        """What these running nodes of this host say; one that cannot say anything has an C(error)."""
        answers = self.console.evaluate({name: str(self.question(name)) for name in names})
        return {
            name: View(error=error) if error is not None else self.view(name, value)
            for name, (value, error) in answers.items()
        }

    # Deciding.

    def is_member(self, name: str, view: View) -> bool:
        """Whether a joiner is in the cluster, or will be when C(finish) has been called."""
        return view.error is None and self.family.seeds.get(name, name) in view.members

    def has_left(self, name: str, view: View) -> bool:
        """Whether a leaver is out. One whose process has ended by itself has left too."""
        return not set(view.members) - {name}

    def disagreement(self, name: str, view: View) -> list[str]:
        """What is not yet as wanted from the side of one member, as ends of sentences that begin with its name."""
        if view.error is not None:
            return [f"cannot say whom it sees: {view.error}"]
        missing = [other for other in self.family.wanted if other not in view.members]
        down = [other for other in self.family.wanted if other in view.members and other not in view.up]
        known = {name, *self.family.wanted, *(() if self.family.left else self.family.leaving)}
        extra = [other for other in view.members if other not in known]
        said = [f"does not count in {', '.join(missing)}"] if missing else []
        said += (
            [f"counts in {', '.join(down)} but does not see {'it' if len(down) == 1 else 'them'} up"] if down else []
        )
        said += [f"still counts in {', '.join(extra)}"] if extra else []
        return said + list(view.pending)

    def unsafe(self, views: dict[str, View]) -> list[str]:
        """Why C(family.leaving) must not leave all together, as sentences; none where nothing is lost by it.

        :arg views: Those of all members and leavers that could be asked.
        """
        return []

    # Acting.

    def join(self, names: list[str]) -> dict[str, str]:
        """Try once to make nodes of this host join, each through its seed; gives what the system said of failures."""
        return {}

    def finish(self, name: str) -> bool:
        """Do what is done once for the family, on its lead, and tell whether that changed anything."""
        return False

    def forget(self, name: str, dead: tuple[str, ...]) -> None:
        """Remove dead members, asked of the member C(name); raises WombatError with the system's words."""

    def leave(self, name: str) -> str | None:
        """Try once to make a node of this host leave; gives what the system said where it failed.

        A node of a system that needs nothing has left when it stops, which is done next.
        """
        return None
