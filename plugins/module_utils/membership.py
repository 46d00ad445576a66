# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the nodes of a host into their families, by the families' strategies: the work of the module member."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.node_states import locked
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, load_nodes
from ansible_collections.wombat.erlang.plugins.module_utils.runners import Runners
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Strategy, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Console
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import EVERY, STRATEGIES
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

_POLL = 0.1  # seconds between two looks at what is on its way; longer and longer up to the next
_LONGEST_POLL = 2.0
_DEAD = View(error="it does not run")
# What a running node knows of its family is compared with members.config, and brought to it.
# Its variables have names that no question has, for they would be one.
_TELL = """begin
    {{ok, [Config@]}} = file:consult({file}),
    Known@ = [{{App@, Key@, Value@}} || {{App@, Settings@}} <- Config@, {{Key@, Value@}} <- Settings@],
    Stale@ = [Key@ || {{App@, Key@, Value@}} <- Known@, application:get_env(App@, Key@) =/= {{ok, Value@}}],
    {change}
    {{Stale@, {question}}}
end"""
_CHANGE = "[ok = application:set_env(App@, Key@, Value@) || {App@, Key@, Value@} <- Known@],"


def prepare(options: dict[str, Any]) -> Work:
    """The work of bringing nodes into a state of membership, or of asking for it.

    :arg options: The options of the module member.
    :returns: Work whose result is C({changed, nodes: {name: {...}}}), failed where a node is not as wanted.
    :raises WombatError: A named node does not exist, or an option is not the strategy's.
    """
    nodes = load_nodes(os.path.abspath(options["root"]), options["names"])
    host = _Host(nodes, options)
    return {
        "status": host.status,
        "forgotten": host.forgotten,
        "joined": host.joined,
        "settled": host.settled,
        "left": host.left,
    }[options["state"]]()


def family_of(settings: dict[str, Any]) -> Family:
    """A family as the module's option C(families) describes it."""
    return Family(
        name=settings["name"],
        wanted=tuple(settings.get("wanted") or ()),
        leaving=tuple(settings.get("leaving") or ()),
        left=bool(settings.get("left")),
        lost=tuple(settings.get("lost") or ()),
        seeds=settings.get("seeds") or {},
        lead=settings.get("lead"),
        forget=tuple(settings.get("forget") or ()),
        domains=settings.get("domains") or {},
    )


class _Host:
    """The families that one call is about, each with its strategy and its nodes on this host."""

    def __init__(self, nodes: list[Node], options: dict[str, Any]) -> None:
        self.options = options
        self.timeout = options["timeout"]
        if options["state"] != "status":
            named = [EVERY.get(one["strategy"], Strategy) for one in options["families"]]
            self.timeout = max([self.timeout, *(strategy.TIMEOUT for strategy in named)])
        runs = Runners().find(nodes)
        running = [runs[node.name].of(node) for node in nodes if node.name in runs and runs[node.name].pid]
        self.nodes = nodes
        self.console = Console(running, self.timeout)
        self.strategies: dict[str, Strategy] = {}
        self.split: dict[str, list[str]] = {}
        self.said: dict[str, str] = {}  # what a system said of a node when it was to do something
        for settings in options["families"]:
            known = EVERY.get(settings["strategy"])
            if known is None:
                raise WombatError(f"There is no strategy {settings['strategy']}: use one of {', '.join(STRATEGIES)}.")
            family = family_of(settings)
            self.strategies[family.name] = known(family, settings.get("options") or {}, self.console)
            self.split[family.name] = list(settings.get("split") or ())
        self.of = {node.name: self.strategies[node.family] for node in nodes if node.family in self.strategies}

    # The states, each as Work.

    def status(self) -> Work:
        views = self.views(self.of)
        return Work(False, {"nodes": {name: {"family": self.family(name), **views[name]._asdict()} for name in views}})

    def forgotten(self) -> Work:
        """Remove the wiped and the dead, on the host of the lead alone."""
        leads = {name: strategy for name, strategy in self.leads().items() if strategy.family.forget}
        dead = {name: list(strategy.family.forget) for name, strategy in leads.items()}
        lines = "".join(f"- {other} is forgotten by {name}\n" for name in sorted(dead) for other in dead[name])
        result = {"nodes": {name: {"forgotten": dead[name]} for name in leads}}

        def apply() -> dict[str, Any]:
            with self.held(list(leads)):
                for name, strategy in leads.items():
                    strategy.forget(name, strategy.family.forget)
            return {"changed": bool(leads), **result}

        return Work(bool(leads), result, [{"prepared": lines}] if lines else (), apply if leads else None)

    def joined(self) -> Work:
        """Tell the nodes what they should know, and make those members that are to join."""
        told, views = self.tell(change=False)
        asked = {name: self.joins(name, views[name]) for name in self.of}
        joining = {name: peers for name, peers in asked.items() if peers is not None}
        stale = [name for name, keys in told.items() if keys]
        failed = [name for name in self.of if views[name].error is not None]
        lines = "".join(f"+ {name} joins {', '.join(peers)}\n" for name, peers in sorted(joining.items()) if peers)
        result = {"nodes": {name: {"joined": joining.get(name, [])} for name in self.of}}
        if not joining and not stale and not failed:
            return Work(False, result)
        diff = [{"prepared": lines}] if lines else []
        return Work(bool(joining or stale), result, diff, lambda: self.join([*joining, *failed], bool(stale), result))

    def settled(self) -> Work:
        """Do what is done once for a family, and wait until every node of this host agrees with the whole family."""

        def apply() -> dict[str, Any]:
            with self.held(list(self.leads())):
                changed = [name for name, strategy in self.leads().items() if strategy.finish(name)]
            views = self.views(self.of)
            unsettled = [name for name, strategy in self.of.items() if strategy.disagreement(name, views[name])]
            # What changes nothing where there is agreement may be tried again until there is.
            # Waiting helps nobody who is to agree with a host that takes no part any more.
            failures = {name: views[name] for name in unsettled if self.of[name].family.lost}
            waiting = [name for name in unsettled if name not in failures]
            failures.update(self.wait(waiting, self.disagrees, self.attempt) if waiting else {})
            sentences = [sentence for lines in self.split.values() for sentence in lines] if failures else []
            for name, view in sorted(failures.items()):
                sentences += [f"Node {name} {end}." for end in self.of[name].disagreement(name, view)]
            lost = sorted({node for name in failures for node in self.of[name].family.lost})
            if lost:
                sentences.insert(0, f"The family cannot agree on its members without {', '.join(lost)}.")
            elif sentences:
                sentences.insert(0, f"The family does not agree on its members after {self.timeout:g} s.")
            return _outcome({"changed": bool(changed), "nodes": {name: {} for name in self.of}}, sentences)

        return Work(False, {"nodes": {name: {} for name in self.of}}, (), apply if self.of else None)

    def left(self) -> Work:
        """Make the leavers of this host leave; those that do not run have left."""
        leavers = [name for name, strategy in self.of.items() if name in strategy.family.leaving]
        leavers = [name for name in leavers if name in self.console.nodes]
        views = self.views(leavers)
        members = [name for name in leavers if not self.has_left(name, views[name])]
        lines = "".join(f"- {name} leaves {self.family(name)}\n" for name in members)
        result = {"nodes": {name: {"left": name in members} for name in leavers}}

        def apply() -> dict[str, Any]:
            with self.held(members):
                late = self.wait(
                    members, lambda name, view: not self.has_left(name, view) and self.runs(name), self.let_leave
                )
            return _outcome({"changed": bool(members), **result}, list(self.not_left(late)))

        return Work(bool(members), result, [{"prepared": lines}] if lines else (), apply if members else None)

    # Parts of them.

    def family(self, name: str) -> str:
        return self.of[name].family.name

    def leads(self) -> dict[str, Strategy]:
        """The families whose lead runs on this host, by the lead's name."""
        leads = {strategy.family.lead or "": strategy for strategy in self.strategies.values()}
        return {name: strategy for name, strategy in leads.items() if name in self.console.nodes}

    def views(self, names: Any) -> dict[str, View]:
        """What nodes say, each strategy asked once for all of its own."""
        views = dict.fromkeys(names, _DEAD)
        for strategy in self.strategies.values():
            mine = [name for name in names if self.of[name] is strategy and name in self.console.nodes]
            views.update(strategy.views(mine) if mine else {})
        return views

    def tell(self, change: bool) -> tuple[dict[str, list[str]], dict[str, View]]:
        """The facts that nodes do not know yet, and what the nodes say; one call where a strategy asks by expression.

        :arg change: Whether they get to know them.
        """
        sources = {}
        for name, node in self.console.nodes.items():
            if name in self.of and (self.of[name].TELLS or self.of[name].question(name)):
                file = to_erlang(os.path.join(node.folder, "members.config"))
                question = self.of[name].question(name) or "[]"
                sources[name] = _TELL.format(file=file, change=_CHANGE if change else "", question=question)
        stale: dict[str, list[str]] = {}
        views: dict[str, View] = {}
        for name, (value, error) in self.console.evaluate(sources).items():
            stale[name] = [] if error else value[0]
            if self.of[name].question(name) is not None:
                views[name] = View(error=error) if error else self.of[name].view(name, value[1])
        return stale, {**views, **self.views([name for name in self.of if name not in views])}

    def joins(self, name: str, view: View) -> list[str] | None:
        """Whom a node would join, for a report; None where it is a member, or cannot join."""
        strategy = self.of[name]
        if view.error is not None or strategy.is_member(name, view):
            return None
        if strategy.REMEMBERS:
            return [strategy.family.seeds[name]] if name in strategy.family.seeds else None
        return [other for other in strategy.family.wanted if other != name and other not in view.members]

    def join(self, joining: list[str], stale: bool, result: dict[str, Any]) -> dict[str, Any]:
        """Join until all are members, or the time is over."""
        with self.held(list(self.of)):
            if stale:
                self.tell(change=True)
            watched = {name for name in self.of if name in joining or not self.of[name].REMEMBERS}
            late = self.wait(
                watched | {name for name in self.of if name not in self.console.nodes},
                lambda name, view: view.error is not None or not self.of[name].is_member(name, view),
                self.attempt,
            )
        # Members that could not be asked at first are watched too, but change nothing.
        strategies = {name: self.of[name] for name in joining}
        changed = any(name in one.family.seeds or not one.REMEMBERS for name, one in strategies.items())
        return _outcome({"changed": changed or stale, **result}, list(self.not_joined(late)))

    def attempt(self, names: list[str]) -> None:
        """Let those join that are to, or that may do so at any time; what the system says to it is kept."""
        for strategy in self.strategies.values():
            mine = [name for name in names if self.of[name] is strategy]
            mine = [name for name in mine if name in strategy.family.seeds or not strategy.REMEMBERS]
            self.said.update(strategy.join(mine) if mine else {})

    def disagrees(self, name: str, view: View) -> bool:
        return bool(self.of[name].disagreement(name, view))

    def not_joined(self, late: dict[str, View]) -> Iterator[str]:
        for name, view in sorted(late.items()):
            reason = self.said.get(name) or "; ".join(f"it {end}" for end in self.of[name].disagreement(name, view))
            yield f"Node {name} did not join within {self.timeout:g} s: {reason}."

    def not_left(self, late: dict[str, View]) -> Iterator[str]:
        for name, view in sorted(late.items()):
            others = ", ".join(other for other in view.members if other != name)
            reason = self.said.get(name) or view.error or f"it is still in a cluster with {others}"
            yield f"Node {name} did not leave within {self.timeout:g} s: {reason}."

    def let_leave(self, names: list[str]) -> None:
        for name in names:
            self.said[name] = self.of[name].leave(name) or ""

    def has_left(self, name: str, view: View) -> bool:
        return view is _DEAD or (view.error is None and self.of[name].has_left(name, view))

    def runs(self, name: str) -> bool:
        """Whether a node has a process still, or again; some end by themselves once they have left."""
        return name in Runners().find([node for node in self.nodes if node.name == name])

    @contextmanager
    def held(self, names: list[str]) -> Iterator[None]:
        """Hold nodes of this host against other runs."""
        deadline = time.monotonic() + self.timeout
        with ExitStack() as locks:
            for node in self.nodes:
                if node.name in names:
                    locks.enter_context(locked(node, deadline, "started"))
            yield

    def wait(self, names: Any, unlike: Any, attempt: Any = None) -> dict[str, View]:
        """Attempt and ask until no node is unlike what is wanted, or the time is over; gives those that still are."""
        pause = _POLL
        waiting = list(names)
        while True:
            if attempt and waiting:
                attempt([name for name in waiting if name in self.console.nodes])
            views = self.views(waiting)
            waiting = [name for name in waiting if unlike(name, views[name])]
            if not waiting or self.console.late:
                return {name: views[name] for name in waiting}
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_POLL)


def _outcome(result: dict[str, Any], sentences: list[str]) -> dict[str, Any]:
    return {**result, "failed": True, "msg": " ".join(sentences)} if sentences else result
