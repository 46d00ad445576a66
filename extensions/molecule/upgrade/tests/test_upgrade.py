# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades on hosts: hot without a restart, rolling while a client writes and reads, and one that fails."""

from __future__ import annotations

import threading
import urllib.request

import pytest


@pytest.fixture
def client(web):
    """A client that writes and reads through web until it is asked what it has lost."""
    address = web.backend.host.name
    stop, lost, counts = threading.Event(), [], []

    def work():
        number = 0
        while not stop.is_set():
            number += 1
            url = f"http://{address}:8081/kv/key{number % 50}"
            try:
                put = urllib.request.Request(url, str(number).encode(), method="PUT")
                urllib.request.urlopen(put, timeout=20).read()
                if urllib.request.urlopen(url, timeout=20).read() != str(number).encode():
                    lost.append(number)
            except OSError as error:
                lost.append(f"{number}: {error}")
            counts.append(number)

    thread = threading.Thread(target=work)
    thread.start()
    yield lambda: (stop.set(), thread.join(), lost, len(counts))[2:]
    stop.set()
    thread.join()


def running(kv):
    """The version that each node of kv runs, and its process."""
    found = []
    for host in kv:
        pid = host.check_output("systemctl show -P MainPID wombat-kv@kv1")
        current = host.file("/srv/wombat/releases/kv/current").linked_to
        found.append((current.rpartition("/")[2], pid))
    return found


def test_a_hot_upgrade_restarts_no_node(kv, play):
    before = running(kv)
    play("upgrade", "-e", "kv_version=0.2.0")
    after = running(kv)
    assert [version for version, _pid in after] == ["0.2.0", "0.2.0"]
    assert [pid for _version, pid in after] == [pid for _version, pid in before]


def test_a_rolling_way_back_loses_nothing_of_a_client(kv, play, client):
    before = running(kv)
    play("rollback", "-e", "wombat_version=0.1.0", "-e", "wombat_family=kv", "-e", "wombat_upgrade=rolling")
    lost, count = client()
    after = running(kv)
    assert [version for version, _pid in after] == ["0.1.0", "0.1.0"]
    assert not {pid for _version, pid in after} & {pid for _version, pid in before}
    assert lost == []
    assert count > 0


def test_a_failed_check_stops_the_roll_and_the_family_stays_whole(kv, play):
    wanted = ["-e", "kv_version=0.2.0", "-e", "wombat_upgrade=rolling", "-e", "kv_check=false"]
    output = play("upgrade", *wanted, fails=True)
    assert "kv1@" in output
    assert [version for version, _pid in running(kv)] == ["0.1.0", "0.1.0"]
    for host in kv:
        assert host.service("wombat-kv@kv1").is_running
