# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance named by its address in a network."""

from __future__ import annotations

import pytest
from case import NAME, TAGS, opened
from cases import cloudstack, ec2, outscale, regions
from wire import Wire, lay

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

CASES = [
    (cloudstack.CASES[0], "860", "10.1.1.116"),
    (ec2.EC2, "vpc-532135d1", "10.211.11.211"),
    (outscale.OUTSCALE, "nodes", "10.0.0.4"),
    (regions.VULTR, "My Private Network", "10.7.96.3"),
]


@pytest.mark.parametrize(("case", "network", "address"), CASES, ids=lambda one: getattr(one, "driver", ""))
def test_address_in_a_network(case, network, address, monkeypatch, tmp_path):
    wire = Wire(case.book, case.writes, case.chapter)
    wire.answers += [*case.answers, *case.listed([{"name": NAME, "tags": {**TAGS, "wombat-address": network}}])]
    lay(wire, monkeypatch)
    (instance,) = opened(tmp_path, case.provider, networks=[network], address=network).instances()
    assert instance.address == address


@pytest.mark.parametrize("case", [ec2.EC2, outscale.OUTSCALE, regions.LINODE], ids=lambda case: case.driver)
def test_address_must_be_one_that_an_instance_can_have(case, tmp_path):
    with pytest.raises(WombatError, match="address must be private, public or one of networks, not 'privat'"):
        opened(tmp_path, case.provider, address="privat")
