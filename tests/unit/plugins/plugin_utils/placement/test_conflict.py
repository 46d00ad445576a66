# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules to relax that a failed placement names: relaxing them helps, and no fewer do."""

from __future__ import annotations

import copy

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import place
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement.cases import random_case

CASES = range(500, 700)


def relaxed(case, rules):
    """The case without the rules, each an owner and a rule as `conflict` names them."""
    case = copy.deepcopy(case)
    for owner, rule in rules:
        if owner == "all families":
            case["budget"] = None
        elif rule.endswith(" quota"):
            for entry in case["offers"]:
                place_of = "/".join((entry["provider"], entry["region"], entry["zone"]))
                for scope, name in (("quota", place_of), ("provider_quota", f"provider {entry['provider']}")):
                    if name == owner:
                        entry[scope].pop(rule.split()[0], None)
        else:
            family = case["families"][owner]
            family["demand"].pop(rule, None)
            family["placement"].pop(rule, None)
    return case


def names(case):
    """All rules of a case."""
    found = [("all families", "budget")] if case["budget"] is not None else []
    for name, family in case["families"].items():
        found += [(name, rule) for rule in [*family["demand"], *family["placement"]]]
    for entry in case["offers"]:
        place_of = "/".join((entry["provider"], entry["region"], entry["zone"]))
        found += [(place_of, f"{resource} quota") for resource in entry["quota"]]
        found += [(f"provider {entry['provider']}", f"{resource} quota") for resource in entry["provider_quota"]]
    return sorted(set(found))


def fits(case):
    result = place(case["families"], case["offers"], case["existing"], case["budget"], time_limit=60)
    return not result["shortfall"], result


def test_the_conflict_is_the_fewest_rules_that_help():
    tried = 0
    for seed in CASES:
        case = random_case(seed)
        case["existing"] = []
        fine, result = fits(case)
        if fine:
            continue
        tried += 1
        rules = [(row["family"], row["rule"]) for row in result["conflict"]]
        assert fits(relaxed(case, rules))[0], (seed, result["conflict"])
        if len(rules) == 2:
            for one in names(case):
                assert not fits(relaxed(case, [one]))[0], (seed, rules, one)
    assert tried > 90
