# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two families on the same instances: `together` within `instance`."""

from __future__ import annotations

import re
import tarfile

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop, http

FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.92.0.0/24
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.01}}
      regions: {cellar: {zones: {a: {}}}}
releases:
  kv: {archive: "../kv-{{ version | default('0.1.0') }}.tar.gz"}
  web: {archive: "../web-{{ version | default('0.1.0') }}.tar.gz"}
families:
  kv:
    release: kv
    nodes: "{{ kv_nodes | default(2) }}"
    config: {kv: {data_dir: "{{ data_dir }}"}}
    hooks: {before_stop: [[/bin/sh, -c, "echo $WOMBAT_FAMILY >> $WOMBAT_ROOT/hooks"]]}
  web:
    release: web
    nodes: "{{ web_nodes | default(1) }}"
    neighbours: [kv]
    placement: {together: {with: kv, within: instance}}
    config: {web: {port: "{{ 8080 + slot }}"}}
    hooks: {before_stop: [[/bin/sh, -c, "echo $WOMBAT_FAMILY >> $WOMBAT_ROOT/hooks"]]}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with Shop(tmp_path_factory.mktemp("shop"), FILE) as shop:
        shop.must("deploy")
        yield shop


def families(shop):
    return sorted([node["family"] for node in host["wombat_nodes"]] for host in shop.hosts().values())


def test_both_families_run_on_one_instance_and_work_together(shop):
    assert families(shop) == [["kv"], ["kv", "web"]]
    assert shop.must("status").output.count("  running  ") == 3
    (web,) = shop.hosts("family_web").values()
    url = f"http://{web['ansible_host']}:8082/kv/book"
    http("PUT", url, b"shelf 7")
    assert http("GET", url) == b"shelf 7"


def test_a_second_deploy_changes_nothing(shop):
    assert set(shop.must("deploy").changed.values()) == {0}


def test_one_family_stops_and_the_other_that_shares_the_instance_goes_on(shop):
    before = {name: pid for name, pid in shop.nodes("kv").items() if name.startswith("kv")}
    shop.must("node", "-e", "wombat_state=stopped", "-e", "wombat_family=web")
    assert shop.nodes("kv") == before
    status = shop.must("status").output
    assert (status.count("  running  "), status.count("  down ")) == (2, 1)
    assert [path.read_text() for path in shop.home.rglob("hooks")] == ["web\n"]
    shop.must("deploy")


def test_without_a_family_all_that_share_an_instance_are_meant(shop):
    asked = shop.must("command", "-e", "wombat_expression='node()'", "-e", "wombat_read_only=true").output
    assert sorted(re.findall(r"^(\w+)@\S+  '", asked, re.M)) == ["kv1", "kv1", "web2"]
    asked = shop.must("command", "-e", "wombat_expression='node()'", "-e", "wombat_family=web").output
    assert re.findall(r"^(\w+)@\S+  '", asked, re.M) == ["web2"]
    shop.must("logs", "-e", f"wombat_logs={shop.folder}/logs")
    packed = set()
    for path in (shop.folder / "logs").iterdir():
        with tarfile.open(path) as archive:
            packed |= {name.split("/")[0] for name in archive.getnames()}
    assert packed == {"kv1", "web2"}
    shop.must("node", "-e", "wombat_state=stopped")
    assert shop.must("status").output.count("  down ") == 3
    shop.must("deploy")


def test_one_family_goes_back_to_a_version_and_the_other_keeps_its_own(shop):
    newer = ("-e", "version=0.2.0")
    shop.must("deploy", *newer)
    shop.must("rollback", *newer, "-e", "wombat_version=0.1.0", "-e", "wombat_family=web")
    rows = re.findall(r"^(kv|web)\d@.* (0\.\d\.0) ", shop.must("status").output, re.M)
    assert sorted(rows) == [("kv", "0.2.0"), ("kv", "0.2.0"), ("web", "0.1.0")]
    shop.must("deploy")


def test_growth_brings_instances_with_what_is_lacking(shop):
    grown = ("-e", "kv_nodes=3", "-e", "web_nodes=2")
    shop.must("deploy", *grown)
    assert families(shop) == [["kv"], ["kv", "web"], ["kv", "web"]]
    assert set(shop.must("deploy", *grown).changed.values()) == {0}


def test_a_follower_without_room_is_told(shop):
    run = shop.play("deploy", "-e", "kv_nodes=3", "-e", "web_nodes=3")
    assert run.code != 0
    assert "1 nodes too few on the instances of kv" in run.output
