# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Families as the deployment file writes them, validated into the model; errors name the key's path."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.expressions import check
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.model import (
    KEYS,
    Count,
    Demand,
    Family,
    Near,
    Problem,
    Relation,
    Rules,
    Spread,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.plain import architecture, plain
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.units import make_units
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section, kind, suggestion

MOST_NODES = 100_000
MOST = 1e9


def read_families(families: t.Mapping[str, t.Any]) -> dict[str, Family]:
    """Validate every family, in the order of their names.

    :param families: name to `{nodes, nodes_per_instance, demand, placement}`, plain data; other keys are left alone.
    :raises WombatError: one sentence with the path of the first wrong key.
    """
    result = {}
    for name in sorted(families):
        section = Section(families[name], f"families.{name}")
        result[name] = _family(name, section, families)
    return result


def validate(families: t.Any) -> None:
    """Check families as `place` would, before there are offers.

    :raises WombatError: one sentence with the path of the first wrong key.
    """
    if not isinstance(families, t.Mapping):
        raise WombatError(f"families must be a mapping of names to families, but is {kind(families)}")
    make_units(Problem((), (), {}, read_families(plain(families, "families")), (), None))


def _family(name: str, section: Section, names: t.Iterable[str]) -> Family:
    low, high, fixed = _per_instance(section)
    rules = _rules(section.section("placement"), names)
    if _alone(name, section, rules):
        if low > 1:
            raise WombatError(
                f"{section.where('placement.apart')} asks for one node, nodes_per_instance for {low}; drop one"
            )
        high = 1
    return Family(
        name=name,
        nodes=section.integer("nodes", 1, 0, MOST_NODES),
        low=low,
        high=high,
        fixed=fixed,
        demand=_demand(section.section("demand")),
        rules=rules,
    )


def _alone(name: str, section: Section, rules: Rules) -> bool:
    """Whether the family wants one node an instance: `apart` from itself within instance."""
    for relation in rules.together:
        if relation == Relation(name, "instance"):
            path = section.where("placement.together")
            raise WombatError(f"{path} of a family with itself within instance means nothing; set nodes_per_instance")
    return Relation(name, "instance") in rules.apart


def _per_instance(section: Section) -> tuple[int, int, bool]:
    value = section.take("nodes_per_instance", 1)
    if not isinstance(value, t.Mapping):
        number = section.integer("nodes_per_instance", 1, 1, 1000)
        return number, number, True
    limits = section.section("nodes_per_instance")
    low, high = limits.integer("min", 1, 1, 1000), limits.integer("max", 1, 1, 1000)
    limits.need("max")
    limits.end()
    if low > high:
        raise WombatError(f"{limits.path} has a min of {low} above its max of {high}; swap or change them")
    return low, high, low == high


def _demand(section: Section) -> Demand:
    disk = section.take("disk")
    demand = Demand(
        vcpus=section.number("vcpus", 0, MOST) or 0.0,
        memory=_bounded(section, "memory"),
        # A bare number of disk is GiB, as offers have it; a text carries its unit.
        disk=(section.number("disk", 0, MOST) or 0.0) if _bare(disk) else _bounded(section, "disk") / 1024,
        arch=tuple(sorted(architecture(arch) for arch in section.strings("arch"))),
        where=tuple(check(text, section.where("where")) for text in section.strings("where")),
    )
    section.end()
    return demand


def _bare(value: object) -> bool:
    return not isinstance(value, str) or value.strip().replace(".", "", 1).isdigit()


def _bounded(section: Section, key: str) -> float:
    amount = section.memory(key) or 0.0
    if not amount <= MOST:
        raise section.wrong(key, section.data[key], "an amount below a petabyte")
    return amount


def _rules(section: Section, names: t.Iterable[str]) -> Rules:
    rebalance = section.section("rebalance")
    rules = Rules(
        prefer=tuple(check(text, section.where("prefer")) for text in section.strings("prefer")),
        spread=tuple(_spread(part) for part in _parts(section, "spread")),
        together=tuple(_relation(part, names) for part in _parts(section, "together")),
        apart=tuple(_relation(part, names) for part in _parts(section, "apart")),
        near=tuple(_near(part, names) for part in _parts(section, "near")),
        min=tuple(_count(part, "nodes") for part in _parts(section, "min")),
        max=tuple(_count(part, "nodes") for part in _parts(section, "max")),
        at_least=tuple(_count(part, "keys") for part in _parts(section, "at_least")),
        budget=section.number("budget", 0, MOST),
        max_moves=rebalance.integer("max_moves", 0, 0, MOST_NODES),
    )
    rebalance.end()
    section.end()
    return rules


def _parts(section: Section, key: str) -> list[Section]:
    """The rules at `key`: one mapping, or a list of them."""
    value = section.take(key, [])
    if isinstance(value, t.Mapping):
        return [section.section(key)]
    if not isinstance(value, list):
        raise section.wrong(key, value, "a mapping or a list of mappings")
    return [Section(part, f"{section.where(key)}[{position}]") for position, part in enumerate(value)]


def _over(section: Section, key: str, extra: tuple[str, ...] = ()) -> str:
    value = section.need(key)
    if value not in KEYS + extra:
        raise WombatError(f"{section.where(key)} cannot be {kind(value)}; {suggestion(value, KEYS + extra)}")
    return str(value)


def _spread(section: Section) -> Spread:
    weights = section.section("weights")
    skew = section.number("max_skew", 0, MOST)
    spread = Spread(
        over=_over(section, "over"),
        max_skew=1.0 if skew is None else skew,
        weights={key: weights.number(key, 0, 1e6) or 0.0 for key in sorted(weights.data)},
        required=bool(section.flag("required", False)),
    )
    section.end()
    return spread


def _other(section: Section, names: t.Iterable[str]) -> str:
    other = section.need("with")
    if not isinstance(other, str) or other not in names:
        raise WombatError(
            f"{section.where('with')} names {kind(other)}, which is not a family; {suggestion(other, names)}"
        )
    return other


def _relation(section: Section, names: t.Iterable[str]) -> Relation:
    relation = Relation(other=_other(section, names), within=_over(section, "within", ("instance",)))
    section.end()
    return relation


def _near(section: Section, names: t.Iterable[str]) -> Near:
    section.need("km")
    km = section.number("km", 0, 1e5) or 0.0
    if section.take("with") is not None:
        near = Near(km=km, other=_other(section, names))
    else:
        section.need("latitude")
        section.need("longitude")
        near = Near(
            km=km, latitude=section.number("latitude", -90, 90), longitude=section.number("longitude", -180, 180)
        )
    section.end()
    return near


def _count(section: Section, what: str) -> Count:
    section.need(what)
    count = Count(over=_over(section, "over"), number=section.integer(what, 1, 1, MOST_NODES))
    section.end()
    return count
