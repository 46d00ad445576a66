# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances as hosts: groups, variables, members."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.plugin_utils import hosts
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing import parse
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import shop
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.test_planning import instance


def deployment(**changes):
    return parse(shop(**changes), "/shop.wombat.yml", lambda *_arguments, **_options: {})


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_group_names_are_what_ansible_allows(parts):
    assert re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", hosts.group_name("region", *parts))


def test_groups():
    assert hosts.groups_of(instance(1, zone="eu-1.a")) == [
        "wombat",
        "family_kv",
        "provider_attic",
        "region_attic_north",
        "domain_attic_north_eu_1_a",
    ]
    assert hosts.groups_of(dataclasses.replace(instance(1), draining=True))[-1] == "wombat_retiring"


@pytest.mark.parametrize(
    ("changes", "nodes"),
    [
        ({}, [("kv1@127.0.0.1", "kv1", 1, 9101), ("kv2@127.0.0.1", "kv2", 2, 9102)]),
        ({"distribution": {"epmd": True}}, [("kv1@127.0.0.1", "kv1", 1, None), ("kv2@127.0.0.1", "kv2", 2, None)]),
        ({"distribution": {"port": 5000}}, [("kv1@127.0.0.1", "kv1", 1, 5001), ("kv2@127.0.0.1", "kv2", 2, 5002)]),
    ],
)
def test_nodes(changes, nodes):
    found = hosts.nodes_of(deployment(**changes), instance(1, nodes=2))
    assert [(node["name"], node["label"], node["slot"], node["port"]) for node in found] == nodes
    assert {node["family"] for node in found} == {"kv"}


def test_families_that_share_an_instance_have_a_slot_after_the_other():
    shared = dataclasses.replace(instance(1, nodes=3), beside={"web": 1})
    found = hosts.nodes_of(deployment(), shared)
    assert [(node["name"], node["family"], node["slot"]) for node in found] == [
        ("kv1@127.0.0.1", "kv", 1),
        ("kv2@127.0.0.1", "kv", 2),
        ("web3@127.0.0.1", "web", 3),
    ]
    assert hosts.groups_of(shared)[1:3] == ["family_kv", "family_web"]


def test_a_node_has_the_name_that_its_family_gives():
    named = deployment(families__kv__node_name="riak")
    assert hosts.nodes_of(named, instance(1))[0]["name"] == "riak@127.0.0.1"
    assert hosts.nodes_of(named, instance(1, family="gone"))[0]["name"] == "gone1@127.0.0.1"


def test_a_host_holds_no_secret():
    secretive = deployment(
        providers__attic__credentials={"key": "hunter2"}, providers__attic__options={"root": "hunter2"}
    )
    host = hosts.host_of(secretive, instance(1))
    assert host["name"] == "shop-kv-000001"
    assert host["variables"]["wombat_domain"] == "attic/north/a"
    assert "hunter2" not in str(host)


class HostVars(dict):
    """What members_of needs of Ansible's hostvars."""

    def raw_get(self, name):
        return self.get(name, {})


def test_members_are_the_nodes_that_stay_the_oldest_first():
    def host(family, *slots, created=0):
        nodes = [{"name": f"{family}{slot}@h{created}", "family": family} for slot in slots]
        return {"wombat_nodes": nodes, "wombat_created": created, "wombat_domain": f"attic/{created}"}

    hostvars = HostVars(
        a=host("kv", 2, 1, created=9), b=host("kv", 3), c=host("web", 1), d=host("old", 1), e={}, g=host("kv", 4)
    )
    groups = {"wombat": list("abcdefg"), "wombat_retiring": ["b"], "wombat_gone": ["f"]}
    members = hosts.members_of(["kv", "web", "new"], {"groups": groups, "hostvars": hostvars})
    assert {name: entry["nodes"] for name, entry in members.items()} == {
        "kv": ["kv4@h0", "kv1@h9", "kv2@h9"],
        "web": ["web1@h0"],
        "new": [],
        "old": ["old1@h0"],
    }
    assert members["kv"]["leaving"] == ["kv3@h0"]
    assert members["kv"]["hosts"] == {"kv4@h0": "g", "kv1@h9": "a", "kv2@h9": "a", "kv3@h0": "b"}
    assert members["kv"]["domains"]["kv1@h9"] == "attic/9"
    assert hosts.members_of(["kv"], {"groups": {}, "hostvars": hostvars})["kv"]["nodes"] == []
