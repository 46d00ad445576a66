# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs nodes as plain processes, without a service manager. SystemdRunner has the same methods."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import signal
import socket
import subprocess
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils import accounts, boot, tls
from ansible_collections.wombat.erlang.plugins.module_utils.boot import Distribution
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, read_text, write_file

_LOG_LIMIT = 10 * 1024 * 1024
TAIL_LINES = 15


class Run(NamedTuple):
    """One run of a node's process."""

    pid: int  # 0 while systemd waits to start a failed node again
    started: str  # boot of the machine and the process's start time, or the unit's invocation: a pid comes again
    digest: str  # the Node.digest it was started with
    distribution: dict  # the Distribution it was started with, by which alone it can be reached
    log_start: int = 0  # where in the log this run begins, bytes
    restarts: int = 0  # how often systemd started the node again since we did

    def of(self, node: Node) -> Node:
        """The node as this run of it is."""
        return node._replace(distribution=Distribution(**self.distribution))


class ProcessRunner:
    """Starts, finds and ends the processes of nodes; what it knows is in each node's run.json."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen] = []

    def find(self, nodes: list[Node]) -> dict[str, Run]:
        """The Run of every node whose process lives, by name."""
        runs = {node.name: _read(node) for node in nodes}
        return {name: run for name, run in runs.items() if run and _identity(run.pid) == run.started}

    def start(self, nodes: list[Node]) -> tuple[dict[str, Run], dict[str, str]]:
        """Start nodes; returns their Run, and for those that cannot be started an error, at once."""
        runs: dict[str, Run] = {}
        errors: dict[str, str] = {}
        for node in nodes:
            try:
                runs[node.name] = self._start(node)
            except WombatError as error:
                errors[node.name] = str(error)
        return runs, errors

    def _start(self, node: Node) -> Run:
        """Start the node's own script in a session of its own."""
        check_start(node)
        digest, become = node.digest(), accounts.becoming(node.user)
        try:
            if os.path.exists(node.log) and os.path.getsize(node.log) > _LOG_LIMIT:
                os.replace(node.log, node.log + ".1")
            with open(node.log, "ab") as log:
                log_start = log.tell()  # before the process, which shares the file's position
                process = subprocess.Popen(
                    node.start["argv"],
                    env=node.start["env"],
                    cwd=node.start["cwd"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=become,
                )
        except OSError as error:
            raise WombatError(f"{node.start['argv'][0]} of node {node.name} cannot be run: {error}.") from None
        self._children.append(process)
        run = Run(process.pid, _identity(process.pid) or "", digest, node.distribution._asdict(), log_start)
        write_file(_run_file(node), json.dumps(run._asdict()) + "\n")
        return run

    def end(self, nodes: list[Node], kill: bool = False) -> None:
        """Ask nodes to stop, which lets their applications stop in order; C(kill) ends them at once."""
        runs = self.find(nodes)
        for node in [node for node in nodes if node.name in runs]:
            if node.start.get("stop") and not kill:
                self._run_stop(node)
                continue
            with contextlib.suppress(ProcessLookupError):
                os.kill(runs[node.name].pid, signal.SIGKILL if kill else signal.SIGTERM)

    def _run_stop(self, node: Node) -> None:
        """Run the command by which a node of this release is stopped; nobody waits for it, only for the node."""
        become = accounts.becoming(node.user)
        try:
            with open(node.log, "ab") as log:
                process = subprocess.Popen(
                    node.start["stop"],
                    env=node.start["env"],
                    cwd=node.start["cwd"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=become,
                )
        except OSError as error:
            raise WombatError(f"{node.start['stop'][0]} of node {node.name} cannot be run: {error}.") from None
        self._children.append(process)

    def adopt(self, node: Node, digest: str) -> None:
        """The running process has become another than it was started as: what a start with that Node.digest gives."""
        run = self.find([node]).get(node.name)
        if run:
            write_file(_run_file(node), json.dumps(run._replace(digest=digest)._asdict()) + "\n")

    def forget(self, node: Node) -> None:
        """Remove what is kept of a run that has ended."""
        for process in self._children:
            process.poll()  # a child that nobody waits for stays as a zombie
        with contextlib.suppress(FileNotFoundError):
            os.remove(_run_file(node))

    def log_tail(self, node: Node, run: Run) -> tuple[str, str]:
        """Where a node's output is to be found, and the last lines of a run."""
        try:
            with open(node.log, "rb") as log:
                log.seek(run.log_start)
                return node.log, tail(log.read()[-8192:].decode("utf-8", errors="replace"))
        except OSError:
            return node.log, ""


def tail(text: str) -> str:
    """The last lines of a text that say something."""
    return "\n".join([line.rstrip() for line in text.splitlines() if line.strip()][-TAIL_LINES:])


def check_start(node: Node) -> None:
    """Refuse to start a node that could not work, with what is wrong; raises WombatError."""
    _check_cookie(node)
    if node.distribution.tls:
        tls.check(node.folder, node.name)
    if node.distribution.port is not None:
        _check_port(node, node.distribution.port + boot.slot(node.name))


def _read(node: Node) -> Run | None:
    try:
        return Run(**json.loads(read_text(_run_file(node))))
    except (ValueError, TypeError):
        return None  # never started, or cut short by a full disk: then its pid was not kept either


def _run_file(node: Node) -> str:
    return os.path.join(node.folder, "run.json")


def _identity(pid: int) -> str | None:
    """What tells a process from any other that ever had its pid; None where it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The program's name, in brackets, may hold anything; state and start time are fields 3 and 22.
            fields = file.read().rpartition(b")")[2].split()
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else f"{boot} {fields[19].decode()}"


def _check_cookie(node: Node) -> None:
    """Refuse to start a node without its family's cookie: it would make up one of its own and meet nobody."""
    try:
        mode = os.stat(node.cookie_file).st_mode
    except OSError as error:
        raise WombatError(
            f"Node {node.name} has no cookie: {node.cookie_file}: {error.strerror}; copy it there with mode 0400."
        ) from None
    if mode & 0o077:
        raise WombatError(f"{node.cookie_file} can be read by others, which Erlang refuses: give it mode 0400.")


def _check_port(node: Node, port: int) -> None:
    """Refuse a port that somebody has: the runtime system would only say eaddrinuse, amid a crash report."""
    address = boot.address(node.name)
    numeric = re.match(r"[0-9.]+\Z", address)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address if numeric else "", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise WombatError(
                    f"Node {node.name} cannot start: its port {port} is taken; "
                    f"'ss -tlnp sport = {port}' on its host tells by whom."
                ) from None
            if error.errno == errno.EADDRNOTAVAIL:
                raise WombatError(f"Node {node.name} cannot start: its host has no address {address}.") from None
            raise WombatError(f"Node {node.name} cannot listen on port {port}: {error}.") from None
