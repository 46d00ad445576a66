# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades of nodes with processes that stand in for them, and a caller that answers for them."""

from __future__ import annotations

import json
import os
import socket

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import (
    caller,
    held_files,
    node_files,
    node_states,
    upgrading,
)
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.runner import ProcessRunner

RELUP = '{"2.0.0",[{"1.0.0",[],[point_of_no_return]}],[{"1.0.0",[],[point_of_no_return]}]}.'


class Host:
    """An instance with two versions of a release whose start script is a shell's, and nodes kv1 and kv2."""

    def __init__(self, root):
        self.root = root
        self.answers = lambda node, request: "true"
        self.asked = []
        for version in ("1.0.0", "2.0.0"):
            self.version(version)
        (root / "releases/kv/2.0.0/releases/2.0.0/relup").write_text(RELUP)
        (root / "home/kv").mkdir(parents=True)
        (root / "home/kv/.erlang.cookie").touch(mode=0o400)

    def version(self, version, script="exec sleep 600"):
        path = self.root / "releases/kv" / version
        (path / "bin").mkdir(parents=True, exist_ok=True)
        (path / "bin/kv").write_text(f"#!/bin/sh\n{script}\n")
        (path / "bin/kv").chmod(0o755)
        (path / "releases" / version).mkdir(parents=True, exist_ok=True)
        (path / "releases/start_erl.data").write_text(f"13.1.5 {version}")
        (path / "releases" / version / "kv.rel").write_text('{release,{"kv","1"},{erts,"13"},[{sasl,"4"}]}.')
        (path / "releases" / version / "sys.config").write_text("[].")
        (path / ".wombat-release.json").write_text("{}")

    def call(self, requests, timeout):
        replies = {}
        for node, request in requests:
            self.asked.append((node.name, request["$tuple"][0]["$atom"]))
            answer = self.answers(node, request)
            replies[node.name] = answer if isinstance(answer, caller.Reply) else caller.Reply(answer, None)
        return replies

    def configure(self, version, check=False, **settings):
        names = ("kv1@127.0.0.1", "kv2@127.0.0.1")
        base = dict.fromkeys(("packages", "service", "slot", "config", "vm_args", "env"))
        nodes = [
            {**base, "name": name, "family": "kv", "release": "kv", "version": version, "hot_from": [], **settings}
            for name in names
        ]
        options = {"root": str(self.root), "nodes": nodes, "user": None, "members": None, "hold": True}
        work = node_files.prepare({**options, "distribution": {"epmd": False, "port": 34500}})
        return work.result if check else {"changed": work.changed, **work.apply()}

    def start(self):
        return node_states.prepare({"root": str(self.root), "state": "started", "names": None, "timeout": 5}).apply()

    def upgrade(self, state="upgraded", names=None, **options):
        base = {"method": "restart", "at_once": 0, "checks": {"kv": ["ready()"]}, "timeout": 1}
        work = upgrading.prepare({"root": str(self.root), "state": state, "names": names, **base, **options})
        return work.apply() if work.apply else {"changed": False, **work.result}

    def runs(self):
        """The version that each node's process was started from, by its working directory."""
        pids = {path.parent.name: json.loads(path.read_text())["pid"] for path in self.root.glob("nodes/*/run.json")}
        return {label: os.path.basename(os.readlink(f"/proc/{pid}/cwd"))[0] for label, pid in sorted(pids.items())}

    def current(self):
        return os.readlink(self.root / "releases/kv/current")


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host that runs version 1, whose processes end with the test."""
    made = Host(tmp_path)
    monkeypatch.setattr(caller, "call", made.call)
    started = []
    start = ProcessRunner.start

    def remember(self, nodes):
        started.append(self)
        return start(self, nodes)

    monkeypatch.setattr(ProcessRunner, "start", remember)
    made.configure("1.0.0")
    made.start()
    yield made
    for runner in started:
        for process in runner._children:
            if process.poll() is None:
                process.kill()
            process.wait()


def test_the_files_of_what_runs_wait_and_those_of_the_dead_do_not(host):
    before = (host.root / "nodes/kv1/node.json").read_text()
    told = host.configure("2.0.0")
    assert [item["upgrade"] for item in told["nodes"].values()] == [{"from": "1.0.0", "to": "2.0.0", "cold": None}] * 2
    assert (host.root / "nodes/kv1/node.json").read_text() == before
    assert host.current() == "1.0.0"
    assert not host.configure("2.0.0")["changed"]
    # Back to what runs: nothing waits any more.
    assert host.configure("1.0.0")["changed"]
    assert not held_files.load(held_files.next_path(str(host.root / "nodes/kv1")))
    node_states.prepare({"root": str(host.root), "state": "stopped", "names": ["kv1"], "timeout": 5}).apply()
    told = host.configure("2.0.0")["nodes"]
    assert [bool(item["upgrade"]) for item in told.values()] == [False, True]
    assert "2.0.0" in (host.root / "nodes/kv1/node.json").read_text()
    assert host.current() == "1.0.0"


def test_a_version_that_is_not_there_is_refused_but_told_in_check_mode(host):
    told = host.configure("3.0.0", check=True)["nodes"]["kv1@127.0.0.1"]
    assert told["upgrade"] == {"from": "1.0.0", "to": "3.0.0", "cold": "there is no relup from 1.0.0 to 3.0.0"}
    assert host.configure("3.0.0", check=True, hot_from=["1.0.0"])["nodes"]["kv1@127.0.0.1"]["upgrade"]["cold"] is None
    with pytest.raises(WombatError, match="3.0.0 is missing; there are the versions 1.0.0, 2.0.0"):
        host.configure("3.0.0", hot_from=None)


def test_restarting_brings_files_process_and_link_to_the_new_version(host):
    host.configure("2.0.0")
    result = host.upgrade()
    assert result["nodes"]["kv1@127.0.0.1"] == {"changed": True, "from": "1.0.0", "to": "2.0.0", "error": None}
    assert (host.runs(), host.current()) == ({"kv1": "2", "kv2": "2"}, "2.0.0")
    assert not host.upgrade()["changed"]
    assert not host.configure("2.0.0")["changed"]
    assert host.upgrade("reverted", names=["kv1"])["changed"]
    assert host.runs() == {"kv1": "1", "kv2": "2"}
    assert not host.upgrade("reverted", names=["kv1"])["changed"]


def test_a_failed_check_takes_its_group_back_and_leaves_the_rest(host):
    host.configure("2.0.0")
    host.answers = lambda node, request: "false" if node.name.startswith("kv2") else "true"
    result = host.upgrade(at_once=1)
    assert (
        result["msg"] == "Node kv2@127.0.0.1 did not pass its check: ready() gives false. It runs version 1.0.0 again."
    )
    assert (host.runs(), host.current()) == ({"kv1": "2", "kv2": "1"}, "1.0.0")
    host.answers = lambda node, request: "true"
    assert host.configure("2.0.0")["nodes"]["kv1@127.0.0.1"]["upgrade"] is None
    host.upgrade()
    assert (host.runs(), host.current()) == ({"kv1": "2", "kv2": "2"}, "2.0.0")


@pytest.mark.parametrize("reason", ["it broke", "it was still starting at the time limit: kv"])
def test_the_first_group_that_fails_ends_it(host, reason):
    host.configure("2.0.0")
    host.answers = lambda node, request: caller.Reply(None, reason) if "2.0.0" in node.release.path else "true"
    result = host.upgrade(at_once=1)
    assert f"Node kv1@127.0.0.1 did not start: {reason}" in result["msg"]
    assert "It runs version 1.0.0 again." in result["msg"]
    assert [item["changed"] for item in result["nodes"].values()] == [True, False]
    assert host.runs() == {"kv1": "1", "kv2": "1"}


def test_a_node_whose_port_is_taken_meanwhile_goes_back_and_starts_when_the_port_is_free(host):
    host.configure("2.0.0")
    with socket.create_server(("127.0.0.1", 34501)):
        result = host.upgrade(at_once=1)
    assert "Node kv1@127.0.0.1 cannot start: its port 34501 is taken" in result["msg"]
    assert host.current() == "1.0.0"
    assert host.start()["changed"]
    assert host.runs() == {"kv1": "1", "kv2": "1"}


def test_a_run_that_was_cut_short_is_completed_by_its_checks(host):
    host.configure("2.0.0")
    host.upgrade(names=["kv1"])
    node = host.root / "nodes/kv1"
    # As if the run had been killed before it was done: the files wait still.
    (node / "next.json").write_text(json.dumps({"release": "kv", "files": {}, "before": ""}))
    host.configure("2.0.0")
    assert not (node / "next.json").exists()
    host.configure("1.0.0")
    waiting = (node / "next.json").read_text()
    host.upgrade(names=["kv1"])
    (node / "next.json").write_text(waiting)
    assert host.configure("1.0.0")["nodes"]["kv1@127.0.0.1"]["upgrade"]
    pid = json.loads((node / "run.json").read_text())["pid"]
    host.answers = lambda node, request: "false"
    assert "did not pass its check" in host.upgrade(names=["kv1"])["msg"]
    assert host.runs()["kv1"] == "2"
    assert json.loads((node / "run.json").read_text())["pid"] != pid


def test_hot_keeps_the_process_and_becomes_permanent_after_the_checks(host):
    host.configure("2.0.0")
    pids = {path.parent.name: json.loads(path.read_text())["pid"] for path in host.root.glob("nodes/*/run.json")}
    sources = []

    def answer(node, request):
        sources.append(request["$tuple"][1])
        return "true"

    host.answers = answer
    assert host.upgrade(method="hot")["changed"]
    assert ["install_release" in text for text in sources] == [True, True, False, False, False, False]
    assert ["make_permanent" in text for text in sources] == [False, False, False, False, True, True]
    assert {p.parent.name: json.loads(p.read_text())["pid"] for p in host.root.glob("nodes/*/run.json")} == pids
    assert host.current() == "2.0.0"
    assert not host.configure("2.0.0")["changed"]
    assert host.start()["outdated"] == []


def test_hot_that_fails_restarts_the_old_version(host):
    host.configure("2.0.0")
    host.answers = lambda node, request: (
        caller.Reply(None, "the way is wrong") if "install_release" in str(request) else "true"
    )
    result = host.upgrade(method="hot")
    assert "Node kv1@127.0.0.1 was not upgraded: the way is wrong. It runs version 1.0.0 again." in result["msg"]
    assert (host.runs(), host.current()) == ({"kv1": "1", "kv2": "1"}, "1.0.0")


@pytest.mark.parametrize("cut", ["ready", "make_permanent"])
def test_hot_that_was_killed_goes_on_or_back(host, cut):
    class Killed(BaseException):
        pass

    def answer(node, request):
        if cut in str(request):
            raise Killed
        return "true"

    host.configure("2.0.0")
    host.answers = answer
    with pytest.raises(Killed):
        host.upgrade(method="hot", names=["kv1"])
    host.answers = lambda node, request: "true"
    # What runs is neither version for certain, so even the settings that it was started with are not enough.
    told = host.configure("1.0.0")["nodes"]
    assert [bool(item["upgrade"]) for item in told.values()] == [True, False]
    assert told["kv1@127.0.0.1"]["upgrade"]["cold"]
    assert host.start()["outdated"] == ["kv1@127.0.0.1"]
    told = host.configure("2.0.0")["nodes"]
    assert [item["upgrade"]["cold"] for item in told.values()] == [None, None]
    host.upgrade(method="hot")
    assert host.current() == "2.0.0"
    assert host.start()["outdated"] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"vm_args": ["+P 9999"]}, "its arguments, environment or files change, which a node takes at its start"),
        ({"env": {"A": "b"}}, "its arguments, environment or files change, which a node takes at its start"),
        ({"config": {"kv": {"a": 1}}}, None),
    ],
)
def test_what_a_node_takes_at_its_start_only_cannot_be_upgraded_hot(host, change, reason):
    told = host.configure("2.0.0", **change)["nodes"]["kv1@127.0.0.1"]["upgrade"]
    assert told["cold"] == reason


def test_settings_alone_need_a_restart(host):
    told = host.configure("1.0.0", config={"kv": {"a": 1}})["nodes"]["kv1@127.0.0.1"]["upgrade"]
    assert told == {"from": "1.0.0", "to": "1.0.0", "cold": "its settings change, which a node takes at its start"}
