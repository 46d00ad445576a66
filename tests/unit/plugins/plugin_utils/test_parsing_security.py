# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment file says of cookies, TLS and the authority, and whether neighbours agree."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import CertificateAuthority
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing import parse
from ansible_collections.wombat.erlang.plugins.plugin_utils.ports import rules_of
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import shop


def read(families, **changes):
    """A deployment with these families of one node each, by what they say besides."""
    told = {name: {"release": "kv", "nodes": 1, **says} for name, says in families.items()}
    return parse(shop(families=told, store="/s", **changes), "/shops/shop.wombat.yml", lambda *_a, **_o: {})


def test_neighbours_share_one_cookie_also_through_others():
    families = {"kv": {}, "log": {}, "web": {"neighbours": ["kv"]}, "api": {"neighbours": ["web"]}}
    cookies = {name: family.cookie for name, family in read(families).families.items()}
    assert cookies == {"kv": "/s/cookies/kv", "web": "/s/cookies/kv", "api": "/s/cookies/kv", "log": "/s/cookies/log"}


def test_a_named_cookie_is_that_of_all_neighbours():
    families = {"kv": {}, "log": {}, "web": {"neighbours": ["kv"], "cookie_file": "mine"}}
    cookies = {name: family.cookie for name, family in read(families, cookie_file="~/all").families.items()}
    assert cookies["kv"] == cookies["web"] == "/shops/mine"
    assert cookies["log"].endswith("/all")


@pytest.mark.parametrize(
    ("kv", "web", "sentence"),
    [
        (
            {"cookie_file": "/a"},
            {"cookie_file": "/b"},
            "families.web.cookie_file differs from that of kv, and neighbours share one cookie; "
            "name one file for kv, web",
        ),
        (
            {"distribution": {"tls": True}},
            {},
            "families.web.distribution.tls differs from that of kv, and neighbours speak one protocol; "
            "set it alike for kv, web",
        ),
    ],
)
def test_neighbours_that_cannot_meet_are_refused(kv, web, sentence):
    with pytest.raises(WombatError) as failure:
        read({"kv": kv, "web": {"neighbours": ["kv"], **web}})
    assert str(failure.value) == sentence
    assert read({"kv": kv, "web": web})


@pytest.mark.parametrize(
    ("ca", "wanted"),
    [
        (None, CertificateAuthority("/s/ca")),
        ({"folder": "safe"}, CertificateAuthority("/shops/safe")),
        ({"certificate": "c.pem", "key": "/k.pem"}, CertificateAuthority(None, "/shops/c.pem", "/k.pem")),
    ],
)
def test_an_authority_is_the_deployments_own_or_an_existing_one(ca, wanted):
    assert read({"kv": {}}, ca=ca).ca == wanted


@pytest.mark.parametrize(
    ("ca", "sentence"),
    [
        ({"certificate": "c"}, "ca.key is missing; an existing authority needs both"),
        ({"key": "c"}, "ca.certificate is missing; an existing authority needs both"),
        ({"key": "c", "certificate": "c", "folder": "f"}, "ca has a folder, for an authority of its own, and a"),
        ({"foldr": "c"}, "ca.foldr is not a known key; did you mean 'folder'?"),
    ],
)
def test_an_authority_that_is_half_named_is_refused(ca, sentence):
    with pytest.raises(WombatError) as failure:
        read({"kv": {}}, ca=ca)
    assert str(failure.value).startswith(sentence)


def test_nodes_are_open_to_their_family_and_neighbours_both_ways():
    families = {"kv": {"firewall": {"allow": [{"port": 8087, "from": "192.0.2.0/24"}]}}, "log": {}}
    deployment = read({**families, "web": {"neighbours": ["kv"]}}, distribution={"epmd": True, "port": 9000})
    members = {"kv": ["kv1@a", "kv2@b"], "web": ["web1@c"], "log": ["log1@d"]}
    nodes = [{"family": "kv", "slot": 2}, {"family": "kv", "slot": 1}, {"family": "log", "slot": 3}]
    assert rules_of(deployment, nodes, members) == [
        {"ports": [4369, 9001, 9002], "protocol": "tcp", "sources": ["a", "b", "c"]},
        {"ports": [8087], "protocol": "tcp", "sources": ["192.0.2.0/24"]},
        {"ports": [4369, 9003], "protocol": "tcp", "sources": ["d"]},
    ]
    web = rules_of(deployment, [{"family": "web", "slot": 1}], members)
    assert web == [{"ports": [4369, 9001], "protocol": "tcp", "sources": ["a", "b", "c"]}]


@pytest.mark.parametrize(
    ("allow", "sentence"),
    [
        ({"port": 1}, "families.kv.firewall.allow must be a list of mappings with port, protocol and from"),
        ([{"prot": 1}], "families.kv.firewall.allow[0].prot is not a known key; did you mean 'port'?"),
        ([{"port": 0}], "families.kv.firewall.allow[0].port must be a whole number from 1 to 65535"),
        ([{"port": 1, "from": ["web"]}], "families.kv.firewall.allow[0].from must be an address or a network such as"),
        ([{"port": 1, "protocol": "sctp"}], "families.kv.firewall.allow[0].protocol cannot be 'sctp'"),
    ],
)
def test_what_cannot_be_opened_is_refused(allow, sentence):
    with pytest.raises(WombatError) as failure:
        read({"kv": {"firewall": {"allow": allow}}})
    assert str(failure.value).startswith(sentence)
