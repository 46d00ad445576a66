# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacked releases: what their folder says of them."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import erts_numbers, installed_release


@pytest.fixture
def release(tmp_path):
    """An empty relx release, kv 1.2.0, installed as shop."""
    path = tmp_path / "releases/shop/1.2.0"
    for folder in ("bin", "releases/1.2.0", "erts-13.1.5"):
        (path / folder).mkdir(parents=True)
    (path / "bin/kv").touch()
    (path / "releases/1.2.0/kv.rel").touch()
    (path / "releases/start_erl.data").write_text("13.1.5 1.2.0\n")
    (tmp_path / "releases/shop/current").symlink_to("1.2.0")
    return path


def test_a_relx_release_with_its_runtime_system(tmp_path, release):
    found = installed_release(str(tmp_path), "shop")
    assert (found.name, found.version, found.kind, found.otp_release) == ("kv", "1.2.0", "relx", 25)
    assert found.path == str(release)
    assert found.erts == str(release / "erts-13.1.5")


def test_a_mix_release_without_a_runtime_system(tmp_path, release):
    (release / "erts-13.1.5").rmdir()
    (release / "releases/1.2.0/elixir").touch()
    found = installed_release(str(tmp_path), "shop")
    assert (found.kind, found.erts) == ("mix", None)


def test_a_script_with_the_deployments_name_comes_first(tmp_path, release):
    (release / "bin/shop").touch()
    assert installed_release(str(tmp_path), "shop").name == "shop"


@pytest.mark.parametrize("data", ["", "13.1.5", "what 1.2.0", "13.1.5 1.2.0 more"])
def test_broken_start_data_is_refused(tmp_path, release, data):
    (release / "releases/start_erl.data").write_text(data)
    with pytest.raises(WombatError, match=r"start_erl\.data"):
        installed_release(str(tmp_path), "shop")


def test_a_release_without_a_start_script_is_refused(tmp_path, release):
    (release / "bin/kv").unlink()
    with pytest.raises(WombatError, match="no start script"):
        installed_release(str(tmp_path), "shop")


def test_a_release_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WombatError, match="Release kv is not installed under"):
        installed_release(str(tmp_path), "kv")


def test_versions_compare_as_numbers():
    assert erts_numbers("15.2") > erts_numbers("15.1.10")
    assert erts_numbers("15.2.rc1") == (15, 2)
