# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a host by who runs them: those with a unit by systemd, the others by ourselves."""

from __future__ import annotations

from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node
from ansible_collections.wombat.erlang.plugins.module_utils.runner import ProcessRunner, Run
from ansible_collections.wombat.erlang.plugins.module_utils.systemd_runner import SystemdRunner


class Runners:
    """Every method takes nodes of any kind and hands each to its own runner."""

    def __init__(self) -> None:
        self._processes = ProcessRunner()
        self._systemd = SystemdRunner()

    def find(self, nodes: list[Node]) -> dict[str, Run]:
        """The Run of every node that runs, by name."""
        ours, theirs = _split(nodes)
        return {**self._processes.find(ours), **self._systemd.find(theirs)}

    def start(self, nodes: list[Node]) -> tuple[dict[str, Run], dict[str, str]]:
        """Start nodes; returns their Run, and for those that cannot be started an error, at once."""
        ours, theirs = _split(nodes)
        runs, errors = self._processes.start(ours)
        more_runs, more_errors = self._systemd.start(theirs)
        return {**runs, **more_runs}, {**errors, **more_errors}

    def end(self, nodes: list[Node], kill: bool = False) -> None:
        """Ask nodes to stop, which lets their applications stop in order; C(kill) ends them at once."""
        ours, theirs = _split(nodes)
        self._processes.end(ours, kill)
        self._systemd.end(theirs, kill)

    def adopt(self, node: Node, digest: str) -> None:
        """The running process has become another than it was started as: what a start with that Node.digest gives."""
        (self._systemd if node.unit else self._processes).adopt(node, digest)

    def forget(self, node: Node) -> None:
        """Remove what is kept of a run that has ended."""
        if not node.unit:
            self._processes.forget(node)

    def remove(self, nodes: list[Node]) -> None:
        """Remove what a node that has ended has outside its folder."""
        self._systemd.remove(_split(nodes)[1])

    def failures(self, nodes: list[Node]) -> dict[str, str]:
        """What became of nodes that ended by themselves, where that is known: a sentence's end each, by name."""
        return self._systemd.failures(_split(nodes)[1])

    def log_tail(self, node: Node, run: Run) -> tuple[str, str]:
        """Where a node's output is to be found, and the last lines of a run."""
        return (self._systemd if node.unit else self._processes).log_tail(node, run)


def _split(nodes: list[Node]) -> tuple[list[Node], list[Node]]:
    return [node for node in nodes if not node.unit], [node for node in nodes if node.unit]
