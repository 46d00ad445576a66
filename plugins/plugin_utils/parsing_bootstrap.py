# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a family's nodes come together, in the deployment file: its strategy and the strategy's own options."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import STRATEGIES
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section, suggestion


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
