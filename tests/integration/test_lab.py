# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts through libcloud: created, logged in to, cut off, started again, and gone without a trace."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import NodeAuthSSHKey
from libcloud.compute.providers import DRIVERS, get_driver, set_driver
from libcloud.compute.types import NodeState

from ansible_collections.wombat.erlang.tests.lab import user_data

LAB = Path(__file__).resolve().parent.parent / "lab" / "lab"
DRIVER = "ansible_collections.wombat.erlang.tests.lab.nspawn"
NOWHERE = "198.51.100.1"  # an address that is for documentation only
real = pytest.mark.skipif(os.geteuid() != 0, reason="real hosts need root: nothing of the lab was run")


class Bench:
    """A lab of its own, with keys for its hosts."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "lab"
        self.env = {**os.environ, "WOMBAT_LAB": str(self.root), "HOME": str(folder), "ANSIBLE_NOCOLOR": "1"}
        for name in ("user", "host"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        if "nspawn" not in DRIVERS:
            set_driver("nspawn", DRIVER, "NspawnNodeDriver")

    def driver(self, account="attic", **options):
        return get_driver("nspawn")(account, root=str(self.root), **options)

    def lab(self, *arguments, check=True):
        return subprocess.run(
            [str(LAB), *arguments],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=check,
        )

    def key(self, name):
        return (self.folder / name).read_text()

    @property
    def user_data(self):
        return "#cloud-config\n" + json.dumps(
            {
                "ssh_authorized_keys": [self.key("user.pub")],
                "ssh_keys": {"ed25519_private": self.key("host"), "ed25519_public": self.key("host.pub")},
            }
        )

    def create(self, driver, name, **options):
        size, image = driver.list_sizes()[0], next(one for one in driver.list_images() if one.name == "debian")
        return driver.create_node(name, size, image, **{"ex_userdata": self.user_data, **options})

    def ansible(self, nodes, module, *arguments):
        """Run a module on hosts, over SSH with the host key pinned before the first login."""
        lines = [f"{node.name} ansible_host={node.private_ips[0]}" for node in nodes]
        (self.folder / "hosts").write_text("\n".join(lines) + "\n")
        known = [f"{node.private_ips[0]} {self.key('host.pub')}" for node in nodes]
        (self.folder / "known_hosts").write_text("".join(known))
        command = [os.path.join(os.path.dirname(sys.executable), "ansible"), "all", "-i", str(self.folder / "hosts")]
        command += ["-u", "debian", "--private-key", str(self.folder / "user"), "-m", module, *arguments]
        command += [f"--ssh-common-args=-o UserKnownHostsFile={self.folder}/known_hosts"]
        done = self.lab("run", *command, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, node, command):
        """What a command prints on a host that Ansible has reached before."""
        options = ["-o", f"UserKnownHostsFile={self.folder}/known_hosts", "-i", str(self.folder / "user")]
        return self.lab("run", "ssh", *options, f"debian@{node.private_ips[0]}", command).stdout.strip()

    def await_login(self, *nodes):
        self.ansible(nodes, "ansible.builtin.wait_for_connection", "-a", "sleep=0 connect_timeout=1 timeout=60")

    def traces(self):
        """Everything that hosts of this lab leave in the kernel and on the disk."""
        name = self.driver().lab.name
        places = [Path("/run/netns"), Path("/sys/fs/cgroup"), Path("/run/systemd/nspawn/propagate")]
        found = [str(path) for place in places for path in place.glob(f"{name}*")]
        found += [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/{name}*")]
        found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(self.root) in line]
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if name in (process / "cmdline").read_text():
                    found.append((process / "cmdline").read_text())
        return found + ([str(self.root)] if self.root.exists() else [])


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("bench"))
    bench.lab("image")
    yield bench
    bench.lab("down")


@pytest.fixture
def fresh(bench, tmp_path):
    """A lab without hosts, beside the other."""
    fresh = Bench(tmp_path)
    yield fresh
    fresh.lab("down")


@pytest.fixture(scope="module")
def pair(bench):
    """Two hosts that can be logged in to."""
    driver = bench.driver("pair")
    nodes = [bench.create(driver, name, ex_tags={"family": name}) for name in ("one", "two")]
    bench.await_login(*nodes)
    return nodes


@real
def test_two_hosts_answer_ansible_and_their_tags_come_back(bench, pair):
    assert bench.ansible(pair, "ansible.builtin.ping").count('"pong"') == 2
    listed = {node.name: node for node in bench.driver("pair").list_nodes()}
    assert {name: node.extra["tags"] for name, node in listed.items()} == {
        "one": {"family": "one"},
        "two": {"family": "two"},
    }
    assert {node.state for node in listed.values()} == {NodeState.RUNNING}
    assert bench.driver("other").list_nodes() == []


@real
def test_a_host_is_a_whole_system_of_its_own(bench, pair):
    one, two = pair
    assert bench.shell(one, "systemctl is-system-running --wait") == "running"
    assert bench.shell(one, "hostname; sudo -n id -un").split() == ["one", "root"]
    assert bench.shell(one, "cat /etc/machine-id") != bench.shell(two, "cat /etc/machine-id")
    assert bench.shell(one, "sudo nft add table inet probe && sudo nft list tables") == "table inet probe"
    assert bench.shell(two, "sudo nft list tables") == ""


@real
def test_nothing_leads_out(bench, pair):
    for command in (["ip"], ["ip", "-6"]):
        assert bench.lab("run", *command, "route", "show", "default").stdout == ""
        assert bench.shell(pair[0], " ".join([*command, "route", "show", "default"])) == ""
    kinds = [
        link.get("linkinfo", {}).get("info_kind")
        for link in json.loads(bench.lab("run", "ip", "-d", "-j", "link").stdout)
    ]
    assert sorted(map(str, kinds)) == ["None", "bridge", "veth", "veth"]
    script = f"import socket; print(socket.socket().connect_ex(('{NOWHERE}', 22)))"
    assert bench.shell(pair[0], f'python3 -c "{script}"') == "101"  # the network is unreachable


@real
def test_a_network_with_a_way_out_is_not_entered(fresh):
    driver = fresh.driver()
    fresh.lab("run", "true")
    subprocess.run(["ip", "-n", driver.lab.name, "link", "add", "leak", "type", "veth", "peer", "veth0"], check=True)
    done = fresh.lab("run", "echo", "sent", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "has a way out: veth0 leak; nothing was sent" in done.stderr


@real
def test_a_host_that_is_cut_off_is_heard_again_when_healed(bench, pair):
    address = pair[1].private_ips[0]
    knock = ["run", "ssh-keyscan", "-T", "1", "-t", "ed25519", address]
    bench.lab("cut", "two")
    assert bench.lab(*knock, check=False).stdout == ""
    bench.lab("heal", "two")
    assert bench.key("host.pub").split()[1] in bench.lab(*knock).stdout


@real
def test_stopping_starting_and_rebooting_keep_files_and_address(fresh):
    driver = fresh.driver()
    node = fresh.create(driver, "keeper", ex_userdata=None, auth=NodeAuthSSHKey(fresh.key("user.pub")))
    assert driver.stop_node(node)
    files = fresh.root / "hosts" / node.id
    assert (files / "upper/home/debian/.ssh/authorized_keys").read_text() == fresh.key("user.pub")
    assert [one.state for one in driver.list_nodes()] == [NodeState.STOPPED]
    assert not driver.lab.processes(node.id)
    (files / "upper/home/debian/kept").write_text("yes")
    for verb in (driver.start_node, driver.reboot_node):
        assert verb(node)
        (again,) = driver.list_nodes()
        assert (again.state, again.private_ips) == (NodeState.RUNNING, node.private_ips)
    assert (files / "root/home/debian/kept").read_text() == "yes"


@real
def test_a_destroyed_host_leaves_nothing_and_the_lab_neither(fresh):
    driver = fresh.driver("gone")
    node = fresh.create(driver, "gone")
    other = fresh.create(driver, "stays")
    assert driver.destroy_node(node)
    assert driver.destroy_node(node)
    assert [one.name for one in driver.list_nodes()] == ["stays"]
    assert not [trace for trace in fresh.traces() if node.id[:8] in trace]
    assert not (fresh.root / "hosts" / node.id).exists()
    assert [trace for trace in fresh.traces() if other.id[:8] in trace]
    with pytest.raises(BaseHTTPError, match="not found"):
        driver.start_node(node)
    fresh.lab("down")
    assert fresh.traces() == []
    fresh.lab("down")


@real
def test_asking_twice_creates_one_host_and_a_killed_create_goes_on(fresh):
    driver = fresh.driver(quota={"instances": 1})

    def killed(_identity):
        raise KeyboardInterrupt

    driver.lab.boot = killed
    with pytest.raises(KeyboardInterrupt):
        fresh.create(driver, "same", ex_client_token="t")
    (pending,) = driver.list_nodes()
    assert pending.state == NodeState.PENDING
    with concurrent.futures.ThreadPoolExecutor() as pool:
        same = [pool.submit(fresh.create, fresh.driver(), "same", ex_client_token="t") for _try in range(3)]
        assert {one.result().id for one in same} == {pending.id}
    assert [(node.id, node.state) for node in driver.list_nodes()] == [(pending.id, NodeState.RUNNING)]
    assert (fresh.root / "hosts" / pending.id / "root/etc/hostname").read_text() == "same\n"


@real
def test_a_quota_holds_for_runs_at_once(fresh):
    def create(name):
        try:
            return fresh.create(fresh.driver(quota={"instances": 2}), name)
        except BaseHTTPError as error:
            return str(error)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        told = list(pool.map(create, ["a", "b", "c"]))
    assert [one for one in told if isinstance(one, str)] == ["Quota exceeded for instances: 2 allowed, 2 used"]
    nodes = fresh.driver().list_nodes()
    assert len({node.private_ips[0] for node in nodes}) == 2
    assert fresh.create(fresh.driver("another", quota={"instances": 1}), "d").private_ips[0] not in [
        node.private_ips[0] for node in nodes
    ]


@real
def test_wrong_user_data_and_images_are_refused_before_anything_is_created(fresh):
    driver = fresh.driver()
    with pytest.raises(BaseHTTPError, match="ssh_authorized_keys"):
        fresh.create(driver, "odd", ex_userdata="#cloud-config\npackages: [vim]\n")
    image = driver.list_images()[0]
    image.id = "absent"
    with pytest.raises(BaseHTTPError, match="image absent not found"):
        driver.create_node("odd", driver.list_sizes()[0], image)
    assert driver.list_nodes() == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("#!/bin/sh\n", "must begin"),
        ("#cloud-config\n: [", "no YAML"),
        ("#cloud-config\nusers: []\n", "ssh_authorized_keys"),
        ("#cloud-config\nssh_authorized_keys: key\n", "no list"),
        ("#cloud-config\nssh_keys: {dsa_private: secret}\n", "dsa_private"),
        ("#cloud-config\nssh_keys: {rsa_private: secret}\n", "one half of the rsa key"),
    ],
)
def test_user_data_that_is_not_taken_is_refused_without_its_keys(text, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        user_data.read(text)
    assert "secret" not in str(caught.value)
