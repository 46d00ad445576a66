# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Malformed and degenerate input: one clear sentence each, or a plain answer."""

from __future__ import annotations

import copy
import random

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import place, validate
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement.cases import offer, random_case

JUNK = [
    None,
    "",
    "x",
    "-1",
    "nan",
    -1,
    0,
    1.5,
    10**30,
    float("nan"),
    float("inf"),
    -float("inf"),
    True,
    [],
    {},
    [None],
    [[]],
    [1, "a"],
    {"x": 1},
    {1: 2},
    "4 XiB",
    "[",
    "contains(",
    object(),
    b"bytes",
    {"over": "moon"},
    {"with": "nobody"},
    [{"over": []}],
    {"over": "zone"},
    {"min": 3, "max": 2},
]


def spoiled(seed):
    """A random case with one to three values replaced by junk, or keys added or renamed."""
    dice = random.Random(seed)
    case = copy.deepcopy(random_case(seed))
    for _time in range(dice.randint(1, 3)):
        holder, key = dice.choice(list(places(case, [])))
        action = dice.random()
        if action < 0.8:
            holder[key] = dice.choice(JUNK)
        elif isinstance(holder, dict):
            holder["unexpected"] = dice.choice(JUNK)
        else:
            holder.append(dice.choice(JUNK))
    return case


def places(value, found):
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(entries):
        found.append((value, key))
        if isinstance(item, (dict, list)) and item:
            places(item, found)
    return found


def test_a_thousand_malformed_inputs_give_one_sentence_each():
    refused = 0
    for seed in range(1000):
        case = spoiled(seed)
        try:
            result = place(case["families"], case["offers"], case["existing"], case["budget"])
            assert result["status"] in ("optimal", "feasible", "infeasible")
        except WombatError as error:
            refused += 1
            sentence = str(error)
            assert "\n" not in sentence, seed
            assert 10 < len(sentence) < 400, seed
    assert refused > 500


@pytest.mark.parametrize(
    ("families", "sentence"),
    [
        ({"kv": {"nodes": -1}}, "families.kv.nodes must be a whole number from 0 to 100000, but is -1"),
        ({"kv": {"nodes": "many"}}, "families.kv.nodes must be a whole number"),
        ({"kv": {"demand": {"where": "=="}}}, "families.kv.demand.where is not a JMESPath expression"),
        ({"kv": {"demand": {"memory": "4 XiB"}}}, "families.kv.demand.memory must be an amount such as '4 GiB'"),
        ({"kv": {"demand": {"memroy": 4}}}, "families.kv.demand.memroy is not a known key; did you mean 'memory'?"),
        ({"kv": {"placement": {"spread": {"over": "moon"}}}}, "families.kv.placement.spread.over cannot be 'moon'"),
        ({"kv": {"placement": {"spread": {}}}}, "families.kv.placement.spread.over is missing"),
        (
            {"kv": {"placement": {"together": {"with": "wbe", "within": "zone"}}, "nodes": 1}, "web": {}},
            "did you mean 'web'?",
        ),
        ({"kv": {"placement": {"near": {"km": 5}}}}, "families.kv.placement.near.latitude is missing"),
        ({"kv": {"placement": {"min": {"over": "zone"}}}}, "families.kv.placement.min.nodes is missing"),
        ({"kv": {"nodes_per_instance": {"min": 3, "max": 2}}}, "has a min of 3 above its max of 2"),
        ({"kv": {"placement": {"together": {"with": "kv", "within": "instance"}}}}, "set nodes_per_instance"),
        ({"kv": 3}, "families.kv must be a mapping"),
        ([], "families must be a mapping"),
    ],
)
def test_a_wrong_family_is_named(families, sentence):
    with pytest.raises(WombatError) as caught:
        validate(families)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("offers", "sentence"),
    [
        ([offer(), offer()], "offers[1] repeats aws/r1/a small"),
        ([offer(price=float("nan"))], "offers[0].price must be a number"),
        ([offer(price=-1)], "offers[0].price must be a number"),
        ([offer(vcpus="two")], "offers[0].vcpus must be a number"),
        ([offer(size=None)], "offers[0].size must be a text"),
        ([offer(quota={"instances": "few"})], "offers[0].quota.instances must be a number"),
        ([offer(quota=[])], "offers[0].quota must be a mapping"),
        ([offer(), offer(size="big", country="SE")], "offers[1].country differs from another size's in aws/r1/a"),
        ([3], "offers[0] must be a mapping"),
        ("offers", "offers must be a list"),
    ],
)
def test_a_wrong_offer_is_named(offers, sentence):
    with pytest.raises(WombatError) as caught:
        place({"kv": {"nodes": 1}}, offers)
    assert sentence in str(caught.value)


def test_wrong_existing_instances_are_named():
    running = {"name": "a", "family": "kv", "provider": "aws", "region": "r1", "zone": "a", "size": "small", "nodes": 1}
    with pytest.raises(WombatError, match="existing lists the instance a twice"):
        place({"kv": {"nodes": 1}}, [offer()], [running, running])
    with pytest.raises(WombatError, match=r"existing\[0\].nodes must be a whole number"):
        place({"kv": {"nodes": 1}}, [offer()], [{**running, "nodes": 1.5}])


@pytest.mark.parametrize("families", [{}, {"kv": {"nodes": 0}}])
@pytest.mark.parametrize("offers", [[], [offer()]])
def test_nothing_to_place_is_optimal(families, offers):
    result = place(families, offers)
    assert (result["status"], result["assignments"], result["price"]) == ("optimal", [], 0)


def test_no_offers_and_no_room_are_infeasible():
    assert place({"kv": {"nodes": 2}}, [])["shortfall"] == {"kv": 2}
    assert place({"kv": {"nodes": 2}}, [offer(quota={"instances": 0})])["shortfall"] == {"kv": 2}
    assert place({"kv": {"nodes": 2}}, [offer(quota={"instances": -5})])["shortfall"] == {"kv": 2}


def test_huge_numbers_are_placed():
    result = place({"kv": {"nodes": 100_000}}, [offer(quota={"instances": 10**12, "memory": 10**14})])
    assert result["assignments"][0]["instances"] == 100_000
