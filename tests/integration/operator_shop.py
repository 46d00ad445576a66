# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment of the sample releases for the tests, driven by the playbooks as an operator drives them."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from ansible_collections.wombat.erlang.plugins.plugin_utils.drivers.processes import end_processes

SAMPLE = Path(__file__).resolve().parent.parent / "sample"
RECAP = re.compile(r"^(\S+) +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", re.MULTILINE)


@dataclasses.dataclass
class Run:
    """What a playbook did."""

    code: int
    output: str

    @property
    def changed(self) -> dict[str, int]:
        """Changes by host."""
        return {host: int(changed) for host, changed, _unreachable, _failed in RECAP.findall(self.output)}

    def tasks_until_started(self, host: str) -> list[str]:
        """The tasks that a host ran from its creation until its nodes run, without checks of roles' arguments.

        Those do not leave the controller.
        """
        done = []
        for task in self.output.split("\nTASK [")[1:]:
            name = task.split("]", 1)[0]
            if "Validating arguments" not in name and re.search(
                rf"^(ok|changed): \[{re.escape(host)}\]", task, re.MULTILINE
            ):
                done.append(name)
                if name.endswith(": Start the nodes"):
                    break
        return done


class Shop:
    """One deployment in a folder of its own, with a home of its own for everything that it leaves."""

    def __init__(self, folder: Path, file: str) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.file = folder / "inventory" / "shop.wombat.yml"
        self.file.parent.mkdir()
        self.home.mkdir()
        subprocess.run([str(SAMPLE / "build.sh")], check=True, capture_output=True)
        for archive in (SAMPLE / "_build").glob("*.tar.gz"):
            shutil.copy(archive, folder)
        self.file.write_text(file)
        self.env = {**os.environ, "HOME": str(self.home), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_failure: object) -> None:
        """End what still runs, whatever the test did and however it ended."""
        for record in self.home.glob(".wombat/*/*/*/instance.json"):
            end_processes(str(record.parent))

    def command(self, program: str) -> list[str]:
        """One of Ansible's programs on this deployment."""
        return [os.path.join(os.path.dirname(sys.executable), program), "-i", str(self.file.parent)]

    def start(self, playbook: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a playbook of the collection."""
        return subprocess.Popen(
            [*self.command("ansible-playbook"), f"wombat.erlang.{playbook}", *arguments],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def play(self, playbook: str, *arguments: str) -> Run:
        """Run a playbook of the collection to its end, whatever that is."""
        process = self.start(playbook, *arguments)
        output, _nothing = process.communicate()
        return Run(process.returncode, output)

    def must(self, playbook: str, *arguments: str) -> Run:
        """Run a playbook that has to succeed."""
        run = self.play(playbook, *arguments)
        assert run.code == 0, run.output
        return run

    def hosts(self, group: str = "wombat") -> dict[str, dict]:
        """The variables of a group's hosts."""
        command = [*self.command("ansible-inventory"), "--list"]
        listed = subprocess.run(command, env=self.env, check=True, capture_output=True, text=True)
        inventory = json.loads(listed.stdout)
        variables = _plain(inventory["_meta"]["hostvars"])
        names = [name for child in inventory.get(group, {}).get("children", []) for name in inventory[child]["hosts"]]
        return {name: variables[name] for name in {*names, *inventory.get(group, {}).get("hosts", [])}}

    def nodes(self, family: str) -> dict[str, int]:
        """The nodes of a family that have a process, with its pid."""
        found = {}
        for host in self.hosts(f"family_{family}").values():
            for node in host["wombat_nodes"]:
                run = Path(host["wombat_root"], "nodes", node["label"], "run.json")
                if run.exists():
                    found[node["name"]] = json.loads(run.read_text())["pid"]
        return found


def http(method: str, url: str, body: bytes | None = None) -> bytes:
    """Ask a web node."""
    request = urllib.request.Request(url, data=body, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read()


def _plain(value):
    """Inventory data without Ansible's marks of what is no template."""
    if isinstance(value, dict):
        return (
            value["__ansible_unsafe"]
            if set(value) == {"__ansible_unsafe"}
            else {k: _plain(v) for k, v in value.items()}
        )
    return [_plain(item) for item in value] if isinstance(value, list) else value
