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
from ansible_collections.wombat.erlang.plugins.module_utils.runner import Run
from ansible_collections.wombat.erlang.plugins.module_utils.runners import Runners
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
    host = Host(nodes, options["timeout"])
    if state == "status":
        return Work(False, host.status(), [])
    runs = host.runners.find(nodes)
    before = {node.name: "started" if node.name in runs else "stopped" for node in nodes}
    after = "started" if state == "restarted" else state
    changed = [name for name in before if before[name] != after or state == "restarted"]
    diff = [{"before": _lines(before), "after": _lines(dict.fromkeys(before, after))}]
    preview = {"nodes": {name: {"changed": name in changed} for name in before}, "outdated": []}
    return Work(bool(changed), preview, diff, lambda: host.bring(state))


class Host:
    """The nodes that one call is about."""

    def __init__(self, nodes: list[Node], timeout: float) -> None:
        self.nodes = nodes
        self.timeout = timeout
        self.runners = Runners()
        self.errors: dict[str, str] = {}
        self.changed: set[str] = set()

    def bring(self, state: str) -> dict:
        """Bring the nodes into a state and return the module's result; a failure of one stops none of the others."""
        with ExitStack() as locks:
            deadline = time.monotonic() + self.timeout
            self.nodes = [node for node in self.nodes if locks.enter_context(locked(node, deadline, state))]
            if state != "started":
                self.end()
            if state == "absent":
                self._remove()
            if state in ("started", "restarted"):
                self.start()
            return self.result()

    def status(self) -> dict:
        """What every node says of itself; a dead one is not alive, and one that runs without answering has an error."""
        runs = self.runners.find(self.nodes)
        failures = self.runners.failures(self.nodes)
        asked = [(runs[node.name].of(node), caller.STATUS) for node in self.nodes if _lives(runs.get(node.name))]
        replies = caller.call(asked, self.timeout)
        results = {}
        for node in self.nodes:
            run, reply = runs.get(node.name), replies.get(node.name)
            answer = from_erlang(reply.text, plain=True) if reply and reply.text else dict.fromkeys(_STATUS)
            results[node.name] = {
                "alive": bool(reply and reply.text),
                "pid": (run and run.pid) or None,
                "family": node.family,
                "outdated": run is not None and run.digest != node.digest(),
                "restarts": run.restarts if run else 0,
                "error": reply.error if reply else failures.get(node.name),
                **answer,
            }
        return {"nodes": results, "outdated": [name for name, result in results.items() if result["outdated"]]}

    def start(self) -> None:
        """Start what does not run, all at once, and wait until every node answers."""
        deadline = time.monotonic() + self.timeout
        nodes = {node.name: node for node in self.nodes}
        runs = self.runners.find(self.nodes)
        started, errors = self.runners.start([node for node in self.nodes if node.name not in runs])
        self.errors.update(errors)
        self.changed.update(started)
        runs.update(started)
        waiting = dict(runs)
        while waiting:
            asked = [(run.of(nodes[name]), caller.await_request(run.pid)) for name, run in waiting.items()]
            replies = caller.call(asked, max(0.0, deadline - time.monotonic()))
            failed = {name: reply.error for name, reply in replies.items() if reply.error}
            waiting = self._revived([nodes[name] for name in failed], runs, deadline)
            runs.update(waiting)
            for name, error in failed.items():
                if name not in waiting:
                    self.errors[name] = self._failure(nodes[name], runs[name], str(error))

    def _revived(self, nodes: list[Node], runs: dict[str, Run], deadline: float) -> dict[str, Run]:
        """The new runs of nodes whose process ended, but which a service manager starts again before the deadline."""
        revived: dict[str, Run] = {}
        while nodes and time.monotonic() < deadline:
            found = self.runners.find(nodes)
            revived.update((name, run) for name, run in found.items() if run.pid and run.pid != runs[name].pid)
            nodes = [node for node in nodes if node.name in found and not found[node.name].pid]
            time.sleep(_POLL if nodes else 0)
        return revived

    def _failure(self, node: Node, run: Run, error: str) -> str:
        """What the operator reads of a node that did not start."""
        place, lines = self.runners.log_tail(node, run)
        more = self.runners.failures([node]).get(node.name)
        said = f" The last lines of {place}:\n{lines}" if lines else f" It printed nothing to {place}."
        return f"Node {node.name} did not start: {error}{', and ' + more if more else ''}.{said}"

    def end(self) -> None:
        """End what runs: in order within the time limit, then at once."""
        runs = self.runners.find(self.nodes)
        nodes = [node for node in self.nodes if node.name in runs]
        for kill, limit in ((False, self.timeout), (True, _KILL_TIME)):
            self.runners.end(nodes, kill)
            deadline = time.monotonic() + limit
            while nodes and time.monotonic() < deadline:
                left = self.runners.find(nodes)
                for node in nodes:
                    if node.name not in left:
                        self.changed.add(node.name)
                        self.runners.forget(node)
                nodes = [node for node in nodes if node.name in left]
                time.sleep(_POLL if nodes else 0)
        for node in nodes:
            self.errors[node.name] = f"Node {node.name} cannot be ended: its process survives being killed."

    def _remove(self) -> None:
        """Remove the units and folders of the nodes that have ended."""
        ended = [node for node in self.nodes if node.name not in self.errors]
        self.runners.remove(ended)
        for node in ended:
            try:
                shutil.rmtree(node.folder)
                self.changed.add(node.name)
            except OSError as error:
                self.errors[node.name] = f"The folder of node {node.name} cannot be removed: {error}."

    def result(self) -> dict:
        """What the module returns of the nodes, failed where one has an error."""
        results = {}
        runs = self.runners.find(self.nodes)
        for node in self.nodes:
            run = runs.get(node.name)
            results[node.name] = {
                "changed": node.name in self.changed,
                "alive": _lives(run) and node.name not in self.errors,
                "pid": (run and run.pid) or None,
                "outdated": run is not None and run.digest != node.digest(),
                "error": self.errors.get(node.name),
            }
        outdated = [name for name, result in results.items() if result["outdated"]]
        result = {"changed": bool(self.changed), "nodes": results, "outdated": outdated}
        if self.errors:
            result.update(failed=True, msg="\n".join(self.errors[name] for name in sorted(self.errors)))
        return result


def _lives(run: Run | None) -> bool:
    return run is not None and run.pid != 0


@contextmanager
def locked(node: Node, deadline: float, state: str) -> Iterator[bool]:
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
