# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is Outscale's own: tags that come late, owners of images, subnets."""

from __future__ import annotations

import pytest
from case import NAME, opened
from cases import outscale
from wire import Wire, lay

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

PROVIDER = outscale.OUTSCALE.provider


@pytest.fixture
def wire(monkeypatch):
    wire = Wire()
    wire.answers += outscale.OUTSCALE.answers
    lay(wire, monkeypatch)
    return wire


def test_an_instance_without_its_tags_is_known_by_its_token(wire, tmp_path):
    """As one whose creator was killed before it could set them."""
    bare = {**outscale.machine({"name": NAME, "tags": {"any": "tag"}}), "Tags": []}
    others = {**bare, "VmId": "i-1", "ClientToken": "blog-kv-a1b2c3.2"}
    wire.answers.append(outscale.answer("ReadVms", {"Vms": [bare, others, {**others, "ClientToken": "shop-x.2"}]}))
    (instance,) = opened(tmp_path, PROVIDER).instances()
    assert (instance.name, instance.family, instance.slots) == (NAME, "kv", (1, 2))


def test_zones_have_a_subnet(wire, tmp_path):
    assert [domain.zone for domain in opened(tmp_path, PROVIDER).domains()] == ["a"]
    assert [domain.zone for domain in opened(tmp_path, PROVIDER, networks=[]).domains()] == ["a", "b"]


def test_quota(wire, tmp_path):
    (domain,) = opened(tmp_path, PROVIDER).domains()
    assert domain.provider_quota == {"instances": 17, "memory": 60 * 1024}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"image": {"name": "Debian*"}}, "must name whose images are trusted"),
        ({"address": "public"}, "must be private"),
    ],
)
def test_what_cannot_be(tmp_path, changes, why):
    with pytest.raises(WombatError, match=why):
        opened(tmp_path, PROVIDER, **changes)
