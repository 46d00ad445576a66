# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release that is a Debian package runs as a node like any other, and not as its own service."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def chat(of_family):
    (host,) = of_family("chat")
    return host


def test_its_node_runs_as_the_packages_own_user(chat):
    service = chat.service("wombat-chat@ejabberd")
    assert service.is_running
    assert service.is_enabled
    pid = int(chat.check_output("systemctl show -P MainPID wombat-chat@ejabberd"))
    assert chat.process.get(pid=pid).user == "ejabberd"


def test_the_packages_own_service_does_not_run(chat):
    assert not chat.service("ejabberd").is_running


def test_commands_reach_it(play):
    output = play("command", "-e", "wombat_family=chat", "-e", "wombat_expression='ejabberd_admin:status()'")
    assert any(line.partition("  ")[2].startswith("{ok,") for line in output.splitlines())
