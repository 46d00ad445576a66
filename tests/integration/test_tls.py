# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real nodes that speak TLS: they meet, strangers are refused, and certificates and cookies change under them."""

from __future__ import annotations

import datetime
import json
import os
import time
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import certificate_files, cookies, tls
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.modules import certificates, cookie
from ansible_collections.wombat.erlang.plugins.plugin_utils import authority
from ansible_collections.wombat.erlang.plugins.plugin_utils.authority import OwnAuthority
from ansible_collections.wombat.erlang.tests.integration import erlang_hosts
from ansible_collections.wombat.erlang.tests.integration.erlang_hosts import COOKIE, NETWORK


@pytest.fixture(scope="module")
def tls_archive(tmp_path_factory):
    """A release that brings ssl."""
    applications = "".join(f", {{{name}, load}}" for name in ("asn1", "crypto", "public_key", "ssl"))
    return erlang_hosts.build_release(tmp_path_factory.mktemp("probe_tls"), applications)


class TlsHost(erlang_hosts.Host):
    """A host whose nodes speak TLS, with what the controller brings to it."""

    def bring(self, authority, names=(), since=0, **options):
        """Bring what an authority trusts, and certificates for the nodes with these names, valid since a time."""
        bundle = {
            "trusted": authority.trusted,
            "nodes": {name: authority.issue(name) for name in names},
            "since": since,
        }
        return self._bring(certificates.OPTIONS, certificate_files.prepare, bundle, options)

    def put_cookie(self, text):
        return self._bring(cookie.OPTIONS, cookies.prepare, {"kv": text}, {})

    def held(self):
        """The certificates that the nodes have."""
        return self._run(certificates.OPTIONS, certificate_files.prepare, {})["nodes"]

    def meet(self, label, name):
        """Whether a node can make a new connection to another one."""
        return self.value(f"begin erlang:disconnect_node('{name}'), net_kernel:connect_node('{name}') end", label)

    def _bring(self, spec, prepare, bundle, options):
        (self.root / "bundle").write_text(json.dumps(bundle))
        return self._run(spec, prepare, {"src": str(self.root / "bundle"), **options})


@pytest.fixture
def make_tls_host(tls_archive, tmp_path):
    hosts = []

    def make(number, *labels, epmd=False):
        address = f"{NETWORK}.{number}"
        host = TlsHost(tmp_path / address, address, tls_archive)
        hosts.append(host)
        host.configure(*labels, tls=True, epmd=epmd)
        return host

    yield make
    for host in hosts:
        host.close()


@pytest.fixture
def own(tmp_path):
    authority = OwnAuthority(str(tmp_path / "ca"), "shop")
    authority.make()
    return authority


def read(own):
    return own.read(lambda path: Path(path).read_bytes())


def names(host, *labels):
    return [host.name(label) for label in labels]


def test_nodes_meet_over_tls_and_a_stranger_is_refused(make_tls_host, own, tmp_path):
    near, far, stranger = make_tls_host(11, "kv1", "kv2"), make_tls_host(12, "kv1"), make_tls_host(13, "kv1")
    foreign = OwnAuthority(str(tmp_path / "foreign"), "shop")
    foreign.make()
    near.bring(read(own), names(near, "kv1", "kv2"))
    far.bring(read(own), names(far, "kv1"))
    stranger.bring(read(foreign), names(stranger, "kv1"))
    for host in (near, far, stranger):
        assert host.nodes()["changed"]
    assert near.meet("kv1", far.name("kv1")) is True
    assert near.meet("kv1", near.name("kv2")) is True
    # The same name of authority and the same cookie, and in vain: whoever begins.
    assert stranger.meet("kv1", far.name("kv1")) is False
    assert near.meet("kv1", stranger.name("kv1")) is False
    # Nor does a node that trusts ours, but shows a certificate of another, get in.
    with open(tls.trusted_path(str(stranger.root / "nodes/kv1")), "a") as file:
        file.write(read(own).trusted)
    stranger.nodes("restarted")
    assert stranger.nodes("status")["nodes"][stranger.name("kv1")]["alive"]
    assert stranger.meet("kv1", far.name("kv1")) is False
    assert far.nodes("status")["nodes"][far.name("kv1")]["connected"] == names(near, "kv1", "kv2")
    # No clear text: a node without TLS is not answered.
    stranger.nodes("stopped")
    stranger.configure("kv1")
    stranger.nodes()
    assert stranger.meet("kv1", far.name("kv1")) is False


def test_the_authority_changes_under_running_nodes_and_connections_stay(make_tls_host, own):
    near, far = make_tls_host(14, "kv1"), make_tls_host(15, "kv1")
    for host in (near, far):
        host.bring(read(own), names(host, "kv1"))
        host.nodes()
    assert near.meet("kv1", far.name("kv1")) is True
    assert (
        near.value(
            "net_kernel:monitor_nodes(true), register(watch, spawn(fun Wait() -> net_kernel:monitor_nodes(true),"
            " receive {nodedown, N} -> exit(N) end end)), ok",
            "kv1",
        )
        == "ok"
    )
    former, pids = near.held(), (near.pid("kv1"), far.pid("kv1"))
    own.prepare()
    for host in (near, far):
        host.bring(read(own))
    assert near.held() == former
    own.switch()
    near.bring(read(own), names(near, "kv1"))
    assert near.value("is_pid(whereis(watch))", "kv1")
    # One side has the new certificate, the other the former one.
    assert near.meet("kv1", far.name("kv1")) is True
    far.bring(read(own), names(far, "kv1"))
    own.settle()
    for host in (near, far):
        host.bring(read(own))
        assert read(own).refuses(host.held()[host.name("kv1")], host.name("kv1")) is None
    assert near.meet("kv1", far.name("kv1")) is True
    assert (near.pid("kv1"), far.pid("kv1")) == pids


def test_clocks_may_differ_by_less_than_a_day(make_tls_host, tmp_path, monkeypatch):
    """A container shares its host's clock, so here it is the controller's that goes wrong."""
    ahead = datetime.timedelta(hours=23)
    monkeypatch.setattr(authority, "_now", lambda: datetime.datetime.now(datetime.UTC) + ahead)
    own = OwnAuthority(str(tmp_path / "ca"), "shop")
    own.make()
    host = make_tls_host(21, "kv1", "kv2")
    host.bring(read(own), names(host, "kv1", "kv2"))
    host.nodes()
    assert host.meet("kv1", host.name("kv2")) is True
    with pytest.raises(WombatError, match=r"The clock of this host says .* UTC, but .* valid from .* UTC on: set"):
        host.bring(read(own), names(host, "kv1"), since=time.time() + 60)
    # Refused before anything was written, for no node would have met another one with it.
    assert host.meet("kv1", host.name("kv2")) is True


def test_files_of_secrets_are_the_nodes_alone_and_nothing_changes_twice(make_tls_host, own):
    host = make_tls_host(16, "kv1")
    host.bring(read(own), names(host, "kv1"))
    assert {path.name: path.stat().st_mode & 0o777 for path in (host.root / "nodes/kv1/tls").iterdir()} == {
        "node.pem": 0o400,
        "trusted.pem": 0o600,
    }
    assert not host.bring(read(own))["changed"]
    key = Path(tls.own_path(str(host.root / "nodes/kv1")))
    key.chmod(0o644)
    assert host.held() == {host.name("kv1"): None}
    key.unlink()
    told = host.nodes()
    assert "has no certificate" in told["msg"]


def test_callers_reach_tls_nodes_that_stock_epmd_keeps(make_tls_host, own, monkeypatch):
    monkeypatch.setenv("ERL_EPMD_PORT", "24369")
    host = make_tls_host(17, "kv1", "kv2")
    host.configure("kv1", "kv2", tls=True, epmd=True, env={"ERL_EPMD_PORT": "24369", "ERL_EPMD_ADDRESS": host.address})
    host.bring(read(own), names(host, "kv1", "kv2"))
    assert host.nodes()["changed"]
    assert host.meet("kv1", host.name("kv2")) is True


def test_a_release_without_ssl_is_refused_before_anything_is_written(make_host):
    with pytest.raises(WombatError, match=r"Release probe 1\.0\.0 lacks the application ssl"):
        make_host().configure("kv1", tls=True)


def test_a_cookie_changes_under_running_nodes(make_host, make_tls_host, own):
    near, far = make_tls_host(18, "kv1", "kv2"), make_tls_host(19, "kv1")
    for host, labels in ((near, ("kv1", "kv2")), (far, ("kv1",))):
        host.bring(read(own), names(host, *labels))
        host.nodes()
    assert near.meet("kv1", far.name("kv1")) is True
    assert not near.put_cookie(COOKIE)["changed"]
    told = near.put_cookie("another")
    assert told["nodes"] == names(near, "kv1", "kv2")
    # They still see one another, though a new connection needs the same cookie on both sides.
    assert far.name("kv1") in near.value("nodes()", "kv1")
    assert near.meet("kv2", far.name("kv1")) is False
    assert far.put_cookie("another")["changed"]
    assert near.meet("kv2", far.name("kv1")) is True
    assert not far.put_cookie("another")["changed"]


@pytest.mark.parametrize("killed", ["before the nodes", "amid the nodes", "before the file", "after the file"])
def test_a_change_of_cookie_that_was_killed_is_mended_by_the_next(make_tls_host, own, monkeypatch, killed):
    host = make_tls_host(20, "kv1", "kv2")
    host.bring(read(own), names(host, "kv1", "kv2"))
    host.nodes()

    class Killed(BaseException):
        pass

    def kill(*_arguments):
        raise Killed

    def tell_one(nodes, *arguments):
        real_tell(nodes[:1], *arguments)
        raise Killed

    real_tell, real_put = cookies.tell, cookies.put
    if killed == "after the file":
        monkeypatch.setattr(os, "remove", kill)
    elif killed == "before the file":
        monkeypatch.setattr(cookies, "put", lambda path, *rest: real_put(path, *rest) if path[-1] != "e" else kill())
    else:
        monkeypatch.setattr(cookies, "tell", kill if killed == "before the nodes" else tell_one)
    with pytest.raises(Killed):
        host.put_cookie("second-e")
    monkeypatch.undo()
    # The next run may want a third cookie, as when the operator rotates anew.
    assert host.put_cookie("third")["changed"]
    assert [path.name for path in host.cookie.parent.iterdir() if "cookie" in path.name] == [".erlang.cookie"]
    assert host.cookie.read_text() == "third"
    assert host.meet("kv1", host.name("kv2")) is True
