# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How nodes come together, in the deployment file: a family's strategy, and how it meets its neighbours.

Families may be neighbours in a circle: the names of all nodes are known before the first of them starts, and families
are brought together only when each has become one by itself.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import STRATEGIES
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section, suggestion

# Every node with every node, one gateway for each domain with those of the other side, every node without becoming
# visible, or nobody.
CONNECT = ("all", "gateway", "hidden", "none")


def read_bootstrap(section: Section) -> tuple[str, dict[str, t.Any]]:
    """The name of the strategy, and all of its options with their defaults."""
    name = section.choice("strategy", STRATEGIES, "mesh")
    spec = STRATEGIES[name].OPTIONS
    given = {str(key): value for key, value in section.data.items() if key != "strategy"}
    for key in given:
        if key not in spec:
            known = ["strategy", *spec]
            raise WombatError(f"{section.where(key)} is not a known key of strategy {name}; {suggestion(key, known)}")
    checked = ArgumentSpecValidator(_undescribed(spec)).validate(given)
    if checked.error_messages:
        raise WombatError(f"{section.path} does not suit strategy {name}: {'; '.join(checked.error_messages)}")
    return name, dict(checked.validated_parameters)


def read_neighbours(section: Section, name: str, families: t.Mapping[str, Section]) -> dict[str, dict[str, t.Any]]:
    """The neighbours of a family, from a list of names or a mapping, each with `connect`, `as` and `call`."""
    given = section.data.get("neighbours")
    entries = section.sections("neighbours") if isinstance(given, t.Mapping) else {}
    links = {}
    for other in entries or section.strings("neighbours"):
        if other not in families:
            others = [family for family in families if family != name]
            raise WombatError(
                f"{section.where('neighbours')} names '{other}', which is not a family; {suggestion(other, others)}"
            )
        if other == name:
            raise WombatError(f"{section.where('neighbours')} names the family itself; list other families only")
        links[other] = _link(entries.get(other) or Section({}))
    return links


def _link(entry: Section) -> dict[str, t.Any]:
    shape = entry.section("as")
    vm_args = shape.take("vm_args", [])
    if not isinstance(vm_args, list):
        raise shape.wrong("vm_args", vm_args, "a list of lines")
    link = {
        "connect": entry.choice("connect", CONNECT, "all"),
        "as": {"config": shape.mapping("config"), "vm_args": vm_args, "env": shape.mapping("env")},
        "call": entry.text("call"),
    }
    shape.end()
    entry.end()
    return link


def check_epmd(deployment: Deployment) -> None:
    """Refuse strategies that need a stock epmd where there is none."""
    for family in deployment.families.values():
        if STRATEGIES[family.strategy].EPMD and not deployment.epmd:
            raise WombatError(
                f"families.{family.name}.bootstrap.strategy {family.strategy} needs an epmd on every host; set "
                "distribution.epmd to true, or use strategy mesh"
            )


def _undescribed(spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
    """An argument spec without the descriptions that ours have."""
    return {
        key: {word: value for word, value in option.items() if word != "description"} for key, option in spec.items()
    }
