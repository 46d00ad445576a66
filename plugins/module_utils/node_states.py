# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the nodes of a host into a state: the work of the module node."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ansible_collections.wombat.erlang.plugins.module_utils import caller
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, load_nodes
from ansible_collections.wombat.erlang.plugins.module_utils.runner import ProcessRunner, Run
from ansible_collections.wombat.erlang.plugins.module_utils.terms import from_erlang

_POLL = 0.02  # seconds between two looks at what others are to finish
_KILL_TIME = 5  # seconds that the kernel has to end a killed process
_STATUS = ("otp_release", "release_version", "uptime", "memory", "processes", "connected")


def prepare(options: dict) -> Work:
    """The work of bringing nodes into a state, or of asking for it.

    :arg options: The options of the module node.
    :returns: Work whose result has C(changed), C(nodes) and C(outdated).
    :raises WombatError: A named node does not exist.
    """
    root, state = os.path.abspath(options["root"]), options["state"]
    nodes = load_nodes(root, options["names"], missing_ok=state == "absent")
    host = _Host(nodes, options["timeout"])
    if state == "status":
        return Work(False, host.status(), [])
    before = {node.name: "started" if host.runner.find(node) else "stopped" for node in nodes}
    after = "started" if state == "restarted" else state
    changed = [name for name in before if before[name] != after or state == "restarted"]
    diff = [{"before": _lines(before), "after": _lines(dict.fromkeys(before, after))}]
    preview = {"nodes": {name: {"changed": name in changed} for name in before}, "outdated": []}
    return Work(bool(changed), preview, diff, lambda: host.bring(state))


class _Host:
    """The nodes that one call is about."""

    def __init__(self, nodes: list[Node], timeout: float) -> None:
        self.nodes = nodes
        self.timeout = timeout
        self.runner = ProcessRunner()
        self.errors: dict[str, str] = {}
        self.changed: set[str] = set()

    def bring(self, state: str) -> dict:
        """Bring the nodes into a state and return the module's result; a failure of one stops none of the others."""
        with ExitStack() as locks:
            deadline = time.monotonic() + self.timeout
            self.nodes = [node for node in self.nodes if locks.enter_context(_locked(node, deadline, state))]
            if state != "started":
                self._end()
            if state == "absent":
                self._remove()
            if state in ("started", "restarted"):
                self._start()
            return self._result()

    def status(self) -> dict:
        """What every node says of itself; a dead one is not alive, and one that runs without answering has an error."""
        runs = self._running()
        asked = [(runs[node.name].of(node), caller.STATUS) for node in self.nodes if node.name in runs]
        replies = caller.call(asked, self.timeout)
        results = {}
        for node in self.nodes:
            run, reply = runs.get(node.name), replies.get(node.name)
            answer = from_erlang(reply.text, plain=True) if reply and reply.text else dict.fromkeys(_STATUS)
            results[node.name] = {
                "alive": bool(reply and reply.text),
                "pid": run and run.pid,
                "family": node.family,
                "outdated": run is not None and run.digest != node.digest(),
                "error": reply and reply.error,
                **answer,
            }
        return {"nodes": results, "outdated": [name for name, result in results.items() if result["outdated"]]}

    def _running(self) -> dict[str, Run]:
        """The runs of the nodes whose process lives, by name."""
        found = ((node.name, self.runner.find(node)) for node in self.nodes)
        return {name: run for name, run in found if run}

    def _start(self) -> None:
        """Start what does not run, all at once, and wait until every node answers."""
        waiting: list[tuple[Node, dict]] = []
        runs: dict[str, Run] = {}
        for node in self.nodes:
            run = self.runner.find(node)
            if run is None:
                try:
                    run = self.runner.start(node)
                except WombatError as error:
                    self.errors[node.name] = str(error)
                    continue
                self.changed.add(node.name)
            runs[node.name] = run
            waiting.append((run.of(node), caller.await_request(run.pid)))
        replies = caller.call(waiting, self.timeout)
        for node, _request in waiting:
            failure = replies[node.name].error
            if failure:
                said = self.runner.log_tail(node, runs[node.name])
                said = f" The last lines of {node.log}:\n{said}" if said else f" It printed nothing to {node.log}."
                self.errors[node.name] = f"Node {node.name} did not start: {failure}.{said}"

    def _end(self) -> None:
        """End what runs: in order within the time limit, then at once."""
        nodes = {node.name: node for node in self.nodes}
        runs = self._running()
        for kill, limit in ((False, self.timeout), (True, _KILL_TIME)):
            for run in runs.values():
                self.runner.end(run, kill)
            deadline = time.monotonic() + limit
            while runs and time.monotonic() < deadline:
                for name in list(runs):
                    if not self.runner.find(nodes[name]):
                        del runs[name]
                        self.changed.add(name)
                        self.runner.forget(nodes[name])
                time.sleep(_POLL if runs else 0)
        for name in runs:
            self.errors[name] = f"Node {name} cannot be ended: its process survives being killed."

    def _remove(self) -> None:
        """Remove the folders of the nodes that have ended."""
        for node in self.nodes:
            if node.name not in self.errors:
                try:
                    shutil.rmtree(node.folder)
                    self.changed.add(node.name)
                except OSError as error:
                    self.errors[node.name] = f"The folder of node {node.name} cannot be removed: {error}."

    def _result(self) -> dict:
        results = {}
        for node in self.nodes:
            run = self.runner.find(node)
            results[node.name] = {
                "changed": node.name in self.changed,
                "alive": run is not None and node.name not in self.errors,
                "pid": run and run.pid,
                "outdated": run is not None and run.digest != node.digest(),
                "error": self.errors.get(node.name),
            }
        outdated = [name for name, result in results.items() if result["outdated"]]
        result = {"changed": bool(self.changed), "nodes": results, "outdated": outdated}
        if self.errors:
            result.update(failed=True, msg="\n".join(self.errors[name] for name in sorted(self.errors)))
        return result


@contextmanager
def _locked(node: Node, deadline: float, state: str) -> Iterator[bool]:
    """Hold a node's folder against other runs; gives False where another run removed it and that is all the same.

    Nodes are locked in the order of their names, so that two runs cannot wait for each other.
    """
    handle = None
    try:
        handle = os.open(node.folder, os.O_RDONLY | os.O_DIRECTORY)
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise WombatError(
                        f"Another run is at work on node {node.name}: wait for it, or raise the time limit."
                    ) from None
                time.sleep(_POLL)
        present = os.path.exists(node.folder) and os.path.samestat(os.fstat(handle), os.stat(node.folder))
    except FileNotFoundError:
        present = False
    try:
        if not present and state in ("started", "restarted"):
            raise WombatError(f"Node {node.name} was removed by another run: write its files again with node_config.")
        yield present
    finally:
        if handle is not None:
            os.close(handle)


def _lines(states: dict[str, str]) -> str:
    return "".join(f"{name} {state}\n" for name, state in sorted(states.items()))
