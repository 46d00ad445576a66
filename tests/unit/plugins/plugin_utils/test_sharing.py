# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Families that share instances: who gets which nodes, and what the tag says of it."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.plugin_utils.planning import make_plan
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.model import Request, read_nodes, write_nodes
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.test_planning import (
    deployment,
    domain,
    instance,
    seen,
)

WEB = {"release": "kv", "placement": {"together": {"with": "kv", "within": "instance"}}}


def shared(kv=3, web=2, **changes):
    return deployment(kv, families__web={**WEB, "nodes": web, **changes})


def here(number, web):
    return dataclasses.replace(instance(number, nodes=1 + web), beside={"web": web} if web else {})


def test_new_instances_share_the_nodes_evenly():
    plan = make_plan(shared(), seen(), "run")
    assert [(request.family, request.nodes, request.beside) for request in plan.create] == [
        ("kv", 1, {"web": 1}),
        ("kv", 1, {"web": 1}),
        ("kv", 1, {}),
    ]
    assert (plan.result["shortfall"], plan.result["drift"]) == ({}, [])


def test_new_instances_get_what_the_others_lack():
    plan = make_plan(shared(kv=3, web=2), seen(here(1, 0), here(2, 1)), "run")
    assert [(request.nodes, request.beside) for request in plan.create] == [(1, {"web": 1})]


def test_several_nodes_on_each_instance():
    plan = make_plan(shared(kv=2, web=3, nodes_per_instance=2), seen(), "run")
    assert [request.beside for request in plan.create] == [{"web": 2}, {"web": 1}]


def test_a_follower_that_grows_without_new_instances_is_told():
    plan = make_plan(shared(kv=2, web=2), seen(here(1, 1), here(2, 0)), "run")
    assert (plan.create, plan.result["shortfall"]) == ((), {"web": 1})
    assert [entry["text"] for entry in plan.result["drift"]] == [
        "1 nodes too few on the instances of kv, whose nodes never change; "
        "destroy some of these instances and deploy again"
    ]


def test_a_follower_that_shrinks_is_told():
    plan = make_plan(shared(kv=2, web=1), seen(here(1, 1), here(2, 1)), "run")
    assert (plan.create, plan.surplus, plan.result["shortfall"]) == ((), (), {})
    assert "1 nodes too many on the instances of kv" in plan.result["drift"][0]["text"]


def test_a_second_plan_changes_nothing():
    first = make_plan(shared(), seen(), "run")
    running = [here(number, request.beside.get("web", 0)) for number, request in enumerate(first.create)]
    second = make_plan(shared(), seen(*running), "again")
    assert (second.create, second.surplus, second.result["drift"]) == ((), (), [])


def test_families_on_one_instance_need_the_room_of_both():
    full = shared(kv=1, web=1, demand={"memory": 300})
    full = dataclasses.replace(
        full, families={**full.families, "kv": dataclasses.replace(full.families["kv"], demand={"memory": 300})}
    )
    assert [request.size for request in make_plan(full, seen(domains=[domain()]), "run").create] == ["large"]


@given(
    st.integers(0, 999),
    st.dictionaries(st.from_regex(r"[a-z]([a-z0-9]*[a-z])?", fullmatch=True), st.integers(1, 99), max_size=3),
)
def test_the_tag_says_what_was_asked_for(nodes, beside):
    request = Request("n", "t", "kv", "run", "attic", "north", "a", "small", nodes, beside)
    text = write_nodes(request)
    assert read_nodes(text) == (nodes, beside)


def test_what_is_no_tag_of_ours():
    assert [read_nodes(text) for text in ("", "two", "2-", "2-web", "-1", "2 3")] == [None] * 6
