# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a scenario, as testinfra sees them over SSH, and playbooks run on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import testinfra

INVENTORY = os.path.join(os.environ["MOLECULE_SCENARIO_DIRECTORY"], "shop.wombat.yml")


@pytest.fixture(scope="session")
def of_family(tmp_path_factory):
    """Gives the hosts of a family."""
    folder = os.path.dirname(os.environ["WOMBAT_LAB"])
    config = tmp_path_factory.mktemp("ssh") / "config"
    config.write_text(
        f"IdentityFile {folder}/key\nUserKnownHostsFile {folder}/store/known_hosts\nStrictHostKeyChecking yes\n"
    )
    program = os.path.join(os.path.dirname(sys.executable), "ansible-inventory")
    listed = subprocess.run([program, "-i", INVENTORY, "--list"], check=True, capture_output=True, text=True)
    inventory = json.loads(listed.stdout)

    def find(name):
        hosts = inventory[f"family_{name}"]["hosts"]
        # Text of a provider is marked as no template.
        addresses = [inventory["_meta"]["hostvars"][host]["ansible_host"]["__ansible_unsafe"] for host in hosts]
        return [testinfra.get_host(f"ssh://debian@{address}?ssh_config={config}&sudo=true") for address in addresses]

    return find


@pytest.fixture(scope="session")
def kv(of_family):
    """The hosts of the family kv."""
    return of_family("kv")


@pytest.fixture(scope="session")
def web(of_family):
    """The host of the family web."""
    (host,) = of_family("web")
    return host


@pytest.fixture(scope="session")
def play():
    """Runs a playbook of the collection, which is to succeed unless told otherwise; gives what it prints."""

    def run(playbook, *arguments, fails=False):
        program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        command = [program, "-i", INVENTORY, f"wombat.erlang.{playbook}", *arguments]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        assert (done.returncode != 0) is fails, done.stdout
        return done.stdout

    return run
