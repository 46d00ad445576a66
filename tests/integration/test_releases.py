# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real releases through Ansible: inspected, stored, installed, and what goes wrong on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ANSIBLE = str(Path(sys.executable).parent / "ansible")
RELX = '{relx, [{release, {kv, "0.1.0"}, [kv, sasl]}, {dev_mode, false}, {include_erts, true}]}.'
APPLICATION = '{application, kv, [{vsn, "0.1.0"}, {applications, [kernel, stdlib]}, {registered, []}]}.'


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """A release archive made by rebar3, with its runtime system."""
    source = tmp_path_factory.mktemp("kv")
    (source / "src").mkdir()
    (source / "rebar.config").write_text(RELX)
    (source / "src/kv.app.src").write_text(APPLICATION)
    (source / "src/kv.erl").write_text("-module(kv).\n")
    subprocess.run(["rebar3", "tar"], cwd=source, check=True, capture_output=True)
    return source / "_build/default/rel/kv/kv-0.1.0.tar.gz"


def result(output):
    """The result of the one task, with what --diff showed as its diff."""
    diff, _host, rest = output.partition("here | ")
    status, _arrow, data = rest.partition(" => ")
    return {**json.loads(data), "failed": status == "FAILED!", "diff": diff}


class Ansible:
    """Runs one task on a host, and gives its result."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root"
        self.home = self.root / "releases/kv"
        self.log = folder / "faraway.log"

    def command(self, name, options, connection="local", flags=()):
        extra = ["-e", f"ansible_connection={connection}", "-e", f"ansible_python_interpreter={sys.executable}"]
        task = ["-m", f"wombat.erlang.{name}", "-a", json.dumps(options), "--playbook-dir", str(self.folder)]
        return [ANSIBLE, "here", "-i", "here,", *extra, *task, *flags]

    def environment(self, **more):
        plugins = str(Path(__file__).parent / "connection")
        names = {"ANSIBLE_CONNECTION_PLUGINS": plugins, "ANSIBLE_REMOTE_TEMP": str(self.folder / "remote")}
        return {**os.environ, **names, "ANSIBLE_NOCOLOR": "1", "FARAWAY_LOG": str(self.log), **more}

    def run(self, name, options, connection="local", flags=(), **more):
        command = self.command(name, options, connection, flags)
        done = subprocess.run(command, env=self.environment(**more), capture_output=True, text=True, check=False)
        found = result(done.stdout)
        assert (done.returncode != 0) == found["failed"], done.stderr
        return found

    def install(self, archive, connection="local", flags=(), env=None, **options):
        options = {"src": str(archive), "root": str(self.root), **options}
        return self.run("install_release", options, connection, flags, **(env or {}))

    def names(self):
        return sorted(os.listdir(self.home)) if self.home.exists() else None


@pytest.fixture
def ansible(tmp_path):
    return Ansible(tmp_path)


def test_inspected(ansible, archive):
    found = ansible.run("release", {"archive": str(archive), "state": "inspected"})
    assert found["changed"] is False
    release = found["release"]
    assert (release["name"], release["version"], release["layout"], release["erts_included"]) == (
        "kv",
        "0.1.0",
        "relx",
        True,
    )
    system = 'io:put_chars(erlang:system_info(otp_release) ++ " " ++ erlang:system_info(version)), halt().'
    otp, erts = subprocess.check_output(["erl", "-noinput", "-eval", system], text=True).split()
    assert (str(release["otp_release"]), release["erts_version"]) == (otp, erts)
    assert set(release["applications"]) == {"kernel", "stdlib", "sasl", "kv"}


def test_store(ansible, archive):
    store = str(ansible.folder / "store")
    put = {"archive": str(archive), "store": store}
    planned = ansible.run("release", put, flags=["--check", "--diff"])
    assert planned["changed"] is True
    assert not os.path.exists(store)
    kept = ansible.run("release", put, flags=["--diff"])
    assert kept["diff"] == planned["diff"]
    assert kept["release"]["path"] == f"{store}/releases/kv-0.1.0.tar.gz"
    assert ansible.run("release", put)["changed"] is False
    listed = ansible.run("release", {"state": "listed", "store": store, "name": "kv"})
    assert listed["releases"] == [kept["release"]]
    gone = {"state": "absent", "store": store, "name": "kv", "version": "0.1.0"}
    assert ansible.run("release", gone, flags=["--check"])["changed"] is True
    assert ansible.run("release", gone)["changed"] is True
    assert ansible.run("release", gone)["changed"] is False


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"state": "present"}, "no deployment file"),
        ({"state": "inspected", "checksum": "sha256:" + "0" * 64}, "has the checksum"),
        ({"state": "inspected", "version": "9"}, "version 9 was asked for"),
        ({"state": "inspected", "archive": __file__}, "is not a gzip-compressed tar"),
    ],
)
def test_refusals_of_release(ansible, archive, options, reason):
    assert reason in ansible.run("release", {"archive": str(archive), **options})["msg"]


@pytest.mark.parametrize("connection", ["local", "faraway"])
def test_install(ansible, archive, connection):
    flags = ["--check", "--diff"]
    planned = ansible.install(archive, connection, flags)
    assert planned["changed"] is True
    assert ansible.names() is None
    result = ansible.install(archive, connection, ["--diff"])
    assert result["changed"] is True
    assert result["diff"] == planned["diff"]
    assert ansible.names() == [".lock", "0.1.0", "current"]
    started = 'io:put_chars("up"), halt().'
    command = [result["erl"], "-boot", f"{result['path']}/bin/no_dot_erlang", "-noinput", "-eval", started]
    assert subprocess.check_output(command, text=True) == "up"
    again = ansible.install(archive, connection)
    assert again["changed"] is False
    assert again["release"] == result["release"]
    assert ansible.install(archive, connection, flags)["changed"] is False
    copies = ansible.log.read_text().splitlines() if ansible.log.exists() else []
    assert len(copies) == (1 if connection == "faraway" else 0)
    assert not any(map(os.path.exists, copies))


def test_a_known_release_needs_no_archive(ansible, archive):
    first = ansible.install(archive)["release"]
    known = {"release": "kv", "version": "0.1.0", "checksum": "sha256:" + first["sha256"]}
    broken = ansible.folder / "broken.tar.gz"
    broken.write_bytes(b"")
    assert ansible.install(broken, **known)["changed"] is False


def test_truncated_in_transit(ansible, archive):
    result = ansible.install(archive, "faraway", env={"FARAWAY_CUT": "1000000"})
    assert "is truncated or damaged" in result["msg"]
    assert ansible.names() == [".lock"]
    assert ansible.install(archive, "faraway")["changed"] is True


def test_truncated_archive(ansible, archive):
    broken = ansible.folder / "broken.tar.gz"
    broken.write_bytes(archive.read_bytes()[:1000000])
    assert "is truncated or damaged" in ansible.install(broken)["msg"]
    assert ansible.names() is None


def test_concurrent_installs(ansible, archive):
    options = {"src": str(archive), "root": str(ansible.root)}
    commands = [ansible.command("install_release", options, connection) for connection in ("local", "faraway", "local")]
    runs = [subprocess.Popen(c, env=ansible.environment(), stdout=subprocess.PIPE, text=True) for c in commands]
    results = [result(run.communicate()[0]) for run in runs]
    assert sorted(found["changed"] for found in results) == [False, False, True]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert ansible.names() == [".lock", "0.1.0", "current"]


KILLED = """
import os, signal, sys
from ansible_collections.wombat.erlang.plugins.module_utils import archive, release_folder
source, root = sys.argv[1:]
release_folder.check_runtime = lambda part, archive: os.kill(os.getpid(), signal.SIGKILL)
sha256 = archive.inspect(source).sha256
release_folder.prepare(root, "kv", "0.1.0", sha256, source, keep=3, switch=True, force=False).apply()
"""


def test_killed_while_unpacking(ansible, archive):
    done = subprocess.run([sys.executable, "-c", KILLED, str(archive), str(ansible.root)], check=False)
    assert done.returncode == -signal.SIGKILL
    lock, part = ansible.names()
    assert (lock, part.partition("-")[0]) == (".lock", "0.1.0.part")
    assert ansible.install(archive)["installed"] is True
    assert ansible.names() == [".lock", "0.1.0", "current"]


def test_relative_paths_are_found_beside_the_playbook(ansible, archive):
    (ansible.folder / "files").mkdir()
    shutil.copy(archive, ansible.folder / "files/kv.tar.gz")
    assert ansible.install("kv.tar.gz")["changed"] is True
    kept = ansible.run("release", {"archive": "files/kv.tar.gz", "store": "store"})
    assert kept["release"]["path"] == str(ansible.folder / "store/releases/kv-0.1.0.tar.gz")


def test_archive_on_the_host(ansible, archive):
    result = ansible.install(archive, "faraway", remote_src=True)
    assert result["changed"] is True
    assert not ansible.log.exists()


def test_unpacking_that_cannot_be_finished(ansible, archive):
    """A limit for the size of files stops it as a full disk does: within a file."""
    command = ansible.command("install_release", {"src": str(archive), "root": str(ansible.root)})
    limited = ["sh", "-c", 'ulimit -f 6000; exec "$0" "$@"', *command]
    done = subprocess.run(limited, env=ansible.environment(), capture_output=True, text=True, check=False)
    assert "Cannot install kv in" in result(done.stdout)["msg"]
    assert ansible.names() == [".lock"]
