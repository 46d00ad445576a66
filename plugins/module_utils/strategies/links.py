# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections between families: each node with those of its neighbours that it is told, in sight or hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

_CONNECT = """begin
    Connect = fun({{How, Node}}) -> net_kernel:How(Node) end,
    Missing = [Peer || {{_, Node}} = Peer <- {peers}, not lists:member(Node, nodes(connected))],
    Callers = [spawn_monitor(fun() -> Connect(Peer) end) || Peer <- Missing],
    [receive {{'DOWN', Reference, process, Pid, _Reason}} -> ok end || {{Pid, Reference}} <- Callers]
end"""


class Links(Mesh):
    """No strategy of a family, but what joins families; its options are C(peers) and C(hidden), by node."""

    NAME = "links"

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
        return {name: error for name, (_value, error) in self.console.evaluate(sources).items() if error}


def gateways(nodes: Sequence[str], domains: Mapping[str, str]) -> list[str]:
    """The oldest node of every domain; C(nodes) are ordered by age."""
    first: dict[str, str] = {}
    for name in nodes:
        first.setdefault(domains.get(name, ""), name)
    return list(first.values())
