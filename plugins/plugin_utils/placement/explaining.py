# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A result as text that an operator understands."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import kind

# Longer lists of domains are counted.
NAMED_DOMAINS = 3
STATUS = {
    "optimal": "proven to be the best",
    "feasible": "all nodes placed, at most {gap} from the best",
    "infeasible": "not all nodes can be placed",
}
LATE = "not all nodes were placed in time, which does not say that they cannot be"
LIMIT = {"deadline": "the time limit stopped the search", "nodes": "the limit on the search tree stopped the search"}


def explain(result: t.Mapping[str, t.Any]) -> list[str]:
    """Tell a placement's result: the plan, its price, what stays and goes, why domains were refused, what to relax.

    :param result: what `place` returned.
    :return: lines of text without line ends.
    :raises WombatError: when it is something else.
    """
    if not isinstance(result, t.Mapping) or "assignments" not in result or "refusals" not in result:
        raise WombatError(f"explain takes the result of place, but got {kind(result)}; pass the whole result")
    try:
        return [
            *_head(result),
            *_families(result),
            *_prices(result),
            *_existing(result),
            *_refused(result),
            *_relax(result),
        ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise WombatError(f"explain cannot read this result ({error}); pass what place returned, unchanged") from error


def money(amount: float | None) -> str:
    """A price in as few digits as it needs, four behind the point at most."""
    return "price unknown" if amount is None else f"{amount:.4f}".rstrip("0").rstrip(".")


def place_name(row: t.Mapping[str, t.Any]) -> str:
    """The domain of an assignment."""
    return "/".join(part for part in (row["provider"], row["region"], row["zone"]) if part)


def count(number: int, word: str) -> str:
    """A number with its word, in the plural where it needs one."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _head(result: t.Mapping[str, t.Any]) -> list[str]:
    gap = f"{100 * result['gap']:.2g} %"
    late = result["status"] == "infeasible" and result["limit"] == "deadline"
    words = LATE if late else STATUS[result["status"]].format(gap=gap)
    line = f"Placement: {words}; {money(result['price'])} an hour"
    if result["unknown_prices"]:
        line += f" and {count(result['unknown_prices'], 'instance')} of unknown price"
    if result["limit"]:
        line += f"; {LIMIT[result['limit']]}, gap {gap}"
    return [line]


def _families(result: t.Mapping[str, t.Any]) -> list[str]:
    lines = []
    for family in sorted(result["refusals"]):
        rows = [row for row in result["assignments"] if row["family"] == family]
        if rows:
            nodes, instances = sum(row["nodes"] for row in rows), sum(row["instances"] for row in rows)
            lines.append(f"{family}: {count(nodes, 'new node')} on {count(instances, 'instance')}")
        for row in rows:
            line = f"  {row['instances']} x {place_name(row)}  {row['size']}  {money(row['price'])}"
            if row["nodes"] != row["instances"]:
                line += f"  {count(row['nodes'], 'node')}"
            for name, shared in row.get("together", {}).items():
                line += f"  with {count(shared, 'node')} of {name}"
            lines.append(line)
        lacking = result["shortfall"].get(family)
        if lacking:
            lines.append(f"{family}: no place for {count(lacking, 'node')}")
    return lines or ["Nothing to create"]


def _prices(result: t.Mapping[str, t.Any]) -> list[str]:
    lines = []
    for word in ("families", "providers"):
        prices = result["prices"][word]
        if prices:
            lines.append(
                f"An hour by {'family' if word == 'families' else 'provider'}: "
                + ", ".join(f"{n} {money(p)}" for n, p in prices.items())
            )
    return lines


def _existing(result: t.Mapping[str, t.Any]) -> list[str]:
    lines = []
    for key, words in (("kept", "stay"), ("surplus", "are surplus"), ("moved", "move")):
        names = result[key]
        if names:
            listed = f": {', '.join(names)}" if key != "kept" else ""
            lines.append(
                f"{count(len(names), 'existing instance')} {words if len(names) > 1 else _singular(words)}{listed}"
            )
    lines += [f"Drift, {row['family']}, {row['rule']}: {row['text']}" for row in result["drift"]]
    return lines


def _singular(words: str) -> str:
    return {"stay": "stays", "are surplus": "is surplus", "move": "moves"}[words]


def _refused(result: t.Mapping[str, t.Any]) -> list[str]:
    lines = []
    for family, entries in sorted(result["refusals"].items()):
        reasons = [f"{_domains(entry['domains'])}: {entry['reason']}" for entry in entries]
        if reasons:
            lines.append(f"Refused for {family}: " + "; ".join(reasons))
    return lines


def _domains(names: t.Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= NAMED_DOMAINS else f"{len(names)} domains"


def _relax(result: t.Mapping[str, t.Any]) -> list[str]:
    lines = []
    if result["conflict"]:
        lines.append("The fewest rules to relax: " + "; ".join(row["text"] for row in result["conflict"]))
    if result["changes"]:
        lines.append("A single change that helps: " + "; or ".join(result["changes"]))
    return lines
