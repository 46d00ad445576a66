# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strategies on real nodes: each makes them a family of its kind, keeps it when the family grows, and shrinks it."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest
from erlang_family import Circle

NORTH, SOUTH = "attic/north/a", "attic/south/a"


def test_global_groups_of_two_regions_know_their_own_names_alone(make_host):
    family = Circle(make_host, "global_group", *[NORTH, SOUTH] * 3)
    family.become()
    north = family.wanted[::2]
    south = family.wanted[1::2]
    for group in (north, south):
        for name in group:
            assert set(family.value(name, "global_group:own_nodes()")) == set(group)
        assert family.value(group[0], "global:register_name(boss, whereis(init))") == "yes"
        for name in group:
            assert family.value(name, "node(global:whereis_name(boss))") == group[0]
    newcomer = family.add(SOUTH)
    leaver = south[-1]
    family.remove(leaver)
    family.stop(leaver)
    family.become()
    assert set(family.value(newcomer, "global_group:own_nodes()")) == {*south[:-1], newcomer}
    assert family.value(newcomer, "node(global:whereis_name(boss))") == south[0]
    assert set(family.value(north[0], "global_group:own_nodes()")) == set(north)


def test_a_star_has_a_seed_and_the_next_oldest_follows_it(make_host):
    family = Circle(make_host, "seed", *[NORTH] * 4)
    family.become()
    first, second, third, fourth = family.wanted
    assert family.connected(first) == {second, third, fourth}
    assert family.connected(third) == {first}
    family.remove(first)
    family.stop(first)
    family.become()
    assert family.connected(fourth) == {second}
    assert family.connected(second) == {third, fourth}


def test_scopes_of_pg_are_of_one_place(make_host):
    family = Circle(make_host, "pg", NORTH, SOUTH, NORTH, prefix="kv_")
    family.become()
    one, other, third = family.wanted
    assert family.value(one, "pg:join(kv_attic_north, crew, whereis(init))") == "ok"
    crew = "[node(P) || P <- pg:get_members(kv_attic_north, crew)]"
    wait = f"(fun Wait() -> case {crew} of [] -> timer:sleep(10), Wait(); Found -> Found end end)()"
    assert family.value(third, wait) == [one]
    assert family.value(other, "whereis(kv_attic_north)") is None
    assert family.value(other, "element(2, application:get_env(wombat, scopes))") == [
        "kv_attic_north",
        "kv_attic_south",
    ]


def test_hidden_nodes_stand_alone(make_host):
    family = Circle(make_host, "hidden", NORTH, NORTH)
    family.become()
    one, other = family.wanted
    assert family.value(one, f"net_kernel:connect_node('{other}')") is True
    assert family.value(one, "nodes()") == []
    assert other in family.value(one, "nodes(hidden)")


@pytest.fixture
def epmd():
    """A stock epmd of this test alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen([shutil.which("epmd"), "-port", port])
    yield {"ERL_EPMD_PORT": port}
    process.kill()
    process.wait()


def test_the_file_of_hosts_is_enough_to_find_each_other(make_host, epmd):
    family = Circle(make_host, "hosts_file", NORTH, SOUTH, epmd=True, env=epmd)
    family.become()
    one, other = family.wanted
    text = (family.hosts[one].root / "home/kv/.hosts.erlang").read_text()
    assert text == "".join(f"'{name.partition('@')[2]}'.\n" for name in (one, other))
    assert family.connected(one) == {other}


# A system of the tests' own that remembers its members: a node that is restarted has lost its memory.
RING = {
    "status": {"expression": "application:get_env(ring, members, [node()])"},
    "join": {
        "expression": """begin
            All = lists:usort([$NODE | erpc:call($SEED, application, get_env, [ring, members, [$SEED]])]),
            [ok = erpc:call(Node, application, set_env, [ring, members, All]) || Node <- All],
            joined
        end""",
        "success": "joined",
    },
    "leave": {
        "expression": """begin
            Rest = application:get_env(ring, members, [node()]) -- [$NODE],
            [ok = erpc:call(Node, application, set_env, [ring, members, Rest]) || Node <- Rest],
            application:unset_env(ring, members)
        end"""
    },
    "forget": {
        "expression": """begin
            Rest = application:get_env(ring, members, [node()]) -- [$DEAD],
            erpc:multicall(Rest, application, set_env, [ring, members, Rest])
        end"""
    },
    "ready": {"command": ["sh", "-c", 'test "$WOMBAT_NODE" = "$1"', "-", "$NODE"]},
    "pace": 1,
}


def test_a_system_of_ones_own_joins_heals_and_leaves(make_host):
    family = Circle(make_host, "custom", *[NORTH] * 3, **RING)
    family.become()
    first, second, third = family.wanted
    assert set(family.value(third, RING["status"]["expression"])) == {first, second, third}
    family.hosts[second].nodes("restarted")
    assert family.decided()["forget"] == [second]
    assert family.bring("joined", check=True, **family.decided())[second]["nodes"][second]["joined"] == [first]
    family.become()
    assert set(family.value(second, RING["status"]["expression"])) == {first, second, third}
    newcomer = family.add(NORTH)
    family.become()
    family.remove(first)
    left = family.bring("left", [first], **family.decided())
    assert left[first]["nodes"][first] == {"left": True}
    assert not family.bring("left", [first], **family.decided())[first]["changed"]
    family.stop(first)
    family.become()
    assert set(family.value(newcomer, RING["status"]["expression"])) == {second, third, newcomer}


def test_two_clusters_of_a_family_are_told_and_not_merged(make_host):
    family = Circle(make_host, "custom", *[NORTH] * 4, **RING)
    family.configure()
    first, second, third, fourth = family.wanted
    for ring in ([first, second], [third, fourth]):
        members = ", ".join(f"'{name}'" for name in ring)
        for name in ring:
            assert family.value(name, f"application:set_env(ring, members, [{members}])") == "ok"
    decided = family.decided()
    assert decided["seeds"] == {}
    assert not any(result["nodes"][name]["joined"] for name, result in family.bring("joined", **decided).items())
    for name, result in family.bring("settled", timeout=1, **decided).items():
        assert result["failed"]
        assert f"{first}, {second} see each other. {third}, {fourth} see each other." in result["msg"]
        others = [third, fourth] if name in (first, second) else [first, second]
        assert f"Node {name} does not count in {', '.join(others)}." in result["msg"]


def test_who_does_not_join_is_told_in_the_systems_own_words(make_host):
    refusing = {
        **RING,
        "join": {"command": ["sh", "-c", "echo my ring is full, says $WOMBAT_SEED; exit 0"], "success": "^ok"},
    }
    family = Circle(make_host, "custom", NORTH, NORTH, **refusing)
    family.configure()
    first, second = family.wanted
    result = family.bring("joined", [second], timeout=1, **family.decided())[second]
    assert result["failed"]
    assert result["msg"] == f"Node {second} did not join within 1 s: it said my ring is full, says {first}."
