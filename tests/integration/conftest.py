# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests with real nodes share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import erlang_hosts
from erlang_hosts import NETWORK


def pytest_runtest_setup(item):
    """The lab makes network namespaces and boots systemd."""
    if item.get_closest_marker("real_hosts") and os.geteuid() != 0:
        pytest.skip("real hosts need root: nothing of the lab was run")


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """A release archive made by rebar3, with its runtime system."""
    return erlang_hosts.build_release(tmp_path_factory.mktemp("probe"))


@pytest.fixture
def make_host(archive, tmp_path):
    """Makes hosts whose processes end with the test."""
    hosts = []

    def make(address=f"{NETWORK}.2"):
        hosts.append(erlang_hosts.Host(tmp_path / address, address, archive))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()
