# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two instances of one name, as when somebody copies one with its tags: the older stays, and nothing else changes."""

from __future__ import annotations

import copy
import dataclasses
import types

import pytest

from ansible_collections.wombat.erlang.plugins.action.instances import ActionModule
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import acting, planning, reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.known_hosts import Host, KnownHosts
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils import test_faults
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.faulty_cloud import ACCOUNTS

RUN = "0f8e2b1c-7c52-4a67-9c7e-2f0f6a1c9d11"


@pytest.fixture
def deployment(tmp_path):
    """One that has all that it wants, on clouds where nothing fails."""
    made = test_faults.make(tmp_path, 1)
    for account in ACCOUNTS.values():
        account.settle()
    test_faults.run(made)
    yield made
    ACCOUNTS.clear()


def nodes():
    return {node["id"]: node for account in ACCOUNTS.values() for node in account.nodes}


def twin_of(node, account="world", **changes):
    """A copy of an instance, somewhere; gives its id."""
    made = {**copy.deepcopy(node), "id": f"twin-{len(nodes())}", "created": node["created"] + 1000, **changes}
    ACCOUNTS[account].nodes.append(made)
    return made["id"]


def ours():
    return next(node for node in nodes().values() if node["name"].startswith("shop-kv"))


def provision(deployment, check=False):
    """What the module instances does; gives its result, and the lines that it said."""
    adapters = reconcile.open_providers(deployment)
    for adapter in adapters.values():
        adapter.pace.sleep = lambda seconds: None
    action = ActionModule.__new__(ActionModule)
    action._task = types.SimpleNamespace(check_mode=check)
    action.vars = {"groups": {}, "hostvars": {}}
    lines = []
    action.say = lines.append
    return action.present(deployment, adapters, {"run": RUN, "state": "present", "deadline": 60}), lines


def test_the_younger_goes_and_nothing_else(deployment):
    before = dict(nodes())
    original = ours()
    KnownHosts(deployment).know([Host(original["name"], "192.0.2.1", ("ssh-ed25519 AAAA",))])
    first, second = twin_of(original), twin_of(original, "attic")
    foreign = twin_of(original, tags={"wombat-deployment": "shop2", "wombat-family": "kv"})

    told, lines = provision(deployment, check=True)
    assert nodes().keys() == {*before, first, second, foreign}
    assert {line.split()[1] for line in lines} == {original["name"]}
    assert told["changed"]
    assert [host["name"] for host in told["hosts"]].count(original["name"]) == 1

    told, lines = provision(deployment)
    assert nodes().keys() == {*before, foreign}
    assert (told["created"], told["surplus"], told["shortfall"], told["changed"]) == ([], [], {}, True)
    assert f"! {original['name']}  world/a/a  is there twice; {first} is the younger, and is destroyed" in lines
    assert KnownHosts(deployment).has(original["name"])  # whose name it was stays
    told, lines = provision(deployment)
    assert (told["changed"], lines) == (False, [])


def test_of_one_in_error_and_its_living_twin_the_living_stays(deployment):
    original = ours()
    twin = twin_of(original)
    original["state"] = "error"
    provision(deployment)
    assert twin in nodes()
    assert original["id"] not in nodes()
    assert sum(node["name"].startswith("shop-kv") for node in nodes().values()) == 5


def test_nobody_chooses_between_two_of_one_age(deployment):
    original = ours()
    twin = twin_of(original, created=original["created"])
    before = nodes().keys()
    with pytest.raises(WombatError, match=f"two instances are named {original['name']}, .*{twin}.*destroy the one"):
        provision(deployment)
    assert nodes().keys() == before


def test_destroying_the_deployment_takes_twins_along(deployment):
    twin_of(ours())
    adapters = reconcile.open_providers(deployment)
    seen = reconcile.observe(adapters)
    acting.destroy(adapters, (*seen.instances, *seen.twins), lambda line: None)
    assert {node["id"] for node in nodes().values()} == {"f1", "f2"}


def test_one_that_is_listed_twice_is_no_twin(deployment):
    instances = reconcile.observe(reconcile.open_providers(deployment)).instances
    kept, twins = planning.told_apart([*instances, *(dataclasses.replace(one, state="stopped") for one in instances)])
    assert ({one.name for one in kept}, len(kept), twins) == ({one.name for one in instances}, len(instances), ())
