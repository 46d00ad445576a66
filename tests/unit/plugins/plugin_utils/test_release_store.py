# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store keeps one archive per name and version, whole, whoever else writes."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.archive import inspect
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.store import DirectoryStore
from ansible_collections.wombat.erlang.tests.unit.release_archives import relx, write


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(str(tmp_path / "store"))


@pytest.fixture
def put(tmp_path, store):
    """Store a release; returns what put returned."""

    def run(name="kv", version="1.2.0", force=False, **files):
        path = write(tmp_path / "given.tar.gz", {**relx(name, version), **files})
        return store.put(path, inspect(path), force)

    return run


def names(store):
    return sorted(os.listdir(store.folder))


def test_put_and_get(tmp_path, store, put):
    entry, changed = put()
    assert changed
    assert entry.path == str(tmp_path / "store/releases/kv-1.2.0.tar.gz")
    assert store.get("kv", "1.2.0") == entry
    assert inspect(entry.path) == entry.archive
    assert entry.as_dict() == {**entry.archive.as_dict(), "path": entry.path}
    assert names(store) == [".lock", "kv-1.2.0.tar.gz", "kv-1.2.0.tar.gz.json"]


def test_put_again_changes_nothing(put):
    put()
    assert put()[1] is False


def test_another_build_is_refused_unless_forced(store, put):
    first, _changed = put()
    with pytest.raises(WombatError, match=r"kv-1.2.0.tar.gz holds another build of kv 1.2.0"):
        put(new=b"")
    assert store.get("kv", "1.2.0") == first
    second, changed = put(new=b"", force=True)
    assert changed
    assert store.get("kv", "1.2.0") == second != first
    assert inspect(second.path) == second.archive


def test_names_and_versions_with_dashes_stay_apart(store, put):
    put("my-app", "1.0.0-rc.1")
    put("my", "app-1.0.0")
    assert [(e.archive.name, e.archive.version) for e in store.list()] == [
        ("my", "app-1.0.0"),
        ("my-app", "1.0.0-rc.1"),
    ]


def test_list_of_an_empty_store(store):
    assert store.list() == []


def test_delete(store, put):
    assert store.delete("kv", "1.2.0") is False
    put()
    assert store.delete("kv", "1.2.0") is True
    assert names(store) == [".lock"]


def test_what_is_not_there_is_named(store, put):
    put(version="1.1.0")
    put(version="1.2.0")
    with pytest.raises(WombatError, match=r"holds no kv 2 \(of kv it holds 1.1.0, 1.2.0\)"):
        store.get("kv", "2")
    with pytest.raises(WombatError, match=r"holds no web 1 \(of web it holds nothing\)"):
        store.get("web", "1")


@pytest.mark.parametrize("description", [None, "", "{}", '{"name": 1}'])
def test_archives_are_described_anew_where_the_description_is_no_good(store, put, description):
    entry, _changed = put()
    os.unlink(f"{entry.path}.json")
    if description is not None:
        with open(f"{entry.path}.json", "w") as stream:
            stream.write(description)
    assert store.get("kv", "1.2.0") == entry


def test_a_description_of_another_build_is_not_believed(tmp_path, store, put):
    entry, _changed = put()
    write(entry.path, {**relx(), "new": bytes(5000)})
    assert store.get("kv", "1.2.0").archive == inspect(entry.path)


def test_a_file_that_changes_meanwhile_is_not_stored(tmp_path, store):
    path = write(tmp_path / "a.tar.gz", relx())
    archive = inspect(path)
    write(path, {**relx(), "new": b""})
    with pytest.raises(WombatError, match="changed while it was stored"):
        store.put(path, archive)
    assert names(store) == [".lock"]


def test_leftovers_of_a_killed_writer_go(store, put):
    put()
    open(f"{store.folder}/.part-abc", "w").close()
    assert len(store.list()) == 1
    put(version="1.3.0")
    assert ".part-abc" not in names(store)


def test_many_writers_at_once(tmp_path, store):
    paths = [write(tmp_path / f"{n}.tar.gz", relx(version=f"1.{n % 2}")) for n in range(8)]
    archives = [inspect(path) for path in paths]

    def put(n):
        try:
            return store.put(paths[n], archives[n])[1]
        except WombatError:
            return None

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(put, range(8)))
    assert results.count(True) == 2
    for entry in store.list():
        assert inspect(entry.path) == entry.archive
    assert [entry.archive.version for entry in store.list()] == ["1.0", "1.1"]


def test_a_store_that_cannot_be_written(tmp_path, store, put):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(WombatError, match="Cannot write to the store .*: Not a directory"):
        put()


def test_checksums_are_those_of_sha256sum(put):
    entry, _changed = put()
    assert subprocess.check_output(["sha256sum", entry.path], text=True).split()[0] == entry.archive.sha256
