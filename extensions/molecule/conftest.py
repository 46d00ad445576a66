# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a scenario, as testinfra sees them over SSH, and playbooks run on them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import testinfra

INVENTORY = os.path.join(os.environ["MOLECULE_SCENARIO_DIRECTORY"], "shop.wombat.yml")


def of_family(name):
    """The hosts of a family."""
    found = testinfra.get_hosts([f"ansible://family_{name}"], ansible_inventory=INVENTORY, sudo=True)
    assert found
    return found


@pytest.fixture(scope="session")
def kv():
    """The hosts of the family kv."""
    return of_family("kv")


@pytest.fixture(scope="session")
def web():
    """The host of the family web."""
    (host,) = of_family("web")
    return host


@pytest.fixture(scope="session")
def play():
    """Runs a playbook of the collection; gives what it prints."""

    def run(playbook, *arguments):
        program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        command = [program, "-i", INVENTORY, f"wombat.erlang.{playbook}", *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
