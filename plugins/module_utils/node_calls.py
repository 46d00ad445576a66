# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls functions or evaluates expressions on the nodes of a host: the work of the module rpc."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils import caller
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, load_nodes
from ansible_collections.wombat.erlang.plugins.module_utils.runners import Runners
from ansible_collections.wombat.erlang.plugins.module_utils.terms import from_erlang

_DEAD = caller.Reply(None, "it does not run")


def prepare(options: dict) -> Work:
    """The work of asking nodes.

    :arg options: The options of the module rpc.
    :returns: Work whose result is C({changed, nodes: {name: {value, text, error}}}), failed where a node failed.
    :raises WombatError: A named node does not exist.
    """
    nodes = load_nodes(os.path.abspath(options["root"]), options["names"])
    if options["expression"] is not None:
        request = caller.expression_request(options["expression"], options["language"])
    else:
        request = caller.apply_request(options["module"], options["function"], options["args"] or [])
    changed = bool(nodes) and not options["read_only"]
    if options["read_only"]:
        return Work(False, _ask(nodes, request, options["timeout"]))
    return Work(changed, {"nodes": {}}, (), lambda: _ask(nodes, request, options["timeout"]))


def _ask(nodes: list[Node], request: dict, timeout: float) -> dict:
    runs = Runners().find(nodes)
    replies = caller.call([(runs[node.name].of(node), request) for node in nodes if node.name in runs], timeout)
    results, failures = {}, []
    for node in nodes:
        text, error = replies.get(node.name, _DEAD)
        if error is not None:
            error = f"Node {node.name} failed: {error}."
            failures.append(error)
        results[node.name] = {"value": None if text is None else _value(text), "text": text, "error": error}
    failed = {"failed": True, "msg": "\n".join(failures)} if failures else {}
    return {"nodes": results, **failed}


def _value(text: str) -> Any:
    try:
        return from_erlang(text, plain=True)
    except WombatError:
        return text  # too deep or too odd a term is still an answer
