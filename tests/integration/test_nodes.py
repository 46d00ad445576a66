# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real nodes on loopback addresses: configured, started, asked, killed, restarted and removed."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import erlang_code
import erlang_hosts
from erlang_hosts import COOKIE, NETWORK, PORT

from ansible_collections.wombat.erlang.plugins.module_utils import boot
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.terms import from_erlang


@pytest.fixture
def host(make_host):
    """A host with the files of two nodes."""
    made = make_host()
    made.configure("kv1", "kv2")
    return made


def test_nodes_of_several_addresses_meet_without_epmd_or_a_visible_cookie(make_host):
    near, far = make_host(), make_host(f"{NETWORK}.3")
    near.configure("kv1", "kv2")
    far.configure("web3")
    for host in (near, far):
        assert host.nodes()["changed"]
    for label in ("kv1", "kv2"):
        assert near.value(f"net_kernel:connect_node('{far.name('web3')}')", label) is True

    status = far.nodes("status")["nodes"][far.name("web3")]
    assert status["connected"] == [near.name("kv1"), near.name("kv2")]
    assert status["alive"]
    assert status["release_version"] == "1.0.0"
    assert status["otp_release"] == near.value("erlang:system_info(otp_release)", "kv1")
    assert listening(near, "kv2") == {(f"{NETWORK}.2", PORT + 2)}
    assert listening(far, "web3") == {(f"{NETWORK}.3", PORT + 3)}
    for pid in near.processes() + far.processes():
        process = Path(f"/proc/{pid}")
        assert COOKIE not in (process / "cmdline").read_bytes().decode() + (process / "environ").read_bytes().decode()
        assert (process / "comm").read_text().strip() != "epmd"


def listening(host, label):
    return erlang_hosts.listening(host.pid(label))


def test_settings_override_the_release_and_members_are_told(host):
    members = {"kv": {"nodes": [host.name("kv1")], "neighbours": {"web": ["web1@127.0.0.9"]}}}
    host.configure("kv1", "kv2", config={"mine": "ours"}, members=members, env={"PROCESSES": 200000}, vm_args=["+A 7"])
    host.nodes()
    settings = host.value(
        "{application:get_env(probe, mine), application:get_env(probe, theirs),"
        " application:get_env(kernel, net_ticktime), erlang:system_info(process_limit) >= 200000,"
        " erlang:system_info(thread_pool_size)}",
        "kv1",
    )
    assert settings == [["ok", "ours"], ["ok", "release"], ["ok", 30], True, 7]
    told = host.value("ok = application:load(wombat), application:get_all_env(wombat)", "kv2")
    assert dict(told) == {"family": "kv", "nodes": [host.name("kv1")], "neighbours": [["web", ["web1@127.0.0.9"]]]}


def test_nothing_changes_twice_and_a_killed_node_is_healed(host):
    assert not host.configure("kv1", "kv2")["changed"]
    assert host.nodes()["changed"]
    before = host.pid("kv1"), host.pid("kv2")
    assert not host.nodes()["changed"]
    os.kill(before[0], signal.SIGKILL)
    assert not host.nodes("status")["nodes"][host.name("kv1")]["alive"]
    healed = host.nodes()["nodes"]
    assert [healed[host.name(label)]["changed"] for label in ("kv1", "kv2")] == [True, False]
    assert host.pid("kv1") != before[0]
    assert host.pid("kv2") == before[1]


def test_changed_files_make_a_node_outdated_but_members_do_not(host):
    host.nodes()
    host.configure("kv1", "kv2", members={"kv": {"nodes": [host.name("kv1")]}})
    assert host.nodes()["outdated"] == []
    host.configure("kv1", config={"mine": 1})
    assert host.nodes()["outdated"] == [host.name("kv1")]
    restarted = host.nodes("restarted", ["kv1"])
    assert (restarted["changed"], restarted["outdated"]) == (True, [])
    assert host.value("application:get_env(probe, mine)", "kv1") == ["ok", 1]


def test_a_node_can_be_asked_and_restarted_after_its_distribution_changed(host):
    host.configure("kv1", env={"ERL_EPMD_PORT": 24369})
    host.nodes("started", ["kv1"])
    host.configure("kv1", env={"ERL_EPMD_PORT": 24369}, epmd=True)
    assert host.value("1 + 1", "kv1") == 2
    assert host.nodes("started", ["kv1"])["outdated"] == [host.name("kv1")]
    host.nodes("restarted", ["kv1"])
    assert listening(host, "kv1") == {(f"{NETWORK}.2", PORT + 1)}
    assert ["kv1", PORT + 1] in host.value("{ok, Names} = erl_epmd:names(), Names", "kv1")


def test_a_node_that_dies_while_it_starts_fails_with_its_last_words(host):
    host.configure("kv1", config={"crash": True})
    result = host.nodes(timeout=60)
    assert result["failed"]
    assert f"Node {host.name('kv1')} did not start: its process ended while it started" in result["msg"]
    assert "told_to_crash" in result["msg"]
    assert host.nodes("status")["nodes"][host.name("kv2")]["alive"]


def test_a_node_that_hangs_while_it_starts_fails_at_the_time_limit_and_is_waited_for_again(host):
    host.configure("kv1", config={"start_delay": 4000})
    result = host.nodes(names=["kv1"], timeout=2)
    assert "it was still starting at the time limit: probe" in result["msg"]
    again = host.nodes(names=["kv1"])
    assert (again.get("failed"), again["changed"]) == (None, False)


def test_two_runs_at_once_start_every_node_once(host):
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda _run: host.nodes(), range(2)))
    assert sorted(result["changed"] for result in results) == [False, True]
    assert {frozenset(node["pid"] for node in result["nodes"].values()) for result in results} == {
        frozenset([host.pid("kv1"), host.pid("kv2")])
    }


def test_stopping_lets_applications_stop_and_kills_what_takes_too_long(host):
    host.configure("kv2", config={"stop_delay": 60000})
    host.nodes()
    stopped = host.nodes("stopped", timeout=2)
    assert (stopped["changed"], stopped.get("failed")) == (True, None)
    assert (host.root / "nodes/kv1/data/stopped").exists()
    assert not (host.root / "nodes/kv2/data/stopped").exists()
    assert not host.nodes("stopped")["changed"]
    status = host.nodes("status")["nodes"]
    assert [(node["alive"], node["pid"]) for node in status.values()] == [(False, None)] * 2


def test_absent_removes_a_node_and_no_other(host):
    host.nodes()
    assert host.nodes("absent", ["kv1"])["changed"]
    assert not (host.root / "nodes/kv1").exists()
    assert not host.nodes("absent", [host.name("kv1")])["changed"]
    with pytest.raises(WombatError, match="There is no node kv1"):
        host.nodes("started", ["kv1"])
    assert list(host.nodes("status")["nodes"]) == [host.name("kv2")]
    assert host.nodes("status")["nodes"][host.name("kv2")]["alive"]


def test_answers_and_errors_come_by_node(host):
    host.nodes()
    answer = host.rpc(module="lists", function="zip", args=[["a", 1.5], [{"$atom": "b"}, {"$binary": "ü"}]])
    one = answer["nodes"][host.name("kv1")]
    assert (one["text"], one["value"]) == ('[{"a",b},{1.5,<<"ü"/utf8>>}]', [["a", "b"], [1.5, "ü"]])
    assert host.value("X = [1, 2], #{self => is_pid(self()), sum => lists:sum(X)}.", "kv1") == {"self": True, "sum": 3}
    assert host.value("fun() -> ok end", "kv1").startswith("#Fun<")
    host.nodes("stopped", ["kv2"])
    for expression, error in (
        ("error(oops)", "it raised the error oops"),
        ("exit(oops)", "the call exited with oops"),
        ("throw(oops)", "it threw oops"),
        ("foo(", "the expression is not Erlang: syntax error"),
        ("timer:sleep(60000)", "it did not answer within the time limit"),
    ):
        result = host.rpc(expression, timeout=1)
        assert error in result["nodes"][host.name("kv1")]["error"]
        assert "it does not run" in result["nodes"][host.name("kv2")]["error"]
        assert result["failed"]


def test_a_wrong_cookie_is_told_as_such(host):
    host.nodes()
    host.cookie.unlink()
    host.cookie.write_text("another")
    host.cookie.chmod(0o400)
    assert "cannot be reached: its cookie or distribution" in host.rpc("1")["msg"]
    assert not host.nodes("status")["nodes"][host.name("kv1")]["alive"]


def test_no_node_starts_without_its_familys_cookie(host):
    host.cookie.chmod(0o440)
    assert "give it mode 0400" in host.nodes()["msg"]
    host.cookie.unlink()
    assert "has no cookie" in host.nodes()["msg"]
    assert host.left() == []


def test_many_callers_at_once_take_names_that_nodes_need_not_remember_twice(host):
    host.nodes()
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(lambda number: host.value(f"{number} + 1", "kv1"), range(8)))
    assert answers == list(range(1, 9))
    known = host.value("[N || N <- nodes(known), N =/= node()]", "kv1")
    callers = [name for name in known if name.startswith("wombat_caller")]
    assert len(callers) <= 8
    assert host.nodes("status")["nodes"][host.name("kv1")]["connected"] == []


def test_a_playbook_would_see_check_mode_differences_and_failures(host):
    def run(module, check, **options):
        ansible = Path(sys.executable).parent / "ansible"
        command = [ansible, "localhost", "-m", f"wombat.erlang.{module}", "-a", json.dumps(options), "--diff"]
        output = subprocess.run(command + ["--check"] * check, capture_output=True, text=True, check=False).stdout
        diff, state, rest = re.split(r"localhost \| ([A-Z]+)!? => ", output)
        return diff, state, json.loads(rest)

    root = str(host.root)
    diff, state, result = run("node", True, root=root)
    assert (state, result["changed"], host.processes()) == ("CHANGED", True, [])
    assert f"+{host.name('kv1')} started" in diff
    host.nodes()
    answer = run("rpc", True, root=root, expression="1 + 1", read_only=True)[2]
    assert [node["value"] for node in answer["nodes"].values()] == [2, 2]
    assert not answer["changed"]
    assert run("rpc", True, root=root, expression="halt()")[2]["nodes"] == {}
    assert run("rpc", False, root=root, expression="error(oops)")[1] == "FAILED"


def test_the_code_that_hosts_get_is_what_its_source_compiles_to():
    for name, module in erlang_code.MODULES.items():
        assert erlang_code.compiled(name, module.SOURCE) == module.CODE


def test_a_runtime_system_reads_the_arguments_that_we_write(tmp_path):
    odd = ["a b", "", "quo\"te's", "back\\slash", "#no comment", "{127,0,0,1}", "tab\tand\nline", "ümlaut", '"']
    groups = [["-one", "plain"], ["-many", *odd], ["-kernel", "net_ticktime", "10"]]
    (tmp_path / "vm.args").write_text(boot.render_arguments(groups), encoding="utf-8")
    show = (
        "io:setopts([{encoding, unicode}]), [io:format('~0tp~n', [init:get_argument(F)]) || F <- [one, many, kernel]],"
    )
    command = ["erl", "-noinput", "+fnu", "-args_file", str(tmp_path / "vm.args"), "-eval", show + "halt()."]
    output = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    read = [from_erlang(line, plain=True) for line in output.decode().splitlines()]
    # Erlang's empty string is its empty list.
    assert read == [["ok", [[word or [] for word in group[1:]]]] for group in groups]
    assert boot.family_arguments([boot.render_arguments(groups)], "here") == groups


def test_a_release_with_commands_of_its_own(host):
    stop = ["/bin/sh", "-c", "echo {label} >{data}/asked; kill $(cat {data}/pid)"]
    start = ["/bin/sh", "-c", "echo $$ >{data}/pid; exec {release}/bin/{name} foreground"]
    host.configure("kv1", service={"start": start, "stop": stop})
    host.nodes(names=["kv1"])
    assert host.value("node()", "kv1") == host.name("kv1")
    host.nodes("stopped", ["kv1"])
    data = host.root / "nodes/kv1/data"
    assert (data / "asked").read_text() == "kv1\n"
    assert (data / "stopped").exists()


def sys_config(text):
    """A family's file in place of the release's own."""
    content = base64.b64encode(text.encode()).decode()
    return {"dest": "releases/1.0.0/sys.config", "content": content, "mode": "0644"}


def test_a_broken_sys_config_is_refused_and_the_node_keeps_what_it_has(host):
    host.nodes(names=["kv1"])
    pid = host.pid("kv1")
    for text, reason in (
        ("[{probe, [{mine, family}]}].", None),
        ("[{probe, [}].", "syntax error"),
        ("x. y.", "one list"),
    ):
        if reason is None:
            assert host.configure("kv1", files=[sys_config(text)])["changed"]
            continue
        with pytest.raises(WombatError, match=f"is refused, .*sys.config.*{reason}"):
            host.configure("kv1", files=[sys_config(text)])
    assert host.pid("kv1") == pid
    assert host.nodes(names=["kv1"])["outdated"] == [host.name("kv1")]
    host.nodes("restarted", ["kv1"])
    assert host.value("application:get_env(probe, mine)", "kv1") == ["ok", "family"]


# In the place of the program in a release that Cuttlefish configures: the file is its last argument.
CUTTLEFISH = """#!/usr/bin/env escript
main(Arguments) ->
    {ok, Text} = file:read_file(lists:last(Arguments)),
    case re:run(Text, "^(?!mine = ).+", [multiline, {capture, first, list}]) of
        nomatch -> ok;
        {match, [Line]} -> io:format("~s unknown setting~n", [Line]), halt(1)
    end.
"""


def test_a_release_of_cuttlefish_refuses_a_broken_file_and_keeps_its_data_apart(host):
    release = host.root / "releases/probe/1.0.0"
    (release / "share/schema").mkdir(parents=True)
    (release / "bin/cuttlefish").write_text(CUTTLEFISH)

    def configure(text):
        content = base64.b64encode(text.encode()).decode()
        return host.configure("kv1", files=[{"dest": "etc/probe.conf", "content": content, "mode": "0644"}])

    assert configure("mine = 1\n")["changed"]
    host.nodes(names=["kv1"])
    pid = host.pid("kv1")
    with pytest.raises(
        WombatError, match=r"is refused, and its files stay.*: escript ends with code 1: miine = 2 unknown"
    ):
        configure("miine = 2\n")
    assert (release / "etc/probe.conf").read_text() == "mine = 1\n"
    assert not host.nodes(names=["kv1"])["changed"]
    assert host.pid("kv1") == pid
    assert not host.value('os:getenv("WOMBAT_DATA")', "kv1").startswith(str(release))
