# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every node is connected with every other: plain Erlang distribution."""

from __future__ import annotations

from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Strategy, View
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

_CONNECTED = "[node() | nodes(connected)]"
# Connections are made side by side: each to a host that is down takes net_setuptime.
_CONNECT = """begin
    Callers = [spawn_monitor(fun() -> net_kernel:connect_node(Node) end) || Node <- {nodes} -- nodes(connected)],
    [receive {{'DOWN', Reference, process, Pid, _Reason}} -> ok end || {{Pid, Reference}} <- Callers]
end"""


class Mesh(Strategy):
    """A node is a member where C(nodes(connected)) says so; nothing is remembered, so a cut heals by connecting."""

    NAME = "mesh"
    REMEMBERS = False
    SETTLES = False

    def question(self, name: str) -> str:
        """Whom a node is connected with."""
        return _CONNECTED

    def view(self, name: str, value: list[Any]) -> View:
        """Of the connected nodes those that matter to the family."""
        known = {name, *self.family.wanted, *self.family.leaving}
        seen = tuple(sorted(other for other in value if other in known))
        return View(members=seen, up=seen)

    def is_member(self, name: str, view: View) -> bool:
        """A node has joined when it is connected with all that are wanted."""
        return view.error is None and not set(self.peers(name)) - set(view.members)

    def disagreement(self, name: str, view: View) -> list[str]:
        """Who is not connected though it should be, or the other way round."""
        if view.error is not None:
            return [f"cannot be asked for its connections: {view.error}"]
        missing = [other for other in self.peers(name) if other not in view.members]
        extra = [other for other in view.members if other in self.family.leaving and self.family.left]
        said = [f"is not connected to {', '.join(missing)}"] if missing else []
        return said + ([f"is still connected to {', '.join(extra)}, which should have left"] if extra else [])

    def peers(self, name: str) -> list[str]:
        """Whom a node is to be connected with."""
        return [other for other in self.family.wanted if other != name]

    def join(self, names: list[str]) -> dict[str, str]:
        """Connect the nodes with their peers."""
        sources = {
            name: _CONNECT.format(nodes=to_erlang([{"$atom": peer} for peer in self.peers(name)])) for name in names
        }
        self.console.evaluate(sources)
        return {}  # who is not connected says more than that the time was over
