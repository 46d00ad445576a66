# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What some clouds cannot do is said, or made up for."""

from __future__ import annotations

import pytest
from case import NAME, RUN, TAGS, opened
from cases import cloudstack, ec2, openstack
from wire import Answer, Wire, lay

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal


@pytest.fixture
def opening(monkeypatch, tmp_path):
    def of(case, **changes):
        wire = Wire(case.book, case.writes, case.chapter)
        wire.answers += [*case.answers, *case.listed([]), *case.create()]
        lay(wire, monkeypatch)
        return wire, opened(tmp_path, case.provider, **changes)

    return of


def test_an_instance_without_the_wanted_address_tells_the_one_it_has(opening):
    wire, adapter = opening(openstack.OPENSTACK, address="public")
    private = {"nodes": [{"version": 4, "addr": "10.0.0.5", "OS-EXT-IPS:type": "fixed"}]}
    server = {**openstack.server({"name": NAME, "tags": TAGS}), "addresses": private}
    wire.answers += [Answer("GET", openstack.SERVER, {"server": server})]
    adapter.address_deadline = -1
    (instance,) = adapter.create(openstack.OPENSTACK.request())
    assert (instance.state, instance.address) == ("error", None)
    assert instance.error == (
        "it has no public address after -1 seconds, only 10.0.0.5; choose another address of provider cloud"
    )


def subnets(*cidrs):
    """Of the network that the case of OpenStack names, and one of another."""
    made = [*((openstack.NETWORK, cidr) for cidr in cidrs), ("another", "198.51.100.0/24")]
    told = [{"id": cidr, "name": "", "network_id": network, "cidr": cidr} for network, cidr in made]
    return Answer("GET", ".*/v2.0/subnets", {"subnets": told})


def networks(**said):
    told = [{**one, **said} for one in cloudstack.NETWORKS]
    asked = {"command": "listNetworks", "page": "1"}
    return Answer("GET", "/test/path", {"listnetworksresponse": {"network": told}}, params=asked)


@pytest.mark.parametrize(
    ("case", "answer", "why"),
    [
        (openstack.OPENSTACK, subnets("10.0.0.0/24", "2001:db8::/64"), "and floating ones are not allocated"),
        (cloudstack.CASES[0], networks(cidr="10.1.1.0/24"), "and there is no static NAT"),
    ],
    ids=["openstack", "cloudstack"],
)
def test_networks_without_public_addresses_are_refused_before_anything_is_created(opening, case, answer, why):
    wire, adapter = opening(case, address="public", firewall=True)
    wire.answers += [answer]
    with pytest.raises(Refusal, match=f"its networks have private addresses alone, {why}; choose another") as caught:
        adapter.create(case.request())
    assert caught.value.kind == "request"
    assert wire.written() == []


@pytest.mark.parametrize(
    ("case", "answer"),
    [
        (openstack.OPENSTACK, subnets("10.0.0.0/24", "203.0.113.0/24")),
        (openstack.OPENSTACK, subnets()),  # which this account may not see
        (cloudstack.CASES[0], networks(cidr="203.0.113.0/24")),
        (cloudstack.CASES[0], networks()),  # a shared network tells none
    ],
    ids=["openstack", "openstack, unseen", "cloudstack", "cloudstack, shared"],
)
def test_networks_that_may_have_public_addresses_are_used(opening, case, answer):
    wire, adapter = opening(case, address="public")
    wire.answers += [answer]
    (instance,) = adapter.create(case.request())
    assert instance.address == case.public


def test_a_display_name_that_is_too_long_is_refused_before_anything_is_sent(opening):
    family = "k" * 90
    case = cloudstack.CASES[0]
    wire, adapter = opening(case)
    with pytest.raises(Refusal, match="characters of a display name, which may have 255; shorten the names") as caught:
        adapter.create(case.request(family=family, name=f"shop-{family}-a1b2c3"))
    assert caught.value.kind == "request"
    assert wire.written() == []


def test_eucalyptus_is_told_the_tags_once_more_for_old_ones_take_none_in_a_creation(opening):
    wire, adapter = opening(ec2.EUCALYPTUS)
    wire.answers += [Answer("GET", ec2.PATH, "<R><return>true</return></R>", params={"Action": "CreateTags"})]
    adapter.create(ec2.EUCALYPTUS.request())
    run, tag = wire.written()
    assert (run.params["Action"], tag.params["Action"]) == ("RunInstances", "CreateTags")
    told = {tag.params[f"Tag.{number}.Key"]: tag.params[f"Tag.{number}.Value"] for number in range(1, len(TAGS) + 2)}
    assert told == {"Name": NAME, **TAGS}
    assert told["wombat-run"] == RUN
    assert tag.params["ResourceId.1"] == "i-4711"
