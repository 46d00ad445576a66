# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strategies with groups, and those that render settings: what nodes boot with, and what is decided from it."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Console
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.grouping import groups_of
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import STRATEGIES
from ansible_collections.wombat.erlang.plugins.module_utils.terms import from_erlang, sys_config
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_bootstrap import read_bootstrap
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section

DOMAINS = {
    "a@1": "aws/eu-1/a",
    "b@1": "aws/eu-1/b",
    "c@1": "aws/us-1/a",
    "d@1": "attic/cellar/a",
    "e@1": "aws/us-1/a",
}


def family(*wanted, leaving=()):
    return Family("kv", wanted, leaving, domains=DOMAINS)


def settings(strategy, who, name="a@1", **options):
    _name, complete = read_bootstrap(Section({"strategy": strategy, **options}, "bootstrap"))
    return STRATEGIES[strategy].settings({"node": name}, who, complete)


def made(strategy, who, **options):
    _name, complete = read_bootstrap(Section({"strategy": strategy, **options}, "bootstrap"))
    return STRATEGIES[strategy](who, complete, Console([], 0))


@pytest.mark.parametrize(
    ("options", "groups"),
    [
        ({"by": "provider"}, {"attic": ["d@1"], "aws": ["c@1", "a@1", "b@1"]}),
        ({"by": "region"}, {"attic_cellar": ["d@1"], "aws_eu_1": ["a@1", "b@1"], "aws_us_1": ["c@1"]}),
        (
            {"by": "zone"},
            {"attic_cellar_a": ["d@1"], "aws_eu_1_a": ["a@1"], "aws_eu_1_b": ["b@1"], "aws_us_1_a": ["c@1"]},
        ),
        (
            {"groups": {"far": ["aws/us-*", "attic/*"], "near": ["a@1", "aws/*/b"]}},
            {"far": ["c@1", "d@1"], "near": ["a@1", "b@1"]},
        ),
    ],
)
def test_groups_follow_places_or_lists(options, groups):
    assert groups_of(family("c@1", "a@1", "d@1", "b@1"), options) == groups


@pytest.mark.parametrize("patterns", [{"one": ["nobody"]}, {"one": ["*"], "two": ["aws/*"]}])
def test_a_listed_node_is_in_exactly_one_group(patterns):
    with pytest.raises(WombatError, match=r"bootstrap\.groups must give every node exactly one"):
        groups_of(family("a@1"), {"groups": patterns})


def parse_s_groups(text):
    """The definition of s_groups, as the kernel of SD Erlang reads it: triples with `normal` alone, names as atoms."""
    (application,) = from_erlang(text)["$proplist"].items()
    assert application[0] == "kernel"
    groups = {}
    for entry in application[1]["$proplist"]["s_groups"]:
        name, publish, nodes = entry["$tuple"]
        assert publish == {"$atom": "normal"}
        assert name["$atom"] not in groups
        names = [node["$atom"] for node in nodes]
        assert names
        assert len(set(names)) == len(names)
        groups[name["$atom"]] = names
    return groups


def rendered(who, name="a@1", **options):
    return parse_s_groups(sys_config(settings("s_group", who, name, **options).told))


def test_every_node_gets_one_definition_with_gateways_in_two_groups():
    who = family("a@1", "b@1", "c@1", "d@1", "e@1")
    groups = rendered(who)
    assert groups == {
        "attic_cellar": ["d@1"],
        "aws_eu_1": ["a@1", "b@1"],
        "aws_us_1": ["c@1", "e@1"],
        "gateways": ["a@1", "c@1", "d@1"],
    }
    assert all(rendered(who, name) == groups for name in who.wanted)
    assert rendered(who, gateways=2)["gateways"] == ["a@1", "b@1", "c@1", "d@1", "e@1"]
    assert "gateways" not in rendered(who, gateways=0)
    assert set(rendered(family("a@1", "b@1"))) == {"aws_eu_1"}


def test_gateways_stay_when_the_family_grows_and_shrinks_around_them():
    assert rendered(family("c@1", "a@1", "e@1"))["gateways"] == ["a@1", "c@1"]
    assert rendered(family("c@1", "a@1", "e@1", "b@1"))["gateways"] == ["a@1", "c@1"]
    assert rendered(family("c@1", "a@1"))["gateways"] == ["a@1", "c@1"]
    assert rendered(family("a@1", "e@1"))["gateways"] == ["a@1", "e@1"]  # c has left: the next oldest follows


def test_the_last_gateway_leaves_only_when_another_can_follow():
    leaving = made("s_group", family("a@1", "e@1", leaving=("c@1",)))
    up = View(members=("a@1",))
    assert leaving.unsafe({"a@1": up, "c@1": up, "e@1": up}) == []
    assert "would lose its last gateway" in leaving.unsafe({"a@1": up, "c@1": up})[0]
    assert made("s_group", family("a@1", leaving=("c@1",))).unsafe({"a@1": up, "c@1": up}) == []  # the group goes too


def test_an_s_group_node_is_a_member_when_its_groups_are_as_wanted():
    strategy = made("s_group", family("a@1", "b@1", "c@1"))
    said = [["a@1", "b@1", "c@1"], [["aws_eu_1", ["a@1", "b@1"]], ["gateways", ["a@1", "c@1"]]]]
    assert strategy.is_member("a@1", strategy.view("a@1", said))
    assert not strategy.disagreement("a@1", strategy.view("a@1", said))
    less = [["a@1", "b@1"], [["aws_eu_1", ["a@1", "b@1"]]]]
    assert not strategy.is_member("a@1", strategy.view("a@1", less))
    assert "c@1" in strategy.disagreement("a@1", strategy.view("a@1", less))[0]


def test_global_groups_are_the_same_for_all():
    who = family("a@1", "c@1", "b@1")
    told = settings("global_group", who, publish="hidden").told
    assert sys_config(told) == ("[{kernel,[{global_groups,[{aws_eu_1,hidden,[a@1,b@1]},{aws_us_1,hidden,[c@1]}]}]}].\n")


def test_libcluster_gets_a_topology_or_a_variable():
    who = family("b@1", "a@1")
    assert sys_config(settings("libcluster", who).told) == (
        "[{libcluster,[{topologies,[{wombat,[{strategy,'Elixir.Cluster.Strategy.Epmd'},"
        "{config,[{hosts,[a@1,b@1]}]}]}]}]}].\n"
    )
    gossip = settings("libcluster", who, kind="gossip", config={"port": 45892}).told
    assert "{strategy,'Elixir.Cluster.Strategy.Gossip'},{config,[{port,45892}]}" in sys_config(gossip)
    assert settings("libcluster", who, variable="CLUSTER_NODES").env == {"CLUSTER_NODES": "a@1,b@1"}


def test_flags_and_files():
    assert settings("hidden", family("a@1")).vm_args == ("-hidden",)
    assert settings("seed", family("a@1")).vm_args == ("-connect_all false",)
    assert settings("hosts_file", family("a@1", "b@1", "c@2")).home == {".hosts.erlang": "'1'.\n'2'.\n"}


def test_a_node_of_pg_knows_its_scope_and_all():
    told = settings("pg", family("a@1", "c@1"), "c@1", by="region").told
    assert sys_config(told) == "[{wombat,[{scope,aws_us_1},\n  {scopes,[aws_eu_1,aws_us_1]}]}].\n"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"strategy": "seed", "seed": 2}, "bootstrap.seed is not a known key of strategy seed; did you mean 'seeds'?"),
        ({"strategy": "seed", "seeds": "many"}, "bootstrap does not suit strategy seed: "),
        ({"strategy": "custom"}, "bootstrap does not suit strategy custom: missing required arguments: status"),
        ({"strategy": "pg", "by": "planet"}, "bootstrap does not suit strategy pg: value of by must be one of"),
    ],
)
def test_options_are_checked_by_the_strategys_own_declaration(data, sentence):
    with pytest.raises(WombatError) as caught:
        read_bootstrap(Section(data, "bootstrap"))
    assert str(caught.value).startswith(sentence)


def test_every_strategy_describes_its_options():
    for name, strategy in STRATEGIES.items():
        assert name == strategy.NAME
        assert all(option.get("description") for option in strategy.OPTIONS.values()), name
