# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials and regions by the variables of the clouds' own tools: each of their names."""

from __future__ import annotations

import pytest
from case import opened
from cases import CASES

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry

PLAIN = [case for case in CASES if case.environment and not case.surroundings]
REGIONS = [
    (case, variable)
    for case in CASES
    if registry.adapter_of(case.driver).region_argument
    for variable in registry.adapter_of(case.driver).region_environment
]


@pytest.mark.parametrize("place", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.driver)
def test_every_argument_has_its_variables(case, place, tmp_path, monkeypatch):
    variables = registry.adapter_of(case.driver).environment
    bare = dict(case.provider)
    for part in ("credentials", "options"):
        bare[part] = {name: value for name, value in bare.get(part, {}).items() if name not in variables}
    for name, names in variables.items():
        for variable in names:
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv(names[place], f"the {name}")
    adapter = opened(tmp_path, bare)
    for name in variables:  # Azure's resource group is no argument, but a part of the paths of all that is asked
        assert f"the {name}" in str(adapter.arguments.get(name, vars(adapter).values()))


@pytest.mark.parametrize(("case", "variable"), REGIONS, ids=lambda one: getattr(one, "driver", one))
def test_a_region_of_the_environment(case, variable, tmp_path, monkeypatch):
    for name in registry.adapter_of(case.driver).region_environment:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, case.region)
    bare = {key: value for key, value in case.provider.items() if key != "regions"}
    assert opened(tmp_path, bare).scopes() == (case.region,)
