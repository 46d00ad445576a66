# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes under systemd on a real host, managed over SSH by a user who becomes root."""

from __future__ import annotations

import json
import os
import sys
import time

import pytest

from ansible_collections.wombat.erlang.tests.integration import test_lab
from ansible_collections.wombat.erlang.tests.integration.erlang_hosts import COOKIE, PORT

pytestmark = test_lab.real
ROOT = "/srv/wombat"
UNIT = "wombat-probe@kv1"


class SystemdHost:
    """A host of the lab with a release on it, and the modules run on it as Ansible runs them."""

    def __init__(self, bench, node, archive):
        self.bench, self.node = bench, node
        self.address = node.private_ips[0]
        bench.await_login(node)
        self.module("ansible.builtin.user", name="wombat", system=True, create_home=False)
        self.module("wombat.erlang.install_release", src=str(archive), root=ROOT)

    def name(self, label):
        """The full name of a node."""
        return f"{label}@{self.address}"

    def module(self, module, /, *flags, become=True, **options):
        """Run a module; its result, also where it failed."""
        return json.loads(self.ansible(module, json.dumps(options), flags, become).split(" => ", 1)[1])

    def shell(self, command):
        """What root's shell prints."""
        return self.ansible("ansible.builtin.shell", json.dumps({"cmd": command})).split(" >>\n", 1)[1].strip()

    def ansible(self, module, arguments, flags=(), become=True):
        """Run a module and return what Ansible prints."""
        folder, program = self.bench.folder, os.path.join(os.path.dirname(sys.executable), "ansible")
        command = [program, "all", "-i", str(folder / "hosts"), "-m", module, "-a", arguments, *flags]
        command += ["-u", "debian", "--private-key", str(folder / "user"), *(["--become"] if become else [])]
        command += [f"--ssh-common-args=-o UserKnownHostsFile={folder}/known_hosts"]
        return self.bench.lab("run", *command, check=False).stdout

    def configure(self, *labels, config=None, epmd=False):
        """Write the files of nodes, and the cookie."""
        nodes = [
            {"name": self.name(label), "family": "kv", "release": "probe", "config": {"probe": config or {}}}
            for label in labels
        ]
        distribution = {"epmd": epmd, "port": PORT}
        told = self.module(
            "wombat.erlang.node_config", root=ROOT, user="wombat", nodes=nodes, distribution=distribution
        )
        cookie = {"content": COOKIE, "dest": f"{ROOT}/home/kv/.erlang.cookie", "mode": "0400", "owner": "wombat"}
        self.module("ansible.builtin.copy", **cookie)
        return told

    def nodes(self, state="started", names=None, timeout=60, **options):
        """Bring nodes into a state."""
        return self.module("wombat.erlang.node", root=ROOT, state=state, names=names, timeout=timeout, **options)

    def one(self, label="kv1"):
        """What a node says of itself."""
        return self.nodes("status", [label])["nodes"][self.name(label)]

    def await_alive(self, label="kv1"):
        """What a node says of itself once systemd has started it again."""
        end = time.monotonic() + 60
        while not self.one(label)["alive"]:
            assert time.monotonic() < end
        return self.one(label)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    bench = test_lab.Bench(tmp_path_factory.mktemp("units"))
    bench.lab("image")
    yield bench
    bench.lab("down")


@pytest.fixture(scope="module")
def driver(bench):
    return bench.driver("units")


@pytest.fixture(scope="module")
def machine(bench, driver, archive):
    return SystemdHost(bench, bench.create(driver, "units"), archive)


@pytest.fixture
def host(machine):
    """The host with the files of two nodes, none of which runs; and afterwards without any."""
    machine.configure("kv1", "kv2")
    yield machine
    machine.nodes("absent", timeout=5)


def test_nodes_run_as_their_user_and_nothing_changes_twice(host):
    assert host.nodes()["changed"]
    assert not host.configure("kv1", "kv2")["changed"]
    assert not host.nodes()["changed"]
    assert host.shell(f"systemctl is-enabled {UNIT} wombat-probe@kv2").split() == ["enabled", "enabled"]
    answer = host.module("wombat.erlang.rpc", root=ROOT, expression='os:cmd("id -un")', names=["kv1"])
    assert answer["nodes"][host.name("kv1")]["value"] == "wombat\n"
    owners = host.shell("ps -eo user:9,comm | grep -E 'beam.smp|erl_child_setup|epmd' | sort -u").split()
    assert owners == ["wombat", "beam.smp", "wombat", "erl_child_setup"]
    limits = host.shell(f"cat /proc/$(systemctl show -P MainPID {UNIT})/limits | grep 'open files'").split()
    allowed = int(host.shell("cat /proc/1/limits | grep 'open files'").split()[4])
    assert limits[3:5] == [str(min(524288, allowed))] * 2
    assert COOKIE not in host.shell(f"systemctl show {UNIT}; ps auxe; journalctl -u {UNIT}")
    # The user who logs in may read nothing of the nodes, and is told what to do.
    refused = host.module("wombat.erlang.node", root=ROOT, state="status", become=False)["msg"]
    assert "cannot be read" in refused


def test_systemd_starts_a_killed_node_again_and_is_reported(host):
    host.nodes()
    before = host.one()
    host.configure("kv1", config={"mine": "new"})
    assert host.nodes("status")["outdated"] == [host.name("kv1")]
    host.shell(f"systemctl kill --signal=KILL {UNIT}")
    after = host.await_alive()
    assert (before["restarts"], after["restarts"]) == (0, 1)
    assert after["pid"] != before["pid"]
    # It took the new files with it, so nobody restarts it once more.
    result = host.nodes()
    assert (result["changed"], result["outdated"]) == (False, [])
    host.configure("kv1", config={"mine": "newer"})
    assert host.nodes("restarted", ["kv1"])["outdated"] == []
    assert host.one()["restarts"] == 0


def test_a_node_that_crashes_in_a_loop_is_given_up_and_can_be_mended(host):
    host.configure("kv1", config={"crash": True})
    result = host.nodes()
    assert (
        f"Node {host.name('kv1')} did not start: its process ended while it started, and systemd gave up on it at its"
        f" limit of restarts (exit-code, status 1). The last lines of journalctl -u {UNIT}.service:\n"
    ) in result["msg"]
    assert "told_to_crash" in result["msg"]
    assert result["nodes"][host.name("kv2")]["alive"]
    assert "gave up on it" in host.one()["error"]
    host.configure("kv1")
    assert host.nodes()["nodes"][host.name("kv1")]["alive"]


def test_a_node_that_hangs_fails_at_the_time_limit_and_is_waited_for_again(host):
    host.configure("kv1", config={"start_delay": 12000})
    result = host.nodes(names=["kv1"], timeout=5)
    assert f"Node {host.name('kv1')} did not start: it was still starting at the time limit: probe." in result["msg"]
    again = host.nodes(names=["kv1"])
    assert (again.get("failed"), again["changed"]) == (None, False)


def test_a_port_that_is_taken_is_told_before_the_start(host):
    listen = (
        f"import socket, time; s = socket.create_server(('{host.address}', {PORT + 1})); print('up'); time.sleep(600)"
    )
    host.shell(f'systemd-run --quiet --unit=squatter --property=Type=exec python3 -uc "{listen}"')
    try:
        host.shell("until journalctl -u squatter | grep -q up; do sleep 0.1; done")
        told = host.nodes(names=["kv1"])["msg"]
        assert told.startswith(f"Node {host.name('kv1')} cannot start: its port {PORT + 1} is taken; 'ss ")
        assert "python3" in host.shell(f"ss -tlnp sport = {PORT + 1}")
    finally:
        host.shell("systemctl stop squatter")
    assert host.nodes()["changed"]


def test_stopping_lets_applications_stop_and_kills_what_takes_too_long(host):
    host.configure("kv2", config={"stop_delay": 60000})
    host.nodes()
    assert host.nodes("stopped", timeout=5)["changed"]
    stopped = host.shell(f"cd {ROOT}/nodes; for n in kv1 kv2; do test -e $n/data/stopped && echo $n; done; true")
    assert stopped == "kv1"
    assert not host.nodes("stopped")["changed"]
    assert host.shell("pgrep -c beam.smp || true") == "0"


def test_a_full_disk_is_told_and_harms_nothing(host, archive):
    small = "/srv/small"
    host.shell(f"mkdir -p {small} && mount -t tmpfs -o size=4m small {small}")
    try:
        told = host.module("wombat.erlang.install_release", src=str(archive), root=small)["msg"]
        assert told.startswith(f"Cannot install probe in {small}/releases/probe: No space left on device (")
        assert told.endswith("); make room there or keep fewer versions.")
        assert host.shell(f"ls -A {small}/releases/probe") == ".lock"
        host.shell(f"mount -o remount,size=200m {small}")
        assert host.module("wombat.erlang.install_release", src=str(archive), root=small)["installed"]
    finally:
        host.shell(f"umount {small}")


def test_a_stock_epmd_outlives_the_node_that_started_it(host):
    host.configure("kv1", "kv2", epmd=True)
    for label in ("kv1", "kv2"):
        host.nodes(names=[label])
    host.nodes("stopped", ["kv1"])
    assert host.one("kv2")["alive"]
    host.shell("pkill -x epmd")


def test_absent_leaves_no_unit(host):
    host.nodes()
    host.nodes("absent", ["kv1"])
    assert host.one("kv2")["alive"]
    host.nodes("absent")
    assert host.shell("find /etc/systemd -name 'wombat*'") == ""
    assert host.shell(f"ls {ROOT}/nodes") == ""


def test_check_mode_shows_the_unit_and_writes_none(host):
    host.nodes("absent")
    options = {
        "nodes": [{"name": host.name("kv1"), "family": "kv", "release": "probe"}],
        "distribution": {"port": PORT},
    }
    shown = host.module("wombat.erlang.node_config", "--check", root=ROOT, user="wombat", **options)
    assert f"{UNIT}.service" in shown["nodes"][host.name("kv1")]["changed"]
    assert host.shell("find /etc/systemd -name 'wombat*'") == ""


def test_nodes_start_with_their_host(host, driver):
    host.nodes()
    started = host.shell("systemctl show -P UserspaceTimestamp")
    assert driver.reboot_node(host.node)
    host.bench.await_login(host.node)
    assert host.await_alive("kv2")["restarts"] == 0
    assert host.await_alive("kv1")["alive"]
    assert host.shell("systemctl show -P UserspaceTimestamp") != started
    assert not host.nodes()["changed"]
