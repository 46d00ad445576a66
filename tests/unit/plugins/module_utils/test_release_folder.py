# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions on a host appear whole or not at all, `current` moves in one step, old ones go and used ones stay."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import stat
import subprocess
import tarfile

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import release_folder
from ansible_collections.wombat.erlang.plugins.module_utils.archive import inspect
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.tests.unit.release_archives import elf, link, mix, relx, write


class Host:
    """A root folder, and archives to install under it."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root"
        self.home = self.root / "releases" / "kv"

    def archive(self, version="1.2.0", members=(), **options):
        path = self.folder / f"kv-{version}.tar.gz"
        return write(path, relx(version=version, **options), members=members)

    def prepare(self, path, name="kv", version=None, sha256=None, source=True, keep=3, switch=True, force=False):
        found = inspect(path)
        return release_folder.prepare(
            str(self.root),
            name,
            version or found.version,
            sha256 or found.sha256,
            path if source else None,
            keep=keep,
            switch=switch,
            force=force,
        )

    def install(self, version="1.2.0", **options):
        return self.prepare(self.archive(version), **options).apply()

    def names(self):
        return sorted(os.listdir(self.home)) if self.home.exists() else None


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_install(host):
    path = host.archive()
    work = host.prepare(path)
    assert work.changed
    assert host.names() is None
    result = work.apply()
    assert (result["changed"], result["installed"], result["pruned"]) == (True, True, [])
    assert (result["current"], result["versions"], result["path"]) == ("1.2.0", ["1.2.0"], str(host.home / "1.2.0"))
    assert result["release"] == inspect(path).as_dict()
    assert result["erl"] == str(host.home / "1.2.0/erts-13.1.5/bin/erl")
    assert os.readlink(host.home / "current") == "1.2.0"
    assert (host.home / "current/releases/start_erl.data").read_text() == "13.1.5 1.2.0"
    assert host.names() == [".lock", "1.2.0", "current"]


def test_predicts_what_it_does(host):
    work = host.prepare(host.archive())
    done = work.apply()
    assert {key: work.result[key] for key in work.result if key != "release"} == {
        key: done[key] for key in work.result if key != "release"
    }
    (diff,) = work.diff
    assert (diff["before"], diff["after"]) == ("", f"1.2.0 sha256:{done['release']['sha256'][:12]} (current)\n")


def test_second_run_has_nothing_to_do(host):
    path = host.archive()
    host.prepare(path).apply()
    work = host.prepare(path, source=False)
    assert (work.changed, work.apply, work.diff) == (False, None, [])
    assert work.result["release"] == inspect(path).as_dict()


def test_missing_archive_is_reported_and_nothing_done(host):
    work = host.prepare(host.archive(), source=False)
    assert work.changed
    assert work.apply() == {"changed": False, "missing": True}
    assert host.names() == [".lock"]


def test_modes(host):
    path = host.folder / "a.tar.gz"
    setuid, folder = tarfile.TarInfo("bin/setuid"), tarfile.TarInfo("priv")
    setuid.mode, folder.mode, folder.type = 0o6777, 0o2777, tarfile.DIRTYPE
    readonly = tarfile.TarInfo("priv/deep")
    readonly.mode, readonly.type = 0o555, tarfile.DIRTYPE
    inside = tarfile.TarInfo("priv/deep/file")
    write(path, {**mix("kv", "1.2.0"), "lib/data": b""}, members=[setuid, folder, readonly, inside], mode=0o640)
    host.prepare(str(path)).apply()
    top = host.home / "1.2.0"
    assert mode(top) == 0o755
    assert mode(top / "bin/kv") == 0o755  # A start script starts, whatever the archive says.
    assert mode(top / "erts-13.1.5/bin/beam.smp") == 0o755
    assert mode(top / "bin/setuid") == 0o755
    assert mode(top / "priv") == 0o755
    assert mode(top / "priv/deep") == 0o755
    assert mode(top / "lib/data") == 0o640
    assert mode(top / "releases/COOKIE") == 0o400


def test_links_and_the_last_of_two_members(host):
    second = tarfile.TarInfo("bin/nodetool")
    members = [link("bin/start", "kv"), link("bin/hard", "bin/kv", tarfile.LNKTYPE), link("lib/x", "data"), second]
    host.prepare(host.archive(members=[*members, tarfile.TarInfo("lib/x")])).apply()
    top = host.home / "1.2.0"
    assert os.readlink(top / "bin/start") == "kv"
    assert (top / "bin/hard").samefile(top / "bin/kv")
    assert (top / "bin/nodetool").read_bytes() == b""
    assert (top / "lib/x").is_file()
    assert not (top / "lib/x").is_symlink()
    assert not (top / "lib/data").exists()


def test_top_folder_is_stripped(host):
    members = [link("kv/bin/hard", "kv/bin/kv", tarfile.LNKTYPE)]
    host.prepare(write(host.folder / "a.tar.gz", relx(), "kv/", members)).apply()
    assert (host.home / "1.2.0/bin/hard").samefile(host.home / "1.2.0/bin/kv")
    assert not (host.home / "1.2.0/kv").exists()


@pytest.mark.parametrize("wrong", [{"sha256": "0" * 64}, {"version": "9.9.9"}])
def test_another_archive_than_expected_installs_nothing(host, wrong):
    with pytest.raises(WombatError, match="has the checksum|holds kv 1.2.0"):
        host.prepare(host.archive(), **wrong).apply()
    assert host.names() == [".lock"]


def test_truncated_in_transit(host):
    path = host.archive()
    work = host.prepare(path)
    os.truncate(path, os.path.getsize(path) // 2)
    with pytest.raises(WombatError, match="truncated or damaged"):
        work.apply()
    assert host.names() == [".lock"]


UNFIT = {
    "processor": (elf(2), "built for machine 2 but this host is"),
    "loader": (elf(62, "/lib/ld-elsewhere.so.1"), "needs the dynamic loader /lib/ld-elsewhere.so.1"),
    "format": (b"\xcf\xfa\xed\xfe" + bytes(60), "beam.smp is not an ELF executable"),
    "half": (elf(62)[:30], "beam.smp is not an ELF executable"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_runtime_system_that_cannot_run_here_changes_nothing(host, monkeypatch, case):
    host.install("1.1.0")
    beam, reason = UNFIT[case]
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(WombatError, match=reason):
        host.prepare(host.archive(beam=beam)).apply()
    assert host.names() == [".lock", "1.1.0", "current"]
    assert os.readlink(host.home / "current") == "1.1.0"


def erl(folder, text, code=0):
    """Make an `erl` that prints a text and ends with a return code."""
    folder.mkdir()
    (folder / "erl").write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
    (folder / "erl").chmod(0o755)


def test_without_runtime_system_the_host_has_one(host, monkeypatch):
    erl(host.folder / "bin", "13.1.5")
    monkeypatch.setenv("PATH", f"{host.folder}/bin:/usr/bin:/bin")
    result = host.prepare(host.archive(included=False)).apply()
    assert result["erl"] == f"{host.folder}/bin/erl"
    assert not result["release"]["erts_included"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("12.3.2", "needs Erlang/OTP 25, but .*/bin/erl is Erlang/OTP 24"),
        ("no boot file", "is not usable: no boot file"),
    ],
)
def test_without_runtime_system_and_another_on_the_host(host, monkeypatch, text, reason):
    erl(host.folder / "bin", text, 1)
    monkeypatch.setenv("PATH", f"{host.folder}/bin:/usr/bin:/bin")
    with pytest.raises(WombatError, match=reason):
        host.prepare(host.archive(included=False)).apply()
    assert host.names() == [".lock"]


def test_without_any_runtime_system(host, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *args, **options: None)
    with pytest.raises(WombatError, match="needs Erlang/OTP 25, but no erl is on the PATH"):
        host.prepare(host.archive(included=False)).apply()


def test_disk_full_is_one_sentence_and_leaves_nothing(host, monkeypatch):
    def full(source, target, size):
        target.write(source.read(10))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(WombatError, match=r"Cannot install kv .*No space left on device.*; make room there"):
        host.install()
    assert host.names() == [".lock"]


def test_leftovers_of_a_killed_run_go(host):
    host.install("1.1.0")
    for name in ("1.2.0.part-abc", "current.part-x"):
        (host.home / name).mkdir()
        (host.home / name / "file").touch()
    (host.home / "notes.part-1").touch()  # Not ours: ours are folders.
    assert host.install()["changed"]
    assert host.names() == [".lock", "1.1.0", "1.2.0", "current", "notes.part-1"]


def test_leftovers_are_touched_under_the_lock_only(host, monkeypatch):
    path = host.archive()
    host.prepare(path).apply()
    (host.home / "9.part-abc").mkdir()
    seen = []
    monkeypatch.setattr(
        fcntl, "flock", lambda descriptor, kind: seen.append((kind, (host.home / "9.part-abc").exists()))
    )
    assert host.prepare(path).apply()["changed"]
    assert seen == [(fcntl.LOCK_EX, True)]
    assert host.names() == [".lock", "1.2.0", "current"]


def test_what_another_run_did_meanwhile_is_not_done_again(host):
    path = host.archive()
    late = host.prepare(path)
    host.prepare(path).apply()
    result = late.apply()
    assert (result["changed"], result["installed"]) == (False, False)


def test_pruned_are_the_least_recently_used(host):
    for version in ("1", "2", "3"):
        host.install(version)
    result = host.install("4", keep=2)
    assert (result["pruned"], result["versions"]) == (["1"], ["2", "3", "4"])
    result = host.install("2", keep=1)  # Back to 2: it was 4 that ran last.
    assert (result["installed"], result["pruned"], result["current"]) == (False, ["3"], "2")
    assert sorted(result["versions"]) == ["2", "4"]
    assert host.install("2", keep=0)["pruned"] == ["4"]


def test_current_is_never_pruned(host):
    for version in ("1", "2"):
        host.install(version)
    result = host.install("3", switch=False, keep=0)
    assert (result["current"], result["pruned"]) == ("2", ["1"])


PROCESSES = {
    "folder": lambda path: {"args": ["sleep", "60"], "cwd": path},
    "argument": lambda path: {"args": ["sh", "-c", "sleep 60; :", f"-root={path}/lib"]},
    "environment": lambda path: {"args": ["sleep", "60"], "env": {"PATH": os.environ["PATH"], "ROOTDIR": str(path)}},
    "executable": lambda path: {"args": ["-", "60"], "executable": path / "bin/sleep"},
}


@pytest.mark.parametrize("trace", PROCESSES)
def test_versions_in_use_stay(host, trace):
    for version in ("1", "1.1", "2"):
        host.install(version)
    shutil.copy(shutil.which("sleep"), host.home / "1/bin/sleep")
    process = subprocess.Popen(start_new_session=True, **PROCESSES[trace](host.home / "1"))
    try:
        assert host.install("3", keep=0)["pruned"] == ["1.1", "2"]
        with pytest.raises(WombatError, match="cannot be replaced while a process runs from it"):
            host.prepare(write(host.folder / "other.tar.gz", {**relx(version="1"), "new": b""}), force=True)
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    assert host.install("3", keep=0)["pruned"] == ["1"]


def test_what_a_stopped_node_starts_with_stays(host):
    for version in ("1", "1.1", "2"):
        host.install(version)
    for label, text in (("kv1", json.dumps({"release": {"path": str(host.home / "1")}})), ("kv2", "{"), ("kv3", "[]")):
        folder = host.root / "nodes" / label
        folder.mkdir(parents=True)
        (folder / "node.json").write_text(text)
    assert host.install("3", keep=0)["pruned"] == ["1.1", "2"]
    (host.root / "nodes/kv1/node.json").unlink()
    assert host.install("3", keep=0)["pruned"] == ["1"]


def test_another_build_of_a_version(host):
    host.install()
    other = write(host.folder / "other.tar.gz", {**relx(), "new": b""})
    with pytest.raises(WombatError, match=r"1.2.0 holds another build of kv 1.2.0: give the new build a version"):
        host.prepare(other)
    result = host.prepare(other, force=True).apply()
    assert (result["installed"], result["current"]) == (True, "1.2.0")
    assert (host.home / "1.2.0/new").exists()
    assert host.names() == [".lock", "1.2.0", "current"]


def test_another_build_overwrites_neither_configuration_nor_data(host):
    def build(number, **files):
        files = {"etc/kv.conf": b"shipped", **{name.replace("_", "/"): text for name, text in files.items()}}
        return write(host.folder / f"{number}.tar.gz", {**relx(), **files})

    host.prepare(build(1, etc_former=b"")).apply()
    version, node = host.home / "1.2.0", host.root / "nodes/kv1"
    node.mkdir(parents=True)
    own = [version / "etc/kv.conf", version / "releases/1.2.0/env.sh", version / "etc/gone"]
    described = {"release": {"path": str(version)}, "files": dict.fromkeys(map(str, own))}
    (node / "node.json").write_text(json.dumps(described))
    for path in own[:2]:
        path.write_text("ours")
    (version / "data/deep").mkdir(parents=True, mode=0o750)
    (version / "data/deep/ring").write_text("kept")
    (version / "data/link").symlink_to("deep")
    (version / "lib/stray").write_text("")
    for number in (2, 3):  # what was carried over once is carried over again
        host.prepare(build(number, new=b"%d" % number, data_deep_ring=b"shipped"), force=True).apply()
        assert (version / "new").read_text() == str(number)
        assert [path.read_text() for path in own[:2]] == ["ours", "ours"]
        assert (version / "data/link/ring").read_text() == "kept"
    assert mode(version / "data/deep") == 0o750
    assert not any((version / name).exists() for name in ("etc/former", "lib/stray", "etc/gone"))
    host.install("1.3.0")
    assert own[0].read_text() == "ours"
    assert host.names() == [".lock", "1.2.0", "1.3.0", "current"]


def test_a_release_may_have_another_name_in_the_deployment(host):
    result = host.install(name="canary")
    assert result["path"] == str(host.root / "releases/canary/1.2.0")
    assert result["release"]["name"] == "kv"


@pytest.mark.parametrize("word", [{"name": "../kv"}, {"version": "current"}, {"version": "1/2"}])
def test_words_that_cannot_name_folders(host, word):
    with pytest.raises(WombatError, match="cannot name a folder"):
        host.prepare(host.archive(), **word)


def test_what_is_in_the_way_is_left_alone(host):
    (host.home / "1.2.0").mkdir(parents=True)
    with pytest.raises(WombatError, match=r"1.2.0 exists but was not installed by this module"):
        host.prepare(host.archive())
    (host.home / "1.2.0").rmdir()
    (host.home / "current").mkdir()
    with pytest.raises(WombatError, match="current is in the way"):
        host.prepare(host.archive())


def test_marker_cut_short_by_a_power_failure(host):
    host.install()
    (host.home / "1.2.0" / release_folder.MARKER).write_text("")
    with pytest.raises(WombatError, match="exists but was not installed"):
        host.prepare(host.archive())


def test_root_that_cannot_be_made(host):
    host.root.write_text("a file")
    with pytest.raises(WombatError, match="Cannot install kv in .*: Not a directory"):
        host.install()
