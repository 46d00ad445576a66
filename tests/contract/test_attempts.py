# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a cloud that is asked too much is asked, and how fast, is what the file says."""

from __future__ import annotations

import pytest
from case import deployment, opened
from cases import openstack
from wire import Answer, Wire, lay

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal

CASE = openstack.OPENSTACK


@pytest.mark.parametrize(("said", "attempts"), [({}, 6), ({"attempts": 1}, 1), ({"attempts": 3}, 3)], ids=str)
def test_a_listing_and_a_creation_are_tried_as_often_as_the_file_says(monkeypatch, tmp_path, said, attempts):
    wire = Wire(CASE.book, CASE.writes, CASE.chapter)
    busy = {"overLimit": {"code": 429, "message": "Too Many Requests"}}
    wire.answers += [*CASE.answers, *CASE.listed([])]
    wire.answers += [Answer(method, ".*/servers(/detail)?", busy, 429) for method in ("GET", "POST")]
    lay(wire, monkeypatch)
    adapter = opened(tmp_path, CASE.provider, **said)
    adapter.pace.hold = lambda _seconds: None
    with pytest.raises(Refusal):
        adapter.instances()
    assert len([sent for sent in wire.sent if sent.path.endswith("/servers/detail")]) == attempts
    with pytest.raises(Refusal):
        adapter.create(CASE.request())
    assert len([sent for sent in wire.written() if sent.path.endswith("/servers")]) == attempts


def test_the_rate_is_the_files(tmp_path):
    adapter = registry.open_provider(deployment(tmp_path, CASE.provider, rate=4), "cloud")
    assert adapter.pace.gap == 0.25


@pytest.mark.parametrize("attempts", [0, 101])
def test_attempts_have_bounds(tmp_path, attempts):
    with pytest.raises(WombatError, match="providers.cloud.attempts must be a whole number from 1 to 100"):
        opened(tmp_path, CASE.provider, attempts=attempts)
