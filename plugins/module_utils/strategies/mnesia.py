# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mnesia: one schema for all, on disc, and table copies on every member as the family says."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings, Strategy, View
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

_TYPES = ("ram_copies", "disc_copies", "disc_only_copies")
_STATUS = """case mnesia:system_info(is_running) of
    yes -> {mnesia:system_info(db_nodes), mnesia:system_info(running_db_nodes),
        [{Table, [{Type, mnesia:table_info(Table, Type)} || Type <- [ram_copies, disc_copies, disc_only_copies]]}
            || Table <- mnesia:system_info(tables)]};
    _ -> {[], [], []}
end"""
# A node that has a schema on disc or tables of its own cannot take over another's: Mnesia starts anew, with none.
_JOIN = """begin
    Own = mnesia:system_info(local_tables) -- [schema],
    Full = [Table || Table <- Own, mnesia:table_info(Table, size) > 0],
    Fresh = Own =:= [] andalso mnesia:table_info(schema, storage_type) =:= ram_copies,
    case Full of
        [] ->
            case Fresh of
                true -> ok;
                false -> mnesia:stop(), ok = mnesia:delete_schema([node()]), ok = mnesia:start()
            end,
            case mnesia:change_config(extra_db_nodes, [{seed}]) of
                {{ok, [{seed}]}} -> [];
                {{ok, []}} -> "{seed} cannot be reached, or does not run Mnesia";
                Failed -> lists:flatten(io_lib:format("Mnesia says ~0p", [Failed]))
            end;
        _ -> lists:flatten(io_lib:format("its own tables ~0p have records, which joining would delete", [Full]))
    end
end"""
_COPIES = """[{{Table, Node, Result}} || {{Table, Node, Wanted}} <- {copies},
    lists:member(Table, mnesia:system_info(tables)),
    Result <- case [Type || Type <- [ram_copies, disc_copies, disc_only_copies],
            lists:member(Node, mnesia:table_info(Table, Type))] of
        [Wanted] -> [];
        [] -> [mnesia:add_table_copy(Table, Node, Wanted)];
        [_Other] -> [mnesia:change_table_copy_type(Table, Node, Wanted)]
    end]"""
_LEAVE = """begin
    Reached = [Node || Node <- {stayers}, rpc:call(Node, mnesia, system_info, [is_running], 5000) =:= yes],
    case Reached of
        [] -> "none of the nodes that stay runs Mnesia";
        [Survivor | _] ->
            mnesia:stop(),
            Known = rpc:call(Survivor, mnesia, system_info, [db_nodes]),
            Result = case lists:member(node(), Known) of
                true -> rpc:call(Survivor, mnesia, del_table_copy, [schema, node()]);
                false -> {{atomic, ok}}
            end,
            case Result of
                {{atomic, ok}} -> mnesia:delete_schema([node()]), mnesia:start(), [];
                Failed -> mnesia:start(), lists:flatten(io_lib:format("Mnesia says ~0p", [Failed]))
            end
    end
end"""
_FORGET = """[{{Node, Result}} || Node <- {dead}, lists:member(Node, mnesia:system_info(db_nodes)),
    Result <- [mnesia:del_table_copy(schema, Node)], Result =/= {{atomic, ok}}]"""


class Mnesia(Strategy):
    """A Mnesia cluster. The application creates its tables itself, on the first node."""

    NAME = "mnesia"
    OPTIONS: dict[str, dict[str, Any]] = {
        "schema": {
            "type": "str",
            "choices": ["disc_copies", "ram_copies"],
            "default": "disc_copies",
            "description": "How every member stores the schema.",
        },
        "tables": {
            "type": "dict",
            "default": {},
            "description": "The tables of which every member has a copy, each with C(ram_copies), C(disc_copies) or "
            "C(disc_only_copies). Other tables are left as the application makes them.",
        },
    }
    PACE = 1
    TIMEOUT = 120.0

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """Where Mnesia keeps its files: with the node's data, not in the release."""
        data = node.get("data_dir")
        return Settings(config={"mnesia": {"dir": os.path.join(data, "mnesia")}} if data else {})

    def question(self, name: str) -> str | None:
        """The members, and where the copies of each table are."""
        return _STATUS

    def view(self, name: str, value: Any) -> View:
        """What Mnesia says."""
        members, running, tables = value
        if not members:
            return View(error="its Mnesia does not run")
        copies = {table: {node: kind for kind, nodes in kinds for node in nodes} for table, kinds in tables}
        return View(tuple(sorted(members)), tuple(sorted(running)), facts={"copies": copies})

    def disagreement(self, name: str, view: View) -> list[str]:
        """Also the copies that are missing or of another kind."""
        said = super().disagreement(name, view)
        for table, node, kind in self.copies() if not said else ():
            there = view.facts["copies"].get(table)
            if there is not None and there.get(node) != kind:
                said.append(f"has no {kind} of table {table} at {node}")
        return said

    def unsafe(self, views: dict[str, View]) -> list[str]:
        """Tables of which no copy would be left, or none that runs."""
        reasons = set()
        for view in views.values():
            for table, copies in view.facts.get("copies", {}).items():
                stay = [node for node in copies if node not in self.family.leaving]
                gone = sorted(node for node in copies if node in self.family.leaving)
                if gone and not [node for node in stay if node in view.up]:
                    left = f"only on {', '.join(sorted(stay))}, which do not run" if stay else "nowhere"
                    reasons.add(f"{', '.join(gone)} cannot leave: table {table} would be left {left}.")
        return sorted(reasons)

    def copies(self) -> list[tuple[str, str, str]]:
        """The copies that are wanted: table, node, kind."""
        kinds = {"schema": self.options["schema"], **self.options["tables"]}
        return [(table, node, str(kind)) for table, kind in kinds.items() for node in self.family.wanted]

    def join(self, names: list[str]) -> dict[str, str]:
        """Take over the schema of the seed; copies of tables follow in C(finish)."""
        sources = {name: _JOIN.format(seed=to_erlang({"$atom": self.family.seeds[name]})) for name in names}
        answers = self.console.evaluate(sources)
        return {name: str(error or value) for name, (value, error) in answers.items() if error or value}

    def finish(self, name: str) -> bool:
        """Give every member the copies of tables that it lacks."""
        for table, kind in self.options["tables"].items():
            if kind not in _TYPES:
                raise WombatError(
                    f"Table {table} of family {self.family.name} cannot be {kind}: use {', '.join(_TYPES)}."
                )
        copies = [{"$tuple": [{"$atom": word} for word in copy]} for copy in self.copies()]
        return bool(self._changes(name, _COPIES.format(copies=to_erlang(copies))))

    def forget(self, name: str, dead: tuple[str, ...]) -> None:
        """Remove dead nodes from the schema, but not with the last copy of a table."""
        view = self.views([name])[name]
        for table, copies in view.facts.get("copies", {}).items():
            if not set(copies) - set(dead):
                raise WombatError(f"{', '.join(dead)} cannot be forgotten: table {table} has no other copy.")
        self._changes(name, _FORGET.format(dead=to_erlang([{"$atom": node} for node in dead])))

    def leave(self, name: str) -> str | None:
        """Stop Mnesia, let a survivor remove the node from the schema, and start with an empty one."""
        stayers = to_erlang([{"$atom": node} for node in self.family.wanted])
        value, error = self.console.evaluate({name: _LEAVE.format(stayers=stayers)})[name]
        return str(error or value) if error or value else None

    def _changes(self, name: str, source: str) -> list[Any]:
        value, error = self.console.evaluate({name: source})[name]
        failed = [one for one in value or () if one[-1] != ["atomic", "ok"]]
        if error or failed:
            raise WombatError(f"Mnesia at {name} refuses: {error or failed[0]}.")
        return list(value)
