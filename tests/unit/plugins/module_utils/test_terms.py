# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Erlang terms: the convention by example, round trips by property, and every refusal."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.term_text import MAX_DEPTH
from ansible_collections.wombat.erlang.plugins.module_utils.terms import from_erlang, sys_config, to_erlang

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ATOM_NAMES = st.one_of(TEXT, st.sampled_from(["ok", "a@b", "Upper", "fun", "$atom", "", "true", "it's"]))
NOT_UTF8 = st.binary(max_size=5).map(lambda data: [*data, 0xFF])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    ATOM_NAMES.filter(lambda name: name not in ("true", "false", "undefined")).map(lambda name: {"$atom": name}),
    TEXT.map(lambda text: {"$binary": text}),
    NOT_UTF8.map(lambda data: {"$binary": data}),
    st.sampled_from(["<0.9.0>", "#Ref<0.1.2.3>", "#Port<0.5>", "#Fun<m.1.2>", "fun m:'F'/1", "<<1,2:3>>", "[1|a]"]).map(
        lambda text: {"$term": text}
    ),
)


def is_map(data):
    """Whether a dictionary is read as a map and not as a tag."""
    return len(data) != 1 or not next(iter(data)).startswith("$")


def is_no_proplist(items):
    """Whether a list is not one that is read as $proplist."""
    return not items or not all(
        isinstance(item, dict) and len(item.get("$tuple", ())) == len("kv") and is_atom(item["$tuple"][0])
        for item in items
    )


def is_atom(data):
    return data is None or isinstance(data, bool) or (isinstance(data, dict) and list(data) == ["$atom"])


def nested(data):
    map_keys = st.one_of(st.integers(), st.builds(lambda text: {"$binary": text}, TEXT))
    return st.one_of(
        st.lists(data, max_size=4).filter(is_no_proplist),
        st.lists(data, max_size=4).map(lambda items: {"$tuple": items}),
        st.dictionaries(ATOM_NAMES, data, min_size=1, max_size=4).map(lambda pairs: {"$proplist": pairs}),
        st.dictionaries(ATOM_NAMES, data, max_size=4).filter(is_map),
        st.lists(st.tuples(map_keys, data), min_size=1, max_size=4, unique_by=lambda pair: repr(pair[0])).map(
            lambda pairs: {"$map": [list(pair) for pair in pairs]}
        ),
    )


DATA = st.recursive(LEAVES, nested, max_leaves=20)


@settings(deadline=None)
@given(DATA)
def test_data_survives_its_text(data):
    text = to_erlang(data)
    assert text.isascii()
    assert "\n" not in text
    assert from_erlang(text) == data
    assert to_erlang(from_erlang(text)) == text


@settings(deadline=None)
@given(DATA)
def test_plain_data_is_json(data):
    plain = from_erlang(to_erlang(data), plain=True)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


@settings(deadline=None)
@given(st.text(st.sampled_from("[]{}()<>#=|,.:/+-$\"'\\%fun aA1_@xe\n é"), max_size=30))
def test_any_text_is_a_term_or_one_sentence(text):
    try:
        data = from_erlang(text)
    except WombatError as error:
        event(str(error).split("(", maxsplit=1)[0])
    else:
        assert from_erlang(to_erlang(data)) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("abc", '"abc"'),
        ("", '""'),
        ([], "[]"),
        ('é\n"\\\x00€', r'"\x{E9}\n\"\\\x{0}\x{20AC}"'),
        (True, "true"),
        (None, "undefined"),
        (-5, "-5"),
        (1e22, "1.0e+22"),
        (1.5e-7, "1.5e-07"),
        ({}, "#{}"),
        ({"a": [1, "x"], "B b": None}, "#{a => [1,\"x\"],'B b' => undefined}"),
        ({8080: "x", True: 1}, '#{8080 => "x",true => 1}'),
        ({"$atom": "and"}, "'and'"),
        ({"$tuple": [{"$atom": "ok"}, 1]}, "{ok,1}"),
        ({"$binary": "abc"}, '<<"abc">>'),
        ({"$binary": "é"}, r'<<"\x{E9}"/utf8>>'),
        ({"$binary": [104, 105]}, '<<"hi">>'),
        ({"$binary": [1, 255]}, "<<1,255>>"),
        ({"$binary": []}, "<<>>"),
        (b"\xff", "<<255>>"),
        ({"$proplist": {"port": 80, "mode": {"$atom": "fast"}}}, "[{port,80},{mode,fast}]"),
        ({"$proplist": {}}, "[]"),
        ({"$map": [[1, 2], [{"$tuple": []}, 3]]}, "#{1 => 2,{} => 3}"),
        ({"$term": " [1, 2 | x]. % note"}, "[1,2|x]"),
        ({"$term": "<0.9.0>"}, "<0.9.0>"),
        ((1, 2), "[1,2]"),
    ],
)
def test_written(data, text):
    assert to_erlang(data) == text


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("ok.", {"$atom": "ok"}),
        ("%% a file\n[ 1 , % one\n 2 ] .\n", [1, 2]),
        ('"a" "b"\n"c"', "abc"),
        (r'"\x41\x{42}\103\e\d\^A\q\s"', "ABC\x1b\x7f\x01q "),
        ('<<"long ..." \n"and on"/utf8>>', {"$binary": "long ...and on"}),
        ('<<"é"/utf8>>', {"$binary": "é"}),
        ('<<"é">>', {"$binary": [0xE9]}),
        ("<<258:16,-1>>", {"$binary": [1, 2, 255]}),
        ("<<1:3>>", {"$term": "<<1:3>>"}),
        ("<<511:9>>", {"$term": "<<255,1:1>>"}),
        ("[$a,$\\n,$\\x{20AC},$\\s,$ ]", [97, 10, 0x20AC, 32, 32]),
        ("[16#fF,1_000,- 3,+4]", [255, 1000, -3, 4]),
        ("1.0e-3", 0.001),
        ("[a|[b|[]]]", [{"$atom": "a"}, {"$atom": "b"}]),
        ('[1|"b"]', [1, 98]),
        ("[1|[2|3]]", {"$term": "[1,2|3]"}),
        ("[{a,1},{b,2}]", {"$proplist": {"a": 1, "b": 2}}),
        ("[{a,1},{a,2}]", [{"$tuple": [{"$atom": "a"}, 1]}, {"$tuple": [{"$atom": "a"}, 2]}]),
        ("[{1,1}]", [{"$tuple": [1, 1]}]),
        ("#{true => 1,undefined => 2}", {"true": 1, "undefined": 2}),
        ("#{'$atom' => 1}", {"$map": [[{"$atom": "$atom"}, 1]]}),
        ("#{1 => a,1 => b}", {"$map": [[1, {"$atom": "b"}]]}),
        ("fun 'A':b/2", {"$term": "fun 'A':b/2"}),
        ("#Fun<'a>b'.0.1>", {"$term": "#Fun<'a>b'.0.1>"}),
        ("<12.3.4>", {"$term": "<12.3.4>"}),
        ("'été'", {"$atom": "été"}),
        ("été", {"$atom": "été"}),
        ("{maybe,else}", {"$tuple": [{"$atom": "maybe"}, {"$atom": "else"}]}),
    ],
)
def test_read(text, data):
    assert from_erlang(text) == data


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("{ok,true,undefined,null}", ["ok", True, None, "null"]),
        ('[<<"text">>,"s",1,2.5]', ["text", "s", 1, 2.5]),
        ("<<255>>", "<<255>>"),
        ("[<0.9.0>,#Ref<0.1.2.3>,[1|2]]", ["<0.9.0>", "#Ref<0.1.2.3>", "[1|2]"]),
        ('#{a => 1,"b" => 2,<<"c">> => 3,4 => 5,{x} => #{}}', {"a": 1, "b": 2, "c": 3, "4": 5, "{x}": {}}),
        ('#{a => 1,<<"a">> => 2}', {"a": 1, '<<"a">>': 2}),
        ("[{a,1}]", [["a", 1]]),
    ],
)
def test_read_plain(text, data):
    assert from_erlang(text, plain=True) == data


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "the end of the text (line 1, column 1)"),
        ("[1,\n  2", "(line 2, column 4)"),
        ("{a,]", "']' (line 1, column 4)"),
        ("1 2", "a number follows it (line 1, column 3)"),
        ('\n "abc', "a string is not closed (line 2, column 2)"),
        ("'abc", "a quoted atom is not closed (line 1, column 1)"),
        ("Variable", "'V' (line 1, column 1)"),
        ("{ok,...}", "'.' (line 1, column 5)"),
        ("#{a}", "after the key of a map, but not '}'"),
        ("#rec{a=1}", "'#'"),
        ("end", "reserved word 'end'"),
        ("fun() -> ok end", "of the funs only"),
        ("fun a:b/c", "the arity of a fun"),
        ("[|a]", "but not '|'"),
        ("[a|b,c]", "after the tail of a list"),
        ("<<1:3,2>>", "only the last segment"),
        ("<<1.0>>", "a segment of a binary"),
        ("<<1:99999999999>>", "a segment of a binary"),
        ('<<"a"/float>>', "only utf8 is known"),
        (r'"\x{D800}"', "names no character"),
        (r'"\x{110000}"', "names no character"),
        (r'"\xZ"', "two hexadecimal digits"),
        ("1.0e999", "malformed or too large"),
        ("37#1", "malformed or too large"),
        ("2#9", "malformed or too large"),
        ("9" * 5000, "malformed or too large"),
        ("36#" + "z" * 5000, "malformed or too large"),
        ("a" * 256, "more than 255 characters"),
        ('"' + '\\"' * 300000, "a string is not closed"),
        ("[" * 100000, f"more than {MAX_DEPTH} levels"),
    ],
)
def test_text_refused(text, place):
    with pytest.raises(WombatError) as error:
        from_erlang(text)
    assert place in str(error.value)
    assert str(error.value).startswith("Not an Erlang term: ")


def test_refusal_shows_no_string_of_the_text():
    with pytest.raises(WombatError) as error:
        from_erlang('{password,"hunter2" swordfish 4711}')
    assert not any(word in str(error.value) for word in ("hunter2", "swordfish", "4711"))


@pytest.mark.parametrize("text", [None, 5, b"ok", ["ok"]])
def test_only_text_is_read(text):
    with pytest.raises(WombatError, match="a string was expected"):
        from_erlang(text)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"a": [1, {"b": object()}]}, "the value at a[1].b is of type object"),
        ([math.nan], "the value at [0] is of type float"),
        (math.inf, "no Erlang term stands for"),
        ([1 << 20000], "integer of more than"),
        ({"$atm": "ok"}, "the tag $atm"),
        ({"x": {"$atom": 1}}, "the value at x has the tag $atom"),
        ({"$binary": [256]}, "bytes from 0 to 255"),
        ({"$binary": ["a"]}, "bytes from 0 to 255"),
        ({"$map": [[1]]}, "[key, value] pairs"),
        ({"$term": "[1"}, "has a $term that is no Erlang term: ']' was expected"),
        ({"$atom": "a" * 256}, "more than 255 characters"),
        ({"a" * 256: 1}, "more than 255 characters"),
        ("\ud800", "half a surrogate pair"),
        ({"$binary": "\ud800"}, "half a surrogate pair"),
    ],
)
def test_data_refused(data, reason):
    with pytest.raises(WombatError) as error:
        to_erlang(data)
    assert reason in str(error.value)


def test_endless_data_is_refused():
    endless: list = []
    endless.append({"again": endless})
    with pytest.raises(WombatError, match="levels deep"):
        to_erlang(endless)


@pytest.mark.parametrize(
    "wrap", [lambda x: [x], lambda x: {"$tuple": [x]}, lambda x: {"$map": [[1, x]]}, lambda x: {"k": x}]
)
def test_deepest_terms_fit_a_deep_stack(wrap):
    data: Any = 1
    for _depth in range(MAX_DEPTH - 1):
        data = wrap(data)
    text = to_erlang(data)

    def deeper(frames):
        return deeper(frames - 1) if frames else (to_erlang(data), from_erlang(text), from_erlang(text, plain=True))

    written, read, _rest = deeper(sys.getrecursionlimit() - 800)
    assert (written, read) == (text, data)
    with pytest.raises(WombatError, match="levels deep"):
        to_erlang(wrap(data))


def test_proplist_too_deep_to_be_read_is_not_written():
    data: Any = 1
    for _depth in range(MAX_DEPTH - 1):
        data = {"$proplist": {"k": data}}
    with pytest.raises(WombatError, match="levels deep"):
        to_erlang(data)


def test_sys_config_is_sorted_and_consultable():
    text = sys_config({"web": {"port": 80}, "kv": {"data_dir": "/x", "B": {"$atom": "b"}}, "sasl": {}})
    assert text == "[{kv,[{'B',b},\n  {data_dir,\"/x\"}]},\n {sasl,[]},\n {web,[{port,80}]}].\n"
    assert from_erlang(text) == {
        "$proplist": {
            "kv": {"$proplist": {"B": {"$atom": "b"}, "data_dir": "/x"}},
            "sasl": [],
            "web": {"$proplist": {"port": 80}},
        }
    }
    assert sys_config({}) == "[].\n"


@pytest.mark.parametrize("apps", [None, [], {"kv": 1}, {"kv": {1: 2}}, {1: {}}])
def test_sys_config_of_another_shape_is_refused(apps):
    with pytest.raises(WombatError, match="must be a dictionary whose keys are names"):
        sys_config(apps)


def test_sys_config_names_the_place_of_a_bad_value():
    with pytest.raises(WombatError, match=r"the value at kv\.port\[0\]"):
        sys_config({"kv": {"port": [object()]}})
