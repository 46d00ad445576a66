# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What providers refused lately, kept between runs."""

from __future__ import annotations

import dataclasses
import time
import types

import pytest

from ansible_collections.wombat.erlang.plugins.action.instances import ActionModule
from ansible_collections.wombat.erlang.plugins.plugin_utils import reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.memory import Memory
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import cloud, load, shop, write

QUOTA = Refusal("quota", "Quota exceeded for instances", "attic", "north", "a", "small")
CAPACITY = Refusal("capacity", "no host", "attic", "north", "a", "small")


@pytest.fixture
def deployment(tmp_path):
    return dataclasses.replace(load(write(tmp_path, shop())), store=str(tmp_path / "store"))


def test_refusals_are_recalled_by_the_next_run(deployment):
    Memory(deployment).keep([QUOTA, CAPACITY])
    recalled = [(refusal.kind, refusal.scope, refusal.text) for refusal, _until in Memory(deployment).recall()]
    assert recalled == [(one.kind, one.scope, one.text) for one in (QUOTA, CAPACITY)]


def test_a_quota_counts_longer(deployment):
    Memory(deployment).keep([QUOTA, CAPACITY])
    left = {refusal.kind: (until - time.time()) / 60 for refusal, until in Memory(deployment).recall()}
    assert 59 < left["quota"] <= 60
    assert 9 < left["capacity"] <= 10


def test_what_is_over_is_forgotten(deployment):
    over = dataclasses.replace(deployment, refusal_minutes={"quota": 60, "other": 0})
    Memory(over).keep([QUOTA, CAPACITY])
    assert [refusal.kind for refusal, _until in Memory(over).recall()] == ["quota"]


def test_a_mended_file_need_not_wait(deployment):
    Memory(deployment).keep([QUOTA])
    with open(deployment.file, "a", encoding="utf-8") as stream:
        stream.write("# mended\n")
    assert Memory(deployment).recall() == []


def test_a_run_leaves_it_out_and_says_so(tmp_path):
    """Of two places one refused lately: all go to the other, though nothing was asked yet."""
    root = {"root": str(tmp_path / "cloud")}
    data = shop(providers={"attic": cloud(**root)}, store=str(tmp_path / "store"))
    deployment = load(write(tmp_path, data))
    Memory(deployment).keep([CAPACITY])
    action = ActionModule.__new__(ActionModule)
    action._task = types.SimpleNamespace(check_mode=True)
    action.vars = {"groups": {}, "hostvars": {}}
    lines = []
    action.say = lines.append
    adapters = reconcile.open_providers(deployment)
    told = action.present(deployment, adapters, {"run": "run", "state": "present", "deadline": 60})
    assert (told["changed"], told["shortfall"]) == (True, {})
    assert lines[0].startswith("~ attic/north/a/small  left out until ")
    planned = [line for line in lines if line.startswith("+")]
    assert len(planned) == 3
    assert not [line for line in planned if "attic/north" in line]


@pytest.mark.parametrize("kind", ["credentials", "request"])
def test_what_may_be_mended_outside_of_the_file_is_not_kept(deployment, tmp_path, kind):
    Memory(deployment).keep([Refusal(kind, "no", "attic")])
    assert not (tmp_path / "store").exists()
    Memory(deployment).keep([QUOTA, Refusal(kind, "no", "attic")])
    assert [refusal.kind for refusal, _until in Memory(deployment).recall()] == ["quota"]


def test_a_run_without_memory_only_asks_once_more(deployment, tmp_path):
    memory = Memory(deployment)
    assert memory.recall() == []
    memory.keep([])
    assert not (tmp_path / "store").exists()
    (tmp_path / "store").write_text("a file where the folder should be")
    memory.keep([QUOTA])
    assert memory.recall() == []
