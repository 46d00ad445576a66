# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH host keys that are known before the first login, and the file that has them."""

from __future__ import annotations

import dataclasses
import subprocess
import types

import pytest
import yaml

from ansible_collections.wombat.erlang.plugins.plugin_utils.known_hosts import Host, KnownHosts, learn
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import host_keys
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.refusal import Refusal
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import load, shop, write

ONE, TWO = (f"ssh-ed25519 AAAA{letter * 60}" for letter in "ab")
CONSOLE = """
[   12.1] cloud-init[400]: -----BEGIN SSH HOST KEY KEYS-----
ssh-ed25519 AAAAold root@shop
-----END SSH HOST KEY KEYS-----
-----BEGIN SSH HOST KEY KEYS-----
ecdsa-sha2-nistp256 AAAAE2V= root@shop
[   13.0] cloud-init[412]: ssh-ed25519 AAAAC3N+/x root@shop
-----END SSH HOST KEY KEYS-----
shop login: ssh-rsa AAAAnot
"""


def test_a_key_is_one_that_openssh_takes_and_its_tag_says_it(tmp_path):
    key = host_keys.generate()
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text(key.private)
    said = subprocess.run(["ssh-keygen", "-y", "-f", str(path)], capture_output=True, text=True, check=True).stdout
    assert said.split()[:2] == key.public.split()
    tag = host_keys.tag_of(key.public)
    assert tag.isalnum()
    assert tag == tag.lower()
    assert len(tag) == 52
    assert host_keys.of_tag(tag) == key.public
    assert (host_keys.of_tag(""), host_keys.of_tag("a" * 51 + "!")) == ("", "")
    assert key.private not in repr(key)


def test_user_data_keeps_what_the_file_has():
    key = host_keys.generate()
    merged = host_keys.merged("#cloud-config\npackages: [vim]\n", key)
    assert merged.startswith("#cloud-config\n")
    assert yaml.safe_load(merged) == {
        "packages": ["vim"],
        "ssh_keys": {"ed25519_private": key.private, "ed25519_public": key.public},
    }
    assert yaml.safe_load(host_keys.merged(None, key)).keys() == {"ssh_keys"}
    own = f"#cloud-config\nssh_keys: {{ed25519_private: x, ed25519_public: {TWO} me}}\n"
    assert host_keys.own(own) == (TWO,)
    assert yaml.safe_load(host_keys.merged(own, key))["ssh_keys"]["ed25519_private"] == "x"
    assert host_keys.own("#!/bin/sh\n") == host_keys.own(None) == ()


@pytest.mark.parametrize(
    ("said", "user_data", "lacks", "way"),
    [
        (None, None, [], "inject"),
        (None, "#cloud-config\na: b\n", [], "inject"),
        (None, "#!/bin/sh\n", [], "console"),
        (None, "#cloud-config\n[", [], "console"),
        (None, None, ["user data"], "console"),
        (None, None, ["user data", "console output"], "accept-new"),
        ("console", None, [], "console"),
        ("known", None, [], "known"),
    ],
)
def test_the_way_follows_from_what_a_provider_can(tmp_path, said, user_data, lacks, way):
    spec = load(write(tmp_path, shop())).providers["attic"]
    spec = dataclasses.replace(spec, user_data=user_data, ssh={"host_keys": said} if said else {})
    assert host_keys.choose(spec, dict.fromkeys(lacks, "why")) == way


def test_what_ssh_is_told():
    settings = host_keys.settings("inject", {}, "/a b/known_hosts")
    assert settings == ['UserKnownHostsFile="/a b/known_hosts"', "HashKnownHosts=no", "StrictHostKeyChecking=yes"]
    assert host_keys.settings("accept-new", {}, "/k")[-1] == "StrictHostKeyChecking=accept-new"
    assert host_keys.settings("known", {}, "/k") == ["StrictHostKeyChecking=yes"]
    assert host_keys.settings("known", {"known_hosts": "/mine"}, "/k")[0] == 'UserKnownHostsFile="/mine"'
    arguments = host_keys.variables("inject", {}, "/a b/known_hosts")["ansible_ssh_common_args"]
    assert arguments.startswith("-o 'UserKnownHostsFile=\"/a b/known_hosts\"' -o HashKnownHosts=no -o Strict")
    assert arguments.endswith("-o ServerAliveInterval=10 -o ServerAliveCountMax=3")  # a host that dies is noticed


def test_the_console_s_last_keys_count():
    assert host_keys.on_console(CONSOLE) == ("ecdsa-sha2-nistp256 AAAAE2V=", "ssh-ed25519 AAAAC3N+/x")
    assert host_keys.on_console("shop login: ssh-rsa AAAAnot") == ()


@pytest.fixture
def deployment(tmp_path):
    return dataclasses.replace(load(write(tmp_path, shop())), store=str(tmp_path / "store"))


@pytest.fixture
def known(deployment):
    return KnownHosts(deployment)


def lines(known):
    with open(known.path, encoding="utf-8") as stream:
        return stream.read().splitlines()


def test_a_key_is_known_by_name_first_and_by_address_then(known):
    known.know([Host("shop-kv-a", None, (ONE,))])
    assert lines(known) == [f"shop-kv-a {ONE}"]
    known.know([Host("shop-kv-a", "192.0.2.1")])
    assert lines(known) == [f"shop-kv-a,192.0.2.1 {ONE}"]
    known.know([Host("shop-kv-b", "192.0.2.2", (TWO,), port=2222)])
    assert lines(known)[1] == f"shop-kv-b,[192.0.2.2]:2222 {TWO}"
    known.forget(["shop-kv-a"])
    assert [known.has(name) for name in ("shop-kv-a", "shop-kv-b")] == [False, True]


def test_a_new_instance_takes_the_address_of_one_that_is_gone(known):
    known.know([Host("shop-kv-a", "192.0.2.1", (ONE,))])
    known.know([Host("shop-kv-b", "192.0.2.1", (TWO,))])
    assert lines(known) == [f"shop-kv-b,192.0.2.1 {TWO}"]


def test_two_networks_may_have_one_address(known):
    hosts = [Host("shop-kv-a", "192.0.2.1", (ONE,)), Host("shop-kv-b", "192.0.2.1", (TWO,))]
    known.know(hosts)
    known.know(hosts)
    assert lines(known) == [f"shop-kv-a,192.0.2.1 {ONE}", f"shop-kv-b,192.0.2.1 {TWO}"]


def test_what_ssh_accepted_of_a_host_that_is_gone_does_not_count_for_the_next(known):
    known.know([Host("shop-kv-x", None, (TWO,))])
    with open(known.path, "a", encoding="utf-8") as stream:
        stream.write(f"192.0.2.1 {ONE}\n192.0.2.9 {ONE}\n")
    known.know([Host("shop-kv-a", "192.0.2.1")])
    assert f"192.0.2.1 {ONE}" in lines(known)
    known.know([Host("shop-kv-a", "192.0.2.1", fresh=True)])
    assert lines(known) == [f"shop-kv-x {TWO}", f"192.0.2.9 {ONE}"]


def test_nothing_is_written_that_says_nothing_new(known):
    known.know([])
    known.forget(["shop-kv-a"])
    with pytest.raises(FileNotFoundError):
        lines(known)


def instance(name, address, keys=()):
    told = {"wombat_host_keys": keys} if keys else {}
    return types.SimpleNamespace(name=name, address=address, provider="cloud", domain="cloud/a/a", vars=told)


def test_learning_reads_tags_and_waits_for_consoles(deployment, known):
    shown = iter([(), (), (ONE,)])
    said = []
    adapter = types.SimpleNamespace(
        way="console",
        spec=types.SimpleNamespace(ssh={}),
        console_keys=lambda one: next(shown),
        pace=types.SimpleNamespace(sleep=lambda seconds: None),
    )
    there = [instance("shop-kv-a", "192.0.2.1"), instance("shop-kv-b", "192.0.2.2", [TWO]), instance("shop-kv-c", None)]
    learn(deployment, {"cloud": adapter}, there, [], said.append)
    assert lines(known) == [f"shop-kv-a,192.0.2.1 {ONE}", f"shop-kv-b,192.0.2.2 {TWO}"]
    assert said == []
    adapter.way = "inject"
    learn(deployment, {"cloud": adapter}, [instance("shop-kv-d", "192.0.2.4")], [], said.append)
    assert said == ["? shop-kv-d  cloud/a/a  its SSH host key is not known here: nobody can log in to it from here"]


def test_an_instance_whose_console_cannot_be_read_is_told_and_there(deployment, known):
    """A refusal that may pass is waited out; one that will not is said at once."""
    kinds = iter(["missing", "credentials"])
    said = []

    def refuses(one):
        raise Refusal(next(kinds), "not allowed", "cloud")

    adapter = types.SimpleNamespace(
        way="console",
        spec=types.SimpleNamespace(ssh={}),
        console_keys=refuses,
        pace=types.SimpleNamespace(sleep=lambda seconds: None),
    )
    learn(deployment, {"cloud": adapter}, [instance("shop-kv-a", "192.0.2.1")], [], said.append)
    assert said == [
        "? shop-kv-a  cloud/a/a  its console cannot be read: provider cloud refuses (credentials): not allowed",
        "? shop-kv-a  cloud/a/a  its SSH host key is not known here: nobody can log in to it from here",
    ]
