# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall rules of families, in six clouds by answers that keep state."""

from __future__ import annotations

import dataclasses

import pytest
from case import NAME, RUN, TAGS
from cases import azure_arm, outscale
from cases.firewalls import Azure, CloudStack, Eucalyptus, Exoscale, Google, Outscale, group
from libcloud.common.cloudstack import CloudStackConnection
from test_firewall import opened
from wire import Wire, lay

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import acting
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import OpenPort
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import OURS

FAMILIES = ("shop-kv", "shop-web")
PORTS = ((4369, 4369), (9101, 9102))
INSIDE = {(family, *ports, source) for family in FAMILIES for ports in PORTS for source in FAMILIES}
EVERYBODY = ("shop-kv", 8080, 8080, "0.0.0.0/0")
SOURCES = ("0.0.0.0/0", "::/0", "2001:db8::/32")


@pytest.fixture(params=[Azure, CloudStack, Eucalyptus, Exoscale, Google, Outscale], ids=lambda cloud: cloud.case.driver)
def cloud(request, monkeypatch):
    monkeypatch.setattr(CloudStackConnection, "poll_interval", 0)
    return request.param()


@pytest.fixture
def wire(cloud, monkeypatch):
    wire = Wire(cloud.case.book, cloud.case.writes, cloud.case.chapter)
    wire.answers += [*cloud.case.answers, *cloud.case.listed([]), *cloud.case.create(), *cloud.answers]
    lay(wire, monkeypatch)
    return wire


@pytest.fixture
def adapter(cloud, wire, tmp_path):
    return lambda **changes: opened(tmp_path, {**cloud.case.provider, "firewall": True}, **changes)


def test_rules_live_with_the_instances(cloud, wire, adapter):
    one = adapter()
    one.create(cloud.case.request())
    assert cloud.rules() == INSIDE
    assert tuple(cloud.worn(wire.sent)) == cloud.names_worn
    wire.sent.clear()

    adapter().open_firewall(cloud.case.region)  # as the next run: nothing is to be done
    assert wire.written() == []
    adapter(allowed=(OpenPort(8080, "tcp", ("0.0.0.0/0",)),)).open_firewall(cloud.case.region)
    assert cloud.rules() == {*INSIDE, EVERYBODY}
    adapter(neighbours=()).open_firewall(cloud.case.region)
    assert cloud.rules() == {rule for rule in INSIDE if rule[0] == rule[-1]}

    one.close_firewall(cloud.case.region)
    assert cloud.rules() == set()
    assert tuple(cloud.left()) == cloud.untouched


def test_what_all_regions_share_stays_while_one_has_instances(cloud, wire, adapter):
    one = adapter()
    one.open_firewall(cloud.case.region)
    wire.answers += cloud.case.listed([{"name": NAME, "tags": TAGS}])
    one.close_firewall("elsewhere" if one.one_for_all else cloud.case.region)
    assert cloud.rules() == (INSIDE if one.one_for_all else set())


def test_another_run_may_have_been_quicker(cloud, wire, adapter):
    """What is to be made is made by another between the look and the request."""
    quicker = []

    def beaten(answer):
        def made_before(sent):
            quicker.append(answer.body(sent))
            return cloud.exists

        return dataclasses.replace(answer, body=made_before, status=409)

    wire.answers += [beaten(answer) for answer in cloud.answers if cloud.makes(answer)]
    adapter().open_firewall(cloud.case.region)
    assert quicker
    assert cloud.rules() == INSIDE


@pytest.mark.parametrize("cloud", [Azure, Eucalyptus, Outscale], indirect=True)
def test_a_cloud_without_rules_of_ipv6_leaves_them_out_and_says_which(cloud, wire, adapter):
    one = adapter(allowed=(OpenPort(8080, "tcp", SOURCES),))
    wire.answers += cloud.case.listed([{"name": NAME, "tags": TAGS}])
    told = []
    acting.keep_firewalls({"cloud": one}, one.instances(), told.append)
    assert told == ["! cloud  its firewall rules leave out 2001:db8::/32: it takes no networks of IPv6"]
    assert cloud.rules() == {*INSIDE, EVERYBODY}


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("verb", ["open_firewall", "close_firewall"])
def test_the_next_run_goes_on_where_one_was_killed(cloud, wire, adapter, verb):
    """After each of the requests that write: what it asked for is done, and nobody hears of it."""
    if verb == "close_firewall":
        adapter().open_firewall(cloud.case.region)
    left = [0]

    def mortal(answer):
        def lives(sent):
            done = answer.body(sent)
            left[0] -= wire.writes(sent)
            if left[0] == 0 and wire.writes(sent):
                raise Killed
            return done

        return dataclasses.replace(answer, body=lives) if callable(answer.body) else answer

    wire.answers += [mortal(answer) for answer in cloud.answers]
    kills = 0
    while True:
        left[0] = 2
        try:
            getattr(adapter(), verb)(cloud.case.region)
            break
        except Killed:
            kills += 1
    assert kills >= (1 if isinstance(cloud, Azure) else 4)  # which takes all rules at once
    assert cloud.rules() == (INSIDE if verb == "open_firewall" else set())
    assert (tuple(cloud.left()) == cloud.untouched) == (verb == "close_firewall")


@pytest.mark.parametrize(("address", "inside"), [("private", [True, False]), ("backup", [False, True])])
def test_azure_tells_a_family_in_one_network_only(monkeypatch, tmp_path, address, inside):
    """That whose addresses name nodes; the firewall's group is everywhere."""
    cloud = Azure()
    wire = Wire(cloud.case.book)
    wire.answers += [*cloud.case.answers, *cloud.case.listed([]), *cloud.case.create(), *cloud.answers]
    lay(wire, monkeypatch)
    networks = ["shop/nodes", "backup/nodes"]
    provider = {**cloud.case.provider, "firewall": True, "networks": networks, "address": address}
    one = opened(tmp_path, provider)
    one.address_deadline = -1
    one.create(cloud.case.request())
    (put,) = [sent.json for sent in wire.sent if (sent.method, sent.path) == ("PUT", azure_arm.MACHINE)]
    cards = put["properties"]["networkProfile"]["networkInterfaceConfigurations"]
    told = [card["properties"]["ipConfigurations"][0]["properties"] for card in cards]
    assert ["applicationSecurityGroups" in one for one in told] == inside
    assert all("networkSecurityGroup" in card["properties"] for card in cards)


def test_azure_gives_an_interface_one_group_only(tmp_path):
    provider = {**Azure.case.provider, "firewall": True, "security_groups": ["erlang"]}
    with pytest.raises(WombatError, match="providers.cloud.security_groups cannot be had beside firewall"):
        opened(tmp_path, provider)


def test_a_group_of_somebody_else_is_not_changed(monkeypatch, tmp_path):
    cloud = Outscale()
    cloud.groups.append(group("shop-web", "vpc-1", "sg-web"))
    wire = Wire()
    wire.answers += [*cloud.case.answers, *cloud.answers]
    lay(wire, monkeypatch)
    with pytest.raises(Refusal, match="the security group shop-web is not ours"):
        opened(tmp_path, {**cloud.case.provider, "firewall": True}).open_firewall("eu-west-2")
    assert not [sent for sent in wire.sent if cloud.case.writes(sent)]


def test_without_networks_the_default_group_is_kept(monkeypatch, tmp_path):
    cloud = Outscale()
    wire = Wire()
    wire.answers += [*cloud.case.answers, *cloud.case.create(), *cloud.answers]
    wire.answers.append(outscale.answer("CreateSecurityGroup", lambda sent: cloud.make(with_net(sent))))
    lay(wire, monkeypatch)
    cloud.groups.clear()
    provider = {**cloud.case.provider, "firewall": True, "networks": [], "security_groups": []}
    adapter = opened(tmp_path, provider)
    request = Request(NAME, f"{RUN}-0", "kv", RUN, "cloud", "eu-west-2", "a", "tinav5.c1r1p2", 2)
    adapter.create(request)
    (create,) = [one.json for one in wire.sent if one.path.endswith("/CreateVms")]
    assert create["SecurityGroups"] == ["default", "shop-kv"]
    (made, _other) = [one.json for one in wire.sent if one.path.endswith("/CreateSecurityGroup")]
    assert made == {"SecurityGroupName": "shop-kv", "Description": OURS}


def with_net(sent):
    return dataclasses.replace(sent, body=sent.body.replace("{", '{"NetId": null, ', 1))
