# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes as units: what systemd is given, and how its answers are read; a stand-in answers for it."""

from __future__ import annotations

import json
import os
import pwd
import socket
import stat
import subprocess

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import (
    accounts,
    caller,
    node_files,
    node_states,
    systemd_runner,
    systemd_unit,
)
from ansible_collections.wombat.erlang.plugins.module_utils.boot import Distribution
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import load_nodes
from ansible_collections.wombat.erlang.plugins.module_utils.runner import check_start

USER = pwd.getpwuid(os.getuid()).pw_name
KV1 = "wombat-kv@kv1.service"


class Systemd:
    """A service manager whose units do what the test says: `fates` has the states that a start leads to, in order."""

    def __init__(self):
        self.units = {}
        self.fates = {}
        self.said = []
        self.journal = "first\n\n  last words  \n"
        self.pid = 4000000  # beyond what Linux gives, so that no process has it

    def unit(self, name):
        new = dict.fromkeys(systemd_runner._PROPERTIES.split(","), "")
        new.update(Id=name, LoadState="loaded", ActiveState="inactive", SubState="dead", MainPID="0")
        new.update(NRestarts="0", NeedDaemonReload="no", Result="success", ExecMainStatus="0")
        return self.units.setdefault(name, new)

    def run(self, program, verb, *arguments, check):
        self.said.append(" ".join([program, verb, *arguments]))
        if program == "journalctl":
            return self.journal
        names = [word for word in arguments if not word.startswith("-")]
        for name in names:
            unit = self.unit(name)
            fates = self.fates.get(name, [])
            if verb == "show" and unit["SubState"] == "auto-restart" and fates:
                self.enter(unit, fates.pop(0))
            elif verb == "start":
                self.enter(unit, fates.pop(0) if fates else "running")
            elif verb == "kill" or (verb == "stop" and "stubborn" not in fates):
                unit.update(ActiveState="inactive", SubState="dead", MainPID="0")
        if verb == "show":
            return "\n\n".join("\n".join(f"{key}={value}" for key, value in self.unit(name).items()) for name in names)
        return ""

    def enter(self, unit, state):
        self.pid += 1
        active = {"running": "active", "auto-restart": "activating", "failed": "failed"}[state]
        pid = str(self.pid if state == "running" else 0)
        unit.update(ActiveState=active, SubState=state, MainPID=pid, InvocationID=f"run{self.pid}")
        if state != "running":
            unit.update(Result="exit-code", ExecMainStatus="1", NRestarts=str(int(unit["NRestarts"]) + 1))


@pytest.fixture
def systemd(monkeypatch, tmp_path):
    """A host with systemd, where everybody may do what root may."""
    manager = Systemd()
    monkeypatch.setattr(systemd_runner, "_run_program", manager.run)
    monkeypatch.setattr(systemd_unit, "FOLDER", str(tmp_path / "systemd"))
    monkeypatch.setattr(systemd_unit, "_MANAGER", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tmp_path / "systemd").mkdir()
    return manager


@pytest.fixture
def root(tmp_path):
    """An instance with an empty relx release kv and the cookie of family kv."""
    root = tmp_path / "root"
    release = root / "releases/kv/1.2.0"
    for folder in ("bin", "releases/1.2.0"):
        (release / folder).mkdir(parents=True)
    (release / "bin/kv").touch()
    (release / "releases/start_erl.data").write_text("13.1.5 1.2.0\n")
    (root / "releases/kv/current").symlink_to("1.2.0")
    (root / "home/kv").mkdir(parents=True)
    (root / "home/kv/.erlang.cookie").write_text("biscuit")
    (root / "home/kv/.erlang.cookie").chmod(0o400)
    return root


def prepare(root, *labels, epmd=False, user=USER, release="kv", **settings):
    base = dict.fromkeys(("packages", "service", "files", "slot", "config", "vm_args", "env"))
    base.update(family="kv", release=release)
    nodes = [{**base, "name": f"{label}@127.0.0.1", **settings} for label in labels]
    options = {"root": str(root), "user": user, "nodes": nodes, "distribution": {"epmd": epmd, "port": 23000}}
    return node_files.prepare({**options, "members": None})


def node(root, label="kv1", **options):
    prepare(root, label, **options).apply()
    return load_nodes(str(root), [label])[0]


def bring(root, state, timeout=5):
    options = {"root": str(root), "names": None, "state": state, "timeout": timeout}
    work = node_states.prepare(options)
    return work.result if work.apply is None else work.apply()


def test_a_template_for_the_release_and_an_instance_for_each_node(root, systemd, tmp_path):
    work = prepare(root, "kv1", "kv2")
    assert work.apply()["nodes"]["kv2@127.0.0.1"]["changed"] == [
        *("wombat-kv@.service", "wombat-kv@kv2.service", "vm.args", "node.config", "members.config"),
        *("start", "node.json"),
    ]
    template = tmp_path / "systemd/wombat-kv@.service"
    lines = template.read_text().splitlines()
    for line in (f"ExecStart=/bin/sh {root}/nodes/%i/start", f"User={USER}", "KillMode=mixed", "LimitNOFILE=524288"):
        assert line in lines
    wants = sorted((tmp_path / "systemd/multi-user.target.wants").iterdir())
    assert [(path.name, path.resolve()) for path in wants] == [(KV1, template), ("wombat-kv@kv2.service", template)]
    assert not prepare(root, "kv1", "kv2").changed
    wants[0].unlink()
    assert prepare(root, "kv1", "kv2").result["nodes"]["kv1@127.0.0.1"]["changed"] == [KV1]
    # A stock epmd that the first node started serves the others too.
    prepare(root, "kv1", epmd=True).apply()
    assert "KillMode=process" in template.read_text()


def test_without_a_user_or_without_systemd_there_are_no_units(root, systemd, tmp_path, monkeypatch):
    assert node(root, user=None).unit is None
    monkeypatch.setattr(systemd_unit, "_MANAGER", str(tmp_path / "absent"))
    told = node(root, user=USER)
    assert (told.unit, told.user) == (None, USER)
    assert list((tmp_path / "systemd").iterdir()) == []


def test_the_nodes_user_can_read_its_files_and_change_none(root, systemd):
    folder = root / "nodes/kv1"
    node(root)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}
    files = ("vm.args", "node.config", "members.config", "start", "node.json")
    folders = ("kv1", "etc", "data", "log", "tmp")
    assert modes == {**dict.fromkeys(folders, 0o750), **dict.fromkeys(files, 0o640)}
    assert (root / "lib/wombat/ebin/slot_epmd.beam").stat().st_mode & 0o777 == 0o644
    (folder / "vm.args").chmod(0o600)
    assert prepare(root, "kv1").result["nodes"]["kv1@127.0.0.1"]["changed"] == ["vm.args"]


def test_the_script_gives_the_whole_environment_and_nothing_to_the_process_list(root, systemd):
    odd = 'it\'s "$HOME" `x`\n'
    made = node(root, env={"ODD": odd})
    (root / "releases/kv/1.2.0/bin/kv").write_text('#!/bin/sh\nprintf "%s" "$ODD|$1|$WOMBAT_RUN|$PWD"\n')
    (root / "releases/kv/1.2.0/bin/kv").chmod(0o755)
    script = ["/bin/sh", str(root / "nodes/kv1/start")]
    output = subprocess.run(script, capture_output=True, check=True, text=True).stdout
    value, command, run, folder = output.split("|")
    assert (value, command, folder) == (odd, "foreground", str(root / "releases/kv/1.2.0"))
    assert json.loads(run) == {"digest": made.digest(), "distribution": {"epmd": False, "port": 23000, "tls": False}}
    (root / "home/kv/.erlang.cookie").unlink()
    refused = subprocess.run(script, capture_output=True, check=False, text=True)
    assert (refused.returncode, refused.stderr) == (1, f"There is no cookie in {made.cookie_file}\n")


def test_a_changed_unit_or_user_makes_a_node_outdated(root, systemd, monkeypatch):
    first = node(root).digest()
    assert node(root, epmd=True, config={}).digest() != first
    assert node(root).digest() == first
    monkeypatch.setattr(systemd_unit, "_TEMPLATE", systemd_unit._TEMPLATE + "# newer\n")
    assert node(root).digest() != first


def test_what_units_cannot_say_is_refused(root, systemd):
    with pytest.raises(WombatError, match=r"systemd has no unit with 'k\+v' in its name"):
        systemd_unit.unit_path("k+v", "kv1@h")
    with pytest.raises(WombatError, match=r"'A\.B', which is no name of an environment variable"):
        prepare(root, "kv1", env={"A.B": 1})
    with pytest.raises(WombatError, match="cannot name the root '/srv/my nodes'"):
        systemd_unit.template_text("/srv/my nodes", "kv", "wombat", False)


def test_a_unit_of_another_root_is_not_taken_away(root, systemd, tmp_path):
    node(root)
    root.rename(tmp_path / "moved")
    prepare(tmp_path / "moved", "kv1")  # nobody uses it any more
    (root / "nodes").mkdir(parents=True)
    with pytest.raises(WombatError, match=f"belongs to the nodes below {root}: give the release"):
        prepare(tmp_path / "moved", "kv1")


def test_only_root_gives_nodes_a_user(root, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    with pytest.raises(WombatError, match="set become for this task"):
        prepare(root, "kv1", user="root")
    with pytest.raises(WombatError, match="Only root can run things as root"):
        accounts.becoming("root")
    with pytest.raises(WombatError, match="This host has no user nobody-of-that-name"):
        accounts.becoming("nobody-of-that-name")
    assert accounts.becoming(None) is None


@pytest.fixture
def answers(monkeypatch):
    """The error that awaiting a node ends with, by its pid; what is not there has started."""
    errors = {}

    def call(requests, timeout):
        return {
            one.name: caller.Reply(
                None if errors.get(request["$tuple"][1]) else "started", errors.get(request["$tuple"][1])
            )
            for one, request in requests
        }

    monkeypatch.setattr(caller, "call", call)
    errors[0] = "its process ended while it started"
    return errors


def test_units_are_started_together_and_read_again_where_needed(root, systemd, answers):
    prepare(root, "kv1", "kv2").apply()
    systemd.unit(KV1)["NeedDaemonReload"] = "yes"
    result = bring(root, "started")
    assert [one["alive"] for one in result["nodes"].values()] == [True, True]
    units = f"{KV1} wombat-kv@kv2.service"
    verbs = [line for line in systemd.said if " show " not in line]
    assert verbs == ["systemctl daemon-reload", f"systemctl reset-failed {units}", f"systemctl start {units}"]
    assert not bring(root, "started")["changed"]


def test_a_node_that_systemd_starts_again_is_waited_for(root, systemd, answers):
    node(root)
    systemd.fates[KV1] = ["auto-restart", "auto-restart", "running"]
    result = bring(root, "started")
    assert result["nodes"]["kv1@127.0.0.1"]["alive"]
    assert result["nodes"]["kv1@127.0.0.1"]["pid"] == systemd.pid


def test_a_node_that_systemd_gives_up_fails_with_its_journal(root, systemd, answers):
    node(root)
    systemd.fates[KV1] = ["auto-restart", "auto-restart", "failed"]
    result = bring(root, "started")
    assert result["msg"] == (
        "Node kv1@127.0.0.1 did not start: its process ended while it started, and systemd gave up on it at its limit"
        f" of restarts (exit-code, status 1). The last lines of journalctl -u {KV1}:\nfirst\n  last words"
    )
    assert [line for line in systemd.said if line.endswith(f"_SYSTEMD_INVOCATION_ID=run{systemd.pid}")]
    status = bring(root, "status")["nodes"]["kv1@127.0.0.1"]
    assert (status["alive"], status["pid"], status["error"]) == (
        *(False, None),
        "systemd gave up on it at its limit of restarts (exit-code, status 1)",
    )


def test_a_node_that_hangs_is_left_to_finish(root, systemd, answers):
    node(root)
    answers[systemd.pid + 1] = "it was still starting at the time limit"
    systemd.journal = ""
    result = bring(root, "started")
    assert result["msg"].endswith(f"at the time limit. It printed nothing to journalctl -u {KV1}.")
    assert systemd.units[KV1]["SubState"] == "running"


def test_a_unit_that_does_not_even_run_is_told(root, systemd, answers):
    node(root)
    systemd.fates[KV1] = ["failed"]
    assert bring(root, "started")["msg"] == (
        f"Unit {KV1} did not start: it ended at once; 'journalctl -u {KV1}' on its host tells more."
    )
    assert "limit of restarts" in bring(root, "status")["nodes"]["kv1@127.0.0.1"]["error"]


def test_between_two_runs_a_node_has_no_process_but_can_be_stopped(root, systemd, answers):
    node(root)
    systemd.enter(systemd.unit(KV1), "auto-restart")
    status = bring(root, "status")["nodes"]["kv1@127.0.0.1"]
    assert (status["pid"], status["restarts"]) == (None, 1)
    assert status["error"] == "systemd is about to start it again (exit-code, status 1)"
    assert bring(root, "stopped")["changed"]
    assert not bring(root, "stopped")["changed"]


def test_what_does_not_stop_is_killed(root, systemd, answers):
    node(root)
    bring(root, "started")
    systemd.fates[KV1] = ["stubborn"]
    assert bring(root, "stopped", timeout=0.1)["changed"]
    assert f"systemctl kill --signal=KILL --kill-who=main {KV1}" in systemd.said


def test_absent_removes_the_unit_and_with_the_last_node_the_template(root, systemd, answers, tmp_path):
    prepare(root, "kv1", "kv2").apply()
    options = {"root": str(root), "names": ["kv1"], "state": "absent", "timeout": 5}
    node_states.prepare(options).apply()
    assert [path.name for path in sorted((tmp_path / "systemd").rglob("*.service"))] == [
        *("wombat-kv@kv2.service", "wombat-kv@.service")
    ]
    bring(root, "absent")
    assert list((tmp_path / "systemd").rglob("*.service")) == []


def test_a_running_node_tells_itself_what_it_was_started_with(root, systemd, answers):
    made = node(root)
    told = {"digest": "older", "distribution": Distribution(True, None)._asdict()}
    env = {systemd_unit.RUN: json.dumps(told)}
    process = subprocess.Popen(["/bin/sh", "-c", "echo; read line"], env=env, stdin=-1, stdout=-1)
    process.stdout.readline()  # it is the shell by now
    systemd.enter(systemd.unit(KV1), "running")
    systemd.units[KV1].update(MainPID=str(process.pid), NRestarts="2")
    runner = systemd_runner.SystemdRunner()
    run = runner.find([made])[made.name]
    # What was upgraded while it ran is what its files say now, until it is started again.
    runner.adopt(made, made.digest())
    upgraded = runner.find([made])[made.name]
    systemd.units[KV1].update(InvocationID="another")
    again = runner.find([made])[made.name]
    process.communicate()
    assert (run.pid, run.digest, run.restarts) == (process.pid, "older", 2)
    assert run.of(made).distribution == Distribution(True, None)
    assert (upgraded.digest, again.digest) == (made.digest(), "older")


def test_a_port_that_is_taken_and_an_address_that_is_not_here_are_told_before_a_start(root, systemd):
    made = node(root)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(WombatError, match=f"its port {port} is taken; 'ss -tlnp sport = {port}'"):
            check_start(made._replace(distribution=Distribution(False, port - 1)))
    check_start(made._replace(distribution=Distribution(True, None)))
    far = made._replace(name="kv1@192.0.2.1")
    with pytest.raises(WombatError, match=r"its host has no address 192\.0\.2\.1"):
        check_start(far)
