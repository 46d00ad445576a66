# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin: hosts, groups and connection variables, and nothing of the credentials."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader

from ansible_collections.wombat.erlang.plugins.inventory.deployment import InventoryModule
from ansible_collections.wombat.erlang.plugins.plugin_utils import reconcile
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import cloud, load, shop, write


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def plugin(monkeypatch):
    """The plugin, with its options kept as it gives them to Ansible: the rest of that is Ansible's."""
    options = {"strict": True, "compose": {}, "groups": {}, "keyed_groups": [], "use_extra_vars": False}
    monkeypatch.setattr(InventoryModule, "set_options", lambda _self, direct: options.update(direct))
    monkeypatch.setattr(InventoryModule, "get_option", lambda _self, name: options.get(name, True))
    return InventoryModule()


@pytest.fixture
def read(tmp_path, plugin):
    """Reads a deployment file as inventory."""

    def parse(**changes):
        data, path = InventoryData(), write(tmp_path, shop(**changes))
        assert plugin.verify_file(path)
        plugin.parse(data, DataLoader(), path, cache=False)
        return data

    return parse


def grow(path):
    deployment = load(path)
    reconcile.grow(deployment, reconcile.open_providers(deployment), "run", lambda _line: None, 600)


def test_groups_are_there_before_any_host(read):
    data = read(providers__world=cloud(), families__web={"release": "kv"})
    expected = {
        "wombat",
        "wombat_retiring",
        "wombat_gone",
        "family_kv",
        "family_web",
        "provider_attic",
        "provider_world",
    }
    assert expected < set(data.groups)
    assert data.hosts == {}


def test_hosts_know_what_they_are(read, tmp_path):
    changes = {
        "providers__attic__credentials": {"key": "hunter2"},
        "keyed_groups": [{"key": "wombat_size", "prefix": "size"}],
    }
    grow(write(tmp_path, shop(**changes)))
    data = read(**changes, compose={"place": "wombat_region"}, groups={"northern": "wombat_region == 'north'"})
    assert len(data.hosts) == 3
    host = next(iter(data.hosts.values()))
    assert {group.name for group in host.get_groups()} > {
        "wombat",
        "family_kv",
        "provider_attic",
        "size_small",
        "northern",
    }
    assert (host.vars["place"], host.vars["wombat_state"]) == ("north", "running")
    everything = [host.vars for host in data.hosts.values()] + [group.vars for group in data.groups.values()]
    assert "hunter2" not in str(everything)
    assert "ansible_connection" not in host.vars
    assert data.groups["provider_attic"].vars["ansible_connection"] == "local"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"families__kv__release": "vk"}, r"shop\.wombat\.yml: families\.kv\.release names 'vk'"),
        (
            {"providers__attic__driver": "nothing"},
            r"shop\.wombat\.yml: providers\.attic\.driver 'nothing' is no driver of libcloud",
        ),
        ({"providers__attic__options": {}}, r"shop\.wombat\.yml: providers\.attic\.options\.sizes is missing"),
    ],
)
def test_a_broken_file_is_a_parser_error(read, changes, sentence):
    with pytest.raises(AnsibleParserError, match=sentence):
        read(**changes)


def test_other_files_are_not_taken(tmp_path, plugin):
    (tmp_path / "hosts.yml").write_text("")
    assert not plugin.verify_file(str(tmp_path / "hosts.yml"))
    assert not plugin.verify_file(str(tmp_path / "none.wombat.yml"))
