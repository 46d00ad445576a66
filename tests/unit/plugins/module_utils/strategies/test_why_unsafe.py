# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a scale-in is refused: what holds for all systems, and what a system says itself."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Strategy, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Console
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.decision import why_unsafe
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import STRATEGIES

DEAD = View(error="it does not run")


def views(**members):
    """Views by node: whom each counts in, as letters; None is a node that does not answer."""
    return {name: DEAD if said is None else View(members=tuple(said), up=tuple(said)) for name, said in members.items()}


def why(stay, leave, known, strategy=Strategy, **options):
    return why_unsafe(strategy(Family("kv", tuple(stay), tuple(leave)), options, Console([], 0)), known)


@pytest.mark.parametrize(
    ("stay", "leave", "known"),
    [
        ("ab", "", views(a="ab", b="ab")),  # nobody leaves
        ("ab", "c", views(a="abc", b="abc", c="abc")),
        ("ab", "c", views(a="abc", b=None, c="abc")),  # one that answers is left
        ("ab", "c", views(a="ab", b="ab", c=None)),  # it is out already, as after a run that was killed
        ("ab", "c", views(a="ab", b="ab", c="c")),
        ("ab", "c", views(a="ab", b="ab")),  # nor is it counted in where it was not asked
    ],
)
def test_what_is_safe(stay, leave, known):
    assert why(stay, leave, known) == []


@pytest.mark.parametrize(
    ("stay", "leave", "known"),
    [("", "ab", views(a="ab", b="ab")), ("a", "b", views(a=None, b="ab")), ("a", "b", views(b="ab"))],
)
def test_somebody_that_answers_must_be_left(stay, leave, known):
    (reason,) = why(stay, leave, known)
    assert reason == f"{', '.join(leave)} cannot leave kv, for nobody that answers would be left."


def test_a_dead_leaver_that_is_counted_in_would_have_to_be_forgotten():
    (reason,) = why("ab", "cd", views(a="abcd", b="abcd", c=None, d="abcd"))
    assert reason == "c (it does not run) cannot leave kv, and would have to be forgotten as dead."


def test_so_would_one_whose_host_cannot_be_reached():
    (reason,) = why("ab", "c", views(a="abc", b="abc"))
    assert reason == "c (its host does not tell) cannot leave kv, and would have to be forgotten as dead."


def test_what_the_system_says_itself_comes_too():
    class Careful(Strategy):
        def unsafe(self, views):
            return [f"{', '.join(self.family.leaving)} hold the last copy."]

    assert why("a", "b", views(a="ab", b="ab"), Careful) == ["b hold the last copy."]
    nobody, own = why("", "b", views(b="b"), Careful)
    assert nobody.startswith("b cannot leave kv")
    assert own == "b hold the last copy."


@pytest.mark.parametrize("name", [name for name, one in STRATEGIES.items() if not one.REMEMBERS and name != "s_group"])
def test_families_that_remember_nobody_may_lose_everybody(name):
    options = {key: option.get("default") for key, option in STRATEGIES[name].OPTIONS.items()}
    assert why("", "ab", views(a="ab", b=None), STRATEGIES[name], **options) == []


@pytest.mark.parametrize(
    ("stay", "leave", "groups", "safe"),
    [
        ("ab", "c", {"north": "a", "south": "bc"}, True),  # b follows
        ("abd", "c", {"north": "ab", "south": "cd"}, False),  # d is to stay, and does not answer
        ("a", "c", {"north": "a", "south": "c"}, True),  # the group goes with its last node
    ],
)
def test_a_group_keeps_a_gateway(stay, leave, groups, safe):
    said = why(
        stay,
        leave,
        views(a="a", b="b", c="c", d=None),
        STRATEGIES["s_group"],
        groups={name: list(nodes) for name, nodes in groups.items()},
        over=None,
        gateways=1,
    )
    assert bool(said) is not safe
    if said:
        assert said == ["Group south would lose its last gateway: of d, which are to stay, none answers."]


def test_data_keep_as_many_nodes_as_they_have_replicas():
    known = views(**dict.fromkeys("abcd", "abcd"))
    assert why("abc", "d", known, STRATEGIES["riak"], n_val=3) == []
    (reason,) = why("ab", "cd", known, STRATEGIES["riak"], n_val=3)
    assert "2 nodes would be left of 4, but buckets have 3 replicas" in reason
