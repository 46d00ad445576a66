# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins are paced: a system that bears one at a time is given one at a time."""

from __future__ import annotations

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop

# Each join takes its time, and tells when it begins and when it ends.
FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.88.0.0/24
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.01}}
      regions: {cellar: {zones: {a: {}}}}
releases:
  kv: {archive: ../kv-0.1.0.tar.gz}
families:
  kv:
    release: kv
    nodes: 4
    bootstrap:
      strategy: custom
      pace: 1
      status: {expression: "application:get_env(ring, members, [node()])"}
      join:
        success: joined
        expression: |
          begin
              ok = file:write_file("LOG", "+", [append]),
              timer:sleep(700),
              All = lists:usort([$NODE | erpc:call($SEED, application, get_env, [ring, members, [$SEED]])]),
              [ok = erpc:call(Node, application, set_env, [ring, members, All]) || Node <- All],
              ok = file:write_file("LOG", "-", [append]),
              joined
          end
"""


def test_no_more_hosts_join_at_once_than_the_family_says(tmp_path):
    log = tmp_path / "joins"
    with Shop(tmp_path, FILE.replace("LOG", str(log))) as shop:
        shop.must("deploy")
        assert log.read_text() == "+-+-+-"
        assert set(shop.must("deploy").changed.values()) == {0}
