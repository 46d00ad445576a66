# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a placement names when not all nodes have a place: the fewest rules, and single changes that help."""

from __future__ import annotations

import copy
import re

import pytest

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import place
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement.cases import random_case

CASES = range(500, 640)
UNITS = {"MiB": 1, "GiB": 1024}


def quotas(case):
    """Every quota with its owner, as `conflict` names it."""
    for entry in case["offers"]:
        yield "/".join((entry["provider"], entry["region"], entry["zone"])), entry["quota"]
        yield f"provider {entry['provider']}", entry["provider_quota"]


def relaxed(case, rules):
    """The case without the rules, each an owner and a rule as `conflict` names them."""
    case = copy.deepcopy(case)
    for owner, rule in rules:
        if owner == "all families":
            case["budget"] = None
        elif rule.endswith(" quota"):
            for name, quota in quotas(case):
                if name == owner:
                    quota.pop(rule.split()[0], None)
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
    for owner, quota in quotas(case):
        found += [(owner, f"{resource} quota") for resource in quota]
    return sorted(set(found))


def changed(case, text):
    """The case after one of the changes that a result names in words."""
    case = copy.deepcopy(case)
    families = case["families"]
    if text.startswith("nodes of "):
        for name, _before, after in re.findall(r"nodes of (\w+) from (\d+) to (\d+)", text):
            families[name]["nodes"] = int(after)
    elif match := re.fullmatch(r"raise the (instance|vcpu|memory) quota of (.+) by ([\d.]+)( [MG]iB)?", text):
        resource = {"instance": "instances", "vcpu": "vcpus", "memory": "memory"}[match[1]]
        done = set()
        for owner, quota in quotas(case):
            if owner == match[2] and id(quota) not in done:
                quota[resource] += float(match[3]) * UNITS[(match[4] or "MiB").strip()]
                done.add(id(quota))
    elif match := re.fullmatch(r"raise the budget of (.+) by ([\d.]+)", text):
        if match[1] == "all families":
            case["budget"] += float(match[2])
        else:
            families[match[1]]["placement"]["budget"] += float(match[2])
    elif match := re.fullmatch(r"raise max_skew of (\w+) by ([\d.]+)", text):
        families[match[1]]["placement"]["spread"]["max_skew"] += float(match[2])
    elif match := re.fullmatch(r"(lower|raise) (min|max|at_least) of (\w+) by (\d+)", text):
        rule = families[match[3]]["placement"][match[2]]
        key = "keys" if match[2] == "at_least" else "nodes"
        rule[key] += int(match[4]) * (1 if match[1] == "raise" else -1)
        if rule[key] < 1:
            del families[match[3]]["placement"][match[2]]
    elif match := re.fullmatch(r"lower (vcpus|memory) of (\w+) from \S+(?: [MG]iB)? to ([\d.]+)( [MG]iB)?", text):
        families[match[2]]["demand"][match[1]] = float(match[3]) * UNITS[(match[4] or "MiB").strip()]
    elif match := re.fullmatch(r"lift the (instance|vcpu|memory) quota of (.+)", text):
        resource = {"instance": "instances", "vcpu": "vcpus", "memory": "memory"}[match[1]]
        case = relaxed(case, [(match[2], f"{resource} quota")])
    elif match := re.fullmatch(r"drop budget of all families", text):
        case["budget"] = None
    elif match := re.match(r"(?:drop|relax) (\w+) of (\w+)", text):
        case = relaxed(case, [(match[2], match[1])])
    else:
        raise AssertionError(text)
    return case


def fits(case):
    result = place(case["families"], case["offers"], case["existing"], case["budget"], time_limit=60)
    return not result["shortfall"], result


def check(case, result, where):
    """The rules together help, and none of them can be left out; every single change helps."""
    rules = [(row["family"], row["rule"]) for row in result["conflict"]]
    assert rules, where
    assert fits(relaxed(case, rules))[0], (where, rules)
    if len(rules) > 1:
        for one in rules:
            assert not fits(relaxed(case, [other for other in rules if other != one]))[0], (where, rules, one)
    assert result["changes"], where
    for text in result["changes"]:
        assert fits(changed(case, text))[0], (where, text)
    return rules


@pytest.mark.parametrize("block", range(4))
def test_the_conflict_is_the_fewest_rules_that_help(block):
    tried = 0
    for seed in CASES[block::4]:
        case = random_case(seed)
        case["existing"] = []
        fine, result = fits(case)
        if fine:
            continue
        tried += 1
        rules = check(case, result, seed)
        if len(rules) == 2:
            for one in names(case):
                assert not fits(relaxed(case, [one]))[0], (seed, rules, one)
    assert tried > 14
