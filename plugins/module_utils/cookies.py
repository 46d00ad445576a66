# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts cookies in place, for running nodes too, which keep their connections: the work of the module cookie.

A running node and its file cannot change in one step. The new cookie is first written beside the file, then the nodes
get it, then it replaces the file: so whatever a killed run leaves, each node has one of the cookies that lie there.
"""

from __future__ import annotations

import glob
import hashlib
import os

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, load_nodes
from ansible_collections.wombat.erlang.plugins.module_utils.secret_files import holds, put, read_bundle, running, tell
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

_SET = (
    "begin {ok, Text} = file:read_file(%s),"
    " true = erlang:set_cookie(node(), binary_to_atom(string:trim(Text), latin1)) end"
)


def prepare(options: dict) -> Work:
    """The work of putting cookies in place.

    :arg options: The options of the module cookie.
    :returns: Work whose result is C({changed, files: [path], nodes: [name]}).
    :raises WombatError: What the controller brought, or a node's files, cannot be read.
    """
    root = os.path.abspath(options["root"])
    files: dict[str, tuple[str, list[Node]]] = {}
    every = load_nodes(root)
    for family, cookie in read_bundle(options["src"]).items():
        nodes = [node for node in every if node.family == family]
        for node in nodes:
            files.setdefault(node.cookie_file, (cookie, []))[1].append(node)
    late = {
        path: (cookie, nodes)
        for path, (cookie, nodes) in files.items()
        if not holds(path, cookie, nodes[0].user) or _pending(path)
    }
    result = {"changed": bool(late), "files": sorted(late), "nodes": []}

    def apply() -> dict:
        told = [
            name for path, (cookie, nodes) in late.items() for name in _change(path, cookie, nodes, options["timeout"])
        ]
        return dict(result, nodes=sorted(told))

    return Work(bool(late), result, (), apply)


def _change(path: str, cookie: str, nodes: list[Node], timeout: float) -> list[str]:
    """Put one cookie in place; returns the names of the running nodes that got it."""
    user = nodes[0].user
    # Its name tells it from that of another change which was killed.
    new = f"{path}.{hashlib.sha256(cookie.encode()).hexdigest()[:8]}"
    up = running(nodes) if os.path.exists(path) else []
    if up:
        put(new, cookie, user)
        waiting, errors = {node.name: node for node in up}, {}
        for known in (path, *_pending(path)):
            errors = tell(list(waiting.values()), _SET % to_erlang(new), timeout, known)
            waiting = {name: waiting[name] for name in errors}
            if not waiting:
                break
        if errors:
            name, error = sorted(errors.items())[0]
            raise WombatError(
                f"Node {name} does not take the new cookie of its family: {error}; stop it, then run this again."
            )
    put(path, cookie, user)
    for left in _pending(path):
        os.remove(left)
    return [node.name for node in up]


def _pending(path: str) -> list[str]:
    """Cookies that lie beside a file: of a change that goes on, or that was killed."""
    return sorted(glob.glob(glob.escape(path) + ".????????"))
