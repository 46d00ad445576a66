# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs nodes as plain processes, without a service manager. A runner for systemd units has the same methods."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils.boot import Distribution
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, read_text, write_file

_LOG_LIMIT = 10 * 1024 * 1024
_TAIL_LINES = 15


class Run(NamedTuple):
    """One run of a node's process."""

    pid: int
    started: str  # boot of the machine and the process's start time: a pid alone may belong to another process by now
    digest: str  # the Node.digest it was started with
    distribution: dict  # the Distribution it was started with, by which alone it can be reached
    log_start: int  # where in the log this run begins, bytes

    def of(self, node: Node) -> Node:
        """The node as this run of it is."""
        return node._replace(distribution=Distribution(**self.distribution))


class ProcessRunner:
    """Starts, finds and ends the process of a node; what it knows is in the node's run.json."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen] = []

    def find(self, node: Node) -> Run | None:
        """The node's Run, or None where its process is gone."""
        try:
            run = Run(**json.loads(read_text(_run_file(node))))
        except (ValueError, TypeError):
            return None  # never started, or cut short by a full disk: then its pid was not kept either
        return run if _identity(run.pid) == run.started else None

    def start(self, node: Node) -> Run:
        """Start the node's own script in a session of its own and return its Run at once; raises WombatError."""
        _check_cookie(node)
        digest = node.digest()
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
                )
        except OSError as error:
            raise WombatError(f"{node.start['argv'][0]} of node {node.name} cannot be run: {error}.") from None
        self._children.append(process)
        run = Run(process.pid, _identity(process.pid) or "", digest, node.distribution._asdict(), log_start)
        write_file(_run_file(node), json.dumps(run._asdict()) + "\n")
        return run

    def end(self, run: Run, kill: bool = False) -> None:
        """Ask a run to stop, which lets its applications stop in order; C(kill) ends it at once."""
        with contextlib.suppress(ProcessLookupError):
            if _identity(run.pid) == run.started:
                os.kill(run.pid, signal.SIGKILL if kill else signal.SIGTERM)

    def forget(self, node: Node) -> None:
        """Remove what is kept of a run that has ended."""
        for process in self._children:
            process.poll()  # a child that nobody waits for stays as a zombie
        with contextlib.suppress(FileNotFoundError):
            os.remove(_run_file(node))

    def log_tail(self, node: Node, run: Run) -> str:
        """The last lines that a run printed."""
        try:
            with open(node.log, "rb") as log:
                log.seek(run.log_start)
                lines = log.read()[-8192:].decode("utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join([line for line in lines if line.strip()][-_TAIL_LINES:])


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
