# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables for people."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.filter.table import FilterModule

table = FilterModule().filters()["table"]


def test_columns_are_aligned():
    rows = [
        {"node": "kv1", "up_time": 5, "ok": True},
        {"node": "kv10@host", "up_time": None, "ok": False, "tags": ["a", 1]},
    ]
    assert table(rows) == [
        "node       up time  ok   tags",
        "kv1        5        yes  -",
        "kv10@host  -        no   a, 1",
    ]


def test_columns_may_be_chosen():
    assert table([{"b": 1, "a": 2}], ["a", "c"]) == ["a  c", "2  -"]
    assert table([], ["a", "b"]) == ["a  b"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.025, "0.025"),
        (1048576.0, "1048576"),
        ([], "-"),
        ((1, 2), "1, 2"),
        ("", ""),
        (0, "0"),
        (1e300, "1e+300"),
    ],
)
def test_cells(value, text):
    assert table([{"x": value, "y": "end"}])[1].rstrip("end").rstrip() == text


@pytest.mark.parametrize("rows", [None, 5, {"a": 1}, ["a"], "text"])
def test_what_is_no_table(rows):
    with pytest.raises(AnsibleFilterError, match="takes a list of mappings"):
        table(rows)


@given(
    st.lists(
        st.dictionaries(st.text(max_size=3) | st.integers(), st.text("ab ") | st.integers() | st.none(), max_size=3)
    )
)
def test_one_line_a_row(rows):
    assert len(table(rows)) == len(rows) + 1
