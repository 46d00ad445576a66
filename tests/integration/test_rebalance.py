# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`rebalance`: a family moves to where it is better, and keeps what was written: its majority stays where it is."""

from __future__ import annotations

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop

FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.94.0.0/24
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.01}}
      regions: {cellar: {zones: {a: {}, b: {}}}}
releases:
  kv: {archive: ../kv-0.1.0.tar.gz}
families:
  kv:
    release: kv
    nodes: 3
    placement:
      max: {over: zone, nodes: 2}
      prefer: "zone == '{{ better | default('a') }}'"
      rebalance: {max_moves: 1}
    config: {kv: {data_dir: "{{ data_dir }}"}}
"""


def zones(shop):
    return sorted(host["wombat_zone"] for host in shop.hosts().values())


def answers(shop, expression):
    """What the nodes answer."""
    output = shop.must("command", "-e", "wombat_family=kv", "-e", f"wombat_expression='{expression}'").output
    return {line.split("  ", 1)[1] for line in output.splitlines() if line.startswith("kv1@")}


def test_a_family_moves_an_instance_to_where_it_is_better_and_loses_nothing(tmp_path):
    with Shop(tmp_path, FILE) as shop:
        shop.must("deploy")
        assert zones(shop) == ["a", "a", "b"]
        assert answers(shop, "kv:put(book, shelf)") == {"ok"}
        before = set(shop.hosts())
        run = shop.must("deploy", "-e", "better=b")
        assert zones(shop) == ["a", "b", "b"]
        assert len(before & set(shop.hosts())) == 2
        assert sum(" destroyed" in line for line in run.output.splitlines()) == 1
        assert answers(shop, "kv:get(book)") == {"{ok,shelf}"}
        assert set(shop.must("deploy", "-e", "better=b").changed.values()) == {0}
