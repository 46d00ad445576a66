# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sections read what is right and name what is wrong."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section, mebibytes, suggestion

KEYS = st.text(st.characters(exclude_categories=["C", "Z"])) | st.integers() | st.none()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)
READERS = {
    "take": lambda s: s.take("key"),
    "need": lambda s: s.need("key"),
    "text": lambda s: s.text("key"),
    "name": lambda s: s.name("key", "[a-z]+", "a name"),
    "choice": lambda s: s.choice("key", {"one": 1, "two": 2}, "one"),
    "flag": lambda s: s.flag("key"),
    "integer": lambda s: s.integer("key", 1, 0, 10),
    "number": lambda s: s.number("key", -1, 1),
    "memory": lambda s: s.memory("key"),
    "strings": lambda s: s.strings("key"),
    "mapping": lambda s: s.mapping("key"),
    "section": lambda s: s.section("key").end(),
    "sections": lambda s: s.sections("key"),
}


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (512, 512.0),
        (0, 0.0),
        (1.5, 1.5),
        ("512", 512.0),
        ("4 GiB", 4096.0),
        ("4gib", 4096.0),
        (" 1.5 TiB ", 1.5 * 1024**2),
        ("1048576 MB", 1e6),
        ("1 GB", 1e9 / 2**20),
        ("4 G", None),
        ("-1 GiB", None),
        (-1, None),
        ("much", None),
        ("٣ GiB", None),
        (True, None),
        (None, None),
        ([], None),
        (float("inf"), None),
        (float("nan"), None),
        (10**400, None),
        ("9" * 400, None),
        ("9 " * 3, None),
    ],
)
def test_memory(value, amount):
    assert mebibytes(value) == amount


@pytest.mark.parametrize("reader", READERS)
@given(value=ANYTHING)
@example(value="\n")
def test_readers_give_a_value_or_one_sentence_with_the_path(reader, value):
    section, sentence = Section({"key": value}, "here"), "here.key is right"
    try:
        READERS[reader](section)
    except WombatError as error:
        sentence = str(error)
    assert re.fullmatch(r"here\.key[ .].+", sentence)


@given(data=ANYTHING)
def test_a_section_is_a_mapping(data):
    if data is None or isinstance(data, dict):
        assert dict(Section(data).data) == (data or {})
    else:
        with pytest.raises(WombatError, match="^the file must be a mapping$"):
            Section(data)


@pytest.mark.parametrize(
    ("reader", "value", "wanted"),
    [
        ("integer", "5", 5),
        ("integer", " 5 ", 5),
        ("number", "0.5", 0.5),
        ("flag", "Yes", True),
        ("flag", "false", False),
        ("strings", "one", ("one",)),
        ("strings", ["one", "two"], ("one", "two")),
        ("text", None, None),
        ("integer", None, 1),
        ("mapping", None, {}),
    ],
)
def test_texts_of_templates_count_as_what_they_say(reader, value, wanted):
    assert READERS[reader](Section({"key": value})) == wanted


@pytest.mark.parametrize(
    "value", [11, -1, 1.0, True, "5.0", "five", [], float("nan"), pytest.param(1 << 20000, id="huge"), "9" * 5000]
)
def test_what_is_no_integer(value):
    with pytest.raises(WombatError, match=r"^here\.key must be a whole number from 0 to 10, but is .{1,210}$"):
        READERS["integer"](Section({"key": value}, "here"))


def test_unknown_keys_are_refused_with_a_suggestion():
    section = Section({"nodes": 1, "nods": 2}, "families.kv")
    section.take("nodes")
    with pytest.raises(WombatError, match=r"^families\.kv\.nods is not a known key; did you mean 'nodes'\?$"):
        section.end()


@pytest.mark.parametrize(
    ("word", "known", "tail"),
    [
        ("relase", ["release", "nodes"], "did you mean 'release'?"),
        ("zzz", ["two", "one"], "use one of: one, two"),
        ("zzz", [], "none is defined there"),
        (None, ["one"], "did you mean 'one'?"),
        (5, ["one"], "use one of: one"),
    ],
)
def test_suggestion(word, known, tail):
    assert suggestion(word, known) == tail


def test_secret_mappings_do_not_show():
    with pytest.raises(WombatError, match="^key must be a mapping$"):
        Section({"key": "hunter2"}).mapping("key", secret=True)
