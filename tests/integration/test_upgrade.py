# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades of a family that is in use: hot, rolling and full, failing ones, and back."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
import threading
import urllib.error
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop, http

EVENTS = ["before_upgrade", "before_stop", "after_stop", "before_start", "after_start", "after_upgrade"]
FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.93.0.0/24
      sizes: {small: {vcpus: 1}}
      regions: {cellar: {zones: {a: {}, b: {}}}}
releases:
  kv: {archive: "../kv-{{ kv_version | default('0.1.0') }}.tar.gz"}
  web: {archive: "../web-{{ web_version | default('0.1.0') }}.tar.gz"}
families:
  kv:
    release: kv
    nodes: 3
    config: {kv: {data_dir: "{{ data_dir }}"}}
    upgrade: {checks: ["maps:get(whole, kv:status())", "{{ kv_check | default('true') }}"]}
  web:
    release: web
    nodes: 2
    neighbours: [kv]
    config: {web: {port: 8080}}
    upgrade: {allow: rolling}
    hooks:
HOOKS
"""
HOOK = '      EVENT: [[/bin/sh, -c, "echo $WOMBAT_EVENT $WOMBAT_NODES >>FOLDER/hooks"]]'


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    hooks = "\n".join(HOOK.replace("EVENT:", f"{event}:").replace("FOLDER", str(folder)) for event in EVENTS)
    with Shop(folder, FILE.replace("HOOKS", hooks)) as shop:
        run = shop.must("deploy")
        # From a booted host to running nodes, see tests/bench/tasks.py.
        assert {len(run.tasks_until_started(host)) for host in shop.hosts()} <= set(range(1, 9))
        yield shop


class Client:
    """Writes and reads through the web nodes until it is told to stop, and counts what was lost."""

    def __init__(self, shop):
        hosts = shop.hosts("family_web").values()
        self.urls = [f"http://{host['ansible_host']}:8080/kv/" for host in hosts]
        self.written = 0
        self.failures = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_failure):
        self.over.set()
        self.thread.join()

    def run(self):
        while not self.over.is_set():
            key, value = f"key{self.written}", f"value {self.written}".encode()
            self.ask("PUT", key, value)
            if self.ask("GET", key) != value:
                self.failures.append(f"{key} was acknowledged and is not there")
            self.written += 1

    def ask(self, method, key, body=None):
        """A web node that restarts refuses connections or cuts them: then the other one is asked."""
        said = []
        for url in (self.urls * 2)[self.written % 2 :]:
            try:
                return http(method, url + key, body)
            except urllib.error.HTTPError as error:
                self.failures.append(f"{method} {key}: {error} {error.read()}")
                return None
            except OSError as error:
                said.append(error)
        self.failures.append(f"{method} {key}: no web node answers: {said}")
        return None

    def check(self):
        """All that was acknowledged is there in the end, too."""
        assert self.failures == []
        assert self.written > 10
        for number in range(self.written):
            assert http("GET", f"{self.urls[0]}key{number}") == f"value {number}".encode()


def versions(shop, family="kv"):
    """The version that each node says it runs."""
    rows = [line.split() for line in shop.must("status").output.splitlines() if line.startswith(family)]
    assert all("running" in row for row in rows)
    return sorted(re.search(r"0\.\d\.0", " ".join(row[2:])).group() for row in rows)


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
    with Client(shop) as client:
        shop.must("upgrade", "-e", "kv_version=0.2.0", "-e", "web_version=0.2.0")
    client.check()
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
        assert [line.split()[0] for line in lines if line.endswith(name)][-len(EVENTS) :] == EVENTS
    again = shop.must("deploy", "-e", "kv_version=0.2.0", "-e", "web_version=0.2.0")
    assert set(again.changed.values()) == {0}


def test_what_was_upgraded_hot_starts_with_the_new_version(shop):
    shop.must("node", "-e", "wombat_state=restarted", "-e", "wombat_hosts=family_kv")
    assert versions(shop) == ["0.2.0"] * 3


def test_back_to_the_version_before_rolling_loses_nothing(shop):
    kv = shop.nodes("kv")
    with Client(shop) as client:
        arguments = ("-e", "wombat_version=0.1.0", "-e", "wombat_family=kv", "-e", "wombat_upgrade=rolling")
        assert "or the next deploy upgrades again" in shop.must("rollback", *arguments).output
    client.check()
    assert versions(shop) == ["0.1.0"] * 3
    assert not set(shop.nodes("kv").values()) & set(kv.values())
    run = shop.play("rollback", "-e", "wombat_version=0.0.9", "-e", "wombat_family=kv")
    assert run.code != 0
    assert "there are the versions 0.1.0, 0.2.0" in run.output


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
    with Client(shop) as client:
        run = shop.play("upgrade", "-e", "kv_version=0.3.0", "-e", "web_version=0.2.0")
    assert run.code != 0
    assert "did not start: its process ended while it started" in run.output
    assert "It runs version 0.1.0 again." in run.output
    client.check()
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
