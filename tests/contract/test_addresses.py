# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance named by its address in a network."""

from __future__ import annotations

import itertools
import types

import pytest
from case import NAME, TAGS, opened
from cases import cloudstack, ec2, gce, opennebula, openstack, outscale, regions
from wire import Answer, Wire, lay

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
    instance = opened(tmp_path, case.provider).create(case.request())
    told = "it has no private address after 300 seconds"
    assert (instance.name, instance.state, instance.address, instance.error) == (NAME, "error", None, told)
