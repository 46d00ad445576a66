# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with real nodes for the tests: a folder each, on a loopback address, and a release that does as it is told."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tarfile
import time
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.wombat.erlang.plugins.module_utils import node_calls, node_files, node_states
from ansible_collections.wombat.erlang.plugins.modules import node, node_config, rpc

COOKIE = "cookie-that-must-not-show"
PORT = 23600
# Of this run alone, so that two runs on one machine do not meet.
NETWORK = f"127.{100 + os.getpid() // 250 % 100}.{os.getpid() % 250}"

_APPLICATION = """{application, probe, [{vsn, "1.0.0"}, {registered, []}, {mod, {probe, []}},
    {applications, [kernel, stdlib]}, {env, [{mine, default}, {theirs, default}]}]}."""
# Starts and stops as slowly as its configuration says, or not at all.
_PROBE = """-module(probe).
-behaviour(application).
-export([start/2, stop/1]).
start(_, _) ->
    pause(start_delay),
    case application:get_env(probe, crash) of {ok, true} -> error(told_to_crash); _ -> ok end,
    {ok, spawn_link(fun() -> receive stop -> ok end end)}.
stop(_) ->
    pause(stop_delay),
    file:write_file(filename:join(os:getenv("WOMBAT_DATA"), "stopped"), <<>>).
pause(Key) -> timer:sleep(application:get_env(probe, Key, 0)).
"""
_VM_ARGS = """# The name and the cookie that rebar3 puts into every new release.
-name probe@127.0.0.1
-setcookie cookie-that-must-not-show
+P ${PROCESSES:-100000} -kernel inet_dist_listen_min 9000 inet_dist_listen_max 9100 net_ticktime 30
"""
_REBAR = """{relx, [{release, {probe, "1.0.0"}, [probe, sasl MORE]}, {dev_mode, false}, {include_erts, true},
    {sys_config, "sys.config"}, {vm_args_src, "vm.args.src"}]}."""


def build_release(folder: Path, more: str = "") -> Path:
    """The archive of a release called probe, made by rebar3 with its runtime system; C(more) are applications of it."""
    (folder / "src").mkdir()
    for name, text in (
        ("src/probe.app.src", _APPLICATION),
        ("src/probe.erl", _PROBE),
        ("vm.args.src", _VM_ARGS),
        ("sys.config", "[{probe, [{mine, release}, {theirs, release}]}]."),
        ("rebar.config", _REBAR.replace(" MORE", more)),
    ):
        (folder / name).write_text(text)
    subprocess.run(["rebar3", "tar"], cwd=folder, check=True, capture_output=True)
    return folder / "_build/default/rel/probe/probe-1.0.0.tar.gz"


class Host:
    """One instance: a root folder, an address, and the modules run on it in this process."""

    def __init__(self, root: Path, address: str, archive: Path | None, release: str = "probe") -> None:
        self.root = root
        self.address = address
        self.release = release
        if archive:
            folder = root / "releases" / release
            with tarfile.open(archive) as tar:
                tar.extractall(folder / "1.0.0")  # our own; Debian's Python has no filter yet
            (folder / "current").symlink_to("1.0.0")
        self.cookie = root / "home/kv/.erlang.cookie"
        self.cookie.parent.mkdir(parents=True)
        self.cookie.write_text(COOKIE)
        self.cookie.chmod(0o400)

    def name(self, label: str) -> str:
        """The full name of a node of this host."""
        return f"{label}@{self.address}"

    def configure(
        self,
        *labels: str,
        config=None,
        members=None,
        env=None,
        epmd=False,
        vm_args=(),
        service=None,
        tls=False,
        told=None,
        home=None,
        files=(),
        application="probe",
    ) -> dict:
        """Write the files of the nodes with these labels."""
        nodes = [
            {
                "name": self.name(label),
                "family": "kv",
                "release": self.release,
                "config": {application: config or {}},
                "env": env,
                "vm_args": list(vm_args),
                "service": service,
                "tls": tls,
                "told": told,
                "home": home,
                "files": list(files),
            }
            for label in labels
        ]
        options = {"nodes": nodes, "distribution": {"epmd": epmd, "port": PORT}, "members": members}
        return self._run(node_config.OPTIONS, node_files.prepare, options)

    def nodes(self, state="started", names=None, timeout=30) -> dict:
        """Bring nodes into a state; the result of the module, also where it failed."""
        options = {"state": state, "names": names, "timeout": timeout}
        return self._run(node.OPTIONS, node_states.prepare, options)

    def rpc(self, expression=None, **options) -> dict:
        """Ask nodes; the result of the module, also where it failed."""
        return self._run(rpc.OPTIONS, node_calls.prepare, {"expression": expression, **options})

    def value(self, expression: str, label: str):
        """What an expression gives on one node."""
        answer = self.rpc(expression, names=[label])["nodes"][self.name(label)]
        assert answer["error"] is None, answer["error"]
        return answer["value"]

    def pid(self, label: str) -> int:
        """The process of a node."""
        return self.nodes("status", [label])["nodes"][self.name(label)]["pid"]

    def processes(self) -> list[int]:
        """The processes of this host, by their environment."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if f"WOMBAT_INSTANCE={self.root}\0".encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
        return found

    def left(self, limit: float = 20) -> list[int]:
        """The processes that do not end by themselves: helpers of a runtime system end a moment after it."""
        end = time.monotonic() + limit
        while self.processes() and time.monotonic() < end:
            time.sleep(0.05)
        return self.processes()

    def close(self) -> None:
        """End whatever runs of this host, also after a failure."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _run(self, spec, prepare, options):
        validated = ArgumentSpecValidator(spec).validate({"root": str(self.root), **options})
        assert validated.error_messages == []
        work = prepare(validated.validated_parameters)
        return work.result if work.apply is None else work.apply()


def listening(pid: int) -> set[tuple[str, int]]:
    """The IPv4 addresses and ports on which a process listens."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(os.readlink(link))
    sockets = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            address, port = fields[1].split(":")
            sockets.add((".".join(str(part) for part in reversed(bytes.fromhex(address))), int(port, 16)))
    return sockets
