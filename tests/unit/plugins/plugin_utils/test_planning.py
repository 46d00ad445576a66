# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: what to create, what is surplus, and what is left alone."""

from __future__ import annotations

import dataclasses
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import planning
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Geography
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing import parse
from ansible_collections.wombat.erlang.plugins.plugin_utils.planning import Observation, make_plan, short_id, too_young
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Domain, Instance, Refusal, Size
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import cloud, shop


def deployment(nodes=3, **changes):
    data = shop(**{"families__kv__nodes": nodes, "providers__world": cloud(), **changes})
    return parse(data, "/shops/shop.wombat.yml", lambda *_arguments, **_options: {})


def domain(provider="attic", zone="a", price=0.01, left=None):
    return Domain(
        provider=provider,
        region="north",
        zone=zone,
        geography=Geography(),
        labels=(),
        features=(),
        sizes=(Size("small", 1, 512, 5, price), Size("large", 4, 4096, 5, 0.08)),
        images=(),
        limit={},
        quota={} if left is None else {"instances": left},
        provider_limit={},
        provider_quota={},
    )


def instance(number, state="running", family="kv", provider="attic", zone="a", size="small", created=None, nodes=1):
    return Instance(
        name=f"shop-{family}-{number:06}",
        id=str(number),
        provider=provider,
        region="north",
        zone=zone,
        size=size,
        state=state,
        family=family,
        run="earlier",
        created=float(number if created is None else created),
        slots=tuple(range(1, nodes + 1)),
        address=f"127.0.0.{number}",
    )


def seen(*instances, domains=None, unknown=()):
    return Observation(tuple(domains or [domain()]), tuple(instances), dict(unknown))


def names(instances):
    return [entry.name for entry in instances]


def test_nothing_to_do():
    plan = make_plan(deployment(), seen(*(instance(n) for n in range(3))), "run")
    assert (plan.create, plan.surplus, plan.held) == ((), (), {})


def test_what_is_missing_is_requested_with_names_of_the_run():
    plan = make_plan(deployment(), seen(instance(1)), "run")
    assert [(r.family, r.provider, r.region, r.zone, r.size, r.nodes) for r in plan.create] == [
        ("kv", "attic", "north", "a", "small", 1)
    ] * 2
    assert [request.token for request in plan.create] == ["run-0", "run-1"]
    assert names(plan.create) == [f"shop-kv-{short_id('run', 0)}", f"shop-kv-{short_id('run', 1)}"]
    assert all(re.fullmatch("shop-kv-[0-9a-z]{6}", name) for name in names(plan.create))


def test_plans_are_equal_in_any_order():
    here = [instance(n, zone="ab"[n % 2]) for n in range(6)]
    domains = [domain(zone=zone, provider=provider) for zone in "ab" for provider in ("attic", "world")]
    plans = []
    for seed in range(5):
        random.Random(seed).shuffle(here)
        random.Random(seed).shuffle(domains)
        for nodes in (4, 9):
            plan = make_plan(deployment(nodes), seen(*here, domains=domains), "run")
            plans.append((nodes, plan.create, sorted(names(plan.surplus))))
    assert plans == plans[:2] * 5


@given(run=st.text(), count=st.integers(1, 30))
def test_ids_are_six_characters_and_differ(run, count):
    ids = [short_id(run, number) for number in range(count)]
    assert len(set(ids)) == count
    assert all(re.fullmatch("[0-9a-z]{6}", text) for text in ids)


def test_names_in_use_are_not_given_again():
    used = dataclasses.replace(instance(1, state="error"), name=f"shop-kv-{short_id('run', 0)}")
    plan = make_plan(deployment(2), seen(used), "run", taken=[short_id("run", 2)])
    assert [request.token for request in plan.create] == ["run-1", "run-3"]


def test_nodes_are_shared_out_evenly():
    plan = make_plan(deployment(7, families__kv__nodes_per_instance={"min": 1, "max": 3}), seen(), "run")
    assert sum(request.nodes for request in plan.create) == 7
    assert max(request.nodes for request in plan.create) <= 3


def test_what_is_too_much_is_surplus_and_nothing_is_made():
    plan = make_plan(deployment(2), seen(*(instance(n) for n in range(5))), "run")
    assert (len(plan.surplus), plan.create) == (3, ())


def test_instances_of_a_family_that_is_gone_are_surplus():
    plan = make_plan(deployment(1), seen(instance(1), instance(2, family="old")), "run")
    assert names(plan.surplus) == ["shop-old-000002"]


@pytest.mark.parametrize("state", ["pending", "running", "stopped"])
def test_instances_that_come_or_rest_count(state):
    assert make_plan(deployment(1), seen(instance(1, state)), "run").create == ()


def test_instances_in_error_are_replaced_and_surplus():
    plan = make_plan(deployment(2), seen(instance(1), instance(2, "error")), "run")
    assert (len(plan.create), names(plan.surplus)) == (1, ["shop-kv-000002"])


@pytest.mark.parametrize("sick", [{"state": "stopped"}, {"address": None}])
def test_what_is_not_healthy_goes_first(sick):
    """Though the others are dear."""
    here = [dataclasses.replace(instance(1), **sick), instance(2, size="large"), instance(3, size="large")]
    plan = make_plan(deployment(2), seen(*here), "run")
    assert (names(plan.surplus), plan.result["surplus"]) == (["shop-kv-000001"], ["shop-kv-000001"])
    assert make_plan(deployment(3), seen(*here), "run").surplus == ()


def test_who_does_not_answer_goes_first_though_its_provider_says_that_it_runs():
    here = dataclasses.replace(
        seen(instance(1), instance(2, size="large"), instance(3, size="large")),
        unreachable=frozenset({"shop-kv-000001"}),
    )
    plan = make_plan(deployment(2), here, "run")
    assert (names(plan.surplus), plan.result["surplus"]) == (["shop-kv-000001"], ["shop-kv-000001"])
    assert make_plan(deployment(3), here, "run").surplus == ()


def test_the_unhealthy_do_not_take_more_with_them_than_is_too_much():
    here = [instance(1, "stopped", nodes=2), instance(2, "stopped"), instance(3), instance(4)]
    assert names(make_plan(deployment(4), seen(*here), "run").surplus) == ["shop-kv-000002"]
    assert names(make_plan(deployment(3), seen(*here), "run").surplus) == ["shop-kv-000001"]


def test_what_is_over_a_quota_goes_next_the_dearest_first():
    """The quota of zone b was lowered; the placement alone would shed zone a, which is dear."""
    domains = [domain(price=1.0), dataclasses.replace(domain(zone="b"), limit={"vcpus": 5}, quota={"vcpus": 0})]
    here = [instance(1), instance(2), *(instance(n, zone="b") for n in (3, 4)), instance(5, zone="b", size="large")]
    found = [names(make_plan(deployment(nodes), seen(*here, domains=domains), "run").surplus) for nodes in (4, 3, 2)]
    assert found == [
        ["shop-kv-000005"],
        ["shop-kv-000002", "shop-kv-000005"],
        ["shop-kv-000001", "shop-kv-000002", "shop-kv-000005"],
    ]


def test_then_goes_what_is_in_the_last_tier_before_what_is_dear():
    domains = [domain(price=1.0), domain("world", price=0.01), domain("world", zone="b", price=0.5)]
    here = [instance(1), instance(2, provider="world"), instance(3, provider="world", zone="b")]
    prefer = {"families__kv__placement": {"prefer": ["provider == 'attic'"]}}
    found = [
        names(make_plan(deployment(nodes, **changes), seen(*here, domains=domains), "run").surplus)
        for changes in ({}, prefer)
        for nodes in (2, 1)
    ]
    assert found == [
        ["shop-kv-000001"],
        ["shop-kv-000001", "shop-kv-000003"],
        ["shop-kv-000003"],
        ["shop-kv-000002", "shop-kv-000003"],
    ]


def test_who_stays_keeps_the_balance():
    spread = {"families__kv__placement": {"spread": {"over": "zone"}}}
    domains = [domain(price=1.0), domain(zone="b")]
    here = [instance(n, zone="a" if n < 4 else "b") for n in range(1, 8)]
    balanced = names(make_plan(deployment(4, **spread), seen(*here, domains=domains), "run").surplus)
    assert balanced == ["shop-kv-000002", "shop-kv-000003", "shop-kv-000007"]
    cheap = names(make_plan(deployment(4), seen(*here, domains=domains), "run").surplus)
    assert cheap == ["shop-kv-000001", "shop-kv-000002", "shop-kv-000003"]


@pytest.mark.parametrize(("nodes", "made"), [(1, 0), (2, 1), (3, 2)])
def test_an_instance_that_drains_goes_whatever_is_asked_for(nodes, made):
    draining = dataclasses.replace(instance(1), draining=True)
    plan = make_plan(deployment(nodes), seen(draining, instance(2)), "run")
    assert (len(plan.create), names(plan.surplus)) == (made, ["shop-kv-000001"])
    assert [row["name"] for row in plan.existing] == ["shop-kv-000002"]


def test_an_instance_that_drains_makes_no_other_too_young():
    draining = dataclasses.replace(instance(1), draining=True)
    assert too_young(deployment(1), seen(draining, instance(2)), known=()) == []


def test_instances_on_what_is_not_offered_any_more_stay():
    plan = make_plan(deployment(2), seen(instance(1, zone="gone"), instance(2, size="gone", provider="world")), "run")
    assert (plan.create, plan.surplus) == ((), ())


def test_an_unknown_provider_holds_growth_and_retires_nothing():
    plan = make_plan(deployment(4), seen(instance(1), instance(2), unknown={"world": "outage"}), "run")
    assert (plan.create, plan.surplus, plan.held) == ((), (), {"kv": 2})


@pytest.mark.parametrize(
    ("where", "held"),
    [
        ("provider == 'attic'", False),
        (["vcpus >= `1`", "contains(['attic', 'barn'], provider)"], False),
        ("provider != 'attic' || continent == 'EU'", True),
        ("provider == 'world'", True),
        ("@ != `0`", True),
    ],
)
def test_an_unknown_provider_holds_only_families_that_may_be_there(where, held):
    made = deployment(4)
    kv = dataclasses.replace(made.families["kv"], demand={"where": where})
    plan = make_plan(dataclasses.replace(made, families={"kv": kv}), seen(instance(1), unknown={"world": ""}), "run")
    assert plan.held == ({"kv": 3} if held else {})
    assert len(plan.create) == (0 if held else 3)


def test_an_unknown_provider_does_not_hold_what_is_certain():
    here = [instance(n) for n in range(4)]
    plan = make_plan(deployment(3), seen(*here, unknown={"world": "outage"}), "run")
    assert (plan.create, len(plan.surplus), plan.held) == ((), 1, {})


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        (
            "capacity",
            [("attic", "a", "large"), ("attic", "b", "small"), ("attic", "b", "large"), ("world", "a", "small")],
        ),
        ("quota", [("world", "a", "small")]),
        ("missing", [("world", "a", "small")]),
        ("outage", [("world", "a", "small")]),
        ("credentials", [("world", "a", "small")]),
    ],
)
def test_a_refusal_takes_its_scope_out_of_the_offers(kind, left):
    world = dataclasses.replace(domain("world"), sizes=domain().sizes[:1])
    observation = seen(domains=[domain(), domain(zone="b"), world])
    refusal = Refusal(kind, "no", "attic", "north", "a", "small")
    offers = observation.offers([refusal])
    assert [(offer["provider"], offer["zone"], offer["size"]) for offer in offers] == left
    assert len(observation.offers()) == 5
    refused = make_plan(
        deployment(1, families__kv__placement={"prefer": ["provider == 'attic' && zone == 'a'"]}),
        observation,
        "run",
        [refusal],
    )
    assert (refused.create[0].provider, refused.create[0].zone, refused.create[0].size) != ("attic", "a", "small")


def test_growth_goes_on_elsewhere_when_the_quota_is_used_up():
    domains = [domain(left=2), domain("world", price=1.0)]
    plan = make_plan(deployment(5), seen(domains=domains), "run")
    assert sorted(request.provider for request in plan.create) == ["attic"] * 2 + ["world"] * 3


def test_what_finds_no_place_is_a_shortfall():
    plan = make_plan(deployment(5), seen(domains=[domain(left=2)]), "run")
    assert (len(plan.create), plan.result["shortfall"]) == (2, {"kv": 3})


def test_of_two_runs_the_oldest_nodes_stay():
    here = [instance(n, created=created) for n, created in ((1, 50), (2, 10), (3, 30), (4, 20), (5, 40))]
    assert names(too_young(deployment(3), seen(*here), known=())) == ["shop-kv-000005", "shop-kv-000001"]
    assert names(too_young(deployment(3), seen(*here), known={"shop-kv-000001"})) == ["shop-kv-000005"]
    assert too_young(deployment(5), seen(*here), known=()) == []


def test_nodes_count_not_instances():
    here = [instance(1, nodes=2), instance(2, nodes=2), instance(3, nodes=1)]
    assert names(too_young(deployment(3), seen(*here), known=())) == ["shop-kv-000003"]
    assert names(too_young(deployment(2), seen(*here), known=())) == ["shop-kv-000002", "shop-kv-000003"]


def test_what_is_in_error_is_not_counted():
    assert too_young(deployment(1), seen(instance(1, "error"), instance(2)), known=()) == []


@given(
    runs=st.lists(st.integers(0, 2), max_size=12),
    wanted=st.integers(0, 6),
    order=st.permutations([0, 1, 2]),
    data=st.data(),
)
def test_runs_that_look_one_after_the_other_keep_what_is_wanted(runs, wanted, order, data):
    """Each run looks at any moment after its own last creation and takes back what is its own: just enough is left."""
    made = list(enumerate(runs))
    looks = {}
    for run in order:
        last = max((number for number, other in made if other == run), default=-1)
        looks[run] = data.draw(st.integers(last + 1, len(made)), label=f"look of {run}")
    here = dict(made)
    for run in sorted(order, key=lambda run: looks[run]):
        visible = [instance(number) for number in here if number < looks[run]]
        for entry in too_young(deployment(wanted), seen(*visible), known=()):
            if here[int(entry.id)] == run:
                del here[int(entry.id)]
    assert len(here) == min(wanted, len(runs))


@pytest.mark.parametrize(
    ("providers", "insecure", "refused"),
    [(("cloud", "other"), False, True), (("cloud", "other"), True, False), (("cloud", "cloud"), False, False)],
)
def test_clear_text_stays_in_one_network(providers, insecure, refused):
    remote = {"providers__cloud": {"driver": "ec2"}, "providers__other": {"driver": "gce"}, "insecure": insecure}
    there = [instance(number, provider=provider) for number, provider in enumerate(providers)]
    plan = make_plan(deployment(2), seen(*there), "run")
    if refused:
        with pytest.raises(
            WombatError, match=r"families\.kv would span cloud and other with unencrypted distribution; set"
        ):
            planning.check_network(deployment(2, **remote), seen(*there), plan)
    else:
        planning.check_network(deployment(2, **remote), seen(*there), plan)
    secured = deployment(2, **remote, families__kv__distribution={"tls": True})
    planning.check_network(secured, seen(*there), plan)


def test_neighbours_in_two_networks_need_tls_too():
    remote = {"providers__cloud": {"driver": "ec2"}, "providers__other": {"driver": "gce"}}
    web = {"release": "kv", "nodes": 1, "neighbours": ["kv"]}
    there = [instance(1, provider="cloud"), instance(2, provider="other", family="web")]
    plan = make_plan(deployment(1, families__web=web), seen(*there), "run")
    with pytest.raises(
        WombatError, match=r"families\.kv, web would span cloud and other with unencrypted distribution"
    ):
        planning.check_network(deployment(1, **remote, families__web=web), seen(*there), plan)
    tls = {"distribution": {"tls": True}}
    secured = deployment(1, **remote, families__web={**web, **tls}, families__kv__distribution=tls["distribution"])
    planning.check_network(secured, seen(*there), plan)


def test_a_plan_reads_like_a_diff():
    observation = seen(instance(1, "error", size="large"), instance(2, "error", size="gone"))
    lines = planning.diff_lines(make_plan(deployment(1), observation, "run"), observation.offers())
    assert lines == [
        f"+ shop-kv-{short_id('run', 0)}  attic/north/a  small  0.01/h",
        "- shop-kv-000001  attic/north/a  large  0.08/h",
        "- shop-kv-000002  attic/north/a  gone   price unknown",
    ]
    assert planning.diff_lines(make_plan(deployment(0), seen(), "run"), []) == []
