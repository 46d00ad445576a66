# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to relax when not all nodes can be placed: the fewest rules, and single changes that help, in words."""

from __future__ import annotations

import dataclasses
import math
import time
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.columns import Candidate
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.elastic import ALL_FAMILIES, Elastic, Knob
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import memory_text
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import Demand, Family, Problem, Rules
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.plan import Plan
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit, unit_of

MOST_ANSWERS, FEW_ANSWERS = 6, 2
# Up to so many columns, what the elastic program does not find is found by trial.
TINY = 300
# These ask for nothing that could be in the way.
IDLE = ("prefer", "max_moves")
# With more units than this, the demands of those that are placed stand; with more that are not, theirs too.
FEW_UNITS = 12
NAMED_FAMILIES = 4
QUOTAS = {"instances quota": "instance quota", "vcpus quota": "vcpu quota", "memory quota": "memory quota"}


def relax(plan: Plan, fits: t.Callable[[Problem], bool], deadline: float) -> tuple[list[dict[str, str]], list[str]]:
    """Find what lets all nodes be placed.

    :param fits: whether all nodes of a problem have a place; every answer is checked with it.
    :param deadline: as for `Engine`; what is not found until then is left out.
    :return: the fewest rules as `{family, rule, text}` (a quota's "family" is its domain or provider), single changes.
    """
    strict: set[str] = set()
    if len(plan.units) > FEW_UNITS:
        strict = set(plan.units) - (set(plan.shortfall) if len(plan.shortfall) <= FEW_UNITS else set())
    elastic = Elastic(plan.units, unit_of(plan.units), plan.catalogue, strict)
    conflict: list[dict[str, str]] = []
    changes: list[str] = []
    for _answer in range(MOST_ANSWERS if elastic.small else FEW_ANSWERS):
        # Half of what is left, so that there is time to check the answer.
        now = time.monotonic()
        found = elastic.solve(now + (deadline - now) / 2) if now < deadline else None
        if not found or not found[0] or (conflict and len(found[0]) > 1):
            break
        knobs, values = found
        if not fits(drop(plan.problem, knobs)):
            if elastic.spreads_free:
                elastic.ban(knobs)
            elastic.free_spreads()
            continue
        knobs = _needed(knobs, plan.problem, fits)
        elastic.ban(knobs)
        words = _Words(elastic, values)
        texts = [words.text(knob) for knob in knobs]
        if not conflict:
            conflict = [{"family": k.owner, "rule": k.rule, "text": x} for k, x in zip(knobs, texts, strict=True)]
        if len(texts) > 1:
            break
        changes += texts
    if len(conflict) != 1 and len(elastic.program.lower) <= TINY:
        rules = _by_trial(plan.problem, not conflict, fits)
        if rules:
            conflict = [{"family": rule.owner, "rule": rule.rule, "text": _lifted(rule)} for rule in rules]
            changes = [row["text"] for row in conflict] if len(conflict) == 1 else []
    return conflict, changes + _fewer_nodes(plan)


def _needed(knobs: list[Knob], problem: Problem, fits: t.Callable[[Problem], bool]) -> list[Knob]:
    """The knobs without those that the others can do without."""
    for knob in list(knobs) if len(knobs) > 1 else []:
        others = [other for other in knobs if other is not knob]
        if others and fits(drop(problem, others)):
            knobs = others
    return knobs


def _by_trial(problem: Problem, any_number: bool, fits: t.Callable[[Problem], bool]) -> list[Knob]:
    """One rule, or a set without a needless one, found by leaving rules out: fewer offers were counted otherwise.

    The elastic program takes the nodes that fit on an offer, and the keys of its spreads, as they are with all rules.
    """
    rules = [Knob(owner, rule, -1) for owner, rule in _rule_names(problem)]
    for rule in rules:
        if fits(drop(problem, [rule])):
            return [rule]
    return _needed(rules, problem, fits) if any_number and fits(drop(problem, rules)) else []


def _rule_names(problem: Problem) -> t.Iterator[tuple[str, str]]:
    """Every rule that `drop` can leave out."""
    if problem.budget is not None:
        yield ALL_FAMILIES, "budget"
    for domain in problem.domains:
        yield from ((domain.name, f"{resource} quota") for resource in domain.quota)
    for provider, quota in problem.provider_quota.items():
        yield from ((f"provider {provider}", f"{resource} quota") for resource in quota)
    for name, family in problem.families.items():
        for value, empty in ((family.demand, Demand()), (family.rules, Rules())):
            for field in dataclasses.fields(value):
                if getattr(value, field.name) != getattr(empty, field.name) and field.name not in IDLE:
                    yield name, field.name


def _lifted(knob: Knob) -> str:
    if knob.rule in QUOTAS:
        return f"lift the {QUOTAS[knob.rule]} of {knob.owner}"
    return f"drop {knob.rule} of {knob.owner}"


def drop(problem: Problem, knobs: t.Iterable[Knob]) -> Problem:
    """The problem without the rules of the knobs."""
    for knob in knobs:
        resource = knob.rule.removesuffix(" quota")
        if knob.owner == ALL_FAMILIES:
            problem = dataclasses.replace(problem, budget=None)
        elif resource == knob.rule:
            families = {name: _without(family, knob) for name, family in problem.families.items()}
            problem = dataclasses.replace(problem, families=families)
        else:
            domains = tuple(
                dataclasses.replace(d, quota=_less(d.quota, resource)) if d.name == knob.owner else d
                for d in problem.domains
            )
            quotas = {
                name: _less(quota, resource) if f"provider {name}" == knob.owner else quota
                for name, quota in problem.provider_quota.items()
            }
            problem = dataclasses.replace(problem, domains=domains, provider_quota=quotas)
    return problem


def _less(quota: t.Mapping[str, float], resource: str) -> dict[str, float]:
    return {key: amount for key, amount in quota.items() if key != resource}


def _without(family: Family, knob: Knob) -> Family:
    """The family without a rule; those that share its instances lose it with it."""
    shares = any(relation.within == "instance" for relation in family.rules.together)
    if family.name != knob.owner and not shares:
        return family
    empty: t.Any = Demand() if hasattr(family.demand, knob.rule) else Rules()
    part = "demand" if isinstance(empty, Demand) else "rules"
    value = getattr(empty, knob.rule)
    if knob.rule == "together":
        value = tuple(relation for relation in family.rules.together if relation.within == "instance")
    changed = dataclasses.replace(getattr(family, part), **{knob.rule: value})
    return dataclasses.replace(family, **{part: changed})


def _fewer_nodes(plan: Plan) -> list[str]:
    parts = []
    for name, lacking in sorted(plan.shortfall.items()):
        nodes = plan.problem.families[name].nodes
        parts.append(f"nodes of {name} from {nodes} to {nodes - lacking}")
    if len(parts) > NAMED_FAMILIES:
        return [f"{sum(plan.shortfall.values())} nodes fewer, of {len(parts)} families"]
    return [" and ".join(parts)] if parts else []


class _Words:
    """Says how a knob was turned."""

    def __init__(self, elastic: Elastic, values: t.Any) -> None:
        self.columns = elastic.columns
        self.catalogue = elastic.catalogue
        self.values = values

    def text(self, knob: Knob) -> str:
        amounts = [self.values[slack] * unit for slack, unit in knob.amounts]
        amount = max(amounts, default=0.0)
        if knob.rule in QUOTAS:
            more = (
                memory_text(math.ceil(amount - 1e-6)) if knob.rule == "memory quota" else str(math.ceil(amount - 1e-6))
            )
            return f"raise the {QUOTAS[knob.rule]} of {knob.owner} by {more}"
        used = [(c, text) for c, text in knob.refused if self.values[c.column] > 0.5]
        if knob.owner == ALL_FAMILIES:
            return _lifted(knob) if used else f"raise the budget of all families by {_money(amount)}"
        unit = self.columns[knob.owner].unit
        if used:
            return self._demand(unit, knob, used)
        if knob.rule == "budget":
            return f"raise the budget of {unit.name} by {_money(amount)}"
        if knob.rule == "spread":
            return f"raise max_skew of {unit.name} by {math.ceil(amount * 100 - 1e-6) / 100:g}"
        if knob.rule in ("min", "at_least"):
            return f"lower {knob.rule} of {unit.name} by {math.ceil(amount - 1e-6)}"
        if knob.rule == "max":
            return f"raise max of {unit.name} by {math.ceil(amount - 1e-6)}"
        return f"drop {knob.rule} of {unit.name}"

    def _demand(self, unit: Unit, knob: Knob, used: list[t.Any]) -> str:
        if knob.rule in ("vcpus", "memory", "disk"):
            least = min(self._largest(knob, c.offer) / self._nodes(c) for c, _text in used)
            if not math.isnan(least):
                have, want = getattr(unit.demand, knob.rule), math.floor(least * 100 + 1e-6) / 100
                words = memory_text if knob.rule == "memory" else "{:g}".format
                return f"lower {knob.rule} of {unit.name} from {words(have)} to {words(want)}"
        if knob.rule == "arch":
            arches = sorted({str(self.catalogue.arch[c.offer]) for c, _text in used})
            return f"let {unit.name} run on {' and '.join(arches)}"
        reasons = sorted({text for _c, text in used})
        return f"relax {knob.rule} of {unit.name} ({'; '.join(reasons)})"

    def _nodes(self, candidate: Candidate) -> int:
        """How many nodes an instance of the candidate has at the most."""
        column, factor = candidate.nodes
        return math.ceil(self.values[column] * factor / round(self.values[candidate.column]) - 1e-6)

    def _largest(self, knob: Knob, offer: int) -> float:
        """The largest amount that the same filters refuse in the domain: pruning may have kept a smaller one."""
        eligible, domain = self.columns[knob.owner].eligible, self.catalogue.domain
        amounts = getattr(self.catalogue, knob.rule)
        if eligible.group is None or knob.rule in self.catalogue.problem.domains[domain[offer]].quota:
            return float(amounts[offer])
        same = (domain == domain[offer]) & (eligible.group == eligible.group[offer])
        return float(amounts[same].max())


def _money(amount: float) -> str:
    return f"{math.ceil(amount * 10000 - 1e-4) / 10000:g}"
