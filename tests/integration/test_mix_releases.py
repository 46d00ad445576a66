# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases of mix, with their runtime system and without, and of relx without, on loopback addresses."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import erlang_hosts
import pytest
from erlang_hosts import COOKIE, NETWORK
from test_tls import TlsHost, read

from ansible_collections.wombat.erlang.plugins.module_utils import archive as archives
from ansible_collections.wombat.erlang.plugins.module_utils import release_folder
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.authority import OwnAuthority

SAMPLE = Path(__file__).resolve().parent.parent / "sample"
BUILD = SAMPLE / "mix/build.sh"


@pytest.fixture(scope="module")
def built():
    """The archives, by the releases' names."""
    paths = subprocess.run([str(BUILD)], check=True, capture_output=True, text=True).stdout.split()
    return {Path(path).name.partition("-")[0]: path for path in paths}


def install(root, name, path):
    sha256 = archives.inspect(path).sha256
    return release_folder.prepare(str(root), name, "0.1.0", sha256, path, keep=1, switch=True, force=False).apply()


@pytest.fixture(params=["tick", "tock"])
def host(request, tmp_path, built):
    """A host with one of the releases on it."""
    result = install(tmp_path, request.param, built[request.param])
    assert result["release"]["layout"] == "mix"
    assert result["release"]["erts_included"] == (request.param == "tick")
    host = TlsHost(tmp_path, f"{NETWORK}.7", None, request.param)
    yield host
    host.close()


def test_nodes_start_answer_in_both_languages_and_stop(host):
    config = {"greeting": {"$binary": "from the family"}}
    host.configure("kv1", "kv2", config=config, application="tick", env={"TICK_NAME": "one"})
    assert host.nodes()["changed"]
    assert not host.configure("kv1", "kv2", config=config, application="tick", env={"TICK_NAME": "one"})["changed"]
    assert not host.nodes()["changed"]
    elixir = host.rpc("{Tick.greeting(), Application.get_env(:tick, :name), node()}", language="elixir", read_only=True)
    name = host.name("kv2")
    assert elixir["nodes"][name]["text"] == f'{{<<"from the family">>,<<"one">>,\'{name}\'}}'
    assert host.value("element(1, lists:keyfind(tick, 1, application:which_applications()))", "kv1") == "tick"
    status = host.nodes("status")["nodes"][name]
    assert (status["alive"], status["release_version"]) == (True, "0.1.0")
    for pid in host.processes():
        shown = Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        assert COOKIE.encode() not in shown
    host.nodes("stopped")
    assert host.left() == []


@pytest.mark.parametrize("host", ["tick"], indirect=True)
@pytest.mark.parametrize("epmd", [True, False])
def test_nodes_speak_tls_with_and_without_epmd(host, tmp_path, monkeypatch, epmd):
    env = {"ERL_EPMD_PORT": "24370", "ERL_EPMD_ADDRESS": host.address} if epmd else {}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    host.configure("kv1", "kv2", application="tick", env=env, tls=True, epmd=epmd)
    authority = OwnAuthority(str(tmp_path / "ca"), "shop")
    authority.make()
    host.bring(read(authority), [host.name("kv1"), host.name("kv2")])
    assert host.nodes()["changed"]
    assert host.meet("kv1", host.name("kv2")) is True
    elixir = host.rpc("is_pid(Process.whereis(:ssl_dist_sup))", language="elixir", read_only=True)
    assert {answer["text"] for answer in elixir["nodes"].values()} == {"true"}
    host.nodes("stopped")


def test_a_release_of_relx_without_a_runtime_system_runs_on_the_hosts(tmp_path):
    paths = subprocess.run([str(SAMPLE / "build.sh")], check=True, capture_output=True, text=True).stdout.split()
    result = install(tmp_path, "kv", next(path for path in paths if "/bare/" in path))
    assert (result["release"]["layout"], result["release"]["erts_included"]) == ("relx", False)
    host = erlang_hosts.Host(tmp_path, f"{NETWORK}.8", None, "kv")
    try:
        host.configure("kv1", "kv2", config={"data_dir": str(tmp_path / "data")}, application="kv")
        assert host.nodes()["changed"]
        assert host.value("maps:get(whole, kv:status())", "kv1") is True
        assert not os.readlink(f"/proc/{host.pid('kv1')}/exe").startswith(str(tmp_path))
        host.nodes("stopped")
        assert host.left() == []
    finally:
        host.close()


def test_nodes_that_are_no_fit_for_the_hosts_runtime_are_refused_before_they_are_there(tmp_path, built, monkeypatch):
    other = tmp_path / "bin"
    other.mkdir()
    (other / "erl").write_text("#!/bin/sh\necho 12.3.2\n")
    (other / "erl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{other}:{os.environ['PATH']}")
    with pytest.raises(WombatError, match=r"tock 0\.1\.0 .* needs Erlang/OTP 25, but .*/bin/erl is Erlang/OTP 24"):
        install(tmp_path / "root", "tock", built["tock"])
    assert not (tmp_path / "root/releases/tock/0.1.0").exists()
