# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts through libcloud: created, logged in to, cut off, started again, and gone without a trace."""

from __future__ import annotations

import concurrent.futures
import json
import subprocess

import pytest
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.base import NodeAuthSSHKey
from libcloud.compute.types import NodeState

from ansible_collections.wombat.erlang.tests.integration.real_hosts import Bench, real
from ansible_collections.wombat.erlang.tests.lab import user_data

NOWHERE = "198.51.100.1"  # an address that is for documentation only


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
