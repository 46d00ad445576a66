# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that exist, over SSH: two deployments want the same three of them, and nothing is left in the end."""

from __future__ import annotations

import json

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop
from ansible_collections.wombat.erlang.tests.integration.real_hosts import LAB, Bench, real

pytestmark = real

FILE = """
plugin: wombat.erlang.deployment
name: NAME
store: store
providers:
  rack:
    driver: hosts
    ssh: {user: debian, key_file: USER_KEY, known_hosts: KNOWN_HOSTS}
    options:
      sizes: {big: {vcpus: 1, memory: 1 GiB}}
      hosts: SERVERS
releases:
  kv: {archive: ../kv-0.1.0.tar.gz}
families:
  kv: {release: kv, nodes: 2, config: {kv: {data_dir: "{{ data_dir }}"}}}
"""


class ServerShop(Shop):
    """A deployment on the servers of a bench."""

    def __init__(self, bench, servers, name):
        self.bench = bench
        text = FILE.replace("NAME", name, 1).replace("USER_KEY", str(bench.folder / "user"))
        text = text.replace("KNOWN_HOSTS", str(bench.folder / "known_hosts"))
        hosts = {server.name: {"address": server.private_ips[0], "size": "big"} for server in servers}
        folder = bench.folder / name
        folder.mkdir()
        super().__init__(folder, text.replace("SERVERS", json.dumps(hosts)))
        self.env["WOMBAT_LAB"] = str(bench.root)

    def command(self, program):
        return [str(LAB), "run", *super().command(program)]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("bench"))
    bench.lab("image")
    yield bench
    bench.lab("down")


@pytest.fixture(scope="module")
def servers(bench):
    driver = bench.driver("rack")
    servers = [bench.create(driver, name) for name in ("ceres", "mars", "pluto")]
    bench.await_login(*servers)
    return servers


@pytest.fixture(scope="module")
def shops(bench, servers):
    """The kv of shop and of blog: two servers each are wanted, of three."""
    return [ServerShop(bench, servers, name) for name in ("shop", "blog")]


def owners(bench, servers):
    """Whose claim is on each server."""
    found = {}
    for server in servers:
        claim = bench.shell(server, "sudo cat /var/lib/wombat/claim/owner 2>/dev/null || true")
        found[server.name] = json.loads(claim)["name"].split("-")[0] if claim else None
    return found


def taken_by(shop, servers):
    """The servers that a deployment has."""
    addresses = {host["ansible_host"] for host in shop.hosts().values()}
    return [server for server in servers if server.private_ips[0] in addresses]


def test_a_check_claims_nothing(bench, servers, shops):
    shops[0].must("provision", "--check")
    assert set(owners(bench, servers).values()) == {None}
    assert all(bench.shell(server, "ls -d /var/lib/wombat 2>/dev/null || true") == "" for server in servers)


def test_of_two_deployments_at_once_each_server_has_one(bench, servers, shops):
    runs = [shop.start("provision") for shop in shops]
    outputs = [run.communicate()[0] for run in runs]
    listed = [set(shop.hosts()) for shop in shops]
    assert sorted(len(hosts) for hosts in listed) == [1, 2], outputs
    said = list(owners(bench, servers).values())
    assert [said.count("shop"), said.count("blog")] == [len(hosts) for hosts in listed]
    codes = {len(hosts): run.returncode for hosts, run in zip(listed, runs, strict=True)}
    assert codes[2] == 0
    assert codes[1] != 0
    (loser,) = [output for output, run in zip(outputs, runs, strict=True) if run.returncode]
    assert "all hosts of this size are taken" in loser or "instance quota 0 left" in loser, loser


def test_the_winner_deploys_and_goes_and_leaves_nothing(bench, servers, shops):
    winner, other = sorted(shops, key=lambda shop: -len(shop.hosts()))
    winner.must("deploy")
    assert bench.shell(taken_by(winner, servers)[0], "sudo nft list tables") == "table inet wombat"
    assert winner.must("status").output.count("  running  ") == 2
    assert set(winner.must("deploy").changed.values()) == {0}
    taken = taken_by(winner, servers)
    winner.must("destroy", "-e", f"wombat_confirm={winner.folder.name}")
    left = (
        "ls -d /srv/wombat /var/lib/wombat /etc/systemd/system/wombat-* /etc/wombat-firewall.nft 2>/dev/null; "
        "getent passwd wombat; pgrep beam; sudo nft list tables"
    )
    assert [bench.shell(server, f"({left}) || true") for server in taken] == ["", ""]
    assert list(owners(bench, servers).values()).count(other.folder.name) == 1


def test_a_server_that_is_cut_off_is_neither_free_nor_gone(bench, servers, shops):
    (other,) = [shop for shop in shops if shop.hosts()]
    ((name, host),) = other.hosts().items()
    (server,) = [server for server in servers if server.private_ips[0] == host["ansible_host"]]
    bench.lab("cut", server.name)
    run = other.play("provision")
    bench.lab("heal", server.name)
    assert run.code != 0
    assert "an instance may be there" in run.output
    assert list(owners(bench, servers).values()).count(other.folder.name) == 2
    other.must("provision")
    assert name in other.hosts()
    other.must("destroy", "-e", f"wombat_confirm={other.folder.name}")
    assert set(owners(bench, servers).values()) == {None}
