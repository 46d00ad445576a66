# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs nodes as units of systemd, with the methods of ProcessRunner; what it knows it asks systemd and the process."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import subprocess

from ansible_collections.wombat.erlang.plugins.module_utils import systemd_unit
from ansible_collections.wombat.erlang.plugins.module_utils.boot import Distribution
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, read_text, template, write_file
from ansible_collections.wombat.erlang.plugins.module_utils.runner import TAIL_LINES, Run, check_start, tail

_PROPERTIES = "Id,LoadState,ActiveState,SubState,MainPID,NRestarts,InvocationID,NeedDaemonReload,Result,ExecMainStatus"


class SystemdRunner:
    """Starts, finds and ends nodes by their units, for which systemd itself starts what failed again."""

    def find(self, nodes: list[Node]) -> dict[str, Run]:
        """The Run of every node that runs or that systemd is about to start again, by name."""
        states = self._states(nodes)
        return {node.name: _run(node, states[node.name]) for node in nodes if _is_up(states[node.name])}

    def start(self, nodes: list[Node]) -> tuple[dict[str, Run], dict[str, str]]:
        """Start nodes; returns their Run, and for those that cannot be started an error, at once."""
        errors: dict[str, str] = {}
        for node in nodes:
            try:
                check_start(node)
            except WombatError as error:
                errors[node.name] = str(error)
        nodes = [node for node in nodes if node.name not in errors]
        if not nodes:
            return {}, errors
        states = self._states(nodes).values()
        if any(state["NeedDaemonReload"] == "yes" or state["LoadState"] != "loaded" for state in states):
            _systemctl("daemon-reload")
        units = [_unit(node) for node in nodes]
        _systemctl("reset-failed", *units, check=False)  # else what reached its limit is refused
        said = _systemctl("start", *units, check=False)
        runs = self.find(nodes)
        for node in nodes:
            if node.name not in runs:
                unit, reason = _unit(node), said or "it ended at once"
                errors[node.name] = (
                    f"Unit {unit} did not start: {reason}; 'journalctl -u {unit}' on its host tells more."
                )
        return runs, errors

    def end(self, nodes: list[Node], kill: bool = False) -> None:
        """Ask nodes to stop, which lets their applications stop in order; C(kill) ends them at once."""
        units = [_unit(node) for node in nodes]
        if units and kill:
            _systemctl("kill", "--signal=KILL", "--kill-who=main", *units, check=False)
        elif units:
            _systemctl("stop", "--no-block", *units)

    def adopt(self, node: Node, digest: str) -> None:
        """The running process has become another than it was started as: what a start with that Node.digest gives."""
        run = self.find([node]).get(node.name)
        if run:
            write_file(_adopted(node), json.dumps({"run": run.started, "digest": digest}) + "\n")

    def remove(self, nodes: list[Node]) -> None:
        """Remove the units of nodes that have ended, and the template that no other node uses."""
        paths = [systemd_unit.link_path(node.unit) for node in nodes if node.unit]
        for path in paths:
            _remove_file(path)
        for path in {template(node.unit) for node in nodes if node.unit}:
            if not glob.glob(systemd_unit.link_path(path).replace("@.", "@*.")):
                _remove_file(path)
        if nodes:
            _systemctl("reset-failed", *(_unit(node) for node in nodes), check=False)
            _systemctl("daemon-reload")

    def failures(self, nodes: list[Node]) -> dict[str, str]:
        """What systemd makes of nodes that ended by themselves: a sentence's end each, by name."""
        said = {}
        for name, state in self._states(nodes).items():
            cause = f"{state['Result']}, status {state['ExecMainStatus']}"
            if state["SubState"] == "auto-restart":
                said[name] = f"systemd is about to start it again ({cause})"
            elif state["ActiveState"] == "failed" and state["NRestarts"] != "0":
                said[name] = f"systemd gave up on it at its limit of restarts ({cause})"
            elif state["ActiveState"] == "failed":
                said[name] = f"systemd does not start it again ({cause})"
        return said

    def log_tail(self, node: Node, run: Run) -> tuple[str, str]:
        """Where a node's output is to be found, and the last lines of its last run."""
        match = "_SYSTEMD_INVOCATION_ID=" + (self._states([node])[node.name]["InvocationID"] or run.started)
        # What the process printed just before it ended may not have arrived.
        _run_program("journalctl", "--sync", check=False)
        command = ["journalctl", "--no-pager", "--quiet", "--output=cat", f"--lines={2 * TAIL_LINES}", match]
        return f"journalctl -u {_unit(node)}", tail(_run_program(*command, check=False))

    @staticmethod
    def _states(nodes: list[Node]) -> dict[str, dict[str, str]]:
        """What systemd says of the nodes' units: its properties, by the nodes' names."""
        if not nodes:
            return {}
        text = _systemctl("show", "--property=" + _PROPERTIES, *(_unit(node) for node in nodes))
        blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in text.split("\n\n")]
        known = {block["Id"]: block for block in blocks}
        return {node.name: known[_unit(node)] for node in nodes}


def _remove_file(path: str) -> None:
    try:
        os.remove(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise WombatError(f"{path} cannot be removed: {error}.") from None


def _unit(node: Node) -> str:
    return os.path.basename(node.unit or "")


def _adopted(node: Node) -> str:
    """The file that says what a process became after its start, which its own environment cannot say."""
    return os.path.join(node.folder, "adopted.json")


def _is_up(state: dict[str, str]) -> bool:
    return state["ActiveState"] in ("active", "activating", "deactivating", "reloading")


def _run(node: Node, state: dict[str, str]) -> Run:
    """The run that a unit has now. Between two runs its pid is 0, and it is what the next one will be."""
    pid = int(state["MainPID"])
    # The script itself does not have the variable yet: it was started from the files that there are.
    digest, distribution = None, node.distribution._asdict()
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError), open(f"/proc/{pid}/environ", "rb") as file:
        variables = dict(item.split(b"=", 1) for item in file.read().split(b"\0") if b"=" in item)
        told = json.loads(variables[systemd_unit.RUN.encode()])
        digest, distribution = str(told["digest"]), Distribution(**told["distribution"])._asdict()
        adopted = json.loads(read_text(_adopted(node)) or "{}")
        if adopted.get("run") == state["InvocationID"]:
            digest = str(adopted["digest"])
    return Run(pid, state["InvocationID"], digest or node.digest(), distribution, restarts=int(state["NRestarts"]))


def _systemctl(*arguments: str, check: bool = True) -> str:
    return _run_program("systemctl", *arguments, check=check)


def _run_program(*command: str, check: bool) -> str:
    """Run a program; returns what it printed. Raises WombatError when it fails and C(check) is set."""
    env = dict(os.environ, LC_ALL="C.UTF-8", SYSTEMD_PAGER="")
    try:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise WombatError(f"{command[0]} cannot be run: {error}.") from None
    text = (done.stdout or done.stderr).decode("utf-8", errors="replace").strip()
    if check and done.returncode != 0:
        raise WombatError(f"'{' '.join(command[:2])}' failed: {text}.")
    return text
