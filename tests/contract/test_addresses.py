# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance named by its address in a network."""

from __future__ import annotations

import itertools
import re
import types

import pytest
from case import NAME, TAGS, opened
from cases import cloudstack, ec2, gce, opennebula, openstack, outscale, regions
from wire import Answer, Wire, fixture, lay

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import cloud

CASES = [
    (cloudstack.CASES[0], "860", "10.1.1.116"),
    (ec2.EC2, "vpc-532135d1", "10.211.11.211"),
    (gce.GCE, "default", "10.240.72.75"),
    (opennebula.NEW, "Network 5", "192.168.0.1"),
    (openstack.OPENSTACK, "net1", "10.9.0.7"),
    (outscale.OUTSCALE, "nodes", "10.0.0.4"),
    (regions.VULTR, "My Private Network", "10.7.96.3"),
]


@pytest.mark.parametrize(("case", "network", "address"), CASES, ids=lambda one: getattr(one, "driver", ""))
def test_address_in_a_network(case, network, address, monkeypatch, tmp_path):
    wire = Wire(case.book, case.writes, case.chapter)
    extra = {"addresses": {"net0": [{"version": 4, "addr": "10.8.0.7"}], "net1": [{"version": 4, "addr": "10.9.0.7"}]}}
    ours = {"name": NAME, "tags": {**TAGS, "wombat-address": network}, "extra": extra}
    wire.answers += [*case.answers, *case.listed([ours])]
    lay(wire, monkeypatch)
    (instance,) = opened(tmp_path, case.provider, networks=[network], address=network).instances()
    assert instance.address == address


@pytest.mark.parametrize("case", [ec2.EC2, outscale.OUTSCALE, regions.LINODE], ids=lambda case: case.driver)
def test_address_must_be_one_that_an_instance_can_have(case, tmp_path):
    with pytest.raises(WombatError, match="address must be private, public or one of networks, not 'privat'"):
        opened(tmp_path, case.provider, address="privat")


def test_an_address_that_never_comes_is_an_error(tmp_path, monkeypatch):
    case = openstack.OPENSTACK
    wire = Wire(case.book)
    addressless = {**openstack.server({"name": NAME, "tags": TAGS}), "addresses": {}}
    wire.answers += [*case.answers, *case.create(), Answer("GET", openstack.SERVER, {"server": addressless})]
    lay(wire, monkeypatch)
    monkeypatch.setattr(cloud, "time", types.SimpleNamespace(monotonic=itertools.count(step=100).__next__))
    (instance,) = opened(tmp_path, case.provider).create(case.request())
    told = "it has no private address after 300 seconds"
    assert (instance.name, instance.state, instance.address, instance.error) == (NAME, "error", None, told)


PUBLIC = [
    (gce.GCE, lambda body: body["networkInterfaces"][0]["accessConfigs"]),
    (regions.DIGITALOCEAN, lambda body: "private_networking" not in body),
    (regions.LINODE, lambda body: body["private_ip"] is False),
    (regions.VULTR, lambda body: "enable_private_network" not in body),
]


@pytest.mark.parametrize(("case", "asks"), PUBLIC, ids=lambda one: getattr(one, "driver", ""))
def test_a_public_address_is_asked_for(case, asks, tmp_path, monkeypatch):
    wire = Wire(case.book, case.writes, case.chapter)
    wire.answers += [*case.answers, *case.create()]
    lay(wire, monkeypatch)
    (instance,) = opened(tmp_path, case.provider, address="public").create(case.request())
    assert instance.address == case.public
    (post,) = wire.written()
    assert asks(post.json)


def test_a_public_address_is_asked_of_amazon(tmp_path, monkeypatch):
    """For an instance in a subnet; elsewhere it has one anyway."""
    case = ec2.EC2
    wire = Wire(case.book, case.writes, case.chapter)
    subnets = re.sub("us-east-1[a-z]", "eu-west-1b", fixture("ec2", "describe_subnets.xml"))
    wire.answers += [*case.create(), Answer("GET", "/", subnets, params={"Action": "DescribeSubnets"})]
    lay(wire, monkeypatch)
    for address, wanted in (("public", "true"), ("private", None)):
        changes = {"networks": ["vpc-532135d1"], "security_groups": ["sg-1"], "address": address}
        opened(tmp_path, case.provider, **changes).create(case.request())
        assert wire.written()[-1].params.get("NetworkInterface.1.AssociatePublicIpAddress") == wanted
