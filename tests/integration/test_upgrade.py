# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades of a family that is in use: hot, rolling and full, failing ones, and back."""

from __future__ import annotations

import re

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop

FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.93.0.0/24
      sizes: {small: {vcpus: 1}}
      regions: {cellar: {zones: {a: {}, b: {}}}}
releases:
  kv: {archive: "../kv-{{ kv_version | default('0.1.0') }}.tar.gz"}
  web: {archive: "../web-{{ web_version | default('0.1.0') }}.tar.gz"}
families:
  kv:
    release: kv
    nodes: 3
    config: {kv: {data_dir: "{{ data_dir }}"}}
    upgrade:
      checks: ["maps:get(whole, kv:status())", "{{ kv_check | default('true') }}"]
  web:
    release: web
    nodes: 2
    neighbours: [kv]
    config: {web: {port: 8080}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with Shop(tmp_path_factory.mktemp("shop"), FILE) as shop:
        shop.must("deploy")
        yield shop


def versions(shop, family="kv"):
    """The version that each node says it runs."""
    rows = [line.split() for line in shop.must("status").output.splitlines() if line.startswith(family)]
    return {row[0]: re.search(r"0\.\d\.0", " ".join(row)).group() for row in rows}


def test_hot(shop):
    pids = shop.nodes("kv")
    run = shop.must("upgrade", "-e", "kv_version=0.2.0", "--check", "--diff")
    print(run.output)
    run = shop.must("upgrade", "-e", "kv_version=0.2.0", "--diff")
    print(run.output)
    assert set(versions(shop).values()) == {"0.2.0"}
    assert shop.nodes("kv") == pids
    run = shop.must("upgrade", "-e", "kv_version=0.2.0")
    print(run.output)
    assert set(run.changed.values()) == {0}
