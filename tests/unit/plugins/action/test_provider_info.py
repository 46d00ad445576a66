# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of domains, for people."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.action.provider_info import lines, price_of, quota_of
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry

PROFILE = {
    "domain": "attic/north/a",
    "city": None,
    "country": "SE",
    "continent": "EU",
    "labels": ["private"],
    "sizes": [{"name": "small", "vcpus": 1, "memory": 512.0, "price": None}],
    "images": ["debian-12"],
    "quota": {"domain": {}, "provider": {"instances": {"limit": 2, "left": 1}}},
}
ATTIC = {"driver": "local", "domains": [PROFILE], "available": True, "reason": "", "unsupported": {"ssh key": "no SSH"}}


def test_lines():
    world = {"driver": "local", "domains": [], "available": False, "reason": "no route", "unsupported": {}}
    assert lines({"attic": ATTIC, "world": world}, ["abiquo", "local"]) == [
        "domain           place   labels   quota left        images     sizes",
        "attic/north/a    SE, EU  private  1 of 2 instances  debian-12  small (1 vcpu, 512 MiB, price unknown)",
        "world: no route  -       -        -                 -          -",
        "attic (local) has no ssh key: no SSH",
        f"supported drivers: {', '.join(sorted(registry.ADAPTERS))}",
        "as far as libcloud's common methods go: abiquo, and any driver class by its dotted path",
    ]


@pytest.mark.parametrize(
    ("domain", "provider", "text"),
    [
        ({}, {}, "unlimited"),
        ({"instances": (4, 3)}, {"instances": (9, 1)}, "1 of 9 instances"),
        ({"instances": (4, 0)}, {"memory": (2048.0, 1024.0)}, "0 of 4 instances, 1024 of 2048 memory"),
    ],
)
def test_the_tighter_quota_counts(domain, provider, text):
    def scope(limits):
        return {key: {"limit": limit, "left": left} for key, (limit, left) in limits.items()}

    assert quota_of({"domain": scope(domain), "provider": scope(provider)}) == text


def test_prices():
    assert [price_of({"price": price}) for price in (None, 0, 0.025)] == ["price unknown", "0/h", "0.025/h"]
