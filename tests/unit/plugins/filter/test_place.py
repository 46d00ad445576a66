# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The placement filters as Ansible calls them: templated, with Ansible's own strings and containers."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader

from ansible_collections.wombat.erlang.plugins.filter import explain, picture, place

FAMILIES = {"kv": {"nodes": 2, "demand": {"memory": "1 GiB", "where": "contains(labels, 'private')"}}}
OFFER = {
    "provider": "attic",
    "region": "r1",
    "zone": "a",
    "size": "small",
    "vcpus": 2,
    "memory": 2048,
    "price": 0.1,
    "labels": ["private"],
}


def call(module, name, *arguments, **options):
    return module.FilterModule().filters()[name](*arguments, **options)


def test_the_filters_pass_results_on():
    result = call(place, "place", FAMILIES, [OFFER], existing=[], budget=None, time_limit=5, gap=0.01)
    assert result["price"] == 0.2
    assert call(explain, "explain", result)[0] == "Placement: proven to be the best; 0.2 an hour"
    assert call(picture, "picture", result).startswith("<svg ")


def test_errors_are_failures_of_the_filter():
    for module, name, arguments in ((place, "place", ([], [])), (explain, "explain", (3,)), (picture, "picture", (3,))):
        with pytest.raises(AnsibleFilterError) as caught:
            call(module, name, *arguments)
        assert "\n" not in str(caught.value)


def test_values_that_ansible_loaded_and_tagged():
    families = "{kv: {nodes: 2, demand: {where: \"contains(labels, 'private')\"}}}"
    data = DataLoader().load("{families: " + families + ", offers: [" + json.dumps(OFFER) + "]}")
    assert call(place, "place", data["families"], data["offers"])["status"] == "optimal"
