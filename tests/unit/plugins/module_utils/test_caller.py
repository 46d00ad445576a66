# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The remote caller around its runtime system, which a script stands in for."""

from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import caller
from ansible_collections.wombat.erlang.plugins.module_utils.boot import Distribution
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node

# Answers for kv1 alone, and shows what it was called with.
SCRIPT = """#!/bin/sh
echo "$@" >"$RECORD/arguments"
env >"$RECORD/environment"
cp request "$RECORD/request"
printf 'kv1@h\\tok\\tb2s=\\n' >reply
echo something odd
"""


@pytest.fixture
def make_node(tmp_path, monkeypatch):
    """Makes nodes of a release whose runtime system is the script."""
    erts = tmp_path / "release/erts-13.1.5"
    (erts / "bin").mkdir(parents=True)
    (erts / "bin/erlexec").write_text(SCRIPT.replace("$RECORD", str(tmp_path)))
    (erts / "bin/erlexec").chmod(0o755)
    version = tmp_path / "release/releases/1.0.0"
    version.mkdir(parents=True)
    (version / "start_clean.boot").touch()

    def make(name="kv1@h", epmd=False):
        release = HostRelease("kv", "1.0.0", "relx", str(tmp_path / "release"), "13.1.5", str(erts))
        start = {"argv": [], "env": {"HOME": "/home/kv", "PATH": os.environ["PATH"], "ERL_EPMD_PORT": "7"}, "cwd": "/"}
        return Node(str(tmp_path), name, "kv", release, Distribution(epmd, 21000), start)

    return make


def test_every_node_gets_a_reply_and_nothing_secret_an_argument(tmp_path, make_node):
    requests = [(make_node(), caller.STATUS), (make_node("kv2@h"), caller.expression_request('"söme" ++ thing'))]
    replies = caller.call(requests, 1.5)
    assert replies["kv1@h"] == caller.Reply("ok", None)
    assert replies["kv2@h"] == caller.Reply(None, "the remote caller ended without a reply: something odd")
    arguments = (tmp_path / "arguments").read_text()
    assert "-sname wombat_caller1@h" in arguments
    assert "-hidden -dist_listen false" in arguments
    assert "thing" not in arguments
    assert (tmp_path / "request").read_text() == (
        '{1500,[{"kv1@h","/home/kv/.erlang.cookie",status},'
        '{"kv2@h","/home/kv/.erlang.cookie",{erlang,"\\"s\\x{F6}me\\" ++ thing"}}]}.\n'
    )
    environment = (tmp_path / "environment").read_text().splitlines()
    assert "ERL_EPMD_PORT=7" in environment
    assert "HOME=/home/kv" not in environment


def test_nodes_of_different_distributions_get_a_caller_each(tmp_path, make_node):
    nodes = [make_node(), make_node("kv2@h", epmd=True)]
    assert list(caller.call([(node, caller.STATUS) for node in nodes], 1)) == ["kv1@h", "kv2@h"]
    assert "-start_epmd false" in (tmp_path / "arguments").read_text()


def test_nobody_is_asked_without_a_runtime_system_to_run():
    assert caller.call([], 1) == {}


def test_names_are_few_and_refused_when_all_are_taken(tmp_path, make_node, monkeypatch):
    monkeypatch.setattr(caller, "_NAMES", 2)
    first, second = (caller._take_number(str(tmp_path / "callers")) for _time in range(2))
    assert (first[0], second[0]) == (1, 2)
    with pytest.raises(WombatError, match="2 are at work"):
        caller.call([(make_node(), caller.STATUS)], 1)
    os.close(first[1])
    third = caller._take_number(str(tmp_path / "callers"))
    assert third[0] == 1
    for _number, handle in (second, third):
        os.close(handle)


def test_a_runtime_system_that_cannot_run_is_named(make_node):
    node = make_node()
    os.remove(os.path.join(node.release.erts, "bin/erlexec"))
    with pytest.raises(WombatError, match="erlexec cannot be run"):
        caller.call([(node, caller.STATUS)], 1)


def test_a_release_without_a_clean_boot_script_is_refused(make_node):
    node = make_node()
    os.remove(os.path.join(node.release.version_path, "start_clean.boot"))
    with pytest.raises(WombatError, match=r"has no start_clean\.boot"):
        caller.call([(node, caller.STATUS)], 1)


def test_a_release_without_a_runtime_system_takes_the_hosts(make_node, monkeypatch, tmp_path):
    node = make_node()
    node = node._replace(release=node.release._replace(erts=None))
    monkeypatch.setattr(shutil, "which", lambda name, path: None)
    with pytest.raises(WombatError, match="install Erlang/OTP 25"):
        caller.call([(node, caller.STATUS)], 1)
    monkeypatch.setattr(shutil, "which", lambda name, path: str(tmp_path / "release/erts-13.1.5/bin/erlexec"))
    assert caller.call([(node, caller.STATUS)], 1)["kv1@h"].text == "ok"
    assert "-boot start_clean " in (tmp_path / "arguments").read_text()
