# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers without an adapter of their own: what they lack is said before anything is sent."""

from __future__ import annotations

import inspect
import pathlib
import re
import types

import pytest
from case import NAME, RUN, SECRET, TAGS, opened
from libcloud.compute.base import NodeLocation
from wire import Wire, lay

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import opening, reading, registry
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import FEATURES, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.generic import GenericAdapter

PROVIDER = {
    "driver": "upcloud",
    "credentials": {"username": "operator", "password": "aSecretOfTheOperator"},
    "image": {"name": "Debian*"},
}
OTHERS = sorted(set(registry.supported()) - set(registry.ADAPTERS))


def of(driver):
    return opening.driver_class(driver, "driver")


@pytest.fixture
def wire(monkeypatch):
    wire = Wire()
    lay(wire, monkeypatch)
    yield wire
    assert wire.sent == []


def test_a_driver_by_its_name(wire, tmp_path):
    adapter = opened(tmp_path, PROVIDER)
    assert isinstance(adapter, GenericAdapter)
    assert adapter.features["create"] == ""
    assert adapter.features["quota"] == "libcloud has no call for it that drivers share"
    assert adapter.features["security groups"] == opening.NO_ARGUMENT


@pytest.mark.parametrize("driver", OTHERS)
def test_each_other_driver_says_what_it_lacks(driver):
    lacks = opening.lacks(of(driver))
    assert set(lacks) < set(FEATURES)
    assert all(lacks.values())


@pytest.mark.parametrize("driver", [name for name in OTHERS if not opening.lacks(of(name)).get("create")])
def test_create_node_is_told_where_only_if_it_takes_that(driver, tmp_path, monkeypatch):
    takes = inspect.signature(of(driver).create_node).parameters
    monkeypatch.setattr(GenericAdapter, "constructor_arguments", lambda _adapter: {})
    adapter = opened(tmp_path, {"driver": driver, "image": {"name": "Debian*"}})
    monkeypatch.setattr(adapter, "connect", lambda _region: of(driver).__new__(of(driver)))
    monkeypatch.setattr(of(driver), "list_locations", lambda _driver: [NodeLocation("one", "one", "", None)])
    (place,) = adapter.places("")
    assert adapter.located(place).keys() <= takes.keys()


def test_tags_are_texts_where_the_driver_says_that_they_are_a_list(wire, tmp_path):
    adapter = opened(tmp_path, {**PROVIDER, "driver": "scaleway", "credentials": {"key": "k", "secret": SECRET}})
    request = Request(NAME, "", "kv", RUN, "cloud", "default", "default", "VC1S", 2)
    texts = opening.conventional(adapter, TAGS, request)["ex_tags"]
    assert texts == [f"{key}:{value}" for key, value in TAGS.items()]
    assert reading.tags(types.SimpleNamespace(extra={"tags": texts})) == TAGS


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"networks": ["nodes"]}, "networks cannot be had of driver upcloud: drivers have no common way to choose one"),
        ({"security_groups": ["erlang"]}, "security_groups cannot be had of driver upcloud: the driver's create_node"),
        ({"firewall": True}, "firewall cannot be had of driver upcloud: drivers have no common way to write them"),
        ({"ssh": {"key_name": "ours"}}, "ssh.key_name cannot be had of driver upcloud: the driver's create_node takes"),
        ({"ssh": {"host_keys": "console"}}, "ssh.host_keys cannot be had of driver upcloud: the driver has no call"),
        ({"driver": "no.such.module.Driver"}, "driver 'no.such.module.Driver' cannot be imported: .*; install it"),
        ({"driver": "json.Nothing"}, "driver 'json.Nothing' is no driver: "),
        ({"driver": "json.JSONDecoder"}, "driver 'json.JSONDecoder' is not a class that derives from libcloud's"),
        ({"driver": "upclout"}, "driver 'upclout' is no driver of libcloud; did you mean"),
        (
            {"driver": "libcloud.compute.base.NodeDriver", "credentials": {"key": "operator"}},
            "driver libcloud.compute.base.NodeDriver is of no use here: the driver has no create_node and no",
        ),
    ],
)
def test_what_cannot_be_had_is_a_sentence(wire, tmp_path, asked, sentence):
    with pytest.raises(WombatError, match=f"shop.wombat.yml: providers.cloud.{sentence}"):
        opened(tmp_path, PROVIDER, **asked)


def test_clouds_are_known_to_their_adapters_only():
    """Everything above sees our dataclasses: nothing else imports what libcloud has of them."""
    plugins = pathlib.Path(registry.__file__).parents[2]
    found = {
        path.parent.name
        for path in plugins.rglob("*.py")
        if re.search(r"(from|import) libcloud\.compute", path.read_text())
    }
    assert found == {"providers", "drivers"}
