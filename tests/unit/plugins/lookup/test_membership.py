# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done with a family, by what its hosts said."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.lookup.membership import LookupModule

MEMBERS = {"nodes": ["a"], "leaving": ["b"], "hosts": {"a": "one", "b": "two"}, "domains": {}}
LOADED = {
    "families": {"kv": {"strategy": "mnesia", "bootstrap": {"schema": "disc_copies", "tables": {}}, "hooks": {}}},
    "members": {"kv": MEMBERS},
}
SAID = {"members": ["a", "b"], "up": ["a"], "pending": [], "error": None, "facts": {"copies": {}}}


class Hostvars(dict):
    """The variables of hosts, as Ansible gives them to a lookup."""

    def raw_get(self, host):
        """Those of one."""
        return self[host]


class Lookup(LookupModule):
    """Without Ansible's loader, which knows the defaults."""

    def set_options(self, task_keys=None, var_options=None, direct=None):
        self._options = {"scope": "family", "forget": [], **direct}


@pytest.mark.parametrize(
    ("two", "forgotten"),
    [
        ({}, []),  # not asked, as it is to leave later: it may run
        ({"status": {"unreachable": True}}, ["b"]),
        ({"status": {"nodes": {"b": {**SAID, "error": "it does not run"}}}}, ["b"]),
        ({"status": {"nodes": {"b": SAID}}}, []),
    ],
)
def test_only_leavers_that_were_asked_are_dead(two, forgotten):
    localhost = {"ansible_facts": {"wombat": LOADED}}
    hostvars = Hostvars(localhost=localhost, one={"status": {"nodes": {"a": SAID}}}, two=two)
    variables = {"hostvars": hostvars, "wombat_nodes": [{"name": "a", "family": "kv"}]}
    (family,) = Lookup().run([], variables, status="status", force=True)
    assert family["forget"] == forgotten


@pytest.mark.parametrize(
    ("hooks", "two", "refused"),
    [
        ({}, {"status": {"unreachable": True}}, []),  # nothing is lost with it
        ({"before_leave": []}, {"status": {"nodes": {"b": SAID}}}, []),
        ({"after_leave": []}, {"status": {"unreachable": True}}, []),
        (
            {"before_leave": []},
            {"status": {"unreachable": True}},
            ["b cannot leave kv with the hooks that run before, for the host does not answer."],
        ),
    ],
)
def test_a_host_that_does_not_answer_keeps_a_leaver_only_where_hooks_must_run_before(hooks, two, refused):
    loaded = {"families": {"kv": {"strategy": "mesh", "bootstrap": {}, "hooks": hooks}}, "members": {"kv": MEMBERS}}
    localhost = {"ansible_facts": {"wombat": loaded}}
    hostvars = Hostvars(localhost=localhost, one={"status": {"nodes": {"a": SAID}}}, two=two)
    variables = {"hostvars": hostvars, "wombat_nodes": [{"name": "a", "family": "kv"}]}
    (family,) = Lookup().run([], variables, status="status", force=False)
    assert family["unsafe"] == refused


@pytest.mark.parametrize(
    ("seen", "error", "unlike"),
    [
        (["a", "b"], None, []),
        (["a"], None, ["Node a is not connected to b."]),
        (["a"], "it does not run", []),  # that is told of itself
    ],
)
def test_nodes_that_all_run_are_to_see_each_other(seen, error, unlike):
    members = {**MEMBERS, "nodes": ["a", "b"], "leaving": []}
    loaded = {"families": {"kv": {"strategy": "mesh", "bootstrap": {}, "hooks": {}}}, "members": {"kv": members}}
    localhost = {"ansible_facts": {"wombat": loaded}}
    one = {"status": {"nodes": {"a": {**SAID, "members": seen}}}}
    two = {"status": {"nodes": {"b": {**SAID, "error": error}}}}
    hostvars = Hostvars(localhost=localhost, one=one, two=two)
    variables = {"hostvars": hostvars, "wombat_nodes": [{"name": "a", "family": "kv"}]}
    (family,) = Lookup().run([], variables, status="status", force=False)
    assert family["unlike"] == unlike
