# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scoped process groups: nodes of one place share a scope of pg, in which their processes find each other."""

from __future__ import annotations

from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.grouping import OPTIONS, groups_of
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

_ASK = "{{[node() | nodes(connected)], whereis({scope}) =/= undefined}}"


class Pg(Mesh):
    """Nodes are connected within their scope, which runs on every one of them."""

    NAME = "pg"
    OPTIONS: dict[str, dict[str, Any]] = {
        **OPTIONS,
        "prefix": {"type": "str", "default": "", "description": "What the names of the scopes begin with."},
    }

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """A node's own scope as C(scope), and all as C(scopes), in the environment of the application wombat."""
        scopes = groups_of(family, options)
        mine = [{"$atom": options["prefix"] + scope} for scope, names in scopes.items() if node["node"] in names]
        every = [{"$atom": options["prefix"] + scope} for scope in scopes]
        return Settings(told={"wombat": {"scope": mine[0] if mine else None, "scopes": every}})

    def scope(self, name: str) -> str:
        """A node's scope, as an Erlang term."""
        found = [scope for scope, names in groups_of(self.family, self.options).items() if name in names]
        return to_erlang({"$atom": self.options["prefix"] + found[0]} if found else None)

    def question(self, name: str) -> str:
        """Whom a node is connected with, and whether its scope runs."""
        return _ASK.format(scope=self.scope(name))

    def view(self, name: str, value: list[Any]) -> View:
        """As in a mesh; a scope that does not run is yet to come."""
        return super().view(name, value[0])._replace(pending=() if value[1] else ("does not run its scope",))

    def peers(self, name: str) -> list[str]:
        """The others of its scope."""
        groups = groups_of(self.family, self.options)
        return [other for names in groups.values() if name in names for other in names if other != name]

    def is_member(self, name: str, view: View) -> bool:
        """A node has joined when its scope runs and it is connected with the others of it."""
        return super().is_member(name, view) and not view.pending

    def disagreement(self, name: str, view: View) -> list[str]:
        """As in a mesh, and whether the scope runs."""
        return [*super().disagreement(name, view), *view.pending]

    def join(self, names: list[str]) -> dict[str, str]:
        """Connect, and start the scope where the release has not."""
        said = super().join(names)
        sources = {name: f"begin pg:start({self.scope(name)}), ok end" for name in names}
        answers = self.console.evaluate(sources)
        return {**said, **{name: error for name, (_value, error) in answers.items() if error}}
