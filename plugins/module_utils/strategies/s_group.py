# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""s_groups of Scalable Distributed Erlang: a node may be in several, and gateways are in two.

The kernel of SD Erlang (a fork of OTP 17 to 19) alone knows them. On any other the settings do no harm and nothing.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.grouping import OPTIONS, groups_of
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

_ASK = "{[node() | nodes(connected)], [{Group, Nodes} || {Group, Nodes} <- s_group:own_s_groups()]}"
# A running node takes over what differs: s_group has no way to read the whole definition again.
_CHANGE = """begin
    Wanted = {groups},
    Own = s_group:own_s_groups(),
    [s_group:add_nodes(Group, Nodes -- proplists:get_value(Group, Own)) || {{Group, Nodes}} <- Wanted,
        proplists:is_defined(Group, Own), Nodes -- proplists:get_value(Group, Own) =/= []],
    [s_group:new_s_group(Group, Nodes) || {{Group, Nodes}} <- Wanted, not proplists:is_defined(Group, Own)],
    [s_group:remove_nodes(Group, Nodes -- proplists:get_value(Group, Wanted, [])) || {{Group, Nodes}} <- Own,
        proplists:is_defined(Group, Wanted), Nodes -- proplists:get_value(Group, Wanted, []) =/= []],
    ok
end"""


class SGroup(Mesh):
    """One group for each place or list, and one of the gateways: the oldest nodes of every group."""

    NAME = "s_group"
    SETTLES = True
    OPTIONS: dict[str, dict[str, Any]] = {
        **OPTIONS,
        "gateways": {
            "type": "int",
            "default": 1,
            "description": "How many nodes of each group are in the group of gateways too; 0 for no such group.",
        },
        "gateway_group": {"type": "str", "default": "gateways", "description": "The name of the gateways' group."},
    }

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """The same definition for all nodes; only C(normal) is known to SD Erlang."""
        groups = [
            {"$tuple": [{"$atom": group}, {"$atom": "normal"}, [{"$atom": name} for name in sorted(names)]]}
            for group, names in s_groups(family, options).items()
        ]
        return Settings(told={"kernel": {"s_groups": groups}})

    def question(self, name: str) -> str:
        """The groups that a node is in."""
        return _ASK

    def view(self, name: str, value: list[Any]) -> View:
        """A node counts in whom its groups name and it is connected with."""
        connected, own = value
        named = {other for _group, names in own for other in names}
        return View(
            members=tuple(sorted({name, *(named & set(connected))})),
            up=tuple(sorted({name, *connected} & {name, *self.family.wanted, *self.family.leaving})),
            facts={"groups": {group: sorted(names) for group, names in own}},
        )

    def peers(self, name: str) -> list[str]:
        """The others of all its groups."""
        peers = {other for names in self.own(name).values() for other in names}
        return [other for other in self.family.wanted if other in peers and other != name]

    def own(self, name: str) -> dict[str, list[str]]:
        """The groups that a node is to be in."""
        groups = s_groups(self.family, self.options)
        return {group: sorted(names) for group, names in groups.items() if name in names}

    def is_member(self, name: str, view: View) -> bool:
        """A node has joined when it is in its groups, as they are wanted."""
        return view.error is None and view.facts.get("groups") == self.own(name)

    def unsafe(self, views: dict[str, View]) -> list[str]:
        """Whether a group would lose its last gateway while nodes of it stay."""
        if not self.options["gateways"]:
            return []
        answering = {name for name, view in views.items() if view.error is None}
        stay = groups_of(self.family, self.options)
        leave = groups_of(self.family, self.options, self.family.leaving)
        return [
            f"Group {group} would lose its last gateway: of {', '.join(stay[group])}, which are to stay, none answers."
            for group in leave
            if group in stay and not answering & set(stay[group])
        ]

    def join(self, names: list[str]) -> dict[str, str]:
        """Connect, and bring the groups of the running nodes to what is wanted."""
        said = super().join(names)
        sources = {}
        for name in names:
            groups = [
                {"$tuple": [{"$atom": group}, [{"$atom": other} for other in others]]}
                for group, others in self.own(name).items()
            ]
            sources[name] = _CHANGE.format(groups=to_erlang(groups))
        answers = self.console.evaluate(sources)
        return {**said, **{name: error for name, (_value, error) in answers.items() if error}}


def s_groups(family: Family, options: dict[str, Any]) -> dict[str, list[str]]:
    """All groups with their nodes; the gateways stay the same as long as they stay, for they are the oldest."""
    groups = groups_of(family, options)
    gateways = [name for names in groups.values() for name in names[: options["gateways"]]]
    return {**groups, **({options["gateway_group"]: gateways} if len(groups) > 1 and gateways else {})}
