# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup that no broken file and no --limit gets past."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader

from ansible_collections.wombat.erlang.plugins.lookup.controller import LookupModule
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import MISSING, shop, write


@pytest.fixture
def ask(tmp_path):
    """Asks the lookup, in a run with one file as inventory; changes are of the run's variables or the file."""

    def run(limit=None, groups=("all", "wombat_gone"), path=None, **changes):
        path = path or write(tmp_path, shop(**changes))
        variables = {"ansible_inventory_sources": [path], "groups": dict.fromkeys(groups, [])}
        return LookupModule(loader=DataLoader()).run([], {**variables, **({"ansible_limit": limit} if limit else {})})

    return run


@pytest.mark.parametrize("limit", [None, "localhost", "family_kv,localhost", "localhost:!kv", "a,localhost,b"])
def test_the_controller_is_localhost(ask, limit):
    assert ask(limit) == ["localhost"]


@pytest.mark.parametrize(
    "limit", ["family_kv", "all", "local*", "!localhost", "localhost2", "all,!localhost", "@/nowhere"]
)
def test_a_limit_that_leaves_it_out(ask, limit):
    with pytest.raises(AnsibleLookupError, match="--limit .*(write --limit '.*,localhost'|cannot be read)"):
        ask(limit)


def test_a_limit_in_a_file(ask, tmp_path):
    (tmp_path / "limit").write_text("family_kv\nlocalhost\n")
    assert ask(f"@{tmp_path}/limit") == ["localhost"]
    (tmp_path / "limit").write_text("family_kv\n")
    with pytest.raises(AnsibleLookupError, match="leaves out the controller"):
        ask(f"@{tmp_path}/limit")


def test_a_broken_file(ask):
    with pytest.raises(AnsibleLookupError, match=r"shop\.wombat\.yml: name is missing; add it"):
        ask(name=MISSING)


def test_a_file_of_which_no_inventory_was_made(ask):
    with pytest.raises(AnsibleLookupError, match=r"shop\.wombat\.yml: Ansible made no inventory of it"):
        ask(groups=["all", "wombat"])


def test_an_exported_inventory_needs_no_inventory_of_the_file(tmp_path):
    variables = {"ansible_inventory_sources": ["exported.sh"], "groups": {}, "wombat_file": write(tmp_path)}
    assert LookupModule(loader=DataLoader()).run([], variables) == ["localhost"]
