# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is OpenNebula's own: its networks, its versions, its variables."""

from __future__ import annotations

import pytest
from case import opened
from cases.opennebula import NEW, PROVIDER

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError


def test_networks_are_needed(tmp_path):
    with pytest.raises(WombatError, match=r"providers\.cloud\.networks is missing"):
        opened(tmp_path, NEW.provider, networks=[])


def test_features_go_by_version(tmp_path):
    features = {}
    for version in ("1.4", "2.2", "3.8"):
        options = {"host": "one.example.com", "api_version": version}
        missing = {name for name, why in opened(tmp_path, PROVIDER, options=options).features.items() if why}
        features[version] = missing & {"tags", "user data", "reboot"}
    assert features == {"1.4": {"tags", "user data", "reboot"}, "2.2": {"reboot"}, "3.8": set()}


def test_front_end_of_the_other_tools(tmp_path, monkeypatch):
    monkeypatch.delenv("OCCI_URL", raising=False)
    monkeypatch.setenv("ONE_XMLRPC", "http://front.example.com:2633/RPC2")
    adapter = opened(tmp_path, PROVIDER)
    connection = adapter.driver("").connection
    assert (connection.host, connection.secure) == ("front.example.com", False)


def test_unreadable_file_of_credentials(tmp_path, monkeypatch):
    monkeypatch.setenv("ONE_AUTH", str(tmp_path / "none"))
    provider = {key: value for key, value in NEW.provider.items() if key != "credentials"}
    with pytest.raises(WombatError, match="that ONE_AUTH names cannot be read: No such file"):
        opened(tmp_path, provider)
