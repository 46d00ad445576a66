# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide names every strategy and every option."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import STRATEGIES

PAGE = (pathlib.Path(__file__).parents[5] / "docs/docsite/rst/strategies.rst").read_text()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_the_guide_tells_a_strategy_and_its_options(name):
    (row,) = [row for row in PAGE.split("   * - ") if row.startswith(f"``{name}``")]
    assert [option for option in STRATEGIES[name].OPTIONS if f"``{option}``" not in row] == []
