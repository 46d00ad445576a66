# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that are releases: what is installed and masked, with programs that only note what they were asked."""

from __future__ import annotations

import os

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import host_packages
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

DPKG = """#!/bin/sh
echo "dpkg $1" | head -n 1 >>LOG
case "$1 $4" in
--show*) for p in $3 $4; do [ -e ROOT/has-$p ] && echo "$p installed $(cat ROOT/has-$p)"; done; true;;
--listfiles*) echo /lib/systemd/system/rabbitmq-server.service; echo /usr/lib/systemd/system/more.socket;;
esac
"""
APT = """#!/bin/sh
echo "apt $*" >>LOG
[ "$1" = update ] && { touch ROOT/fresh; exit 0; }
[ -e ROOT/fresh ] || { echo "E: Unable to locate package" >&2; exit 100; }
[ -e ROOT/broken ] && { echo "noise" >&2; echo "E: Broken packages" >&2; exit 100; }
echo 3.10 >ROOT/has-rabbitmq-server
"""
SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >>LOG
[ "$1" = mask ] && shift && for u; do ln -sfn /dev/null ROOT/units/$u; done; true
"""


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with systemd and none of the packages."""
    (tmp_path / "units").mkdir()
    for name, text in (("dpkg-query", DPKG), ("apt-get", APT), ("systemctl", SYSTEMCTL)):
        program = tmp_path / name
        program.write_text(text.replace("ROOT", str(tmp_path)).replace("LOG", str(tmp_path / "log")))
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(host_packages, "_UNITS", str(tmp_path / "units"))
    real = os.path.isdir
    monkeypatch.setattr(os.path, "isdir", lambda path: path == "/run/systemd/system" or real(path))
    return tmp_path


def done(host):
    return [line for line in (host / "log").read_text().splitlines() if line.startswith(("apt", "systemctl"))]


def test_a_missing_package_is_installed_with_its_units_masked_before_and_after(host):
    work = host_packages.prepare(["rabbitmq-server"], "rabbit")
    assert work.changed
    assert work.diff == [{"before": "", "after": "rabbitmq-server newest\n"}]
    result = work.apply()
    assert (result["installed"], result["current"], result["release"]["name"]) == (True, "3.10", "rabbit")
    said = done(host)
    assert said[:2] == ["systemctl stop rabbitmq-server.service", "systemctl mask rabbitmq-server.service"]
    assert [line.split()[1] for line in said[2:5]] == ["install", "update", "install"]
    assert said[5:] == ["systemctl stop more.socket", "systemctl mask more.socket"]
    again = host_packages.prepare(["rabbitmq-server"], "rabbit")
    assert not again.changed
    assert again.apply is None


def test_another_version_than_the_demanded_one_is_replaced(host):
    (host / "has-rabbitmq-server").write_text("3.9")
    (host / "fresh").touch()
    assert host_packages.prepare(["rabbitmq-server=3.10"], "rabbit").apply()["installed"]
    (installed,) = [line for line in done(host) if line.startswith("apt")]
    assert installed.endswith("--allow-downgrades rabbitmq-server=3.10")
    assert not host_packages.prepare(["rabbitmq-server=3.10"], "rabbit").changed


def test_a_packaged_service_that_runs_is_masked_though_nothing_is_installed(host):
    (host / "has-rabbitmq-server").write_text("3.10")
    work = host_packages.prepare(["rabbitmq-server"], "rabbit")
    assert work.changed
    assert not work.apply()["installed"]


def test_what_apt_says_is_told(host):
    (host / "broken").touch()
    with pytest.raises(WombatError, match=r"'apt-get install' failed for rabbitmq-server: E: Broken packages"):
        host_packages.prepare(["rabbitmq-server"], "rabbit").apply()


def test_a_release_whose_package_is_missing_cannot_be_configured(host):
    with pytest.raises(WombatError, match="Release rabbit is not installed: package rabbitmq-server is missing"):
        host_packages.package_release(["rabbitmq-server"], "rabbit")


@pytest.mark.parametrize("package", ["-o=x", "Rabbit", "rabbit;x"])
def test_what_is_no_package_reaches_no_command(host, package):
    with pytest.raises(WombatError, match="names no Debian package"):
        host_packages.prepare([package], "rabbit")
    assert not (host / "log").exists()
