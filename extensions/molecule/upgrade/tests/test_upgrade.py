# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades on hosts while a client writes and reads: hot without a restart, rolling, and one that fails."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.tests.integration.web_client import Client


@pytest.fixture
def client(web):
    return Client([web.backend.host.name], 8081)


def versions(kv):
    """What `current` names on each host of kv."""
    return [host.file("/srv/wombat/releases/kv/current").linked_to.rpartition("/")[2] for host in kv]


def processes(kv):
    """The process of each node of kv, with its host."""
    return {(host.backend.host.name, host.check_output("systemctl show -P MainPID wombat-kv@kv1")) for host in kv}


def test_a_hot_upgrade_restarts_no_node(kv, play, client):
    before = processes(kv)
    with client:
        play("upgrade", "-e", "kv_version=0.2.0")
    client.check()
    assert versions(kv) == ["0.2.0"] * 3
    assert processes(kv) == before


def test_a_rolling_way_back_loses_nothing_of_a_client(kv, play, client):
    before = processes(kv)
    with client:
        play("rollback", "-e", "wombat_version=0.1.0", "-e", "wombat_family=kv", "-e", "wombat_upgrade=rolling")
    client.check()
    assert versions(kv) == ["0.1.0"] * 3
    assert not processes(kv) & before


def test_a_failed_check_takes_the_node_back_and_leaves_the_rest(kv, play, client):
    before = processes(kv)
    wanted = [
        "-e",
        "kv_version=0.2.0",
        "-e",
        "wombat_upgrade=rolling",
        "-e",
        "kv_check=false",
        "-e",
        "wombat_timeout=20",
    ]
    with client:
        output = play("upgrade", *wanted, fails=True)
    client.check()
    assert "did not pass its check: false gives false. It runs version 0.1.0 again." in output, output
    assert versions(kv) == ["0.1.0"] * 3
    assert len(processes(kv) & before) == 2
    assert all(host.service("wombat-kv@kv1").is_running for host in kv)
