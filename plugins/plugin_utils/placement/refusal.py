# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why each domain was refused, family by family, in the words of an operator."""

from __future__ import annotations

import contextlib
import math
import typing as t

with contextlib.suppress(ImportError):  # ansible-test imports every file without the collection's requirements
    import numpy as np

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.columns import Candidate
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.eligible import memory_text
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.forbidden import Forbidden
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import RESOURCES
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.plan import Plan
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import Unit


def refusals(plan: Plan) -> dict[str, list[dict[str, t.Any]]]:
    """For every family: `{reason, domains, offers}`, the most common reason first.

    A domain is refused for the reason of the offer that came furthest through the filters; one that passed them is
    refused when a quota, or else a rule, is why it did not take all the nodes.
    """
    used = _used(plan, plan.created.values())
    forbidden = Forbidden(plan)
    result = {}
    for unit in plan.units.values():
        reasons = _static(plan, unit)
        for at, text in _full(plan, unit, used, forbidden).items():
            reasons.setdefault(text, {})[at] = 0
        entries: list[dict[str, t.Any]] = []
        for text, domains in reasons.items():
            names = [plan.problem.domains[at].name for at in sorted(domains)]
            entries.append({"reason": text, "domains": names, "offers": sum(domains.values())})
        entries.sort(key=lambda entry: (-len(entry["domains"]), entry["reason"]))
        for family in unit.families:
            result[family.name] = entries
    return {name: result[name] for name in sorted(result)}


def _static(plan: Plan, unit: Unit) -> dict[str, dict[int, int]]:
    """Reason to domain to number of offers, for domains without any eligible offer."""
    eligible, domains = plan.table[unit.name], plan.catalogue.domain
    count = len(plan.problem.domains)
    furthest = np.full(count, -1)
    np.maximum.at(furthest, domains, eligible.reason)
    offers = np.bincount(domains, minlength=count)
    closed = np.bincount(domains, eligible.capacity > 0, minlength=count) == 0
    result: dict[str, dict[int, int]] = {}
    for domain in np.flatnonzero(closed & (furthest >= 0)).tolist():
        result.setdefault(eligible.reasons[furthest[domain]][1], {})[domain] = int(offers[domain])
    return result


def _used(plan: Plan, created: t.Iterable[t.Sequence[tuple[Candidate, int]]]) -> dict[tuple[t.Any, str], float]:
    """What the new instances take, by domain index or provider name, and resource."""
    used: dict[tuple[t.Any, str], float] = {}
    for rows in created:
        for candidate, count in rows:
            offer = plan.problem.offers[candidate.offer]
            for scope in (candidate.domain, offer.provider):
                for resource, amount in (("instances", 1.0), ("vcpus", offer.vcpus), ("memory", offer.memory)):
                    used[scope, resource] = (
                        used.get((scope, resource), 0.0) + (0.0 if math.isnan(amount) else amount) * count
                    )
    return used


def _full(plan: Plan, unit: Unit, used: t.Mapping[tuple[t.Any, str], float], forbidden: Forbidden) -> dict[int, str]:
    """Domains with eligible offers that cannot take one more instance, while not all nodes of the unit are there."""
    eligible, problem = plan.table[unit.name], plan.problem
    here = {candidate.domain: 0 for candidate, _count in plan.created[unit.name]}
    for candidate, count in plan.created[unit.name]:
        here[candidate.domain] += count
    mine = _used(plan, [plan.created[unit.name]])
    needed = math.ceil(unit.open / unit.lead.high)
    offers = eligible.capacity.nonzero()[0]
    domains = plan.catalogue.domain[offers]
    smallest = {resource: np.full(len(problem.domains), math.inf) for resource in RESOURCES}
    for resource in RESOURCES:
        np.minimum.at(smallest[resource], domains, plan.catalogue.use[resource][offers])
    cheapest = np.full(len(problem.domains), math.inf)
    np.minimum.at(cheapest, domains, plan.catalogue.cost[offers])
    result = {}
    for at in np.unique(domains).tolist():
        domain = problem.domains[at]
        if here.get(at, 0) >= needed:
            continue
        scopes = (
            ("", at, domain.quota),
            (f" of provider {domain.provider}", domain.provider, problem.provider_quota.get(domain.provider, {})),
        )
        for owner, scope, quota in scopes:
            for resource in RESOURCES:
                left = quota.get(resource, math.inf) - used.get((scope, resource), 0.0)
                if left < smallest[resource][at] and at not in result:
                    have = _amount(resource, quota[resource])
                    want = _amount(resource, needed * smallest[resource][at])
                    others = used.get((scope, resource), 0.0) - mine.get((scope, resource), 0.0)
                    taken = f", {_amount(resource, others)} taken by other families" if others > 0 else ""
                    result[at] = f"{_word(resource)} quota{owner} {have} left{taken}, {want} needed"
        reason = None if at in result else forbidden.reason(unit, at, float(cheapest[at]))
        if reason:
            result[at] = reason
    return result


def _word(resource: str) -> str:
    return {"instances": "instance", "vcpus": "vcpu", "memory": "memory"}[resource]


def _amount(resource: str, amount: float) -> str:
    return memory_text(amount) if resource == "memory" else f"{amount:g}"
