# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades on hosts while a client writes and reads: hot without a restart, rolling, and one that fails."""

from __future__ import annotations

import threading
import urllib.request

import pytest


class Client:
    """Writes and reads through web until it is told to stop, and keeps what went wrong."""

    def __init__(self, address):
        self.url = f"http://{address}:8081/kv/"
        self.written = 0
        self.failures = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_failure):
        self.over.set()
        self.thread.join()

    def run(self):
        while not self.over.is_set():
            key, value = f"key{self.written}", f"value {self.written}".encode()
            try:
                self.ask(key, value)
                if self.ask(key) != value:
                    self.failures.append(f"{key} was acknowledged and is not there")
            except OSError as error:
                self.failures.append(f"{key}: {error}")
            self.written += 1

    def ask(self, key, value=None):
        request = urllib.request.Request(self.url + key, value, method="PUT" if value else "GET")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()

    def check(self):
        """All that was acknowledged is there in the end, too."""
        assert self.failures == []
        assert self.written > 10
        for number in range(self.written):
            assert self.ask(f"key{number}") == f"value {number}".encode()


@pytest.fixture
def client(web):
    return Client(web.backend.host.name)


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
