# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hooks of a family: what the file may say, and what a host gets."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.lookup.hooks import LookupModule
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_hooks import read_hooks
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section


def read(**hooks):
    return read_hooks(Section(hooks, "hooks"))


def test_the_three_forms():
    assert read(
        before_stop=[["/bin/drain", 7], {"tasks": "drain.yml"}, {"expression": "kv:drain()"}],
        after_upgrade=[{"module": "kv", "function": "check", "args": [1]}],
    ) == {
        "before_stop": (
            {"command": ["/bin/drain", "7"]},
            {"tasks": "drain.yml"},
            {"call": {"expression": "kv:drain()"}},
        ),
        "after_upgrade": ({"call": {"module": "kv", "function": "check", "args": [1]}},),
    }


@pytest.mark.parametrize(
    ("hooks", "sentence"),
    [
        ({"before_drain": []}, "hooks.before_drain is not a known key"),
        ({"before_stop": "drain"}, "hooks.before_stop must be a list of hooks"),
        ({"before_stop": ["drain"]}, r"hooks.before_stop\[0\] must be a list of a command's words, or a mapping"),
        ({"before_stop": [{}]}, "exactly one of them"),
        ({"before_stop": [{"tasks": "a", "expression": "b"}]}, "exactly one of them"),
        ({"before_stop": [{"command": "a b"}]}, "must be a list of a program and its arguments"),
        ({"before_stop": [{"module": "a"}]}, "must have an expression, or a module and a function"),
        ({"before_stop": [{"task": "a"}]}, "task is not a known key; did you mean 'tasks'"),
        ({"before_start": [{"expression": "a"}]}, "cannot be a remote call, as the nodes do not run then"),
    ],
)
def test_what_is_wrong_is_named(hooks, sentence):
    with pytest.raises(WombatError, match=sentence):
        read(**hooks)


def test_a_host_gets_the_hooks_of_all_its_families():
    hooks = {event: [dict(hook) for hook in found] for event, found in read(before_stop=[{"tasks": "a.yml"}]).items()}
    facts = {"file": "/shops/shop.wombat.yml", "families": {"kv": {"hooks": hooks}, "web": {"hooks": {}}}}
    host = {
        "hostvars": {"localhost": {"ansible_facts": {"wombat": facts}}},
        "wombat_nodes": [{"name": "web1@h", "family": "web"}, *({"name": f"kv{n}@h", "family": "kv"} for n in (1, 2))],
    }
    found = LookupModule().run(["before_stop"], host)
    assert found == [{"family": "kv", "nodes": ["kv1@h", "kv2@h"], "tasks": "/shops/a.yml"}]
    assert LookupModule().run(["after_stop"], host) == []
