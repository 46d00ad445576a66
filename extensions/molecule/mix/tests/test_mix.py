# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release of mix on a host: settings of the family, answers in Elixir, and the cookie that mix would show."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def tick(of_family):
    (host,) = of_family("tick")
    return host


def test_its_nodes_are_units_of_their_user(tick):
    for label in ("tick1", "tick2"):
        assert tick.service(f"wombat-tick@{label}").is_running
        assert tick.service(f"wombat-tick@{label}").is_enabled
    processes = tick.process.filter(comm="beam.smp")
    assert [process.user for process in processes] == ["wombat", "wombat"]
    assert all("/srv/wombat/releases/tick/" in process.args for process in processes)


def test_its_cookie_does_not_show(tick):
    cookie = tick.file("/srv/wombat/home/tick/.erlang.cookie")
    assert (cookie.user, cookie.mode) == ("wombat", 0o400)
    assert cookie.content_string not in tick.check_output("ps axeww")


def test_settings_of_the_family_and_of_each_node_reach_it(play):
    wanted = ["-e", "wombat_family=tick", "-e", "wombat_language=elixir"]
    output = play("command", *wanted, "-e", "wombat_expression='{Tick.greeting(), Application.get_env(:tick, :name)}'")
    for label in ("tick1", "tick2"):
        (line,) = [line for line in output.splitlines() if line.startswith(f"{label}@")]
        assert line.partition("  ")[2] == f'{{<<"from the family">>,<<"{line.partition(" ")[0]}">>}}'


def test_its_nodes_meet(play):
    output = play("command", "-e", "wombat_family=tick", "-e", "wombat_expression='length(nodes())'")
    assert [line.split("  ")[1] for line in output.splitlines() if line.startswith("tick")] == ["1", "1"]
