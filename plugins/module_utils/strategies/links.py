# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between families: each node is connected with those of its neighbours that it is told, in sight or hidden, and a call
to it names the nodes of each neighbour when they have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

_CONNECT = """begin
    Connect = fun({{How, Node}}) -> net_kernel:How(Node) end,
    Missing = [Peer || {{_, Node}} = Peer <- {peers}, not lists:member(Node, nodes(connected))],
    Callers = [spawn_monitor(fun() -> Connect(Peer) end) || Peer <- Missing],
    [receive {{'DOWN', Reference, process, Pid, _Reason}} -> ok end || {{Pid, Reference}} <- Callers]
end"""

# What a node was called with is in its environment: one that starts anew is called anew.
_CALLED = "application:get_env(wombat, called, [])"
_CALL = """[begin
    Call(Nodes),
    ok = application:set_env(wombat, called, lists:keystore(Family, 1, {called}, {{Family, Nodes}}))
end || {{Family, Nodes, Call}} <- [{calls}], not lists:member({{Family, Nodes}}, {called})]"""


class Links(Mesh):
    """No strategy of a family, but what joins families; its options are C(peers), C(hidden) and C(calls), by node."""

    NAME = "links"

    def question(self, name: str) -> str:
        """Also the neighbours that the node was not called with."""
        told = [{"$tuple": [*pair]} for *pair, _call in self.calls(name)]
        return f"{{{super().question(name)}, [Family || {{Family, _}} <- {to_erlang(told)} -- {_CALLED}]}}"

    def view(self, name: str, value: list[Any]) -> View:
        """As in a mesh, and those neighbours."""
        connected, untold = value
        return super().view(name, connected)._replace(facts={"untold": untold})

    def is_member(self, name: str, view: View) -> bool:
        """A node has met its neighbours when it was called with them, too."""
        return super().is_member(name, view) and not view.facts["untold"]

    def disagreement(self, name: str, view: View) -> list[str]:
        """Also of whom it was not told."""
        untold = view.facts.get("untold")
        return super().disagreement(name, view) + ([f"was not told the nodes of {', '.join(untold)}"] if untold else [])

    def calls(self, name: str) -> list[tuple[Any, Any, str]]:
        """The neighbours of which a node is told: family and nodes as terms, and the expression."""
        return [
            ({"$atom": family}, [{"$atom": node} for node in nodes], call)
            for family, nodes, call in self.options["calls"].get(name, ())
        ]

    def peers(self, name: str) -> list[str]:
        """All whom this node is to be connected with."""
        return [*self.options["peers"].get(name, ()), *self.options["hidden"].get(name, ())]

    def join(self, names: list[str]) -> dict[str, str]:
        """Connect the nodes with their peers."""
        sources = {}
        for name in names:
            ways = [("connect_node", peer) for peer in self.options["peers"].get(name, ())]
            ways += [("hidden_connect_node", peer) for peer in self.options["hidden"].get(name, ())]
            peers = [{"$tuple": [{"$atom": way}, {"$atom": peer}]} for way, peer in ways]
            sources[name] = _CONNECT.format(peers=to_erlang(peers))
        said = {name: error for name, (_value, error) in self.console.evaluate(sources).items() if error}
        sources = {}
        for name in names:
            calls = [
                f"{{{to_erlang(family)}, {to_erlang(nodes)}, fun(Nodes) -> _ = Nodes, {call} end}}"
                for family, nodes, call in self.calls(name)
            ]
            if calls:
                sources[name] = _CALL.format(calls=", ".join(calls), called=_CALLED)
        answers = self.console.evaluate(sources) if sources else {}
        return {**said, **{name: f"its call says {error}" for name, (_value, error) in answers.items() if error}}


def gateways(nodes: Sequence[str], domains: Mapping[str, str]) -> list[str]:
    """The oldest node of every domain; C(nodes) are ordered by age."""
    first: dict[str, str] = {}
    for name in nodes:
        first.setdefault(domains.get(name, ""), name)
    return list(first.values())
