# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases without a runtime system of their own run on the Erlang/OTP that role runtime installed."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def tock(of_family):
    (host,) = of_family("tock")
    return host


def test_their_hosts_have_the_packages_that_they_need_and_no_others(kv, tock):
    for host, needs_ssl in ((kv[0], True), (tock, False)):
        assert host.package("erlang-base").is_installed
        assert host.package("erlang-ssl").is_installed is needs_ssl


def test_their_nodes_run_on_it(kv, tock):
    for host, name in ((kv[0], "kv"), (tock, "tock")):
        assert host.service(f"wombat-{name}@{name}1").is_running
        (process,) = host.process.filter(comm="beam.smp")
        assert process.user == "wombat"
        assert host.file(f"/proc/{process.pid}/exe").linked_to.startswith("/usr/lib/erlang/erts-")
        assert host.check_output("find /srv/wombat/releases -name beam.smp") == ""


def test_no_service_of_the_packages_runs_beside_them(kv, tock):
    for host in (kv[0], tock):
        assert host.process.filter(user="epmd") == []


def test_commands_reach_them(play):
    for family, expression, said in (("kv", "maps:get(whole, kv:status())", "true"), ("tock", "1 + 1", "2")):
        output = play("command", "-e", f"wombat_family={family}", "-e", f"wombat_expression='{expression}'")
        assert [line.split("  ")[1] for line in output.splitlines() if line.startswith(f"{family}1@")] == [said]
