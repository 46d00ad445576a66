# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A family on Mnesia: real nodes share a schema and a table on disc, and lose no record as they come and go."""

from __future__ import annotations

import shutil

import erlang_hosts
import pytest
from erlang_family import Circle

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, View

ATTIC = "attic/cellar/a"
CREATE = """begin
    {atomic, ok} = mnesia:create_table(orders, [{disc_copies, [node()]}]),
    {atomic, ok} = mnesia:create_table(mine, [{ram_copies, [node()]}]),
    ok
end"""
WRITE = "mnesia:sync_transaction(fun() -> [mnesia:write({orders, Key, {text, Key}}) || Key <- lists:seq(1, 1000)] end)"
READ = "[mnesia:table_info(orders, size), lists:member(node(), mnesia:table_info(orders, disc_copies))]"


@pytest.fixture(scope="module")
def mnesia_archive(tmp_path_factory):
    return erlang_hosts.build_release(tmp_path_factory.mktemp("probe"), ", mnesia")


@pytest.fixture
def make_host(mnesia_archive, tmp_path):
    hosts = []

    def make(address):
        hosts.append(erlang_hosts.Host(tmp_path / address, address, mnesia_archive))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


@pytest.fixture
def family(make_host):
    """Three nodes, with a table of a thousand records that the application makes on the first of them."""
    family = Circle(make_host, "mnesia", ATTIC, ATTIC, ATTIC, tables={"orders": "disc_copies"})
    family.configure()
    assert family.value(family.wanted[0], "mnesia:change_table_copy_type(schema, node(), disc_copies)")[0] == "atomic"
    assert family.value(family.wanted[0], CREATE) == "ok"
    family.become()
    assert family.value(family.wanted[1], WRITE)[0] == "atomic"
    return family


def whole(family):
    """Whether every member has all records, on disc."""
    return all(family.value(name, READ) == [1000, True] for name in family.wanted)


def test_a_family_grows_and_shrinks_without_losing_a_record(family):
    assert whole(family)
    first, second, _third = family.wanted
    family.add(ATTIC)
    family.become()
    assert whole(family)
    family.remove(second)
    views = family.bring("status", [*family.wanted, second])
    assert views[second]["nodes"][second]["error"] is None
    left = family.bring("left", [second], **family.decided())[second]
    assert "failed" not in left, left
    family.stop(second)
    family.become()
    assert whole(family)
    assert sorted(family.value(first, "mnesia:system_info(db_nodes)")) == sorted(family.wanted)
    # What is on disc is there again after all were down.
    for name in family.wanted:
        family.hosts[name].nodes("stopped")
    family.become()
    assert whole(family)


def test_a_wiped_node_is_healed(family):
    lost = family.wanted[2]
    host = family.hosts[lost]
    host.nodes("stopped")
    (folder,) = host.root.rglob("Mnesia.*")
    shutil.rmtree(folder)
    family.become()
    assert whole(family)


def test_the_node_with_the_last_copy_does_not_leave(family):
    first = family.wanted[0]
    family.remove(first)
    views = {}
    for result in family.bring("status", [*family.wanted, first]).values():
        for name, said in result["nodes"].items():
            del said["family"]
            views[name] = View(**said)
    strategy = family.strategy(Family("kv", tuple(family.wanted), (first,)), family.options, None)
    assert strategy.unsafe(views) == [f"{first} cannot leave: table mine would be left nowhere."]


def test_a_node_with_records_of_its_own_is_not_wiped(make_host):
    family = Circle(make_host, "mnesia", ATTIC, ATTIC)
    family.configure()
    second = family.wanted[1]
    assert family.value(second, "mnesia:create_table(mine, [{ram_copies, [node()]}])") == ["atomic", "ok"]
    family.value(second, "mnesia:dirty_write(mine, {mine, 1, 2})")
    result = family.bring("joined", [second], timeout=1, **family.decided())[second]
    assert "its own tables [mine] have records, which joining would delete" in result["msg"]
    assert family.value(second, "mnesia:table_info(mine, size)") == 1
