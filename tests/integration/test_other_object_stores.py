# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases in Azure's blobs, OpenStack's Swift and Google's storage, which hosts fetch by signed URLs."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from pathlib import Path

import moto_s3
import pytest
import recorded

from ansible_collections.wombat.erlang.plugins.module_utils import archive as archives
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.object_store import ObjectStore
from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop
from ansible_collections.wombat.erlang.tests.unit.release_archives import relx, write

REPLIES = Path(__file__).parent / "replies"
# What everybody's azurite has; and the user of a Swift with tempauth behind a Keystone.
AZURE = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
WRONG = base64.b64encode(b"wrong").decode()


FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic: {driver: local, options: {sizes: {small: {vcpus: 1}}, regions: {sweden: {zones: {a: {}}}}}}
store: STORE
releases:
  kv: {archive: ../kv-0.1.0.tar.gz}
families:
  kv: {release: kv, nodes: 2}
"""


def azure_options(port):
    return {"host": "127.0.0.1", "port": port, "secure": False}


def azure(port, cache, secret=AZURE):
    credentials = {"key": "devstoreaccount1", "secret": secret}
    return ObjectStore("azure_blobs", "releases", credentials, azure_options(port), cache=cache)


def swift_options(port):
    return {
        "ex_force_auth_url": f"http://127.0.0.1:{port}",
        "ex_force_auth_version": "3.x_password",
        "ex_tenant_name": "test",
        "ex_force_service_region": "RegionOne",
        "secure": False,
    }


def swift(port, cache, secret="testing"):
    credentials = {"key": "tester", "secret": secret}
    return ObjectStore("openstack_swift", "releases", credentials, swift_options(port), cache=cache)


def google(port, cache, secret="secret"):
    credentials = {"key": "GOOG0123456789ABCDEF", "secret": secret}
    store = ObjectStore("google_storage", "releases", credentials, {"secure": False}, cache=cache)
    # This driver takes no other host.
    connection = store._driver.connection
    connection.host, connection.port = "127.0.0.1", port
    connection.connect()
    return store


def deploy(folder, driver, credentials, options, words, **env):
    """Deploy from a store twice, and destroy; no secret shows, nor any of `words`, which are in signed URLs."""
    store = {"driver": driver, "container": "releases", "credentials": credentials, "options": options}
    with Shop(folder, FILE.replace("STORE", json.dumps(store))) as shop:
        shop.env.update(env)
        first = shop.must("deploy", "-vvv").output
        assert not [word for word in (credentials["secret"], *words) if word in first]
        assert shop.must("status").output.count("  running  ") == 2
        assert set(shop.must("deploy").changed.values()) == {0}
        shop.must("destroy", "-e", "wombat_confirm=shop")
        assert shop.hosts() == {}


def walk(store, tmp_path):
    path = write(tmp_path / "given.tar.gz", relx("kv", "1.2.0"))
    archive = archives.inspect(path)
    assert store.list() == []
    entry, changed = store.put(path, archive)
    assert changed
    assert store.put(path, archive) == (entry, False)
    assert [found.archive for found in store.list()] == [archive]
    with pytest.raises(WombatError, match=rf"{store.where} holds no kv 9 \(of kv it holds 1\.2\.0\)"):
        store.get("kv", "9")
    content = Path(path).read_bytes()
    url = store.url(entry.path)
    with urllib.request.urlopen(url, timeout=20) as response:
        assert response.read() == content
    assert Path(store.kept(entry.path, archive.sha256)).read_bytes() == content
    assert store.delete("kv", "1.2.0")
    assert not store.delete("kv", "1.2.0")
    assert store.list() == []
    return url


@pytest.mark.parametrize(
    ("make", "words"), [(azure, ("sp=r", "sr=b", "se=", "sig=")), (swift, ("temp_url_sig=", "temp_url_expires="))]
)
def test_archives_come_and_go_and_are_fetched_by_a_signed_url(make, words, tmp_path):
    with recorded.serving(REPLIES / f"{make.__name__}.json") as (port, _asked):
        url = walk(make(port, str(tmp_path / "cache")), tmp_path)
        assert all(word in url for word in words)
        wrong = make(port, "", WRONG)
        sentence = f"{wrong.where} refuses the credentials: mend store.credentials"
        for ask in (wrong.list, lambda: wrong.get("kv", "1.2.0")):
            with pytest.raises(WombatError, match=sentence) as caught:
                ask()
            assert WRONG not in str(caught.value)


def test_googles_storage_speaks_as_s3_does(tmp_path):
    # moto speaks Amazon's dialect of the same API, so its namespace is changed into Google's.
    with moto_s3.serving(namespace=b"http://doc.s3.amazonaws.com/2006-03-01") as served:
        url = walk(google(served.port, str(tmp_path / "cache")), tmp_path)
    assert "X-Amz-Credential=GOOG0123456789ABCDEF%2F" in url
    assert time.strftime("X-Amz-Date=%Y", time.gmtime()) in url


def test_a_deployment_takes_its_releases_from_azure(tmp_path):
    credentials = {"key": "devstoreaccount1", "secret": AZURE}
    with recorded.serving(REPLIES / "azure_deploy.json") as (port, asked):
        deploy(tmp_path, "azure_blobs", credentials, azure_options(port), ["sig="])
    _fetched(asked, "sig=&")


def test_a_deployment_takes_its_releases_from_swift(tmp_path):
    credentials = {"key": "tester", "secret": "testing"}
    with recorded.serving(REPLIES / "swift_deploy.json") as (port, asked):
        deploy(tmp_path, "openstack_swift", credentials, swift_options(port), ["temp_url_sig="])
    _fetched(asked, "temp_url_sig=")


def test_a_deployment_takes_its_releases_from_googles_storage(tmp_path):
    credentials = {"key": "GOOG0123456789ABCDEF", "secret": "secret-that-must-not-show"}
    with moto_s3.serving(namespace=b"http://doc.s3.amazonaws.com/2006-03-01") as served:
        # The driver takes no other host, but asks through a proxy, as instances do.
        proxy = f"http://127.0.0.1:{served.port}"
        deploy(tmp_path, "google_storage", credentials, {"secure": False}, ["X-Amz-Sig"], http_proxy=proxy)
    _fetched([f"{method} {name}?{query}" for method, name, query in served.requests], "X-Amz-Signature=")


def _fetched(asked, signed):
    """Nobody read the archive but the two instances, each once and by a signed URL."""
    reads = [request for request in asked if request.startswith("GET") and ".tar.gz?" in request]
    assert len(reads) == 2
    assert all(signed in request for request in reads)


@pytest.mark.parametrize("make", [azure, swift, google])
def test_a_store_that_is_out_of_reach_is_named(make):
    store = make(9, "")
    with pytest.raises(WombatError, match=rf"^The store {store.where} cannot be reached"):
        store.list()


def test_credentials_that_cannot_be_ones_are_told_without_them():
    with pytest.raises(WombatError, match="driver azure_blobs cannot be opened") as caught:
        azure(9, "", secret="x")
    assert "'x'" not in str(caught.value)
    with pytest.raises(
        WombatError, match="google_storage:releases failed: Unable to decode provided PEM key"
    ) as caught:
        ObjectStore("google_storage", "releases", {"key": "me@shop.iam.gserviceaccount.com", "secret": "no key"}, {})
