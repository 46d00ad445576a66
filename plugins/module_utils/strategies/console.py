# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a strategy reaches the nodes of its host: by the remote caller, or by the system's own command-line tool."""

from __future__ import annotations

import os
import subprocess
import time
from typing import Any, NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils import accounts, caller
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node
from ansible_collections.wombat.erlang.plugins.module_utils.terms import from_erlang


class Answer(NamedTuple):
    """What came of an expression: its value as plain data, or the end of a sentence that says what went wrong."""

    value: Any
    error: str | None


class Ran(NamedTuple):
    """What came of a command; both outputs as one text. C(code) is None where it was ended at its time limit."""

    code: int | None
    output: str


class Console:
    """Reaches nodes of this host; every call is bounded by the time that is left for all of them."""

    def __init__(self, nodes: list[Node], timeout: float) -> None:
        """Keep the nodes, each as it runs now, and the seconds that all calls have together."""
        self.nodes = {node.name: node for node in nodes}
        self.timeout = timeout
        self._end = time.monotonic() + timeout

    @property
    def left(self) -> float:
        """Seconds that are left, a few at least: what is late still says something."""
        return max(2.0, self._end - time.monotonic())

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end

    def evaluate(self, sources: dict[str, str], language: str = "erlang") -> dict[str, Answer]:
        """Evaluate one expression on each of these nodes, all at once.

        :arg sources: The nodes' names, each with the text of its expression.
        """
        requests = [(self.nodes[name], caller.expression_request(text, language)) for name, text in sources.items()]
        replies = caller.call(requests, self.left)
        return {
            name: Answer(None, error) if text is None else Answer(from_erlang(text, plain=True), None)
            for name, (text, error) in replies.items()
        }

    def run(self, name: str, argv: list[str], env: dict[str, str] | None = None, limit: float = 60) -> Ran:
        """Run a command as the user of a node, with the node's environment, in its folder.

        :arg limit: The most seconds that it may take, as some tools wait for ever.
        """
        node = self.nodes[name]
        become = accounts.becoming(node.user)
        process = subprocess.Popen(
            argv,
            env={**node.start["env"], **(env or {})},
            cwd=node.folder if os.path.isdir(node.folder) else "/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=become,
            start_new_session=True,
        )
        try:
            output, _none = process.communicate(timeout=min(limit, self.left))
            return Ran(process.returncode, output.decode("utf-8", "replace"))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)  # what it started holds the other end of its output
            output, _none = process.communicate()
            return Ran(None, output.decode("utf-8", "replace"))
