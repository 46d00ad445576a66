# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials and regions by the variables of the clouds' own tools: each of their names."""

from __future__ import annotations

import pytest
from case import SECRET, opened
from cases import CASES, ec2, gce, opennebula, openstack

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry

PLAIN = [case for case in CASES if case.environment and not case.surroundings]
PAIRS = [case for case in PLAIN if "secret" in case.environment]
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


def halved(case, monkeypatch, **others):
    """The provider with the user's name alone, and the environment with all, or with `others`."""
    variables = registry.adapter_of(case.driver).environment
    credentials = {**case.provider["credentials"]}
    told = {"key": credentials["key"], "secret": credentials.pop("secret"), **others}
    for name, value in told.items():
        for variable in variables[name]:
            monkeypatch.delenv(variable, raising=False)
        if value:
            monkeypatch.setenv(variables[name][0], value)
    return {**case.provider, "credentials": credentials}


@pytest.mark.parametrize("case", PAIRS, ids=lambda case: case.driver)
def test_whom_the_file_names_gets_the_secret_of_the_environment(case, tmp_path, monkeypatch):
    for named in ({}, {"key": None}):  # the environment names the same, or nobody
        arguments = opened(tmp_path, halved(case, monkeypatch, **named)).arguments
        assert [arguments[name] for name in ("key", "secret")] == [
            case.provider["credentials"][name] for name in ("key", "secret")
        ]


@pytest.mark.parametrize("case", PAIRS, ids=lambda case: case.driver)
def test_two_users_are_a_sentence(case, tmp_path, monkeypatch):
    variable = registry.adapter_of(case.driver).environment["key"][0]
    why = f"providers.cloud has another key than the environment's variable {variable} says, so that the secret"
    with pytest.raises(WombatError, match=why) as caught:
        opened(tmp_path, halved(case, monkeypatch, key="another"))
    assert SECRET not in str(caught.value)
    with pytest.raises(WombatError, match="lacks secret; write it under credentials or options, or set the"):
        opened(tmp_path, halved(case, monkeypatch, key="another", secret=None))


@pytest.mark.parametrize("case", PAIRS, ids=lambda case: case.driver)
def test_a_secret_of_the_file_takes_no_user_of_the_environment(case, tmp_path, monkeypatch):
    credentials = {**halved(case, monkeypatch)["credentials"], "key": None, "secret": "another"}
    why = "lacks key; write it under credentials or options; the environment's is not taken beside the file's secret"
    with pytest.raises(WombatError, match=why):
        opened(tmp_path, {**case.provider, "credentials": credentials})


def test_a_session_token_goes_with_the_secret_beside_it(tmp_path, monkeypatch):
    arguments = opened(tmp_path, halved(ec2.EC2, monkeypatch, token="tokenOfTheOperator")).arguments
    assert arguments["token"] == "tokenOfTheOperator"


@pytest.mark.parametrize(
    ("case", "user", "secret"), [(gce.GCE, "user_id", "key"), (opennebula.NEW, "key", "secret")], ids=["gce", "one"]
)
def test_a_variable_that_names_a_file_with_both(case, user, secret, tmp_path, monkeypatch):
    credentials = {**case.provider["credentials"]}
    values = {**case.provider.get("options", {}), **credentials}
    for variable, value in case.surroundings(tmp_path, {name: values[name] for name in case.environment}).items():
        monkeypatch.setenv(variable, value)
    del credentials[secret]
    arguments = opened(tmp_path, {**case.provider, "credentials": credentials}).arguments
    assert [arguments[user], arguments[secret]] == [values[user], values[secret]]
    with pytest.raises(WombatError, match=f"providers.cloud has another {user} than"):
        opened(tmp_path, {**case.provider, "credentials": {**credentials, user: "another"}})


def test_a_project_of_the_environment_goes_with_credentials_of_the_file(tmp_path, monkeypatch):
    options = {key: value for key, value in openstack.OPENSTACK.provider["options"].items() if key != "ex_tenant_name"}
    monkeypatch.setenv("OS_PROJECT_NAME", "stage")
    adapter = opened(tmp_path, {**openstack.OPENSTACK.provider, "options": options})
    assert adapter.arguments["ex_tenant_name"] == "stage"
