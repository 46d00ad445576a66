# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Neighbours: a list or a mapping, how families are connected, and what neighbours become in settings."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.lookup.membership import LookupModule
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.links import gateways
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import load, shop, write

WEB = {"release": "kv", "nodes": 1}


def families(tmp_path, neighbours, **changes):
    web = {**WEB, "neighbours": neighbours}
    return load(write(tmp_path, shop(families__web=web, **changes)))


def test_a_list_connects_all_with_all(tmp_path):
    web = families(tmp_path, ["kv"]).families["web"]
    assert web.neighbours == ("kv",)
    assert web.links["kv"] == {"connect": "all", "as": {"config": {}, "vm_args": [], "env": {}}, "call": None}


def test_neighbours_become_settings_as_the_family_maps_them(tmp_path):
    shape = {
        "config": {"web": {"backends": "{{ nodes }}"}},
        "env": {"KV": "{{ nodes | join(',') }}"},
        "vm_args": ["-web kv {{ nodes | first }}"],
    }
    deployment = families(tmp_path, {"kv": {"connect": "none", "as": shape}})
    assert deployment.mapped("web", "kv", {"nodes": ["kv1@h", "kv2@h"]}) == {
        "config": {"web": {"backends": ["kv1@h", "kv2@h"]}},
        "env": {"KV": "kv1@h,kv2@h"},
        "vm_args": ["-web kv kv1@h"],
    }


def test_a_circle_of_neighbours_is_allowed(tmp_path):
    deployment = families(tmp_path, ["kv"], families__kv__neighbours=["web"])
    assert deployment.families["kv"].neighbours == ("web",)


@pytest.mark.parametrize(
    ("neighbours", "sentence"),
    [
        ({"vk": {}}, "families.web.neighbours names 'vk', which is not a family; use one of: kv"),
        ({"kv": {"connect": "al"}}, "families.web.neighbours.kv.connect cannot be 'al'; did you mean 'all'?"),
        ({"kv": {"as": {"envs": {}}}}, "families.web.neighbours.kv.as.envs is not a known key; did you mean 'env'?"),
        ({"web": {}}, "families.web.neighbours names the family itself"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, neighbours, sentence):
    with pytest.raises(WombatError) as caught:
        families(tmp_path, neighbours)
    assert sentence in str(caught.value)


def test_gateways_are_the_oldest_of_each_domain():
    assert gateways(["c", "a", "b"], {"a": "x", "b": "y", "c": "x"}) == ["c", "b"]


@pytest.mark.parametrize(
    ("connect", "options"),
    [
        ("all", {"peers": {"web1@h": ["kv1@h", "kv2@h", "kv3@h"]}, "hidden": {}}),
        ("hidden", {"peers": {}, "hidden": {"web1@h": ["kv1@h", "kv2@h", "kv3@h"]}}),
        ("gateway", {"peers": {}, "hidden": {"web1@h": ["kv1@h", "kv3@h"]}}),
        ("none", {"peers": {}, "hidden": {}}),
    ],
)
def test_nodes_are_connected_as_the_family_says(connect, options):
    lookup = LookupModule()
    lookup.host = {"wombat_nodes": [{"name": "web1@h", "family": "web"}]}
    domains = {"kv1@h": "x", "kv2@h": "x", "kv3@h": "y", "web1@h": "x", "web2@h": "x"}
    loaded = {
        "families": {"web": {"connect": {"kv": connect}, "calls": {}}},
        "members": {
            "web": {"nodes": ["web1@h", "web2@h"], "domains": domains},
            "kv": {"nodes": ["kv1@h", "kv2@h", "kv3@h"], "domains": domains},
        },
    }
    assert lookup.neighbours("web", loaded)["options"] == {**options, "calls": {}}
    loaded["families"]["web"]["calls"] = {"kv": "web:use(Nodes)"}
    calls = {"web1@h": [["kv", ["kv1@h", "kv2@h", "kv3@h"], "web:use(Nodes)"]]}
    assert lookup.neighbours("web", loaded)["options"] == {**options, "calls": calls}
    lookup.host = {"wombat_nodes": [{"name": "web2@h", "family": "web"}]}
    found = lookup.neighbours("web", loaded)["options"]
    assert (bool(found["peers"]), bool(found["hidden"])) == (connect == "all", connect == "hidden")
