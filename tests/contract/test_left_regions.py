# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances in a region that the file wants nothing in any more, where one driver serves all regions."""

from __future__ import annotations

import pytest
from case import NAME, TAGS, opened
from cases import CASES
from wire import Wire, lay

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place

SERVING_ALL = [case for case in CASES if case.driver in ("cloudstack", "digitalocean", "linode", "vultr")]


@pytest.mark.parametrize("case", SERVING_ALL, ids=lambda case: case.driver)
def test_they_are_told_where_they_are(case, tmp_path, monkeypatch):
    wire = Wire(case.book, case.writes, case.chapter)
    wire.answers += [*case.answers, *case.listed([{"name": NAME, "tags": TAGS}])]
    lay(wire, monkeypatch)
    every = opened(tmp_path, case.provider).locations("")
    others = sorted({place.region for place in every if isinstance(place, Place)} - {case.region})
    adapter = opened(tmp_path, case.provider, regions=others[:1] or ["elsewhere"])
    (instance,) = adapter.instances()
    assert (instance.region, instance.zone) == (case.region, case.zone)
    assert case.region not in adapter.regions()
