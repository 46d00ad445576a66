# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades of a family that is in use and speaks TLS: hot, rolling and full, failing ones, and back."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import socketserver
import subprocess
import tarfile
import tempfile
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop
from ansible_collections.wombat.erlang.tests.integration.web_client import Client

EVENTS = ["before_upgrade", "before_stop", "after_stop", "before_start", "after_start", "after_upgrade"]
FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.97.0.0/24
      sizes: {small: {vcpus: 1}}
      regions: {cellar: {zones: {a: {}, b: {}}}}
releases:
  kv: {archive: "../kv-{{ kv_version | default('0.1.0') }}.tar.gz"}
  web: {archive: "../web-{{ web_version | default('0.1.0') }}.tar.gz"}
families:
  kv:
    release: kv
    nodes: 3
    bootstrap: {strategy: "{{ kv_strategy | default('mesh') }}"}
    distribution: {tls: true}
    config: {kv: {data_dir: "{{ data_dir }}"}}
    vm_args: ["{{ kv_args | default('') }}"]
    upgrade: {checks: ["maps:get(whole, kv:status())", "{{ kv_check | default('true') }}"]}
  web:
    release: web
    nodes: 2
    neighbours: [kv]
    distribution: {tls: true}
    config: {web: {port: 8080}}
    upgrade: {allow: rolling}
    hooks:
HOOKS
"""
HOOK = "      EVENT: [[/bin/sh, FOLDER/hook.sh]]\n"
OTHERS = """      after_upgrade:
        - [/bin/sh, FOLDER/hook.sh]
        - {tasks: ../hooks.yml}
        - {expression: 'file:write_file("FOLDER/hooks", ["called ", atom_to_list(node()), 10], [append])'}
"""
# A test says with a script of an event's name what becomes of its hook.
SCRIPT = """echo $WOMBAT_EVENT $WOMBAT_NODES >>FOLDER/hooks
[ ! -e FOLDER/$WOMBAT_EVENT ] || . FOLDER/$WOMBAT_EVENT
"""
TASKS = """- name: Write down what a task file is told
  ansible.builtin.shell:
    cmd: echo "tasks {{ hooks_item.nodes | join(' ') }}" >>FOLDER/hooks
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    hooks = "".join(HOOK.replace("EVENT", event) for event in EVENTS[:-1]) + OTHERS
    (folder / "hook.sh").write_text(SCRIPT.replace("FOLDER", str(folder)))
    (folder / "hooks.yml").write_text(TASKS.replace("FOLDER", str(folder)))
    with Shop(folder, FILE.replace("HOOKS", hooks).replace("FOLDER", str(folder))) as shop:
        run = shop.must("deploy")
        # From a booted host to running nodes, see tests/bench/tasks.py.
        assert {len(run.tasks_until_started(host)) for host in shop.hosts()} <= set(range(1, 9))
        yield shop


def client(shop):
    """A client of the web nodes."""
    return Client([host["ansible_host"] for host in shop.hosts("family_web").values()], 8080)


def versions(shop, family="kv"):
    """The version that each node says it runs."""
    rows = [line.split() for line in shop.must("status").output.splitlines() if line.startswith(family)]
    assert all("running" in row for row in rows)
    return sorted(re.search(r"0\.\d\.0", " ".join(row[2:])).group() for row in rows)


def whole(shop):
    """Whether no node misses another of its family."""
    return "is not connected to" not in shop.must("status").output


def broken(shop):
    """An archive of version 0.3.0 whose runtime system does not take its arguments."""
    with (
        tarfile.open(shop.folder / "kv-0.2.0.tar.gz") as old,
        tarfile.open(shop.folder / "kv-0.3.0.tar.gz", "w:gz") as new,
    ):
        for member in old:
            content = old.extractfile(member).read() if member.isfile() else b""
            if member.name.endswith("vm.args"):
                content = b"+Q none\n"
            elif member.name.endswith(("start_erl.data", "kv.rel")):
                content = content.replace(b"0.2.0", b"0.3.0", 1)
            member.name = member.name.replace("releases/0.2.0", "releases/0.3.0")
            member.size = len(content)
            if not member.name.endswith("relup"):
                new.addfile(member, io.BytesIO(content))


def test_an_upgrade_is_told_for_every_node_before(shop):
    pids = {**shop.nodes("kv"), **shop.nodes("web")}
    output = shop.must("upgrade", "-e", "kv_version=0.2.0", "-e", "web_version=0.2.0", "--check", "--diff").output
    assert len(re.findall(r"^kv1@\S+: hot 0.1.0 -> 0.2.0(, canary)?$", output, re.MULTILINE)) == 3
    assert len(re.findall(r"^web1@\S+: rolling 0.1.0 -> 0.2.0(, canary)?$", output, re.MULTILINE)) == 2
    assert {**shop.nodes("kv"), **shop.nodes("web")} == pids


def test_kv_hot_and_web_rolling_lose_nothing(shop):
    kv, web = shop.nodes("kv"), shop.nodes("web")
    with client(shop) as asking:
        shop.must("upgrade", "-e", "kv_version=0.2.0", "-e", "web_version=0.2.0")
    asking.check()
    assert versions(shop) == ["0.2.0"] * 3
    assert versions(shop, "web") == ["0.2.0"] * 2
    assert shop.nodes("kv") == kv
    assert not set(shop.nodes("web").values()) & set(web.values())
    # The state of the process was brought along, and counts from now on.
    output = shop.must("command", "-e", "wombat_family=kv", "-e", "wombat_expression='kv_store:writes() >= 0'").output
    assert len(re.findall(r"^kv1@\S+  true$", output, re.MULTILINE)) == 3
    lines = (shop.folder / "hooks").read_text().splitlines()
    for name in web:
        # A start's hooks ran before, when the node was deployed.
        done = [line.split()[0] for line in lines if line.endswith(name)]
        assert done[-len(EVENTS) - 2 :] == [*EVENTS, "tasks", "called"]
    again = shop.must("deploy", "-e", "kv_version=0.2.0", "-e", "web_version=0.2.0")
    assert set(again.changed.values()) == {0}


def test_what_was_upgraded_hot_starts_with_the_new_version(shop):
    shop.must("node", "-e", "wombat_state=restarted", "-e", "wombat_hosts=family_kv")
    assert versions(shop) == ["0.2.0"] * 3


def test_back_to_the_version_before_rolling_loses_nothing(shop):
    kv = shop.nodes("kv")
    with client(shop) as asking:
        arguments = ("-e", "wombat_version=0.1.0", "-e", "wombat_family=kv", "-e", "wombat_upgrade=rolling")
        assert "or the next deploy upgrades again" in shop.must("rollback", *arguments).output
    asking.check()
    assert versions(shop) == ["0.1.0"] * 3
    assert not set(shop.nodes("kv").values()) & set(kv.values())
    run = shop.play("rollback", "-e", "wombat_version=0.0.9", "-e", "wombat_family=kv")
    assert run.code != 0
    assert "there are the versions 0.1.0, 0.2.0" in run.output
    unknown = shop.play("rollback", "-e", "wombat_version=0.1.0", "-e", "wombat_family=vk")
    assert unknown.code != 0
    assert re.search(r"There is no family vk in \S+: name one of kv, web in wombat_family.", unknown.output)


@pytest.mark.parametrize("method", ["hot", "rolling"])
def test_a_failed_check_takes_the_node_back_and_leaves_the_rest(shop, method):
    before = shop.nodes("kv")
    arguments = ["-e", "kv_version=0.2.0", "-e", "web_version=0.2.0", "-e", "kv_check=false", "-e", "wombat_timeout=10"]
    run = shop.play("upgrade", *arguments, "-e", f"wombat_upgrade={method}")
    assert run.code != 0
    assert re.search(r"did not pass its check: false gives false. It runs version 0.1.0 again.", run.output)
    assert versions(shop) == ["0.1.0"] * 3
    after = shop.nodes("kv")
    assert sum(before[name] != after[name] for name in before) == 1


def test_a_version_that_does_not_start_is_taken_back(shop):
    broken(shop)
    before = shop.nodes("kv")
    with client(shop) as asking:
        run = shop.play("upgrade", "-e", "kv_version=0.3.0", "-e", "web_version=0.2.0")
    assert run.code != 0
    assert "did not start: its process ended while it started" in run.output
    assert "It runs version 0.1.0 again." in run.output
    asking.check()
    assert versions(shop) == ["0.1.0"] * 3
    after = shop.nodes("kv")
    assert sum(before[name] != after[name] for name in before) == 1
    # The next deploy with what worked changes nothing that runs.
    shop.must("deploy", "-e", "web_version=0.2.0")
    assert shop.nodes("kv") == after


def test_in_full_old_and_new_never_meet(shop):
    kv = shop.nodes("kv")
    arguments = ("-e", "kv_version=0.2.0", "-e", "web_version=0.2.0", "-e", "wombat_upgrade=full")
    assert re.search(r"^kv1@\S+: full 0.1.0 -> 0.2.0$", shop.must("upgrade", *arguments).output, re.MULTILINE)
    assert versions(shop) == ["0.2.0"] * 3
    assert not set(shop.nodes("kv").values()) & set(kv.values())


def cut(shop, wanted, reached):
    """Start an upgrade and kill it, with all that works for it, once it has reached what writes that file."""
    process = shop.start("upgrade", "-e", json.dumps(wanted))
    while not reached.exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    pids = [process.pid]
    for pid in pids:
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
        pids += map(int, listed.stdout.split())
    for pid in pids:
        # A node that was started just now is a child still, and stays.
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            if b"WOMBAT_INSTANCE=" not in Path(f"/proc/{pid}/environ").read_bytes():
                os.kill(pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize(("method", "then"), [("hot", "0.2.0"), ("rolling", "0.1.0")])
def test_what_was_killed_amid_its_checks_is_taken_back_or_completed_by_the_next(shop, method, then):
    reached = shop.folder / method
    check = f'begin file:write_file("{reached}", []), timer:sleep(60000), true end'
    cut(shop, {"kv_version": "0.1.0", "web_version": "0.2.0", "wombat_upgrade": method, "kv_check": check}, reached)
    assert versions(shop) == ["0.1.0", "0.2.0", "0.2.0"]
    wanted = ("-e", f"kv_version={then}", "-e", "web_version=0.2.0")
    with client(shop) as asking:
        shop.must("upgrade", *wanted)
    asking.check()
    assert versions(shop) == [then] * 3
    assert set(shop.must("deploy", *wanted).changed.values()) == {0}


def test_what_was_killed_between_stop_and_start_is_completed_by_the_next(shop):
    reached, hook = shop.folder / "reached", shop.folder / "before_start"
    hook.write_text(f"touch {reached}\nexec sleep 600\n")
    cut(shop, {"web_version": "0.1.0"}, reached)
    hook.unlink()
    assert shop.must("status").output.count("  down ") == 1
    shop.must("upgrade", "-e", "web_version=0.1.0")
    assert versions(shop, "web") == ["0.1.0"] * 2


def test_a_failing_hook_ends_the_upgrade_with_its_output(shop):
    before, hook = shop.nodes("web"), shop.folder / "after_start"
    hook.write_text("echo the shelf is not there\nexit 3\n")
    run = shop.play("upgrade", "-e", "web_version=0.2.0")
    hook.unlink()
    assert run.code != 0
    assert "the shelf is not there. The instances that were not yet upgraded stay as they are." in run.output
    assert versions(shop, "web") == ["0.1.0"] * 2
    # Who was taken back is connected again, and so is who is restarted; these nodes do not do that by themselves.
    assert whole(shop)
    after = shop.nodes("web")
    assert sum(before[name] != after[name] for name in before) == 1
    shop.must("node", "-e", "wombat_state=restarted", "-e", "wombat_hosts=family_web")
    assert whole(shop)


def test_a_stopped_node_keeps_the_version_that_it_starts_with(shop):
    (host, *_others) = shop.hosts("family_kv")
    shop.must("node", "-e", "wombat_state=stopped", "-e", f"wombat_hosts={host}")
    # Other settings of the next version are refused, after the next version was installed and none is to be kept.
    wanted = {"kv_version": "0.2.0", "kv_args": "-setcookie none", "release_keep": 0}
    run = shop.play("deploy", "-e", json.dumps(wanted))
    assert run.code != 0
    assert "-setcookie" in run.output
    shop.must("node", "-e", "wombat_state=started", "-e", f"wombat_hosts={host}")
    assert versions(shop) == ["0.1.0"] * 3


class Squatter(socketserver.TCPServer):
    """A server that hangs up on everybody, on a port that it takes as soon as who has it is gone."""

    allow_reuse_address = True

    def server_bind(self):
        while True:
            with contextlib.suppress(OSError):
                return super().server_bind()
            time.sleep(0.01)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *failure):
        self.shutdown()
        self.server_close()


def test_no_node_is_upgraded_while_another_of_its_family_cannot_run(shop):
    before = shop.nodes("kv")
    (host, *_others) = shop.hosts("family_kv").values()
    (node,) = host["wombat_nodes"]
    os.kill(before.pop(node["name"]), signal.SIGKILL)
    with Squatter((host["ansible_host"], node["port"]), socketserver.BaseRequestHandler):
        wanted = ("-e", "kv_version=0.2.0", "-e", "wombat_upgrade=rolling")
        run = shop.play("upgrade", *wanted)
        # A family that requires no connections gets as far as the plan, which counts.
        counted = shop.play("upgrade", *wanted, "-e", "kv_strategy=none")
    assert (run.code, counted.code) == (2, 2)
    assert f"Family kv may lose its majority by nodes that do not run: {node['name']}. Mend that" in counted.output
    assert f"Node {node['name']} cannot start: its port {node['port']} is taken" in run.output
    for name in before:
        assert re.search(rf"Node {name} did not join within 30 s: .*{node['name']}", run.output)
    assert shop.nodes("kv").items() >= before.items()
    shop.must("deploy")
    assert versions(shop) == ["0.1.0"] * 3


def test_a_node_that_dies_elsewhere_in_mid_roll_ends_it_before_the_next_batch(shop):
    before = shop.nodes("kv")
    reached, go = shop.folder / "amid", shop.folder / "go"
    check = f'begin file:write_file("{reached}", atom_to_list(node())), filelib:is_file("{go}") end'
    wanted = {"kv_version": "0.2.0", "wombat_upgrade": "rolling", "kv_check": check}
    process = shop.start("upgrade", "-e", json.dumps(wanted))
    while not reached.exists() or not reached.read_text():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)
    first, dead, other = sorted(before, key=lambda name: name != reached.read_text())
    os.kill(before[dead], signal.SIGKILL)
    go.touch()
    output, _nothing = process.communicate()
    assert process.returncode != 0
    assert dead in output.split("fatal: ", 1)[1]
    assert "The instances that were not yet upgraded stay as they are." in output
    assert shop.nodes("kv")[other] == before[other]
    assert shop.nodes("kv")[first] != before[first]
    shop.must("deploy")
    assert versions(shop) == ["0.1.0"] * 3


def test_logs_and_crash_dumps_are_fetched(shop):
    for host in shop.hosts("family_kv").values():
        (Path(host["wombat_root"]) / "nodes/kv1/log/erl_crash.dump").write_text("=erl_crash_dump:0.5\n")
    assert set(shop.must("logs", "-e", "wombat_family=kv", "-e", "wombat_logs=fetched").changed.values()) == {0, 1}
    archives = list((shop.folder / "fetched").iterdir())
    assert len(archives) == 3
    for archive in archives:
        with tarfile.open(archive) as tar:
            assert tar.getnames() == ["kv1/log/erl_crash.dump", "kv1/log/node.log"]
    assert not list(Path(tempfile.gettempdir()).glob("wombat-logs-*"))
