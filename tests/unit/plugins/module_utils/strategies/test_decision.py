# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is a member, who joins whom: decided from what the nodes say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Strategy, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.decision import decide
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh


def views(**members):
    """Views by node: whom each counts in, as letters; None is a node that does not answer."""
    return {
        name: View(error="down") if said is None else View(members=tuple(said), up=tuple(said))
        for name, said in members.items()
    }


def test_a_fresh_family_is_begun_by_its_oldest_node_alone():
    decision = decide(views(a="a", b="b", c="c"), ["b", "a", "c"])
    assert decision.members == ("b",)
    assert decision.lead == "b"
    assert decision.seeds == {"a": "b", "c": "b"}


@pytest.mark.parametrize("known", [views(a="a", c="c"), views(a="a", b=None, c="c")])
def test_nobody_begins_a_family_whose_first_node_does_not_answer(known):
    decision = decide(known, ["b", "a", "c"])
    assert (decision.seeds, decision.lead) == ({}, None)
    assert "nor does b" in decision.split[0]


def test_a_member_stays_one_and_new_nodes_join_the_cluster_that_is_there():
    decision = decide(views(a="a", b="bc", c="bc", d="d"), ["a", "b", "c", "d"])
    assert decision.members == ("b", "c")
    assert decision.seeds == {"a": "b", "d": "b"}
    assert decision.forget == ()
    assert decide(views(b="bc", c="bc"), ["b", "c"]).seeds == {}


def test_a_seed_answers_now_is_not_leaving_and_is_near():
    domains = {"a": "aws/north/a", "b": "aws/south/a", "c": "attic/x/a", "d": "aws/south/b", "e": "attic/x/a"}
    known = views(a="abc", b="abc", c="abc", d="d", e="e")
    assert decide(known, ["a", "b", "c", "d", "e"], domains=domains).seeds == {"d": "b", "e": "c"}
    assert decide(known, ["b", "c", "d", "e"], domains).lead == "b"
    known["b"] = View(error="hung")
    assert decide(known, ["a", "b", "c", "d", "e"], domains=domains).seeds == {"d": "a", "e": "c"}


def test_a_wiped_node_with_a_known_name_is_forgotten_before_it_joins():
    decision = decide(views(a="abc", b="abc", c="c"), ["a", "b", "c"])
    assert decision.seeds == {"c": "a"}
    assert decision.forget == ("c",)
    lonely = decide(views(a="a", b="abc", c=None), ["a", "b", "c"])
    assert (lonely.members, lonely.seeds, lonely.forget) == (("b",), {"a": "b"}, ("a",))


def test_a_node_that_the_cluster_forgot_joins_anew():
    decision = decide(views(a="ab", b="ab", c="abc"), ["a", "b", "c"])
    assert decision.seeds == {"c": "a"}
    assert decision.forget == ()


def test_the_dead_are_forgotten_only_when_told_to():
    known = views(a="abz", b="abz", c=None)
    assert decide(known, ["a", "b", "c"]).forget == ()
    assert decide(known, ["a", "b", "c"], dead=["z", "unknown", "b"]).forget == ("z",)


def test_two_clusters_are_told_and_not_merged():
    decision = decide(views(a="ab", b="ab", c="cd", d="cd", e="e"), ["a", "b", "c", "d", "e"])
    assert decision.seeds == {}
    assert decision.split == ("a, b see each other.", "c, d see each other.")


def test_nobody_joins_through_nodes_that_are_all_leaving():
    decision = decide(views(a="ab", b="ab", c="c"), ["c"])
    assert (decision.seeds, decision.lead) == ({}, None)
    assert "is to stay: a, b" in decision.split[0]


def test_leavers_are_counted_in_until_they_have_left():
    view = View(("a", "b", "c"), ("a", "b"))
    family = Family("kv", ("a", "b"), ("c",))
    for strategy, words in ((Strategy, "still counts in c"), (Mesh, "is still connected to c, which should have left")):
        assert strategy(family, {}, None).disagreement("a", view) == []
        assert strategy(family._replace(left=True), {}, None).disagreement("a", view) == [words]
    assert Strategy(family._replace(leaving=()), {}, None).disagreement("a", view) == ["still counts in c"]


NODES = "abcde"
ANSWERS = st.dictionaries(
    st.sampled_from(NODES), st.one_of(st.none(), st.sets(st.sampled_from(NODES)).map(sorted)), min_size=1
)


@given(ANSWERS, st.lists(st.sampled_from(NODES), unique=True))
def test_whatever_nodes_say_joiners_and_seeds_are_nodes_that_answer_and_stay(answers, wanted):
    known = views(**{name: said if said is None else [name, *said] for name, said in answers.items()})
    decision = decide(known, wanted)
    answering = {name for name, view in known.items() if view.error is None}
    assert set(decision.seeds) <= answering & set(wanted)
    assert set(decision.seeds.values()) <= set(decision.members) <= answering & set(wanted)
    assert not set(decision.seeds) & set(decision.members)
    assert decision.lead in (None, *decision.members)
    assert not decision.split or not decision.seeds
    # Nobody is left over: who answers and stays is a member, joins, or the reason is told.
    assert decision.split or set(decision.seeds) | set(decision.members) == answering & set(wanted)
