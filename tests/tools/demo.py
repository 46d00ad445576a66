# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: `demo.py run` deploys inventories/local and uses what runs; `demo.py clean` takes it all away."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.request

import yaml

INVENTORY = "inventories/local"
FILE = next(pathlib.Path(INVENTORY).glob("*.wombat.yml"))
DEPLOYMENT = yaml.safe_load(FILE.read_text())
HOME = pathlib.Path.home() / ".wombat"
# Playbooks show what they print and what they change, not every task that found nothing to do.
QUIET = {"ANSIBLE_DISPLAY_OK_HOSTS": "no", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "no", "ANSIBLE_LOCALHOST_WARNING": "no"}
NEXT = {
    ". .venv/bin/activate": "puts Ansible on the PATH",
    f"ansible-playbook -i {INVENTORY} wombat.erlang.deploy": "again: changes nothing",
    f"ansible-playbook -i {INVENTORY} wombat.erlang.status": "the table above",
    f"ansible-inventory -i {INVENTORY} --graph": "the instances, by family, provider, region",
    "kill -9 PID": "of a node in the table above; the next deploy heals it",
    f"edit {FILE}": "kv to 5 nodes: the next deploy adds two",
    "make demo-clean": "takes everything away",
}


def step(title: str) -> None:
    """Print a heading."""
    print(f"\n=== {title}", flush=True)


def ansible(title: str, playbook: str, *arguments: str) -> None:
    """Run a playbook of the collection on the demo's inventory, or end the demo with its return code."""
    command = ["ansible-playbook", "-i", INVENTORY, f"wombat.erlang.{playbook}", *arguments]
    step(f"{title}\n$ {' '.join(command)}")
    returned = subprocess.run(command, check=False, env={**QUIET, **os.environ}).returncode
    if returned:
        sys.exit(f"The demo stopped: '{' '.join(command)}' failed; what it said above tells why.")


def http(method: str, address: str, key: str, value: str | None = None) -> str:
    """Send one request for a key to a web node, as a browser would; return the answer's body."""
    port = DEPLOYMENT["families"]["web"]["config"]["web"]["port"]
    request = urllib.request.Request(f"http://{address}:{port}/kv/{key}", method=method, data=value and value.encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            body: str = answer.read().decode().strip()
    except OSError as error:
        sys.exit(f"The demo stopped: {method} {request.full_url} failed: {error}")
    print(f"{method} {request.full_url} {value or ''} -> {answer.status} {body}")
    return body


def addresses(family: str) -> list[str]:
    """The addresses of a family's instances, as the inventory lists them."""
    listed = subprocess.run(["ansible-inventory", "-i", INVENTORY, "--list"], check=True, stdout=subprocess.PIPE)
    # Text from providers is marked so that it is never taken for a template.
    inventory = json.loads(listed.stdout, object_hook=lambda found: found.get("__ansible_unsafe", found))
    return [inventory["_meta"]["hostvars"][host]["wombat_address"] for host in inventory[f"family_{family}"]["hosts"]]


def run() -> None:
    """Register, plan, deploy, use."""
    begun = time.monotonic()
    ansible("The providers: a private and a public one, both on this machine", "providers")
    ansible("The plan: which node goes where, and why", "plan")
    ansible("Deploy", "deploy")
    web = addresses("web")
    step("Write a key through one web node and read it through another")
    http("PUT", web[0], "greeting", "hello from Wombat")
    if http("GET", web[-1], "greeting") != "hello from Wombat":
        sys.exit("The demo stopped: the key that one web node wrote reads differently through the other.")
    ansible("Ask every kv node something", "command", "-e", "wombat_family=kv", "-e", "wombat_expression=nodes()")
    ansible("All nodes", "status")
    print(f"\nThe demo took {time.monotonic() - begun:.0f} s. Next, try:")
    for command, effect in NEXT.items():
        print(f"  {command:<60} # {effect}")


def processes(folder: pathlib.Path) -> list[str]:
    """Ids of the processes that belong to an instance below `folder`."""
    mark = f"WOMBAT_INSTANCE={folder}/".encode()
    found = []
    for environment in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in environment.read_bytes():
                found.append(environment.parent.name)
        except OSError:  # another user's, or ended meanwhile
            continue
    return found


def clean() -> None:
    """Destroy the deployment, remove its store and cookie, and fail when a process or a file is left."""
    name = DEPLOYMENT["name"]
    folder = HOME / name
    ansible("Destroy the deployment", "destroy", "-e", f"wombat_confirm={name}")
    if running := processes(folder):
        sys.exit(f"Processes of the demo are left: {' '.join(running)}. End them by these ids and report it.")
    shutil.rmtree(folder, ignore_errors=True)
    claims = HOME / "addresses"
    left = [claim for claim in claims.glob("*") if str(folder) in claim.read_text()]
    for empty in (claims, HOME):
        if empty.is_dir() and not any(empty.iterdir()):
            empty.rmdir()
    if folder.exists() or left:
        sys.exit(f"Files of the demo are left: {' '.join(map(str, [folder, *left]))}. Remove them and report it.")
    print("Nothing of the demo is left: no process, no file.")


if __name__ == "__main__":
    {"run": run, "clean": clean}[sys.argv[1]]()
