# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is Google's own: labels, names that are unique, keys, prices of shared processors."""

from __future__ import annotations

import re

import pytest
from case import NAME, TAGS, opened
from cases import gce
from hypothesis import given
from hypothesis import strategies as st
from wire import Answer, Wire, fixture, lay

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.gce import decoded, encoded


@pytest.fixture
def wire(monkeypatch):
    wire = Wire(gce.GCE.book)
    wire.answers += gce.GCE.answers
    lay(wire, monkeypatch)
    return wire


@given(st.text())
def test_labels_hold_any_text(text):
    assert re.fullmatch(r"[a-z0-9_-]*", encoded(text))
    assert decoded(encoded(text)) == text


def test_a_name_that_exists_is_ours(wire, tmp_path):
    wire.answers += gce.listed([{"name": NAME, "tags": TAGS}])
    wire.answers += gce.failed("RESOURCE_ALREADY_EXISTS", f"The resource '{NAME}' already exists")
    wire.answers += gce.create()[:1]
    (instance,) = opened(tmp_path, gce.GCE.provider).create(gce.GCE.request())
    assert (instance.name, instance.id) == (NAME, gce.GCE.identity)


def test_an_instance_in_a_zone_that_is_down_is_there(wire, tmp_path):
    """Nothing new comes there, and nothing takes its place: it will be back."""
    zones = fixture("gce", "zones.json")
    for zone in zones["items"]:
        zone["status"] = "DOWN" if zone["name"] == "us-central1-a" else zone["status"]
    wire.answers += [*gce.listed([{"name": NAME, "tags": TAGS}]), Answer("GET", f"{gce.ABOVE}/zones", zones)]
    adapter = opened(tmp_path, gce.GCE.provider)
    assert [(one.name, one.zone) for one in adapter.instances()] == [(NAME, "a")]
    assert [domain.zone for domain in adapter.domains()] == ["b"]


def test_public_half_of_the_key(wire, tmp_path):
    (tmp_path / "key.pub").write_text("ssh-ed25519 AAAA operator\n")
    ssh = {"user": "debian", "key_file": str(tmp_path / "key")}
    wire.answers += gce.create()
    opened(tmp_path, gce.GCE.provider, ssh=ssh, address="public").create(gce.GCE.request())
    (post,) = [sent for sent in wire.written() if sent.path.endswith("/instances")]
    assert {"key": "ssh-keys", "value": "debian:ssh-ed25519 AAAA operator"} in post.json["metadata"]["items"]
    assert post.json["networkInterfaces"][0]["accessConfigs"][0]["type"] == "ONE_TO_ONE_NAT"
    with pytest.raises(WombatError, match=r"ssh\.key_name cannot be had of driver gce"):
        opened(tmp_path, gce.GCE.provider, ssh={"key_name": "operators"})


def test_shared_processors_cost_their_share(wire, tmp_path):
    kinds = [
        {"id": name, "name": name, "guestCpus": 2, "memoryMb": memory, "zone": "us-central1-a", **more}
        for name, memory, more in (
            ("e2-micro", 1024, {"isSharedCpu": True}),
            ("e2-standard-2", 8192, {}),
            ("e2-old", 8192, {"deprecated": {"state": "DEPRECATED"}}),
            ("t2a-standard-2", 8192, {"architecture": "ARM64"}),
        )
    ]
    wire.answers.append(Answer("GET", f"{gce.ZONE}/machineTypes", {"items": kinds}))
    adapter = opened(tmp_path, gce.GCE.provider, sizes=[])
    sizes = {size.name: size for size, _theirs in adapter.sizes(adapter.find("us-central1", "a")).values()}
    assert set(sizes) == {"e2-micro", "e2-standard-2"}  # the other does not fit the image
    assert sizes["e2-micro"].price == pytest.approx(0.0084, abs=0.0005)
    assert sizes["e2-standard-2"].price == pytest.approx(0.067, abs=0.001)


def test_quota(wire, tmp_path):
    domains = opened(tmp_path, gce.GCE.provider).domains()
    assert {domain.provider_quota["vcpus"] for domain in domains} == {1020}
    others = opened(tmp_path, gce.GCE.provider, sizes=["n2-*"]).domains()
    assert "vcpus" not in others[0].provider_quota


@pytest.mark.parametrize(("text", "why"), [("{}", "not the key of a service account"), (None, "cannot be read")])
def test_file_of_credentials(tmp_path, monkeypatch, text, why):
    path = tmp_path / "key.json"
    if text:
        path.write_text(text)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    provider = {key: value for key, value in gce.GCE.provider.items() if key != "credentials"}
    with pytest.raises(WombatError, match=why):
        opened(tmp_path, provider)
