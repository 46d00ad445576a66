# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconciling against local clouds: refusals, races, what is unknown and what is not ours."""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import multiprocessing
import os
import random
import signal
import threading
import uuid

import pytest

from ansible_collections.wombat.erlang.plugins.action.instances import ActionModule
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import acting, reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.planning import make_plan, short_id
from ansible_collections.wombat.erlang.plugins.plugin_utils.progress import interruptible
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import cloud, load, shop, write

FOREVER = 600.0
PREFER_ATTIC = {"families__kv__placement": {"prefer": ["provider == 'attic'"]}}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


class Cloud:
    """A deployment over local clouds. Each call of `grow` opens it as a run of its own would."""

    def __init__(self, folder, **changes):
        self.folder = folder
        self.lines = []
        self.change(**changes)

    def change(self, **changes):
        data = shop(**{"providers": {"attic": cloud()}, **changes})
        self.deployment = load(write(self.folder, data))
        self.adapters = reconcile.open_providers(self.deployment)
        return self

    def grow(self, run="run", deadline=FOREVER, adapters=None):
        adapters = adapters or reconcile.open_providers(self.deployment)
        return reconcile.grow(self.deployment, adapters, run, self.lines.append, deadline)

    def seen(self):
        return reconcile.observe(self.adapters)

    def count(self, provider=None):
        return len([entry for entry in self.seen().instances if provider in (None, entry.provider)])


@pytest.fixture
def shops(tmp_path):
    return lambda **changes: Cloud(tmp_path, **changes)


def test_what_is_marked_goes_though_more_is_asked_for_meanwhile(shops):
    here = shops()
    here.grow()
    fewer = here.change(families__kv__nodes=2)
    (victim,) = fewer.grow("second").plan.surplus
    acting.drain(fewer.adapters, [victim], here.lines.append)
    assert here.lines[-1].startswith(f"~ {victim.name}  ")
    outcome = here.change(families__kv__nodes=3).grow("third")
    assert (len(outcome.created), [one.name for one in outcome.plan.surplus]) == (1, [victim.name])
    acting.destroy(here.adapters, outcome.plan.surplus, here.lines.append)
    assert (here.count(), here.grow("fourth").plan.surplus) == (3, ())


def test_what_somebody_stopped_is_started_unless_it_goes(shops):
    here = shops()
    first = here.grow().created
    for instance in first[:2]:
        here.adapters["attic"].act("stop", instance)
    outcome = here.grow("second")
    assert sorted(outcome.started) == sorted(instance.name for instance in first[:2])
    assert {instance.state for instance in outcome.observation.instances} == {"running"}
    assert here.grow("third").started == []
    here.adapters["attic"].act("stop", first[0])
    outcome = here.change(families__kv__nodes=2).grow("fourth")
    assert (outcome.started, [one.name for one in outcome.plan.surplus]) == ([], [first[0].name])


def test_what_is_gone_meanwhile_does_not_hide_the_others(shops):
    here = shops()
    here.grow()
    victims = here.change(families__kv__nodes=0).grow("second").plan.surplus
    acting.destroy(here.adapters, victims[:1], here.lines.append)
    with pytest.raises(WombatError, match=f"nothing has left: {victims[0].name} .*is gone"):
        acting.drain(here.adapters, victims, here.lines.append)
    assert sum(" draining " in line for line in here.lines) == 2


def test_a_network_too_many_is_no_place_for_the_rest_and_what_was_created_is_told(shops, monkeypatch):
    south = {"south": {"zones": {"a": {"refuse": "quota"}}}}
    attic = cloud(regions={"north": {"zones": {"a": {"quota": {"instances": 2}}}}, **south})
    here = shops(providers={"attic": attic, "world": cloud()}, **PREFER_ATTIC)
    monkeypatch.setattr(reconcile, "check_network", one_provider)
    outcome = here.grow()
    assert (len(outcome.created), outcome.shortfall()) == (2, {"kv": 1})
    assert [refusal.kind for refusal in outcome.refusals] == ["quota", "request"]
    assert any(line.startswith("! provider world refuses (request): too many networks") for line in here.lines)
    with pytest.raises(WombatError, match="too many networks"):
        shops(providers={"attic": cloud(), "world": cloud()}, families__kv__placement=SPREAD).grow()


SPREAD = {"spread": {"over": "provider", "max_skew": 1, "required": True}}


def one_provider(_deployment, seen, plan):
    if len({one.provider for one in (*seen.instances, *plan.create)}) > 1:
        raise WombatError("too many networks")


def only(region="north", **zone):
    return {"regions": {region: {"zones": {"a": zone}}}}


def test_grow_creates_what_is_missing_and_nothing_more(shops):
    here = shops()
    outcome = here.grow()
    assert sorted(entry.name for entry in outcome.created) == sorted(f"shop-kv-{short_id('run', n)}" for n in range(3))
    assert (outcome.shortfall(), outcome.refusals, outcome.destroyed, outcome.plan.create) == ({}, [], [], ())
    assert {entry.name for entry in outcome.observation.instances} == {entry.name for entry in outcome.created}
    assert sorted(here.lines)[0].startswith("+ shop-kv-")
    again = here.grow("other")
    assert (again.created, again.plan.create, again.plan.surplus) == ([], (), ())
    assert here.count() == 3


def test_a_run_again_asks_for_the_same_names_and_tokens(shops):
    here = shops()
    first = make_plan(here.deployment, here.seen(), "run")
    for request in first.create[:2]:
        assert here.adapters["attic"].create(request) == here.adapters["attic"].create(request)
    assert here.count() == 2
    assert len(here.grow().created) == 1
    assert here.count() == 3


@pytest.mark.parametrize(
    ("options", "kind", "scope", "least"),
    [
        ({**only(refuse="capacity")}, "capacity", ["attic", "north", "a", "small"], 0),
        ({**only(refuse="quota")}, "quota", ["attic", "north"], 0),
        ({**only(refuse="outage")}, "outage", ["attic"], 0),
        ({"quota": {"instances": 1}, **only()}, None, None, 1),
        ({**only(quota={"vcpus": 2})}, None, None, 2),
    ],
)
def test_what_one_provider_refuses_goes_to_the_next(shops, options, kind, scope, least):
    here = shops(providers={"attic": cloud(**options), "world": cloud()}, **PREFER_ATTIC)
    outcome = here.grow()
    assert (here.count("attic"), here.count("world")) == (least, 3 - least)
    assert outcome.shortfall() == {}
    assert {(refusal.kind, *refusal.scope) for refusal in outcome.refusals} == ({(kind, *scope)} if kind else set())
    assert all(refusal.text for refusal in outcome.refusals)
    assert any(line.startswith("! ") and "refuse" in line for line in here.lines) == bool(kind)


def test_capacity_is_missing_in_one_zone_only(shops):
    regions = {"north": {"zones": {"a": {"refuse": "capacity"}, "b": {}}}}
    here = shops(providers={"attic": cloud(regions=regions)}, families__kv__placement={"prefer": ["zone == 'a'"]})
    assert [entry.zone for entry in here.grow().created] == ["b"] * 3


def test_what_nobody_gives_is_a_shortfall(shops):
    here = shops(providers={"attic": cloud(quota={"instances": 2}), "world": cloud(**only(refuse="capacity"))})
    outcome = here.grow()
    assert (len(outcome.created), outcome.shortfall()) == (2, {"kv": 1})
    assert here.count() == 2


def test_what_moves_is_surplus_once_its_replacement_is_there(shops):
    """The run that creates the replacements retires what they replace, after they have joined; then nothing is left."""
    dear = cloud(sizes={"small": {"vcpus": 1, "memory": "512 MiB", "price": 0.05}})
    here = shops(providers={"attic": dear})
    old = {entry.name for entry in here.grow("first").created}
    rebalance = {"families__kv__placement": {"rebalance": {"max_moves": 2}}}
    here.change(providers={"attic": dear, "world": cloud()}, **rebalance)
    for run, moves in (("second", 2), ("third", 1), ("fourth", 0)):
        outcome = here.grow(run)
        assert ([entry.provider for entry in outcome.created], outcome.destroyed) == (["world"] * moves, [])
        assert len(outcome.plan.surplus) == moves
        assert {entry.name for entry in outcome.plan.surplus} <= old
        assert here.grow(f"{run} again").created == []
        acting.destroy(here.adapters, outcome.plan.surplus, here.lines.append)
    assert (here.count("attic"), here.count("world")) == (0, 3)


def test_a_replacement_that_is_refused_moves_nothing(shops):
    dear = cloud(sizes={"small": {"vcpus": 1, "memory": "512 MiB", "price": 0.05}})
    here = shops(providers={"attic": dear})
    here.grow("first")
    rebalance = {"families__kv__placement": {"rebalance": {"max_moves": 2}}}
    here.change(providers={"attic": dear, "world": cloud(**only(refuse="capacity"))}, **rebalance)
    outcome = here.grow("second")
    assert (outcome.created, outcome.plan.surplus, outcome.shortfall(), here.count("attic")) == ([], (), {}, 3)


@pytest.mark.parametrize("refuse", ["credentials", "outage"])
def test_an_unknown_provider_holds_growth_and_retires_nothing(shops, refuse):
    here = shops(providers={"attic": cloud(), "world": cloud()})
    here.grow()
    here.change(providers={"attic": cloud(), "world": cloud(refuse=refuse)}, families__kv__nodes=9)
    before = here.count("attic")
    outcome = here.grow("other")
    assert (outcome.created, outcome.plan.surplus, here.count("attic")) == ([], (), before)
    assert outcome.plan.held == outcome.shortfall() == {"kv": 9 - before}
    assert list(outcome.observation.unknown) == ["world"]
    assert "world refuses" in outcome.observation.unknown["world"]


def test_a_provider_that_fails_on_the_way_keeps_what_it_made(shops, monkeypatch):
    here = shops()
    adapters = reconcile.open_providers(here.deployment)
    domains = adapters["attic"].domains

    def fails_once_something_is_there():
        if here.count():
            raise Refusal("outage", "gone", "attic")
        return domains()

    monkeypatch.setattr(adapters["attic"], "domains", fails_once_something_is_there)
    outcome = here.grow(adapters=adapters)
    assert len(outcome.created) == len(outcome.observation.instances) == here.count() == 3
    assert (outcome.shortfall(), outcome.plan.surplus) == ({}, ())


def test_a_listing_that_lags_creates_nothing_twice(shops, monkeypatch):
    here = shops()
    adapters = reconcile.open_providers(here.deployment)
    monkeypatch.setattr(adapters["attic"], "instances", list)
    outcome = here.grow(adapters=adapters)
    assert len(outcome.created) == len(outcome.observation.instances) == here.count() == 3


def test_nothing_is_asked_for_after_the_deadline(shops):
    here = shops()
    outcome = here.grow(deadline=0)
    assert (outcome.created, here.count(), outcome.shortfall()) == ([], 0, {"kv": 3})


def test_what_was_made_before_the_deadline_stays(shops, monkeypatch):
    here = shops(providers__attic__parallel=1)
    adapters = reconcile.open_providers(here.deployment)
    clock = [0.0]
    create = adapters["attic"].create

    def slow(request):
        clock[0] += 10
        return create(request)

    monkeypatch.setattr(reconcile.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(adapters["attic"], "create", slow)
    outcome = here.grow(deadline=15, adapters=adapters)
    assert (len(outcome.created), outcome.shortfall(), here.count()) == (2, {"kv": 1}, 2)


def test_instances_that_come_up_in_error_end_the_use_of_their_offer(shops, monkeypatch):
    here = shops(providers={"attic": cloud(), "world": cloud(**only())}, **PREFER_ATTIC)
    adapters = reconcile.open_providers(here.deployment)
    create = adapters["attic"].create
    monkeypatch.setattr(
        adapters["attic"],
        "create",
        lambda *batch: [
            dataclasses.replace(one, state="error", error="No valid host was found") for one in create(*batch)
        ],
    )
    monkeypatch.setattr(adapters["attic"], "instances", list)
    outcome = here.grow(adapters=adapters)
    assert here.count("world") == 3
    assert {(refusal.kind, refusal.scope[1]) for refusal in outcome.refusals} == {
        ("capacity", "north"),
        ("capacity", "south"),
    }
    assert all("No valid host was found" in str(refusal) for refusal in outcome.refusals)
    assert {entry.name for entry in outcome.plan.surplus} == {e.name for e in outcome.created if e.provider == "attic"}


def test_surplus_is_named_and_not_destroyed(shops):
    here = shops(families__kv__nodes=5)
    here.grow()
    here.change(families__kv__nodes=2)
    outcome = here.grow("other")
    assert (len(outcome.plan.surplus), outcome.destroyed, here.count()) == (3, [], 5)


def test_destroy(shops):
    here = shops()
    created = here.grow().created
    assert acting.destroy(here.adapters, created, here.lines.append) == sorted(entry.name for entry in created)
    assert here.count() == 0
    assert acting.destroy(here.adapters, created, here.lines.append) == sorted(entry.name for entry in created)
    assert acting.destroy(here.adapters, [], here.lines.append) == []


def test_destroy_tries_all_and_names_those_that_stay(shops):
    here = shops(providers={"attic": cloud(quota={"instances": 2}), "world": cloud()}, **PREFER_ATTIC)
    created = here.grow().created
    here.change(providers={"attic": cloud(refuse="outage"), "world": cloud()})
    with pytest.raises(
        WombatError, match=r"^not destroyed: shop-kv-\w+ \(.*attic.*; shop-kv-\w+ \(.*; mend the cause and run"
    ):
        acting.destroy(here.adapters, created, here.lines.append)
    here.change(providers={"attic": cloud(), "world": cloud()})
    assert (here.count("attic"), here.count("world")) == (2, 0)


def test_other_deployments_on_the_same_cloud_are_never_touched(tmp_path, shops):
    root = str(tmp_path / "cloud")
    here = shops(providers={"attic": cloud(root=root)})
    (tmp_path / "other").mkdir()
    other = Cloud(tmp_path / "other", name="shop2", providers={"attic": cloud(root=root)})
    here.grow()
    other.grow("theirs")
    driver = here.adapters["attic"].driver("north")
    driver.create_node("shop-kv-foreign", driver.list_sizes()[0])
    foreign = 1 + len([entry for entry in other.seen().instances if entry.region == "north"])
    assert (here.count(), other.count()) == (3, 3)
    here.change(providers={"attic": cloud(root=root)}, families__kv__nodes=0)
    outcome = here.grow("again")
    assert {entry.name.split("-")[0] for entry in outcome.plan.surplus} == {"shop"}
    acting.destroy(here.adapters, here.seen().instances, here.lines.append)
    assert (here.count(), other.count(), len(driver.list_nodes())) == (0, 3, foreign)


def jitter(adapters, seed):
    """Shift the calls of a run against those of another by real, seeded waiting."""
    dice = random.Random(seed)
    for adapter in adapters.values():
        calling = adapter.calling

        def late(call, *place, calling=calling):
            reconcile.time.sleep(dice.random() / 100)
            return calling(call, *place)

        adapter.calling = late
    return adapters


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("quota", [{}, {"instances": 6}], ids=["free", "tight"])
def test_runs_at_once_end_with_what_is_wanted(shops, seed, quota):
    here = shops(
        providers={"attic": cloud(quota=quota), "world": cloud(quota={"instances": 2})},
        families__kv__nodes=5,
        families__web={"release": "kv", "nodes": 2},
        families__kv__placement={"prefer": [["provider == 'attic'"], ["provider == 'world'"], []][seed % 3]},
    )
    opened = [jitter(reconcile.open_providers(here.deployment), seed * 10 + number) for number in range(2)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(here.grow, uuid.UUID(int=seed * 10 + n).hex, adapters=opened[n]) for n in range(2)]
        outcomes = [run.result() for run in runs]
    instances = here.seen().instances
    assert sorted(entry.family for entry in instances) == ["kv"] * 5 + ["web"] * 2
    assert len({entry.name for entry in instances}) == len({entry.address for entry in instances}) == 7
    created = [entry.name for outcome in outcomes for entry in outcome.created]
    assert sorted(created) == sorted(entry.name for entry in instances)
    assert [outcome.plan.surplus for outcome in outcomes] == [(), ()]
    again = here.grow("again")
    assert (again.created, again.plan.surplus, again.shortfall()) == ([], (), {})


def grow_in_a_process(here, run, start, answers):
    created = None  # where it fails, so that nobody waits for an answer
    try:
        adapters = jitter(reconcile.open_providers(here.deployment), run)
        start.wait()
        created = [entry.name for entry in here.grow(run, adapters=adapters).created]
    finally:
        if created is None:
            start.abort()
        answers.put(created)


def test_processes_at_once_end_with_what_is_wanted(shops):
    here = shops(families__kv__nodes=6)
    here.grow("first")
    here.change(families__kv__nodes=10)
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(3), context.SimpleQueue()
    workers = [context.Process(target=grow_in_a_process, args=(here, str(n), start, answers)) for n in range(3)]
    for worker in workers:
        worker.start()
    answered = [answers.get() for _worker in workers]
    for worker in workers:
        worker.join()
    assert None not in answered
    created = [name for names in answered for name in names]
    assert len(created) == len(set(created)) == 4
    assert here.count() == 10
    assert set(created) < {entry.name for entry in here.seen().instances}


def test_what_another_run_is_about_to_take_back_is_not_surplus(shops, monkeypatch):
    """Two old nodes, one wanted more; both runs make one: the older of these stays, and no run retires an old node."""
    here = shops(families__kv__nodes=2)
    old = {entry.name for entry in here.grow("old").created}
    here.change(families__kv__nodes=3)
    adapters = reconcile.open_providers(here.deployment)
    create = adapters["attic"].create

    def with_another_right_after(request):
        mine = create(request)
        theirs = dataclasses.replace(request, name="shop-kv-theirs", token="theirs", run="theirs")
        reconcile.open_providers(here.deployment)["attic"].create(theirs)
        return mine

    monkeypatch.setattr(adapters["attic"], "create", with_another_right_after)
    outcome = here.grow("mine", adapters=adapters)
    assert (outcome.destroyed, outcome.plan.surplus, len(outcome.created)) == ([], (), 1)
    assert {entry.name for entry in outcome.observation.instances} == {*old, outcome.created[0].name}
    assert here.count() == 4


def test_of_two_runs_the_later_takes_back_what_is_too_much(shops, monkeypatch):
    here = shops(families__kv__nodes=2)
    old = {entry.name for entry in here.grow("old").created}
    here.change(families__kv__nodes=3)
    adapters = reconcile.open_providers(here.deployment)
    create = adapters["attic"].create
    asked = []

    def with_another_right_before(request):
        theirs = dataclasses.replace(request, name="shop-kv-theirs", token="theirs", run="theirs")
        reconcile.open_providers(here.deployment)["attic"].create(theirs)
        asked.append(request.name)
        return create(request)

    monkeypatch.setattr(adapters["attic"], "create", with_another_right_before)
    outcome = here.grow("mine", adapters=adapters)
    assert (outcome.destroyed, outcome.plan.surplus, outcome.created) == (asked, (), [])
    assert {entry.name for entry in here.seen().instances} == {*old, "shop-kv-theirs"}


def test_folders_of_destroyed_instances_are_gone(shops, tmp_path):
    here = shops()
    acting.destroy(here.adapters, here.grow().created, here.lines.append)
    assert not (tmp_path / ".wombat/shop/attic").exists()
    assert os.listdir(tmp_path / ".wombat/addresses") == []


def test_every_provider_has_its_own_bound_of_requests(shops, monkeypatch):
    wide, narrow = {**cloud(), "parallel": 3}, {**cloud(quota={"instances": 4}), "parallel": 2}
    here = shops(providers={"attic": narrow, "world": wide}, families__kv__nodes=10, **PREFER_ATTIC)
    adapters = reconcile.open_providers(here.deployment)
    lock, active, most = threading.Lock(), collections.Counter(), collections.Counter()
    together = {"attic": threading.Barrier(2, timeout=30), "world": threading.Barrier(3, timeout=30)}

    def counting(name, ask):
        def call(*arguments):
            with lock:
                active[name] += 1
                most[name] = max(most[name], active[name])
            together[name].wait()  # as many as may be are asked at once
            try:
                return ask(*arguments)
            finally:
                with lock:
                    active[name] -= 1

        return call

    for name, adapter in adapters.items():
        monkeypatch.setattr(adapter, "create", counting(name, adapter.create))
    created = here.grow(adapters=adapters).created
    assert (len(created), most) == (10, {"attic": 2, "world": 3})
    most.clear()
    for name, adapter in adapters.items():
        monkeypatch.setattr(adapter, "act", counting(name, adapter.act))
    assert len(acting.destroy(adapters, created, here.lines.append)) == 10
    assert most == {"attic": 2, "world": 3}


def test_an_interrupt_lets_what_was_begun_end_and_begins_nothing(shops, monkeypatch):
    here = shops(providers__attic__parallel=1, families__kv__nodes=5)
    adapters = reconcile.open_providers(here.deployment)
    create = adapters["attic"].create

    def interrupted_in_the_second(request):
        if here.count() == 1:
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.wait(30)  # the main thread hears it
        return create(request)

    monkeypatch.setattr(adapters["attic"], "create", interrupted_in_the_second)
    handler = signal.getsignal(signal.SIGINT)
    with interruptible() as stop:
        outcome = reconcile.grow(here.deployment, adapters, "run", here.lines.append, FOREVER, stop=stop)
    assert signal.getsignal(signal.SIGINT) == handler
    assert (stop.is_set(), len(outcome.created), outcome.shortfall(), here.count()) == (True, 2, {"kv": 3}, 2)
    assert acting.destroy(here.adapters, outcome.created, here.lines.append, stop) == []
    assert len(here.grow("again").created) == 3


def test_progress_counts_by_provider_while_it_goes_on(shops):
    here = shops(
        providers={
            "attic": {**cloud(**only(refuse="capacity")), "parallel": 1},
            "world": {**cloud(), "parallel": 1},
        },
        **PREFER_ATTIC,
    )
    here.grow()
    assert [line for line in here.lines if line.startswith("!")][0].endswith("0 created, 0 running, 1 refused")
    created = [line for line in here.lines if line.startswith("+")]
    assert [line.split("  ", 3)[3] for line in created] == [
        f"created ({number} of 6)  world: {number} created, {number} running, 0 refused" for number in (1, 2, 3)
    ]


def test_the_text_of_an_error_is_shown(shops, monkeypatch):
    here = shops()
    (first, *_others) = here.grow().created
    adapters = reconcile.open_providers(here.deployment)
    instances = adapters["attic"].instances

    def one_in_error():
        return [
            dataclasses.replace(one, state="error", error="No valid host was found") if one.name == first.name else one
            for one in instances()
        ]

    monkeypatch.setattr(adapters["attic"], "instances", one_in_error)
    outcome = here.grow("again", adapters=adapters)
    assert (len(outcome.created), [one.name for one in outcome.plan.surplus]) == (1, [first.name])
    told = f"! {first.name}  {first.domain}  is in state error: No valid host was found; another takes its place"
    assert here.lines.count(told) == 1


def test_with_everything_refused_the_explanation_has_what_each_cloud_said(shops):
    here = shops(providers={"attic": cloud(**only(refuse="capacity")), "world": cloud(**only(refuse="quota"))})
    outcome = here.grow()
    assert outcome.shortfall() == {"kv": 3}
    text = "\n".join(ActionModule.explanation(outcome, []))
    assert "provider attic refuses in north (capacity): InsufficientInstanceCapacity" in text
    assert "provider world refuses in north (quota): Quota exceeded" in text
