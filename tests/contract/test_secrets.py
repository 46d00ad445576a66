# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials of the environment: they are as secret as the file's, and are never mixed with these."""

from __future__ import annotations

import pytest
from case import SECRET, opened
from cases import CASES, ec2
from wire import Wire, lay

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal

SECRETS = ("user_id", "key", "secret")


@pytest.fixture(params=[case for case in CASES if case.environment], ids=lambda case: case.label or case.driver)
def surrounded(request, monkeypatch, tmp_path):
    """A cloud whose credentials are all in the environment, and these."""
    case = request.param
    wire = Wire(case.book, case.writes, case.chapter)
    wire.answers += [*case.answers, *case.unauthorized]
    lay(wire, monkeypatch)
    bare = {**case.provider, **{part: dict(case.provider.get(part, {})) for part in ("credentials", "options")}}
    values = {
        name: next(bare[part].pop(name) for part in ("credentials", "options") if name in bare[part])
        for name in case.environment
    }
    variables = {variable: values[name] for name, variable in case.environment.items()}
    if case.surroundings:
        variables = case.surroundings(tmp_path, values)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    return opened(tmp_path, bare), [values[name] for name in SECRETS if name in values]


def test_a_refusal_tells_no_secret_of_the_environment(surrounded):
    adapter, secrets = surrounded
    lines = [line for secret in secrets for line in secret.splitlines() if line]
    assert lines
    with pytest.raises(Refusal) as caught:
        adapter.instances()
    assert caught.value.kind == "credentials"
    told = adapter.words(ValueError("refused: " + " ".join(secrets)))
    assert not [line for line in lines if line in told or (line == SECRET and line in str(caught.value))]


def test_a_key_of_the_file_takes_no_token_of_the_environment(monkeypatch, tmp_path):
    for variable, value in (("AWS_ACCESS_KEY_ID", "AKIAANOTHER"), ("AWS_SESSION_TOKEN", "tokenOfAnother")):
        monkeypatch.setenv(variable, value)
    arguments = opened(tmp_path, ec2.EC2.provider).arguments
    given = ec2.EC2.provider["credentials"]
    assert {name: arguments.get(name) for name in ("key", "secret", "token")} == {**given, "token": None}


def test_a_session_token_of_the_environment_goes_with_its_key(monkeypatch, tmp_path):
    told = {"AWS_ACCESS_KEY_ID": "AKIAOPERATOR", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": "aToken"}
    for variable, value in told.items():
        monkeypatch.setenv(variable, value)
    arguments = opened(tmp_path, {**ec2.EC2.provider, "credentials": {}}).arguments
    assert [arguments[name] for name in ("key", "secret", "token")] == list(told.values())
