# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States of nodes with processes that stand in for them, and a caller that answers for them."""

from __future__ import annotations

import fcntl
import json
import os
import signal

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import caller, node_calls, node_states
from ansible_collections.wombat.erlang.plugins.module_utils.boot import Distribution
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node
from ansible_collections.wombat.erlang.plugins.module_utils.runner import ProcessRunner


class Host:
    """Two nodes whose start script is a shell's, and answers that the test sets."""

    def __init__(self, root):
        self.root = root
        self.answers = {}
        self.requests = []
        self.before_answers = lambda: None
        (root / "home/kv").mkdir(parents=True)
        cookie = root / "home/kv/.erlang.cookie"
        cookie.touch(mode=0o400)
        for label in ("kv1", "kv2"):
            self.write(label)

    def write(self, label, script="exec sleep 600"):
        env = {"HOME": str(self.root / "home/kv"), "PATH": os.environ["PATH"]}
        start = {"argv": ["/bin/sh", "-c", script], "env": env, "cwd": "/"}
        release = HostRelease("kv", "1.0.0", "relx", "/r", "13.1.5", None)
        node = Node(str(self.root), f"{label}@h", "kv", release, Distribution(False, 1), start)
        (self.root / "nodes" / label / "log").mkdir(parents=True, exist_ok=True)
        (self.root / "nodes" / label / "node.json").write_text(node.as_text())
        return node

    def call(self, requests, timeout):
        self.before_answers()
        self.requests.append([node.name for node, request in requests])
        return {node.name: self.answers.get(node.name, caller.Reply("ok", None)) for node, request in requests}

    def prepare(self, state, names=None, timeout=10):
        return node_states.prepare({"root": str(self.root), "state": state, "names": names, "timeout": timeout})

    def bring(self, state, **options):
        return self.prepare(state, **options).apply()

    def pids(self):
        files = self.root.glob("nodes/*/run.json")
        return {file.parent.name: json.loads(file.read_text())["pid"] for file in files}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose processes end with the test."""
    made = Host(tmp_path)
    monkeypatch.setattr(caller, "call", made.call)
    started = []
    start = ProcessRunner.start

    def remember(self, nodes):
        started.append(self)
        return start(self, nodes)

    monkeypatch.setattr(ProcessRunner, "start", remember)
    yield made
    for runner in started:
        for process in runner._children:
            if process.poll() is None:
                process.kill()
            process.wait()


def test_starting_starts_what_is_dead_and_asks_all(host):
    result = host.bring("started", names=["kv1"])
    assert result == {
        "changed": True,
        "nodes": {
            "kv1@h": {"changed": True, "alive": True, "pid": host.pids()["kv1"], "outdated": False, "error": None}
        },
        "outdated": [],
    }
    first = host.pids()["kv1"]
    work = host.prepare("started")
    assert (work.changed, work.result["nodes"]) == (True, {"kv1@h": {"changed": False}, "kv2@h": {"changed": True}})
    assert work.diff == [{"before": "kv1@h started\nkv2@h stopped\n", "after": "kv1@h started\nkv2@h started\n"}]
    work.apply()
    assert host.pids()["kv1"] == first
    assert host.requests == [["kv1@h"], ["kv1@h", "kv2@h"]]
    assert not host.prepare("started").changed


def test_what_does_not_answer_fails_with_its_last_lines_and_the_others_start(host):
    said = host.root / "said"
    os.mkfifo(said)
    log = host.root / "nodes/kv1/log/node.log"
    log.write_text("an earlier run\n")
    host.write("kv1", f"echo first; echo last words; echo >{said}; exec sleep 600")
    host.answers["kv1@h"] = caller.Reply(None, "it did not answer")
    host.before_answers = said.read_text
    result = host.bring("started")
    assert result["failed"]
    assert result["msg"] == f"Node kv1@h did not start: it did not answer. The last lines of {log}:\nfirst\nlast words"
    assert result["nodes"]["kv2@h"]["error"] is None


def test_a_script_that_cannot_run_is_named(host):
    node = host.write("kv1")
    path = host.root / "nodes/kv1/node.json"
    path.write_text(path.read_text().replace('"/bin/sh"', '"/none"'))
    result = host.bring("started", names=["kv1"])
    assert f"/none of node {node.name} cannot be run" in result["msg"]
    assert not result["changed"]


def test_stopping_ends_what_runs_and_forgets_it(host):
    host.bring("started")
    assert host.bring("stopped", names=["kv1"])["changed"]
    assert list(host.pids()) == ["kv2"]
    assert not host.bring("stopped", names=["kv1"])["changed"]


def test_a_node_that_does_not_stop_in_time_is_killed(host):
    node = host.write("kv1")
    ready = host.root / "ready"
    os.mkfifo(ready)
    host.write("kv1", f"trap '' TERM; echo >{ready}; while :; do sleep 600; done")
    host.bring("started", names=["kv1"])
    ready.read_text()
    sleeper = host.pids()["kv1"]
    result = host.bring("stopped", names=["kv1"], timeout=0.1)
    assert (result["changed"], result.get("failed")) == (True, None)
    assert ProcessRunner().find([node]) == {}
    os.killpg(sleeper, signal.SIGKILL)


def test_restarting_takes_new_processes(host):
    host.bring("started")
    before = host.pids()
    work = host.prepare("restarted", names=["kv1"])
    assert work.changed
    work.apply()
    after = host.pids()
    assert (after["kv1"] != before["kv1"], after["kv2"] == before["kv2"]) == (True, True)


def test_absent_removes_the_folder(host):
    host.bring("started")
    assert host.bring("absent", names=["kv1"])["changed"]
    assert [folder.name for folder in (host.root / "nodes").iterdir()] == ["kv2"]
    assert host.bring("absent", names=["kv1"]) == {"changed": False, "nodes": {}, "outdated": []}


def test_status_tells_the_dead_the_silent_and_the_answering(host):
    host.bring("started", names=["kv1"])
    answer = '#{otp_release => "25",release_version => "1",uptime => 1,memory => 2,processes => 3,connected => []}'
    host.answers["kv1@h"] = caller.Reply(answer, None)
    status = host.prepare("status").result["nodes"]
    told = {"otp_release": "25", "release_version": "1", "uptime": 1, "memory": 2, "processes": 3, "connected": []}
    common = {"family": "kv", "outdated": False, "restarts": 0, "error": None}
    assert status["kv1@h"] == {"alive": True, "pid": host.pids()["kv1"], **common, **told}
    assert status["kv2@h"] == {"alive": False, "pid": None, **common, **dict.fromkeys(told)}
    host.answers["kv1@h"] = caller.Reply(None, "it did not answer")
    silent = host.prepare("status").result["nodes"]["kv1@h"]
    assert (silent["alive"], silent["error"]) == (False, "it did not answer")


def test_a_changed_start_makes_a_running_node_outdated(host):
    host.bring("started")
    host.write("kv1", "exec sleep 601")
    assert host.bring("started")["outdated"] == ["kv1@h"]
    assert host.bring("restarted", names=["kv1"])["outdated"] == []


def test_another_process_with_the_pid_of_a_node_is_not_the_node(host):
    host.bring("started", names=["kv1"])
    path = host.root / "nodes/kv1/run.json"
    run = json.loads(path.read_text())
    path.write_text(json.dumps({**run, "started": run["started"] + "0"}))
    assert host.prepare("stopped", names=["kv1"]).changed is False
    path.write_text("{")
    assert host.prepare("stopped", names=["kv1"]).changed is False


def test_a_node_that_another_run_holds_is_not_touched(host):
    held = os.open(host.root / "nodes/kv1", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(WombatError, match="Another run is at work on node kv1@h"):
        host.bring("started", timeout=0.1)
    os.close(held)
    assert host.pids() == {}


def test_a_folder_that_another_run_removed_counts_as_absent_and_cannot_start(host):
    absent, started = host.prepare("absent", names=["kv1"]), host.prepare("started", names=["kv1"])
    host.bring("absent", names=["kv1"])
    assert not absent.apply()["changed"]
    with pytest.raises(WombatError, match="was removed by another run"):
        started.apply()


def ask(host, **options):
    base = {"root": str(host.root), "names": None, "expression": None, "language": "erlang", "read_only": False}
    return node_calls.prepare({**base, "module": None, "function": None, "args": None, "timeout": 5, **options})


def test_a_call_reaches_what_runs_and_names_what_does_not(host):
    host.bring("started", names=["kv1"])
    host.answers["kv1@h"] = caller.Reply("{ok,1}", None)
    work = ask(host, expression="1")
    assert (work.changed, work.result) == (True, {"nodes": {}})
    answer = work.apply()
    assert answer["nodes"]["kv1@h"] == {"value": ["ok", 1], "text": "{ok,1}", "error": None}
    assert answer["msg"] == answer["nodes"]["kv2@h"]["error"] == "Node kv2@h failed: it does not run."


def test_a_call_that_only_reads_is_made_at_once_and_keeps_unreadable_answers_as_text(host):
    host.bring("started", names=["kv1"])
    host.answers["kv1@h"] = caller.Reply("<<", None)
    work = ask(host, names=["kv1"], module="m", function="f", read_only=True)
    assert (work.changed, work.apply) == (False, None)
    assert work.result["nodes"]["kv1@h"]["value"] == "<<"


def test_requests_are_terms(host):
    assert caller.apply_request("m", "f", ["a", 1]) == {
        "$tuple": [{"$atom": "apply"}, {"$atom": "m"}, {"$atom": "f"}, ["a", 1]]
    }
    assert caller.expression_request("1", "elixir") == {"$tuple": [{"$atom": "elixir"}, "1"]}
