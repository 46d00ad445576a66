# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placements of random small cases, against all possible ones and under the eyes of the referee."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import place
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement import brute, referee
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement.cases import random_case

CASES = 400
MOST_LAYOUTS = 20_000


def solved(case):
    return place(case["families"], case["offers"], case["existing"], case["budget"], time_limit=60)


@pytest.mark.parametrize("block", range(8))
def test_nothing_is_better_and_no_rule_is_broken(block):
    tried = 0
    for seed in range(block * CASES // 8, (block + 1) * CASES // 8):
        case = random_case(seed)
        if brute.size(case) > MOST_LAYOUTS:
            continue
        tried += 1
        result = solved(case)
        assert referee.problems_of(case, result) == [], seed
        found, wanted = referee.objective(case, referee.seats_of(case, result)), brute.best(case)
        assert found == pytest.approx(wanted, abs=1e-5), seed
        assert result["status"] == ("infeasible" if wanted[0] else "optimal"), seed
    assert tried > CASES // 16


def test_the_solver_prints_nothing(capfd):
    assert solved(random_case(3))["status"] == "optimal"
    assert capfd.readouterr() == ("", "")
