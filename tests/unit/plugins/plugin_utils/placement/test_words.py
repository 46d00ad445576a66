# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words and the picture of a placement."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import explain, picture, place
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement import referee
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement.cases import offer, random_case

RULES = [
    (re.compile(r"max of \d+ in a"), "max"),
    (re.compile(r"apart from \w+ within"), "apart"),
    (re.compile(r"no \w+ in the|all of \w+ is in one other"), "together"),
    (re.compile(r"no \w+ within"), "near"),
    (re.compile(r"spread over"), "spread"),
    (re.compile(r"budget of"), "budget"),
]
SVG = "{http://www.w3.org/2000/svg}"


def running(zone):
    place_of = {"provider": "aws", "region": "r1", "zone": zone, "size": "small"}
    return {"name": f"shop-kv-{zone}", "family": "kv", "nodes": 1, **place_of}


def test_a_plan_with_its_price_what_stays_and_why_not_elsewhere():
    offers = [
        offer("attic", quota={"instances": 2}, labels=["private"]),
        offer(zone="b", price=0.06),
        *(offer(zone=f"n{number}", continent="NA") for number in range(7)),
    ]
    families = {
        "kv": {
            "nodes": 5,
            "demand": {"where": "continent == 'EU'"},
            "placement": {"prefer": "contains(labels, 'private')"},
        }
    }
    assert explain(place(families, offers, [running("b")])) == [
        "Placement: proven to be the best; 0.26 an hour",
        "kv: 4 new nodes on 4 instances",
        "  2 x attic/r1/a  small  0.04",
        "  2 x aws/r1/b  small  0.06",
        "An hour by family: kv 0.26",
        "An hour by provider: attic 0.08, aws 0.18",
        "1 existing instance stays",
        "Refused for kv: 7 domains: where is false (continent == 'EU'); attic/r1/a: instance quota 2 left, 4 needed",
    ]


def test_what_other_families_take_of_a_quota_is_told():
    offers = [offer(zone="a", quota={"instances": 3}), offer(zone="b", price=1)]
    families = {"kv": {"nodes": 2, "demand": {"where": "zone == 'a'"}}, "web": {"nodes": 2}}
    reasons = [entry["reason"] for entry in place(families, offers)["refusals"]["web"]]
    assert reasons == ["instance quota 3 left, 2 taken by other families, 2 needed"]


def test_a_rule_that_keeps_nodes_out_of_a_domain_is_told():
    offers = [
        offer(zone="a", price=0.01, latitude=59.3, longitude=18.1),
        offer(region="r2", zone="b", latitude=59.3, longitude=18.1),
        offer(region="r3", zone="c", latitude=40.7, longitude=-74.0),
    ]
    families = {
        "kv": {"nodes": 2, "placement": {"max": {"over": "zone", "nodes": 1}, "near": {"with": "web", "km": 100}}},
        "web": {"nodes": 1, "placement": {"together": {"with": "kv", "within": "region"}, "budget": 0.01}},
        "mq": {"nodes": 1, "placement": {"apart": {"with": "kv", "within": "region"}}},
        "db": {"nodes": 3, "placement": {"spread": {"over": "zone", "max_skew": 0, "required": True}}},
    }
    lines = explain(place(families, offers))
    assert [line for line in lines if line.startswith("Refused")] == [
        "Refused for kv: aws/r3/c: apart from mq within region",
        "Refused for mq: aws/r1/a, aws/r2/b: apart from kv within region",
        "Refused for web: aws/r2/b: budget of 0.01 an hour, 0.01 spent; aws/r3/c: no kv in the region",
    ]
    families = {
        "kv": {"nodes": 4, "placement": {"max": {"over": "zone", "nodes": 1}}},
        "db": {"nodes": 1, "placement": {"near": {"with": "web", "km": 100}}},
        "web": {"nodes": 1, "demand": {"where": "zone == 'a'"}},
    }
    lines = explain(place(families, offers))
    assert [line for line in lines if line.startswith("Refused")] == [
        "Refused for db: aws/r3/c: no web within 100 km",
        "Refused for kv: aws/r1/a, aws/r2/b, aws/r3/c: max of 1 in a zone",
        "Refused for web: aws/r2/b, aws/r3/c: where is false (zone == 'a')",
    ]


def test_one_more_instance_where_a_rule_refuses_it_breaks_that_rule():
    told = 0
    for seed in range(400):
        case = random_case(seed)
        result = place(case["families"], case["offers"], case["existing"], case["budget"])
        seats = referee.seats_of(case, result)
        sharing = any(
            rule["within"] == "instance"
            for family in case["families"].values()
            for rule in referee.as_list(referee.rules_of(family).get("together"))
        )
        for name, entries in [] if sharing else result["refusals"].items():
            for entry in entries:
                rule = next((rule for words, rule in RULES if words.match(entry["reason"])), None)
                for domain in entry["domains"] if rule else []:
                    told += 1
                    here = [one for one in case["offers"] if "/".join(referee.place_of(one)) == domain]
                    fitting = [one for one in here if referee.capacity(case, name, one)]
                    cheapest = min(fitting, key=lambda one: one["price"] or 0)
                    low = referee.range_of(case["families"][name])[0]
                    more = referee.Seat(name, cheapest, referee.place_of(cheapest), low)
                    after = referee.violations(case, [*seats, more])
                    assert rule in {key[1] for key, (by, _who) in after.items() if by > 1e-9}, (seed, name, entry)
    assert told > 50


def test_sizes_that_are_too_small_are_told_in_gibibytes():
    result = place({"kv": {"nodes": 1, "demand": {"memory": "64 GiB"}}}, [offer(), offer(size="big")])
    lines = explain(result)
    assert "Refused for kv: aws/r1/a: no size with memory >= 64 GiB" in lines
    assert "The fewest rules to relax: lower memory of kv from 64 GiB to 8 GiB" in lines


def test_what_helps_a_plan_that_does_not_fit():
    families = {"web": {"nodes": 20}}
    lines = explain(place(families, [offer("attic", quota={"instances": 17})]))
    assert lines[-2:] == [
        "The fewest rules to relax: raise the instance quota of attic/r1/a by 3",
        "A single change that helps: raise the instance quota of attic/r1/a by 3; or nodes of web from 20 to 17",
    ]


def test_surplus_moves_drift_and_sharing_are_told():
    offers = [offer(zone="a", price=1), offer(zone="b")]
    lines = explain(place({"kv": {"nodes": 0}}, offers, [running("a")]))
    assert "1 existing instance is surplus: shop-kv-a" in lines
    moved = explain(place({"kv": {"nodes": 1, "placement": {"rebalance": {"max_moves": 1}}}}, offers, [running("a")]))
    assert "1 existing instance moves: shop-kv-a" in moved
    drift = explain(place({"kv": {"nodes": 1, "demand": {"vcpus": 4}}}, offers, [running("a")]))
    assert "Drift, kv, vcpus: shop-kv-a: no size with vcpus >= 4" in drift
    families = {"kv": {"nodes": 1}, "web": {"nodes": 2, "nodes_per_instance": 2}}
    families["web"]["placement"] = {"together": {"with": "kv", "within": "instance"}}
    assert "  1 x aws/r1/b  small  0.04  with 2 nodes of web" in explain(place(families, offers))


def test_any_result_can_be_told_and_drawn():
    for seed in range(3000, 3040):
        case = random_case(seed)
        result = place(case["families"], case["offers"], case["existing"], case["budget"])
        assert all(isinstance(line, str) and "\n" not in line for line in explain(result))
        root = ElementTree.fromstring(picture(result, case["existing"]))
        assert root.tag == f"{SVG}svg"


def test_the_picture_tells_what_a_family_needs():
    families = {"a": {"nodes": 1}, "b": {"nodes": 1}}
    text = picture(place(families, [offer()]), neighbours={"a": ["b"]})
    assert text.count("needs ") == 1
    assert ">needs b<" in text


def test_the_picture_has_a_cell_for_every_family_and_domain():
    families = {"kv": {"nodes": 3, "demand": {"where": "zone == 'b'"}}, "web": {"nodes": 2}}
    offers = [offer(zone="a", price=0.01), offer(zone="b")]
    text = picture(place(families, offers, [running("b")]), [running("b")])
    titles = [title.text for title in ElementTree.fromstring(text).iter(f"{SVG}title")]
    assert titles == [
        "kv, aws/r1/a: where is false (zone == 'b')",
        "2 new nodes of web in aws/r1/a",
        "2 new nodes of kv in aws/r1/b",
        "1 running nodes of kv in aws/r1/b",
    ]


@pytest.mark.parametrize("junk", [None, [], {}, {"assignments": [], "refusals": {}}, {"assignments": 3, "refusals": 4}])
def test_junk_is_one_sentence(junk):
    for function in (explain, picture):
        with pytest.raises(WombatError) as caught:
            function(junk)
        assert "\n" not in str(caught.value)
