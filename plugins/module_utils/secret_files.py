# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a host that only its nodes may read, and how running nodes are told of new ones."""

from __future__ import annotations

import json
import os
import stat
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils import accounts, caller
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, read_text, write_file
from ansible_collections.wombat.erlang.plugins.module_utils.runners import Runners

SECRET = 0o400


def read_bundle(path: str) -> Any:
    """What the controller brought; raises WombatError."""
    try:
        return json.loads(read_text(path))
    except ValueError:
        raise WombatError(f"{path} is not what the controller brings: use the action, not its module alone.") from None


def holds(path: str, text: str, user: str | None) -> bool:
    """Whether a file holds this text and only the nodes' user may read it."""
    try:
        status = os.stat(path)
        owned = user is None or status.st_uid == accounts.account(user).pw_uid
        return owned and stat.S_IMODE(status.st_mode) == SECRET and read_text(path) == text
    except OSError:
        return False


def put(path: str, text: str, user: str | None) -> None:
    """Write a file that only the nodes' user may read, in one step, and its folder where that is missing."""
    uid, gid = accounts.account(user)[2:4] if user else (-1, -1)
    folder = os.path.dirname(path)
    try:
        if not os.path.isdir(folder):
            os.makedirs(folder, 0o700)
            os.chown(folder, uid, gid)
        write_file(path + ".part", text, SECRET)
        os.chown(path + ".part", uid, gid)
        os.replace(path + ".part", path)
    except OSError as error:
        raise WombatError(f"{path} cannot be written: {error.strerror}.") from None


def running(nodes: list[Node]) -> list[Node]:
    """Those of the nodes that run, each as its run is."""
    runs = Runners().find(nodes)
    return [runs[node.name].of(node) for node in nodes if node.name in runs and runs[node.name].pid]


def tell(nodes: list[Node], expression: str, timeout: float, cookie_file: str | None = None) -> dict[str, str]:
    """Evaluate an expression on nodes; returns what went wrong, by name.

    :arg cookie_file: The cookie by which they can be reached, where it is not that of their files.
    """
    request = caller.expression_request(expression)
    replies = caller.call([(node, request) for node in nodes], timeout, cookie_file)
    return {name: reply.error for name, reply in replies.items() if reply.error is not None}
