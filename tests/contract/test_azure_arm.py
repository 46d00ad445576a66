# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is Azure's own: what belongs to a machine, one token for all, what it cannot do without."""

from __future__ import annotations

import concurrent.futures

import pytest
from case import NAME, TAGS, opened
from cases import azure_arm
from wire import Wire, lay

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.azure_arm import ON_ARM

PROVIDER = azure_arm.AZURE.provider


@pytest.fixture
def wire(monkeypatch):
    wire = Wire(azure_arm.AZURE.book)
    wire.answers += azure_arm.AZURE.answers + azure_arm.listed([{"name": NAME, "tags": TAGS}]) + azure_arm.create()
    lay(wire, monkeypatch)
    return wire


def test_all_threads_share_one_token(wire, tmp_path):
    adapter = opened(tmp_path, PROVIDER)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _number: adapter.instances(), range(4)))
    assert sum(sent.path.endswith("/oauth2/token") for sent in wire.sent) == 1


def test_public_address_goes_with_the_machine(wire, tmp_path):
    adapter = opened(tmp_path, PROVIDER, address="public", networks=["shop", "backup/nodes"])
    (instance,) = adapter.create(azure_arm.AZURE.request())
    assert instance.address == "192.0.2.7"
    (put,) = wire.written()
    first, second = put.json["properties"]["networkProfile"]["networkInterfaceConfigurations"]
    address = first["properties"]["ipConfigurations"][0]["properties"]
    assert address["subnet"]["id"].endswith("/virtualNetworks/shop/subnets/default")
    assert address["publicIPAddressConfiguration"]["properties"]["deleteOption"] == "Delete"
    assert "publicIPAddressConfiguration" not in second["properties"]["ipConfigurations"][0]["properties"]


def test_addresses_by_network(wire, tmp_path):
    for kind, address in (("private", "10.0.0.1"), ("shop", "10.0.0.1"), ("shop/nodes", "10.0.0.1"), ("else", None)):
        tags = {**TAGS, "wombat-address": kind}
        wire.answers += azure_arm.listed([{"name": NAME, "tags": tags}])
        (instance,) = opened(tmp_path, PROVIDER, address=kind).instances()
        assert instance.address == address


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ("Debian:debian-12:12:latest", {"publisher": "Debian", "offer": "debian-12", "sku": "12", "version": "latest"}),
        ("/subscriptions/x/images/ours", {"id": "/subscriptions/x/images/ours"}),
    ],
)
def test_image_by_id(wire, tmp_path, image, reference):
    adapter = opened(tmp_path, PROVIDER, image={"id": image})
    adapter.create(azure_arm.AZURE.request())
    (put,) = wire.written()
    assert put.json["properties"]["storageProfile"]["imageReference"] == reference


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"networks": []}, "networks is missing"),
        ({"security_groups": ["a", "b"]}, "must be one group"),
        ({"image": {"name": "debian*"}}, "must name the publisher and the offer"),
        ({"ssh": {"user": "debian"}}, "creates no instance without a public key"),
    ],
)
def test_what_azure_cannot_do_without(tmp_path, changes, why):
    with pytest.raises(WombatError, match=why):
        opened(tmp_path, PROVIDER, **changes)


def test_sizes_on_arm():
    names = ["Standard_D2ps_v5", "Standard_E4pds_v5", "Standard_B2pls_v2", "Standard_D2s_v5", "Standard_A1", "Basic_A0"]
    assert [bool(ON_ARM.search(name)) for name in names] == [True, True, True, False, False, False]
