# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joining real nodes to their family and its neighbours."""

from __future__ import annotations

import os
import signal

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from erlang_hosts import NETWORK

from ansible_collections.wombat.erlang.plugins.module_utils import membership
from ansible_collections.wombat.erlang.plugins.modules import member


def prepare(host, *wanted, leaving=(), left=False, strategy="mesh", seeds=None, **asked):
    family = {"name": "kv", "strategy": strategy, "wanted": list(wanted), "leaving": list(leaving), "left": left}
    family["seeds"] = seeds
    family["options"] = asked.pop("options", None)
    validated = ArgumentSpecValidator(member.OPTIONS).validate({"root": str(host.root), "families": [family], **asked})
    assert validated.error_messages == []
    return membership.prepare(validated.validated_parameters)


def join(host, *wanted, **options):
    work = prepare(host, *wanted, **options)
    return {"changed": work.changed, **(work.result if work.apply is None else work.apply())}


@pytest.fixture
def hosts(make_host):
    """Two hosts with a node of one family each, running and not connected."""
    made = make_host(), make_host(f"{NETWORK}.3")
    for host in made:
        members = {
            "kv": {"nodes": [other.name("kv1") for other in made], "neighbours": {}},
        }
        host.configure("kv1", members=members)
        assert host.nodes()["changed"]
    return made


def connected(host, label="kv1"):
    return host.nodes("status", [label])["nodes"][host.name(label)]["connected"]


def everyone(hosts):
    return [host.name("kv1") for host in hosts]


def test_a_family_is_joined_once(hosts):
    one, other = hosts
    first = join(one, *everyone(hosts))
    assert first["changed"]
    assert first["nodes"] == {one.name("kv1"): {"joined": [other.name("kv1")]}}
    assert connected(other) == [one.name("kv1")]
    assert not join(one, *everyone(hosts))["changed"]


def test_check_mode_says_who_would_join(hosts):
    one, other = hosts
    work = prepare(one, *everyone(hosts))
    assert work.changed
    assert work.diff == [{"prepared": f"+ {one.name('kv1')} joins {other.name('kv1')}\n"}]
    assert connected(one) == []


def test_a_missing_node_is_named(hosts):
    one, other = hosts
    os.kill(other.pid("kv1"), signal.SIGKILL)
    result = join(one, *everyone(hosts), timeout=1)
    assert result["failed"]
    assert result["msg"] == (
        f"Node {one.name('kv1')} did not join within 1 s: it is not connected to {other.name('kv1')}."
    )
    assert "it does not run" in join(other, *everyone(hosts), timeout=1)["msg"]


def test_a_node_that_should_have_left_is_named(hosts):
    one, other = hosts
    join(one, *everyone(hosts))
    leaving = {"leaving": [other.name("kv1")], "state": "settled"}
    assert "failed" not in join(one, one.name("kv1"), **leaving)  # it may leave yet
    result = join(one, one.name("kv1"), **leaving, left=True, timeout=1)
    assert result["failed"]
    assert "is still connected to" in result["msg"]
    other.nodes("absent")
    assert "failed" not in join(one, one.name("kv1"), **leaving, left=True)


def test_a_release_that_joins_by_itself_is_only_told(hosts):
    one, _other = hosts
    everybody = {"kv": {"nodes": everyone(hosts), "neighbours": {}}}
    one.configure("kv1", members={"kv": {**everybody["kv"], "neighbours": {"web": ["web1@h"]}}})
    assert join(one, *everyone(hosts), strategy="none")["changed"]
    assert one.value("application:get_env(wombat, neighbours)", "kv1") == ["ok", [["web", ["web1@h"]]]]
    assert not join(one, *everyone(hosts), strategy="none")["changed"]
    assert connected(one) == []


def test_running_nodes_get_to_know_their_members(hosts):
    one, other = hosts
    neighbours = {"web": [other.name("kv1")]}
    one.configure("kv1", members={"kv": {"nodes": [one.name("kv1")], "neighbours": neighbours}})
    assert join(one, other.name("kv1"))["changed"]
    assert one.value("application:get_env(wombat, neighbours)", "kv1") == ["ok", [["web", [other.name("kv1")]]]]
    assert connected(one) == [other.name("kv1")]
    assert one.nodes("status")["outdated"] == []


def test_a_call_tells_a_node_its_neighbours_when_they_have_changed(hosts):
    one, other = hosts
    mine, theirs = one.name("kv1"), other.name("kv1")

    def meet(nodes, call="application:set_env(web, kv, {Nodes, 1 + element(2, application:get_env(web, kv, {0, 0}))})"):
        options = {"peers": {mine: [theirs]}, "hidden": {}, "calls": {mine: [["kv", nodes, call]]}}
        return join(one, theirs, strategy="links", options=options)

    for number, nodes in enumerate(([theirs], [theirs, "kv2@h"], [theirs]), 1):
        assert meet(nodes)["changed"]
        assert not meet(nodes)["changed"]
        assert one.value("application:get_env(web, kv)", "kv1") == ["ok", [nodes, number]]
    failed = meet([], "error(full)")
    assert failed["failed"]
    assert f"Node {mine} did not join within" in failed["msg"]
    assert "its call says" in failed["msg"]
    assert one.value("application:get_env(web, kv)", "kv1") == ["ok", [[theirs], 3]]


def test_families_meet_in_sight_or_hidden(hosts):
    one, other = hosts
    theirs = other.name("kv1")
    met = join(one, theirs, strategy="links", options={"peers": {}, "hidden": {one.name("kv1"): [theirs]}, "calls": {}})
    assert met["changed"]
    assert one.value("{nodes(), nodes(hidden) -- [N || N <- nodes(hidden), hd(atom_to_list(N)) =/= $k]}", "kv1") == [
        [],
        [theirs],
    ]
    assert not join(
        one, theirs, strategy="links", options={"peers": {}, "hidden": {one.name("kv1"): [theirs]}, "calls": {}}
    )["changed"]
