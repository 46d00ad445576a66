# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every placement: equal results for equal input, nothing moves twice, more room is never worse."""

from __future__ import annotations

import copy
import json
import random
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import explain, place
from ansible_collections.wombat.erlang.tests.bench import placement_cases
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement import referee
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.placement.cases import random_case

SEEDS = range(2000, 2060)


def solved(case):
    return place(case["families"], case["offers"], case["existing"], case["budget"], time_limit=60)


def shuffled(case, seed):
    dice = random.Random(seed)

    def mix(value):
        if isinstance(value, dict):
            return dict(dice.sample([(key, mix(item)) for key, item in value.items()], len(value)))
        return value

    families = mix(
        {name: mix({key: mix(part) for key, part in family.items()}) for name, family in case["families"].items()}
    )
    mixed = {key: dice.sample([mix(entry) for entry in case[key]], len(case[key])) for key in ("offers", "existing")}
    return {**mixed, "families": families, "budget": case["budget"]}


def instances(result):
    """The instances of a result, as they would run afterwards."""
    found = []
    for number, row in enumerate(result["assignments"]):
        each, more = divmod(row["nodes"], row["instances"])
        place_of = {key: row[key] for key in ("provider", "region", "zone", "size")}
        for at in range(row["instances"]):
            name = f"new-{row['family']}-{number:03}-{at:03}"
            found.append({"name": name, "family": row["family"], "nodes": each + (at < more), **place_of})
    return found


def afterwards(case, result):
    """The case once its result is carried out; the quotas are those that are left."""
    case = copy.deepcopy(case)
    case["existing"] = [e for e in case["existing"] if e["name"] in result["kept"]] + instances(result)
    for entry in case["offers"]:
        for new in instances(result):
            used = next(
                o for o in case["offers"] if referee.place_of(o) == referee.place_of(new) and o["size"] == new["size"]
            )
            amounts = {"instances": 1, "vcpus": used["vcpus"], "memory": used["memory"]}
            quotas = [entry["quota"]] if referee.place_of(entry) == referee.place_of(new) else []
            quotas += [entry["provider_quota"]] if entry["provider"] == new["provider"] else []
            for quota in quotas:
                quota.update({key: quota[key] - amounts[key] for key in quota})
    return case


def test_equal_input_in_any_order_gives_equal_bytes():
    for seed in SEEDS:
        case = random_case(seed)
        texts = {json.dumps(solved(shuffled(case, number))) for number in range(3)}
        assert len(texts | {json.dumps(solved(case))}) == 1, seed


def test_placing_again_moves_nothing():
    for seed in SEEDS:
        case = random_case(seed)
        for family in case["families"].values():
            family["placement"].pop("rebalance", None)
        first = solved(case)
        if first["shortfall"]:
            continue
        again = solved(afterwards(case, first))
        assert (again["assignments"], again["surplus"], again["moved"]) == ([], [], []), seed
        assert again["objective"]["price"] == pytest.approx(first["objective"]["price"]), seed


def test_more_room_is_never_worse_and_less_demand_neither():
    for seed in SEEDS:
        case = random_case(seed)
        case["existing"] = []
        before = solved(case)["objective"]["unplaced"]
        roomier = copy.deepcopy(case)
        for entry in roomier["offers"]:
            entry["quota"], entry["provider_quota"] = {}, {}
        assert solved(roomier)["objective"]["unplaced"] <= before, seed


def test_a_large_case_is_good_and_obeys_the_rules():
    families, offers = placement_cases.middle()
    case = {"families": families, "offers": offers, "existing": [], "budget": None}
    for family in families.values():
        if "where" in family["demand"]:
            family["demand"]["where"] = "continent == 'EU'"
        family["placement"].pop("near", None)
    result = place(families, offers, gap=0.01, time_limit=60)
    assert referee.problems_of(case, result) == []
    assert result["gap"] <= 0.01
    assert result["shortfall"] == {}


def test_a_deadline_is_flagged_and_leaves_what_runs():
    families, offers = placement_cases.small()
    place_of = {key: offers[0][key] for key in ("provider", "region", "zone", "size")}
    existing = [{"name": "shop-kv-a", "family": "kv", "nodes": 1, **place_of}]
    result = place(families, offers, existing, gap=0.0, time_limit=0.0)
    assert (result["limit"], result["status"], result["gap"]) == ("deadline", "infeasible", 1.0)
    assert (result["kept"], result["assignments"], result["shortfall"]["kv"]) == (["shop-kv-a"], [], 19)
    assert explain(result)[0].startswith("Placement: not all nodes were placed in time")


class Clock:
    """Seconds that pass only when somebody looks."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.mark.parametrize("step", [0.05, 0.5, 1.0, 2.0, 3.0])
def test_wherever_the_deadline_strikes_the_result_obeys_the_rules(monkeypatch, step):
    """With every look at the clock a part of the time passes, so each step is another place to stop at."""
    for seed in range(2060, 2075):
        case = random_case(seed)
        monkeypatch.setattr(time, "monotonic", Clock(step))
        result = place(case["families"], case["offers"], case["existing"], case["budget"], time_limit=20)
        monkeypatch.undo()
        assert referee.problems_of(case, result) == [], seed
        assert result["status"] != "optimal" or result["limit"] is None, seed


@pytest.mark.parametrize(("case", "rules"), [("short", {"instances quota"}), ("blocked", {"memory"})])
def test_a_large_problem_without_a_solution_names_the_rule(case, rules):
    result = place(*getattr(placement_cases, case)(), gap=0.01, time_limit=300)
    assert {row["rule"] for row in result["conflict"]} == rules
    assert len(result["conflict"]) == 1


def test_placement_knows_nothing_of_ansible_or_clouds():
    folder = Path(sys.modules[place.__module__].__file__).parent
    for file in folder.glob("*.py"):
        for line in file.read_text().splitlines():
            if line.startswith(("import ", "from ")):
                assert "libcloud" not in line, file
                assert not line.startswith(("from ansible.", "import ansible")), file
