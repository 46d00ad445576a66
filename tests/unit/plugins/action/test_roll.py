# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the planning of an upgrade makes of hosts that did not answer."""

from __future__ import annotations

import types

import pytest

from ansible_collections.wombat.erlang.plugins.action.roll import ActionModule
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.upgrade import Upgrade

WAITS = {"from": "1", "to": "2", "cold": "there is no relup"}


def variables(number, answered=True):
    """The variables of a host with one node, of which an unreachable host has only those of the inventory."""
    name = f"kv1@{number}"
    told = {
        "release_configured": {"nodes": {name: {"upgrade": WAITS}}},
        "nodes_started": {"nodes": {name: {"alive": True}}},
    }
    return {
        "wombat_domain": "p/r/a",
        "wombat_nodes": [{"name": name, "family": "kv"}],
        **(told if answered else {}),
    }


@pytest.fixture
def said():
    """What the operator reads of a plan."""
    return []


@pytest.fixture
def roll(monkeypatch, said):
    """Plans the upgrade of one family, by the variables of its hosts."""

    def run(*hosts, method=None, check=False):
        hostvars = {f"h{number}": host for number, host in enumerate(hosts)}
        action = ActionModule.__new__(ActionModule)
        family = types.SimpleNamespace(upgrade=Upgrade())
        monkeypatch.setattr(action, "deployment", lambda: types.SimpleNamespace(families={"kv": family}), raising=False)
        monkeypatch.setattr(action, "say", said.append, raising=False)
        action._task = types.SimpleNamespace(check_mode=check)
        groups = {"wombat": list(hostvars)}
        action.vars = {"groups": groups, "hostvars": types.SimpleNamespace(raw_get=hostvars.__getitem__)}
        return action.work({"method": method})

    return run


def test_a_host_that_is_dead_counts_and_keeps_a_family_of_three_from_a_rolling_upgrade(roll):
    hosts = [variables(1), variables(2), variables(3, answered=False)]
    with pytest.raises(
        WombatError, match="Family kv may lose its majority by nodes that were not asked, .*: kv1@3. Mend"
    ):
        roll(*hosts)
    assert roll(*hosts, method="full")["serial"] == [2]


def test_a_family_of_five_goes_on_without_the_dead_one_and_one_at_a_time(roll):
    hosts = [variables(number, answered=number != 2) for number in range(5)]
    assert roll(*hosts) == {
        "changed": False,
        "order": ["h0", "h1", "h3", "h4"],
        "serial": [1, 1, 1, 1],
        "hosts": {
            name: {"method": "rolling", "at_once": 1, "pause": 0, "checks": {"kv": []}}
            for name in ("h0", "h1", "h3", "h4")
        },
    }


def test_in_check_mode_every_node_is_told_and_who_was_not_asked_counts_too(roll, said):
    stays, starts = variables(3), variables(4)
    stays["release_configured"] = starts["release_configured"] = {"nodes": {}}
    stays["nodes_started"] = {"nodes": {"kv1@3": {"changed": False}}}
    starts["nodes_started"] = {"nodes": {"kv1@4": {"changed": True}}}
    hosts = [variables(0), variables(1), variables(2, answered=False), stays, starts]
    roll(*hosts, check=True)
    assert said == [
        "kv1@0: rolling 1 -> 2, canary",
        "kv1@1: rolling 1 -> 2",
        "kv1@2: not asked, as its host failed or --limit leaves it out",
        "kv1@3: stays as it is",
        "kv1@4: is started",
    ]
    with pytest.raises(WombatError, match="may lose its majority by nodes that were not asked"):
        roll(variables(0), variables(1, answered=False), check=True)
