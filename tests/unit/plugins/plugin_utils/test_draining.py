# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action instances with state=draining, on local clouds."""

from __future__ import annotations

import types

import pytest

from ansible_collections.wombat.erlang.plugins.action.instances import ActionModule
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.local import LocalAdapter
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.test_reconcile import Cloud


def drain(here, *names, check=False):
    """What the action does; tells whether it changed anything."""
    action = ActionModule.__new__(ActionModule)
    action._task = types.SimpleNamespace(check_mode=check)
    action.vars = {"groups": {}}
    action.deployment = lambda: here.deployment
    return action.work({"state": "draining", "names": list(names), "run": "later"})["changed"]


def test_marks_are_set_once_and_only_on_what_is_still_too_much(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    here = Cloud(tmp_path)
    here.grow()
    (victim,) = [one.name for one in here.change(families__kv__nodes=2).grow("second").plan.surplus]
    assert drain(here, victim, check=True)
    assert not any(one.draining for one in here.seen().instances)
    with monkeypatch.context() as patched:
        patched.setattr(LocalAdapter, "lacks", {**LocalAdapter.lacks, "draining": "nobody can write"})
        assert not drain(here, victim)
    assert drain(here, victim)
    assert [one.name for one in here.seen().instances if one.draining] == [victim]
    assert not drain(here, victim, "shop-kv-gone00")
    stays = next(one.name for one in here.seen().instances if not one.draining)
    with pytest.raises(WombatError, match=f"{stays} is needed again by now, nothing has left; deploy again"):
        drain(here, victim, stays)
