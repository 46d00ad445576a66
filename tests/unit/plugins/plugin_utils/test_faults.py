# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reconciling on clouds that fail, lag, refuse and forget to answer, by runs that are killed anywhere."""

from __future__ import annotations

import random
import re
import uuid
from collections import Counter

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import acting, reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils import faulty_cloud
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import load, shop, write
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.faulty_cloud import ACCOUNTS, Account, Killed

SCHEDULES, SLOW = 320, 40  # those of the slow ones are not the same in every run: calls overtake each other
DRIVER = f"{faulty_cloud.__name__}.FaultyDriver"
BULK = f"{faulty_cloud.__name__}.BulkDriver"  # of every third
FOREIGN = [
    {"id": "f1", "name": "somebody-else", "tags": {}},
    {"id": "f2", "name": "shop2-kv-aaaaaa", "tags": {"wombat-deployment": "shop2", "wombat-family": "kv"}},
]


@pytest.fixture(autouse=True)
def accounts(monkeypatch):
    monkeypatch.setitem(registry.ADAPTERS, BULK, faulty_cloud.BulkAdapter)
    yield
    ACCOUNTS.clear()


def make(folder, seed):
    """Two accounts with somebody else's nodes in them, and a deployment that fits only into both together."""
    slow = seed >= SCHEDULES
    for name, quota in (("attic", 4 + len(FOREIGN)), ("world", 12)):
        ACCOUNTS[name] = Account(f"{name} {seed}", quota, latency=0.004 if slow else 0)
        for place, foreign in enumerate(FOREIGN):
            record = {"zone": "a", "state": "running", "unseen": 0, "addressless": 0, "created": place}
            ACCOUNTS[name].nodes.append({**record, **foreign})
    provider = {
        "driver": DRIVER if seed % 3 else BULK,
        "image": {"name": "debian-12"},
        "parallel": 4 if slow else 1,
        "rate": 1000,
    }
    data = shop(
        providers={name: {**provider, "credentials": {"key": name}} for name in ACCOUNTS},
        families__kv={"release": "kv", "nodes": 5, "placement": {"prefer": ["provider == 'attic'"]}},
        families__web={"release": "kv", "nodes": 2},
        insecure=True,
    )
    return load(write(folder, data))


def run(deployment):
    """What a deploy does with instances: it grows, marks what is surplus, and destroys it after its nodes have left."""
    adapters = reconcile.open_providers(deployment)
    for adapter in adapters.values():
        adapter.pace.sleep = lambda seconds: None
        adapter.pace.hold = lambda seconds: None
        adapter.address_deadline = 1e9
    outcome = reconcile.grow(deployment, adapters, uuid.uuid4().hex, lambda line: None, deadline=1e9)
    surplus = outcome.plan.surplus
    marked = [one for one in surplus if not adapters[one.provider].features["draining"]]
    acting.drain(adapters, marked, lambda line: None)
    acting.destroy(adapters, surplus, lambda line: None)
    return outcome


def state():
    """What is in the accounts: how many running nodes of each family, and everything else."""
    ours, others = Counter(), []
    for account in ACCOUNTS.values():
        for node in account.nodes:
            if node["name"].startswith("shop-"):
                ours[(node["name"].split("-")[1], node["state"])] += 1
            else:
                others.append(node["id"])
    return ours, sorted(others)


def test_after_one_quiet_run_the_state_is_the_wanted_one(tmp_path_factory, capsys):
    endings = Counter()
    for seed in range(SCHEDULES + SLOW):
        deployment = make(tmp_path_factory.mktemp("schedule"), seed)
        chosen = random.Random(seed)
        for _run in range(chosen.randrange(1, 4)):
            for account in ACCOUNTS.values():
                account.misbehave()
            try:
                run(deployment)
                endings["finished"] += 1
            except Killed:
                endings["killed"] += 1
            except WombatError:
                endings["stopped with an error"] += 1
            if chosen.random() < 0.2:  # somebody destroys one by hand
                account = ACCOUNTS[chosen.choice(list(ACCOUNTS))]
                account.nodes = [node for node in account.nodes if not node["name"].startswith("shop-kv")]
        for account in ACCOUNTS.values():
            account.settle()
        outcome = run(deployment)
        ours, others = state()
        assert ours == {("kv", "running"): 5, ("web", "running"): 2}, f"seed {seed}"
        assert others == ["f1", "f1", "f2", "f2"], f"seed {seed}"
        assert outcome.shortfall() == {}, f"seed {seed}"
        again = run(deployment)
        assert (list(again.created), list(again.plan.surplus)) == ([], []), f"seed {seed}"
    with capsys.disabled():
        print(f"\n{SCHEDULES + SLOW} fault schedules, {SLOW} with latency; runs in them: {dict(endings)}")
        print(f"in these: {dict(faulty_cloud.COUNTS)}")
    assert min(endings["finished"], endings["killed"]) > 100
    assert all(faulty_cloud.COUNTS[f"killed in {what}"] for what in ("creations of several", "markings"))


def test_what_one_request_is_refused_for_all_is_asked_for_one_by_one(tmp_path):
    """In each of the two regions, so that what is left of a quota is used; each refusal is said once."""
    deployment = make(tmp_path, 0)
    attic = ACCOUNTS["attic"]
    for account in ACCOUNTS.values():
        account.settle()
    attic.generous, attic.quota = False, 2 + len(FOREIGN)
    lines = []
    adapters = reconcile.open_providers(deployment)
    outcome = reconcile.grow(deployment, adapters, "run", lines.append, deadline=1e9)
    where = Counter(one.provider for one in outcome.created)
    assert where == {"attic": 2, "world": 5}
    assert outcome.shortfall() == {}
    told = [line for line in lines if line.startswith("!")]
    assert re.match(r"! shop-kv-\w{6} and 2 more  attic/a/a  small  provider attic refuses in a \(quota\)", told[0])
    assert told[0].endswith("0 created, 0 running, 3 refused")
    assert [" more  attic" in line for line in told] == [True, False, True, False]
    assert [(refusal.kind, refusal.scope) for refusal in outcome.refusals] == [
        ("quota", ("attic", "a")),
        ("quota", ("attic", "b")),
    ]
    assert sum(line.startswith("+") for line in lines) == 7
