# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule of the placement language, one by one."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import place
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement.cases import offer


def zones(names="abc", **values):
    return [offer(zone=name, **values) for name in names]


def nodes_by(result, key="zone", family="kv"):
    counts = {}
    for row in result["assignments"]:
        if row["family"] == family:
            counts[row[key]] = counts.get(row[key], 0) + row["nodes"]
    return counts


def kv(nodes, demand=None, **placement):
    return {"kv": {"nodes": nodes, "demand": demand or {}, "placement": placement}}


def running(zone, family="kv", number=0, **values):
    entry = {"name": f"shop-{family}-{zone}{number}", "family": family, "nodes": 1}
    return {**entry, "provider": "aws", "region": "r1", "zone": zone, "size": "small", **values}


def design_offers():
    here = offer("attic", "RegionOne", "nova", labels=["private"], quota={"instances": 2})
    north = [offer("aws", "eu-north-1", zone, price=0.06) for zone in "abc"]
    return [here, *north, offer("aws", "us-east-1", "a", continent="NA", price=0.01)]


def test_the_example_of_the_design():
    families = {
        "kv": {
            "nodes": 5,
            "demand": {"vcpus": 2, "memory": "4 GiB", "where": "continent == 'EU'"},
            "placement": {"prefer": ["contains(labels, 'private')"], "spread": {"over": "zone", "max_skew": 1}},
        },
        "web": {"nodes": 20, "placement": {"together": {"with": "kv", "within": "region"}}},
    }
    result = place(families, design_offers())
    assert result["status"] == "optimal"
    assert nodes_by(result) == {"nova": 2, "a": 1, "b": 1, "c": 1}
    assert nodes_by(result, "region", "web") == {"eu-north-1": 20}
    assert result["objective"]["prefer"] == [3]
    assert result["refusals"]["kv"] == [
        {"reason": "instance quota 2 left, 5 needed", "domains": ["attic/RegionOne/nova"], "offers": 0},
        {"reason": "where is false (continent == 'EU')", "domains": ["aws/us-east-1/a"], "offers": 1},
    ]


@pytest.mark.parametrize(
    ("demand", "size"),
    [
        ({}, "small"),
        ({"vcpus": 4}, "big"),
        ({"memory": "5 GiB"}, "big"),
        ({"memory": 4096}, "small"),
        ({"disk": "15 GiB"}, "small"),
    ],
)
def test_minimums_choose_the_cheapest_size_that_fits(demand, size):
    result = place(kv(1, demand), [offer(), offer(size="big")])
    assert [row["size"] for row in result["assignments"]] == [size]


def test_minimums_are_of_every_node():
    families = {"kv": {"nodes": 4, "nodes_per_instance": 2, "demand": {"vcpus": 2}}}
    result = place(families, [offer(), offer(size="big")])
    assert [(row["size"], row["instances"], row["nodes"]) for row in result["assignments"]] == [("big", 2, 4)]


def test_a_number_of_nodes_per_instance_fills_all_but_the_last():
    result = place({"kv": {"nodes": 5, "nodes_per_instance": 2}}, [offer()])
    assert [(row["instances"], row["nodes"]) for row in result["assignments"]] == [(3, 5)]


def test_a_range_of_nodes_per_instance_is_chosen_by_price():
    families = {"kv": {"nodes": 4, "nodes_per_instance": {"min": 1, "max": 4}, "demand": {"vcpus": 1}}}
    result = place(families, [offer(), offer(size="big")])
    assert [(row["size"], row["instances"], row["nodes"]) for row in result["assignments"]] == [("big", 1, 4)]


def test_architectures_have_one_name_each():
    result = place(kv(1, {"arch": "arm64"}), [offer(), offer(size="big", arch="aarch64")])
    assert [row["size"] for row in result["assignments"]] == ["big"]


def test_an_error_in_where_is_a_reason():
    result = place(kv(1, {"where": "starts_with(country, 'S')"}), zones())
    assert result["status"] == "infeasible"
    assert result["refusals"]["kv"][0]["reason"].startswith("where fails (In function starts_with()")


def test_where_sees_what_the_provider_adds():
    assert place(kv(1, {"where": "latency < `20`"}), [offer(latency=10)])["status"] == "optimal"


@pytest.mark.parametrize("scope", ["quota", "provider_quota"])
@pytest.mark.parametrize("limit", [{"instances": 2}, {"vcpus": 5}, {"memory": 11000}])
def test_quotas_are_shared_by_families_and_sizes(scope, limit):
    offers = [offer(**{scope: limit}), offer(size="big", **{scope: limit})]
    families = {"kv": {"nodes": 2}, "web": {"nodes": 2}}
    assert place(families, offers)["objective"]["unplaced"] == 2


def test_the_last_tier_of_prefer_is_filled_last():
    offers = [
        offer(zone="a", labels=["gold"], price=9, quota={"instances": 1}),
        offer(zone="b", labels=["silver"], price=5, quota={"instances": 1}),
        offer(zone="c", price=1),
    ]
    result = place(kv(4, prefer=["contains(labels, 'gold')", "contains(labels, 'silver')"]), offers)
    assert nodes_by(result) == {"a": 1, "b": 1, "c": 2}
    assert result["objective"]["prefer"] == [2, 1]


def test_spread_goes_before_the_price_and_max_skew_is_tolerated():
    offers = [offer(zone="a", price=0.01), *zones("bc", price=1)]
    assert nodes_by(place(kv(6, spread={"over": "zone", "max_skew": 0}), offers)) == {"a": 2, "b": 2, "c": 2}
    assert nodes_by(place(kv(6, spread={"over": "zone", "max_skew": 1}), offers))["a"] == 3


def test_ties_go_to_the_even_distribution_and_first_names():
    assert nodes_by(place(kv(3, spread={"over": "zone", "max_skew": 5}), zones())) == {"a": 1, "b": 1, "c": 1}
    assert nodes_by(place(kv(3), zones())) == {"a": 3}


def test_a_required_spread_is_a_constraint_and_a_soft_one_is_not():
    offers = [offer(zone="a"), offer(zone="b", quota={"instances": 1})]
    assert place(kv(6, spread={"over": "zone", "max_skew": 1, "required": True}), offers)["shortfall"] == {"kv": 2}
    soft = place(kv(6, spread={"over": "zone", "max_skew": 1}), offers)
    assert (soft["shortfall"], soft["objective"]["skew"]) == ({}, 1)


def test_spread_weights():
    spread = {"over": "zone", "max_skew": 0, "weights": {"aws/r1/a": 3}}
    assert nodes_by(place(kv(5, spread=spread), zones())) == {"a": 3, "b": 1, "c": 1}


def test_a_required_rule_refuses_unknown_keys():
    offers = [offer(zone="a", price=0.01), offer(zone="b", country="SE")]
    result = place(kv(2, max={"over": "country", "nodes": 2}), offers)
    assert nodes_by(result) == {"b": 2}
    assert result["refusals"]["kv"][0]["reason"] == "no country known, and max needs it"


def test_together_with_itself_and_with_another():
    offers = [offer(region="r1", quota={"instances": 2}), offer(region="r2", quota={"instances": 3}, price=1)]
    assert nodes_by(place(kv(3, together={"with": "kv", "within": "region"}), offers), "region") == {"r2": 3}
    families = kv(2) | {"web": {"nodes": 1, "demand": {"where": "region == 'r2'"}}}
    families["kv"]["placement"]["together"] = {"with": "web", "within": "region"}
    assert nodes_by(place(families, offers), "region") == {"r2": 2}


def test_apart_from_itself_and_from_another():
    assert nodes_by(place(kv(3, apart={"with": "kv", "within": "zone"}), zones())) == {"a": 1, "b": 1, "c": 1}
    families = kv(2, apart={"with": "web", "within": "zone"}) | {"web": {"nodes": 1}}
    result = place(families, zones("ab"))
    assert not set(nodes_by(result)) & set(nodes_by(result, family="web"))


def test_apart_within_instance_means_one_node_each():
    families = kv(2, apart={"with": "kv", "within": "instance"})
    families["kv"]["nodes_per_instance"] = {"max": 4}
    assert place(families, [offer()])["assignments"][0]["instances"] == 2


def test_near_a_point_and_near_a_family():
    far, close = (
        offer(zone="far", latitude=-33.9, longitude=151.2),
        offer(zone="close", latitude=59.9, longitude=10.7, price=1),
    )
    offers = [far, close, offer(zone="unknown", price=0.001)]
    result = place(kv(1, near={"latitude": 59.3, "longitude": 18.1, "km": 500}), offers)
    assert nodes_by(result) == {"close": 1}
    assert [entry["reason"] for entry in result["refusals"]["kv"]] == [
        "more than 500 km from 59.3, 18.1",
        "no coordinates",
    ]
    families = kv(1, near={"with": "web", "km": 100}) | {"web": {"nodes": 1, "demand": {"where": "zone == 'close'"}}}
    assert nodes_by(place(families, offers)) == {"close": 1}


def test_min_max_and_at_least():
    assert nodes_by(
        place(kv(4, min={"over": "zone", "nodes": 2}, spread={"over": "zone", "max_skew": 0}), zones())
    ) == {"a": 2, "b": 2}
    assert nodes_by(place(kv(4, max={"over": "zone", "nodes": 2}), zones())) == {"a": 2, "b": 2}
    assert len(nodes_by(place(kv(4, at_least={"over": "zone", "keys": 3}), zones()))) == 3


def test_budgets_limit_and_refuse_unknown_prices():
    offers = [offer(zone="a", price=None), offer(zone="b", price=0.1)]
    assert place(kv(1), offers)["unknown_prices"] == 1
    result = place(kv(3, budget=0.25), offers)
    assert (nodes_by(result), result["shortfall"]) == ({"b": 2}, {"kv": 1})
    reasons = [entry["reason"] for entry in result["refusals"]["kv"]]
    assert reasons == ["budget of 0.25 an hour, 0.2 spent", "price unknown, and there is a budget"]
    assert place(kv(3), offers, budget=0.15)["price"] == 0.1


def test_existing_instances_stay_and_drift_is_told():
    existing = [running("a", number=number) for number in range(3)]
    result = place(kv(4, spread={"over": "zone", "max_skew": 0, "required": True}), zones("ab"), existing)
    assert (result["kept"], nodes_by(result)) == ([e["name"] for e in existing], {"b": 1})
    assert [row["rule"] for row in result["drift"]] == ["spread"]


def test_an_instance_on_an_offer_that_is_not_listed_stays():
    result = place(kv(2), zones(), [running("gone")])
    assert (result["kept"], nodes_by(result)) == (["shop-kv-gone0"], {"a": 1})


def test_surplus_is_chosen_by_the_objective_and_then_by_last_names():
    offers = [offer(zone="a", price=1), *zones("bc")]
    existing = [running("a"), *(running("b", number=number) for number in range(3))]
    assert place(kv(2), offers, existing)["surplus"] == ["shop-kv-a0", "shop-kv-b2"]
    assert place({}, offers, existing)["surplus"] == sorted(e["name"] for e in existing)
    assert place(kv(0), offers, existing)["surplus"] == sorted(e["name"] for e in existing)


def test_shrinking_keeps_the_spread():
    existing = [running(zone, number=number) for zone in "ab" for number in range(3)]
    result = place(kv(2, spread={"over": "zone", "max_skew": 0}), zones("ab"), existing)
    assert result["kept"] == ["shop-kv-a0", "shop-kv-b0"]


def test_no_instance_goes_when_its_nodes_are_needed():
    existing = [running(zone, nodes=2) for zone in "abc"]
    families = {"kv": {"nodes": 5, "nodes_per_instance": 2}}
    result = place(families, zones(), existing)
    assert (result["surplus"], result["assignments"]) == ([], [])


def test_rebalance_moves_so_many_and_only_for_better():
    existing = [running("a", number=number) for number in range(3)]
    offers = [offer(zone="a", price=1), offer(zone="b", price=0.5)]
    result = place(kv(3, rebalance={"max_moves": 2}), offers, existing)
    assert (result["moved"], nodes_by(result)) == (["shop-kv-a1", "shop-kv-a2"], {"b": 2})
    assert place(kv(3, rebalance={"max_moves": 2}), zones("ab"), existing)["moved"] == []
    assert place(kv(3), offers, existing)["moved"] == []


def test_families_on_the_same_instances():
    families = {
        "kv": {"nodes": 3, "demand": {"vcpus": 2}, "placement": {"spread": {"over": "zone", "max_skew": 0}}},
        "web": {
            "nodes": 6,
            "nodes_per_instance": 2,
            "demand": {"vcpus": 1},
            "placement": {"together": {"with": "kv", "within": "instance"}},
        },
    }
    result = place(families, [*zones(), *zones(size="big")])
    assert [(row["zone"], row["size"], row["nodes"], row["together"]) for row in result["assignments"]] == [
        (zone, "big", 1, {"web": 2}) for zone in "abc"
    ]


@pytest.mark.parametrize(
    ("web", "sentence"),
    [
        ({"nodes": 6}, "needs 6 instances, but kv"),
        ({"nodes": 1, "nodes_per_instance": {"max": 2}}, "must be a number"),
        ({"nodes": 1, "placement": {"prefer": "size == 'big'"}}, "say it at kv"),
        ({"nodes": 1, "placement": {"apart": {"with": "kv", "within": "zone"}}}, "drop one"),
    ],
)
def test_families_that_cannot_share_instances(web, sentence):
    web.setdefault("placement", {})["together"] = {"with": "kv", "within": "instance"}
    with pytest.raises(WombatError) as caught:
        place({"kv": {"nodes": 3}, "web": web}, zones())
    assert sentence in str(caught.value)


def test_a_circle_of_families_is_refused():
    def follow(other):
        return {"nodes": 1, "placement": {"together": {"with": other, "within": "instance"}}}

    with pytest.raises(WombatError, match="goes in a circle: a -> b -> a"):
        place({"a": follow("b"), "b": follow("a")}, zones())


def test_what_can_be_placed_is_placed():
    result = place(kv(5) | {"web": {"nodes": 1}}, [offer(quota={"instances": 4})])
    assert (result["status"], result["objective"]["unplaced"]) == ("infeasible", 2)
    assert sum(row["nodes"] for row in result["assignments"]) == 4
    assert result["conflict"] == [
        {"family": "aws/r1/a", "rule": "instances quota", "text": "raise the instance quota of aws/r1/a by 2"}
    ]
