# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Global groups of plain Erlang: names are registered, and nodes connected, within each group alone."""

from __future__ import annotations

from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.grouping import OPTIONS, groups_of
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh

# Whom a node is connected with, the group's nodes as it knows them, and those in step with it.
_ASK = """begin
    Info = global_group:info(),
    Get = fun(Key) -> case lists:keyfind(Key, 1, Info) of {_, Nodes} when is_list(Nodes) -> Nodes; _ -> [] end end,
    {[node() | nodes(connected)], Get(own_group_nodes), [node() | Get(synced_nodes)]}
end"""
# sync/0 does not read a definition that a running node was told; what the kernel calls after an upgrade does. It cuts
# the connections to other groups, so it is called only where the definition differs.
_SYNC = """begin
    {ok, Groups} = application:get_env(kernel, global_groups),
    [Wanted] = [Nodes || {_, _, Nodes} <- Groups, lists:member(node(), Nodes)],
    case lists:keyfind(own_group_nodes, 1, global_group:info()) of
        {_, Nodes} when is_list(Nodes) ->
            case lists:sort(Nodes) =:= lists:sort(Wanted) of
                true -> global_group:sync();
                false -> global_group:global_groups_changed(Groups)
            end;
        _ -> global_group:global_groups_added(Groups)
    end
end"""


class GlobalGroup(Mesh):
    """Every node is in exactly one group, and all nodes have the same definition of all groups."""

    NAME = "global_group"
    SETTLES = True
    OPTIONS: dict[str, dict[str, Any]] = {
        **OPTIONS,
        "publish": {
            "type": "str",
            "choices": ["normal", "hidden"],
            "default": "normal",
            "description": "Whether the groups' nodes are visible to nodes of other groups.",
        },
    }

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """The same definition for all nodes; running nodes are told of a new one."""
        groups = [
            {"$tuple": [{"$atom": group}, {"$atom": options["publish"]}, [{"$atom": name} for name in sorted(names)]]}
            for group, names in groups_of(family, options).items()
        ]
        return Settings(told={"kernel": {"global_groups": groups}})

    def question(self, name: str) -> str:
        """What a node knows of its group."""
        return _ASK

    def view(self, name: str, value: list[Any]) -> View:
        """A node counts in whom its group's definition names, if they are in step with it."""
        connected, defined, synced = ([other for other in names if isinstance(other, str)] for names in value)
        return View(
            members=tuple(sorted({name, *defined} & {name, *synced} & {name, *connected})),
            up=tuple(sorted({name, *connected} & {name, *self.family.wanted, *self.family.leaving})),
            facts={"defined": sorted(defined)},
        )

    def peers(self, name: str) -> list[str]:
        """The others of its group."""
        groups = groups_of(self.family, self.options)
        return [other for names in groups.values() if name in names for other in names if other != name]

    def is_member(self, name: str, view: View) -> bool:
        """A node has joined when it works with the wanted definition; others may take it over after it."""
        return view.error is None and view.facts.get("defined") == sorted([name, *self.peers(name)])

    def disagreement(self, name: str, view: View) -> list[str]:
        """What a mesh would say of the group, and whether the node works with another definition."""
        said = super().disagreement(name, view)
        if view.error is None and view.facts.get("defined") != sorted([name, *self.peers(name)]):
            defined = ", ".join(view.facts.get("defined") or ()) or "nobody"
            said.append(f"works with a definition of its group that names {defined}")
        return said

    def join(self, names: list[str]) -> dict[str, str]:
        """Read the definition again, and connect within the group."""
        answers = self.console.evaluate(dict.fromkeys(names, _SYNC))
        said = {name: error or str(value) for name, (value, error) in answers.items() if error or value != "ok"}
        return {**super().join(names), **said}
