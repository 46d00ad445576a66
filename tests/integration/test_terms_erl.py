# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our terms against a real Erlang: it reads what we write, and we read every way in which it prints."""

from __future__ import annotations

import base64
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils.terms import from_erlang, sys_config, to_erlang

# A loop over lines: "print TERM" gives the term in the four formats, "same TERM<tab>TERM" compares two,
# "consult FILE" reads a configuration file, "special" prints what has no source text.
ERL = """
Term = fun(Text) -> {ok, Tokens, _} = erl_scan:string(Text ++ "."), {ok, T} = erl_parse:parse_term(Tokens), T end,
Show = fun(T) ->
    [[base64:encode(unicode:characters_to_binary(io_lib:format(F, [T]))), " "] || F <- ["~p", "~w", "~tp", "~0tp"]]
end,
Answer = fun
    ("print " ++ Text) -> Show(Term(Text));
    ("same " ++ Texts) -> [A, B] = string:split(Texts, "\\t"), atom_to_list(Term(A) =:= Term(B));
    ("consult " ++ File) -> {ok, [T]} = file:consult(File), Show(T);
    ("special" ++ _) ->
        Closed = erlang:make_fun(lists, map, 2),
        Show([self(), make_ref(), hd(erlang:ports()), fun() -> Closed end, Closed])
end,
Loop = fun Next() ->
    case io:get_line("") of
        eof -> halt();
        Line -> io:put_chars([Answer(string:trim(Line, trailing, "\\n")), "\\n"]), Next()
    end
end,
Loop().
"""

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
# Erlang prints [97] as "a" and "" as [], so lists and strings that the other could be are left to the comparison.
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    st.text(max_size=200, alphabet="ab ü"),
    st.one_of(TEXT, st.sampled_from(["ok", "A b", "maybe", "end", "@x", "été"])).map(lambda name: {"$atom": name}),
    st.one_of(TEXT, st.text(max_size=200, alphabet="ab ü")).map(lambda text: {"$binary": text}),
    st.binary(max_size=20).map(lambda data: {"$binary": list(data)}),
    st.sampled_from(["fun lists:map/2", "fun 'M 1':'F'/0", "<<1,2:3>>", '<<"abc",0:1>>', "[1,2|a]", '[1|"b"]']).map(
        lambda text: {"$term": text}
    ),
)
TERMS = st.recursive(
    LEAVES,
    lambda data: st.one_of(
        st.lists(data, max_size=5),
        st.lists(data, max_size=5).map(lambda items: {"$tuple": items}),
        st.dictionaries(TEXT, data, max_size=5).map(lambda pairs: {"$proplist": pairs}),
        st.dictionaries(st.sampled_from(["a", "B", "$atom", "é", "true"]), data, min_size=2),
        st.lists(st.tuples(data, data), max_size=3).map(lambda pairs: {"$map": [list(pair) for pair in pairs]}),
    ),
    max_leaves=25,
)


class Erlang:
    """One Erlang process that answers line by line."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["erl", "-noshell", "-boot", "start_clean", "-eval", ERL],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line):
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer, f"Erlang cannot read: {line}"
        return answer

    def printed(self, line):
        """The four printed forms of a term."""
        return [base64.b64decode(form).decode() for form in self.ask(line).split()]

    def same(self, text, other):
        return self.ask(f"same {text}\t{other}") == "true"


@pytest.fixture(scope="module")
def erlang():
    process = Erlang()
    yield process
    process.process.communicate()
    assert process.process.returncode == 0


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=TERMS)
def test_erlang_reads_what_we_write_and_we_read_what_it_prints(erlang, data):
    text = to_erlang(data)
    for printed in erlang.printed("print " + text):
        assert erlang.same(text, to_erlang(from_erlang(printed)))
    assert erlang.same(text, to_erlang(from_erlang(text)))


def test_terms_without_source_text(erlang):
    for printed in erlang.printed("special"):
        special = from_erlang(printed)
        texts = [item["$term"] for item in special]
        assert [text[:6] for text in texts[1:]] == ["#Ref<0", "#Port<", "#Fun<e", "fun li"]
        assert to_erlang(special) == "[" + ",".join(texts) + "]"
        assert from_erlang(printed, plain=True) == texts


def test_configuration_file(erlang, tmp_path):
    apps = {"kv": {"data_dir": "/tmp/é", "limit": 1.5, "on": True}, "wombat": {"nodes": [{"$atom": "kv1@127.0.0.1"}]}}
    file = tmp_path / "sys.config"
    file.write_text(sys_config(apps), encoding="utf-8")
    for printed in erlang.printed(f"consult {file}"):
        assert erlang.same(to_erlang(from_erlang(sys_config(apps))), to_erlang(from_erlang(printed)))
