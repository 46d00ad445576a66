# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which families start."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing import parse
from ansible_collections.wombat.erlang.plugins.plugin_utils.starting import told, waves
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import shop


def deployment(neighbours, on=None):
    """Families with these neighbours; `on` says on whose instances one is."""
    families = {}
    for name, others in neighbours.items():
        families[name] = {"release": "kv", "nodes": 1, "neighbours": list(others)}
        if name in (on or {}):
            families[name]["placement"] = {"together": {"with": on[name], "within": "instance"}}
    return parse(shop(families=families), "/shop.wombat.yml", lambda *_arguments, **_options: {})


@pytest.mark.parametrize(
    ("neighbours", "on", "order", "sentences"),
    [
        ({"kv": []}, {}, [["kv"]], []),
        ({"kv": [], "log": []}, {}, [["kv", "log"]], []),
        ({"web": ["kv"], "kv": []}, {}, [["kv"], ["web"]], ["families start in this order: kv; then web"]),
        (
            {"web": ["api", "kv"], "api": ["kv"], "kv": [], "log": []},
            {},
            [["kv", "log"], ["api"], ["web"]],
            ["families start in this order: kv, log; then api; then web"],
        ),
        ({"web": ["kv"], "kv": ["web"]}, {}, [["web", "kv"]], ["web and kv need each other and start together"]),
        (
            {"a": ["b"], "b": ["c"], "c": ["a", "kv"], "kv": [], "web": ["a"]},
            {},
            [["kv"], ["a", "b", "c"], ["web"]],
            [
                "families start in this order: kv; then a, b, c; then web",
                "a and b and c need each other and start together",
            ],
        ),
        ({"kv": [], "web": ["kv"]}, {"web": "kv"}, [["kv", "web"]], []),
        (
            {"kv": [], "web": ["log"], "log": []},
            {"web": "kv"},
            [["log"], ["kv", "web"]],
            ["families start in this order: log; then kv, web"],
        ),
    ],
)
def test_order(neighbours, on, order, sentences):
    assert waves(deployment(neighbours, on)) == order
    assert told(deployment(neighbours, on)) == sentences


@given(st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from("abcdef")), min_size=1))
def test_every_family_starts_once_and_after_those_that_it_needs_but_in_circles(graph):
    neighbours = {name: sorted((others & graph.keys()) - {name}) for name, others in graph.items()}
    order = waves(deployment(neighbours))
    assert sorted(name for wave in order for name in wave) == sorted(neighbours)
    number = {name: place for place, wave in enumerate(order) for name in wave}
    for name, others in neighbours.items():
        for other in others:
            assert number[other] <= number[name]
            if number[other] == number[name]:  # only who is needed in turn
                assert reaches(neighbours, other, name)


def reaches(neighbours, start, goal):
    seen, waiting = set(), [start]
    while waiting:
        for other in set(neighbours[waiting.pop()]) - seen:
            seen.add(other)
            waiting.append(other)
    return goal in seen
