# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects the nodes of a host with their family or its neighbours, and verifies it: the work of the module member."""

from __future__ import annotations

import os
import time
from typing import Any, Iterator

from ansible_collections.wombat.erlang.plugins.module_utils import caller
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, load_nodes
from ansible_collections.wombat.erlang.plugins.module_utils.terms import from_erlang, to_erlang

# What a running node knows of its family is compared with members.config, and in the second case brought to it.
# Connections are made side by side: each to a host that is down takes net_setuptime.
_ASK = """begin
    {ok, [Config]} = file:consult(%(file)s),
    Known = proplists:get_value(wombat, Config, []),
    Nodes = proplists:get_value(nodes, Known, []),
    Neighbours = lists:append([Members || {_Family, Members} <- proplists:get_value(neighbours, Known, [])]),
    Peers = case %(scope)s of family -> Nodes -- [node()]; neighbours -> Neighbours end,
    Stale = [Key || {Key, Value} <- Known, application:get_env(wombat, Key) =/= {ok, Value}],
    Missing = Peers -- nodes(connected),
    %(join)s
    {Stale, Missing, Peers -- nodes(connected), [Node || Node <- %(without)s, lists:member(Node, nodes(connected))]}
end."""
_JOIN = """[ok = application:set_env(wombat, Key, Value) || {Key, Value} <- Known],
    Callers = [spawn_monitor(fun() -> net_kernel:connect_node(Node) end) || Node <- Missing],
    [receive {'DOWN', Reference, process, Pid, _Reason} -> ok end || {Pid, Reference} <- Callers],"""


def prepare(options: dict[str, Any]) -> Work:
    """The work of joining nodes.

    :arg options: The options of the module member.
    :returns: Work whose result is C({changed, nodes: {name: {joined}}}), failed where connections are not as wanted.
    :raises WombatError: A named node does not exist.
    """
    work = _Membership(load_nodes(os.path.abspath(options["root"]), options["names"]), options)
    asked = work.ask("")
    joining = {
        name: answer["missing"]
        for name, answer in asked.items()
        if answer["missing"] or answer["stale"] or answer["error"]
    }
    diff = [
        {
            "prepared": "".join(
                f"+ {name} joins {', '.join(peers)}\n" for name, peers in sorted(joining.items()) if peers
            )
        }
    ]
    result = {"nodes": {name: {"joined": joining.get(name, [])} for name in asked}}
    if not joining and not any(answer["extra"] for answer in asked.values()):
        return Work(False, result)
    return Work(bool(joining), result, diff if diff[0]["prepared"] else (), lambda: work.join(result))


class _Membership:
    def __init__(self, nodes: list[Node], options: dict[str, Any]) -> None:
        self.nodes = nodes
        self.scope = options["scope"]
        self.without = options["without"]
        self.timeout = options["timeout"]

    def ask(self, join: str) -> dict[str, dict[str, Any]]:
        """Ask all nodes for stale keys, missing and extra nodes; C(join) is code that joins them on the way."""
        requests = []
        for node in self.nodes:
            source = _ASK % {
                "file": to_erlang(os.path.join(node.folder, "members.config")),
                "scope": self.scope,
                "without": to_erlang([{"$atom": name} for name in self.without]),
                "join": join,
            }
            requests.append((node, caller.expression_request(source)))
        answers = {}
        for name, reply in caller.call(requests, self.timeout).items():
            stale, before, missing, extra = from_erlang(reply.text, plain=True) if reply.text else ([], [], [], [])
            answers[name] = {"stale": stale, "before": before, "missing": missing, "extra": extra, "error": reply.error}
        return answers

    def join(self, result: dict[str, Any]) -> dict[str, Any]:
        """Join until every node is connected as it should be, or the time is over."""
        end = time.monotonic() + self.timeout
        while True:
            answers = self.ask(_JOIN)
            late = time.monotonic() > end
            if late or not any(answer["missing"] or answer["extra"] or answer["error"] for answer in answers.values()):
                break
            time.sleep(0.1)
        failures = [sentence for name, answer in sorted(answers.items()) for sentence in self._failures(name, answer)]
        return dict(result, failed=True, msg=" ".join(failures)) if failures else result

    def _failures(self, name: str, answer: dict[str, Any]) -> Iterator[str]:
        if answer["error"]:
            yield f"Node {name} cannot be asked for its connections: {answer['error']}."
        if answer["missing"]:
            missing = ", ".join(answer["missing"])
            yield (
                f"Node {name} is not connected to {missing} after {self.timeout:g} s: "
                "see that these run and can be reached, with the same cookie."
            )
        if answer["extra"]:
            yield f"Node {name} is still connected to {', '.join(answer['extra'])}, which should have left: stop them."
