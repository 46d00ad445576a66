# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample kv with its keys in Mnesia: a family that grows, shrinks and heals, and loses no acknowledged key."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop

FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.95.0.0/24
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.01}}
      regions: {cellar: {zones: {a: {}}}}
releases:
  kv: {archive: ../kv-0.1.0.tar.gz}
families:
  kv:
    release: kv
    nodes: 3
    bootstrap: {strategy: mnesia, tables: {kv_entries: disc_copies}}
    config: {kv: {store: {$atom: mnesia}}}
"""
WRITE = "[ok = kv:put(Key, {text, Key}) || Key <- lists:seq(1, 500)]"
READ = "length([Key || Key <- lists:seq(1, 500), kv:get(Key) =:= {ok, {text, Key}}])"
COPIES = "lists:sort(mnesia:table_info(kv_entries, disc_copies))"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with Shop(tmp_path_factory.mktemp("shop"), FILE) as shop:
        # Two runs at once find a family that is new: one node begins it all the same, or there would be two of it.
        runs = [shop.start("deploy") for _run in range(2)]
        outputs = [run.communicate()[0] for run in runs]
        assert [run.returncode for run in runs] == [0, 0], "\n".join(outputs)
        ask(shop, WRITE, min(shop.hosts()))
        yield shop


def ask(shop, expression, hosts="family_kv"):
    """What the nodes of these hosts answer, by their names."""
    output = shop.must("command", "-e", f"wombat_hosts={hosts}", "-e", f"wombat_expression='{expression}'").output
    return dict(line.split("  ", 1) for line in output.splitlines() if line.startswith("kv1@"))


def whole(shop, number):
    """Require that so many nodes have all keys, and each of them a copy of its own on disk."""
    nodes = sorted(shop.nodes("kv"))
    assert len(nodes) == number
    copies = "[" + ",".join(f"'{node}'" for node in nodes) + "]"
    assert ask(shop, f"{{{READ}, {COPIES}}}") == dict.fromkeys(nodes, f"{{500,{copies}}}")


def test_what_was_written_is_on_every_node_and_a_second_deploy_changes_nothing(shop):
    whole(shop, 3)
    assert set(shop.must("deploy").changed.values()) == {0}


def test_a_killed_node_is_healed(shop):
    os.kill(next(iter(shop.nodes("kv").values())), signal.SIGKILL)
    shop.must("deploy")
    whole(shop, 3)


def test_a_node_that_lost_its_data_is_removed_as_dead_and_joins_anew(shop):
    name, pid = max(shop.nodes("kv").items())
    os.kill(pid, signal.SIGKILL)
    (root,) = [host["wombat_root"] for host in shop.hosts().values() if host["wombat_nodes"][0]["name"] == name]
    (folder,) = Path(root, "nodes").rglob("mnesia")
    shutil.rmtree(folder)
    shop.must("deploy")
    whole(shop, 3)


def test_it_grows_and_shrinks_but_not_below_the_last_copy_of_a_table(shop):
    shop.must("scale", "-e", "wombat_scale=kv=4")
    whole(shop, 4)
    (leaver,) = re.findall(r"existing instance is surplus: (\S+)", shop.must("plan").output)
    (node,) = ask(shop, "mnesia:create_table(mine, [{ram_copies, [node()]}])", leaver)
    run = shop.play("deploy")
    assert run.code != 0
    assert f"{node} cannot leave: table mine would be left nowhere. Nothing has left" in run.output
    whole(shop, 4)
    ask(shop, "mnesia:delete_table(mine)", leaver)
    shop.must("deploy")
    whole(shop, 3)
    assert leaver not in shop.hosts()
