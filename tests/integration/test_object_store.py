# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases in an object storage: instances fetch them themselves, by URLs that nobody sees."""

from __future__ import annotations

import moto_s3
import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import archive as archives
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.object_store import ObjectStore
from ansible_collections.wombat.erlang.tests.integration.operator_shop import SAMPLE, Shop

SECRET = "secret-that-must-not-show"
FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic: {driver: local, options: {sizes: {small: {vcpus: 1}}, regions: {sweden: {zones: {a: {}}}}}}
store:
  driver: s3
  container: releases
  credentials: {key: key, secret: "{{ 'SECRET' }}"}
  options: {host: 127.0.0.1, port: PORT, secure: false}
releases:
  kv: RELEASE
families:
  kv: {release: kv, nodes: 3}
"""


@pytest.fixture
def served():
    with moto_s3.serving() as served:
        yield served


@pytest.fixture
def store(served, tmp_path):
    return ObjectStore(
        "s3",
        "releases",
        {"key": "key", "secret": SECRET},
        {"host": "127.0.0.1", "port": served.port, "secure": False},
        cache=str(tmp_path / "cache"),
    )


@pytest.fixture
def deployment(served, tmp_path):
    """Makes a deployment whose release comes from this store."""

    def make(release="{archive: ../kv-0.1.0.tar.gz}"):
        text = FILE.replace("SECRET", SECRET).replace("PORT", str(served.port)).replace("RELEASE", release)
        return Shop(tmp_path, text)

    return make


def test_every_instance_fetches_the_archive_and_the_controller_reads_it_once(served, deployment):
    with deployment() as shop:
        run = shop.must("deploy", "-vvv")
        assert served.count("PUT", "kv-0.1.0.tar.gz") == 1
        assert served.count("GET", "kv-0.1.0.tar.gz") == 3
        assert all(
            "X-Amz-Signature" in query
            for method, name, query in served.requests
            if method == "GET" and name.endswith(".gz")
        )
        assert "X-Amz" not in run.output
        assert SECRET not in run.output
        assert shop.must("status").output.count("  running  ") == 3
        assert set(shop.must("deploy").changed.values()) == {0}
        assert served.count("GET", "kv-0.1.0.tar.gz") == 3


def test_where_instances_cannot_fetch_the_controller_sends_a_release_that_only_the_store_has(served, store, deployment):
    with deployment("{version: 0.1.0}") as shop:
        path = str(SAMPLE / "_build/kv-0.1.0.tar.gz")
        store.put(path, archives.inspect(path))
        (shop.folder / "kv-0.1.0.tar.gz").unlink()
        served.spoil.append(lambda query, body: None if "X-Amz-Signature" in query else body)
        shop.must("deploy")
        unsigned = [name for method, name, query in served.requests if method == "GET" and "Signature" not in query]
        assert sum(name.endswith(".tar.gz") for name in unsigned) == 1
        assert shop.must("status").output.count("  running  ") == 3


def test_what_arrives_damaged_is_not_installed(served, deployment):
    with deployment() as shop:
        served.spoil.append(lambda query, body: body[:-1000])
        run = shop.play("deploy")
        assert run.code != 0
        assert "is truncated or damaged" in run.output
        assert "X-Amz" not in run.output


def test_archives_are_kept_listed_and_removed(store, served, tmp_path):
    path = str(SAMPLE / "_build/kv-0.1.0.tar.gz")
    archive = archives.inspect(path)
    assert store.list() == []
    entry, changed = store.put(path, archive)
    assert changed
    assert store.put(path, archive) == (entry, False)
    assert [found.archive for found in store.list()] == [archive]
    assert store.get("kv", "0.1.0") == entry
    with pytest.raises(WombatError, match=r"s3:releases holds no kv 9 \(of kv it holds 0\.1\.0\)"):
        store.get("kv", "9")
    other = archives.Archive(**{**archive.__dict__, "sha256": "0" * 64})
    with pytest.raises(WombatError, match="holds another build of kv"):
        store.put(path, other)
    with open(store.kept(entry.path, archive.sha256), "rb") as kept, open(path, "rb") as original:
        assert kept.read() == original.read()
    assert store.delete("kv", "0.1.0")
    assert not store.delete("kv", "0.1.0")
    assert store.list() == []


def test_errors_name_the_store_and_no_secret(tmp_path):
    dead = ObjectStore(
        "s3", "releases", {"key": "k", "secret": SECRET}, {"host": "127.0.0.1", "port": 9, "secure": False}
    )
    with pytest.raises(WombatError, match="s3:releases cannot be reached") as caught:
        dead.list()
    assert SECRET not in str(caught.value)
    with pytest.raises(WombatError, match="store.driver cannot be 'mino'; did you mean 'minio'"):
        ObjectStore("mino", "x", {}, {})
