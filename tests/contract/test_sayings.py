# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the file says of places and of addresses, as providers take it."""

from __future__ import annotations

import pytest
from case import opened
from cases import ec2
from test_firewall import two_families

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import OpenPort
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import wanted

DUBLIN = ("IE", "EU", "Dublin", 53.35, -6.26)
OSLO = {"latitude": 59.9, "longitude": 10.7}
PLACES = [
    ({}, DUBLIN),
    ({"eu-west-1": {"labels": ["green"]}}, DUBLIN),
    ({"eu-west-1": {"country": "IE"}}, DUBLIN),
    ({"eu-west-1": {"latitude": 53.3, "longitude": -6.2}}, (*DUBLIN[:3], 53.3, -6.2)),
    ({"eu-west-1": {"country": "NO", "city": "Oslo"}}, ("NO", "EU", "Oslo", None, None)),
    ({"eu-west-1": {"country": "US"}}, ("US", "NA", None, None, None)),
    ({"eu-west-1": {"city": "Cork"}}, ("IE", "EU", "Cork", None, None)),
    ({"eu-west-1": {"country": "NO", "city": "Oslo", **OSLO}}, ("NO", "EU", "Oslo", 59.9, 10.7)),
    ({"eu-west-1": {"country": "NO", **OSLO}, "eu-west-1/a": {"city": "Bergen"}}, ("NO", "EU", "Bergen", 59.9, 10.7)),
]


@pytest.mark.parametrize(("domains", "place"), PLACES, ids=str)
def test_a_place_that_the_file_moves_keeps_nothing_of_the_old_one(tmp_path, domains, place):
    found = opened(tmp_path, ec2.EC2.provider, domains=domains).geography("eu-west-1", "a")
    assert (found.country, found.continent, found.city, found.latitude, found.longitude) == place


def test_sources_are_networks_as_clouds_write_them(tmp_path):
    sources = ("192.0.2.1", "198.51.100.7/24", "2001:DB8:0::1", "0.0.0.0/0")
    rules = wanted(two_families(tmp_path, ec2.EC2.provider, allowed=(OpenPort(8080, "tcp", sources),)))["shop-kv"]
    asked = {rule.source for rule in rules if rule.low == 8080}
    assert asked == {"192.0.2.1/32", "198.51.100.0/24", "2001:db8::1/128", "0.0.0.0/0"}
