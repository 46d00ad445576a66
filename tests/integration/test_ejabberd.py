# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ejabberd on real hosts: a family that joins, grows and shrinks, and keeps its accounts."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.tests.integration.package_shop import PackageShop
from ansible_collections.wombat.erlang.tests.integration.real_hosts import real

pytestmark = real
FAMILIES = """
families:
  chat:
    release: chat
    nodes: 3
    node_name: ejabberd
    bootstrap: {strategy: ejabberd}
"""


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    with PackageShop(tmp_path_factory.mktemp("shop"), FAMILIES) as chat:
        chat.must("deploy")
        yield chat


def ejabberdctl(chat, name, words):
    """What ejabberd's own command prints on a host, line by line."""
    node = f"ejabberd@{chat.addresses()[name]}"
    command = f"env HOME=/srv/wombat/home/chat ejabberdctl --node {node} {words}"
    return [line.strip("'") for line in chat.on_host(name, f"-u ejabberd {command}").splitlines()]


def agree(chat, number):
    """Require that there are so many nodes, and that each lists them all."""
    nodes = sorted(f"ejabberd@{address}" for address in chat.addresses().values())
    assert len(nodes) == number
    assert [sorted(ejabberdctl(chat, name, "list_cluster")) for name in chat.addresses()] == [nodes] * number


def test_the_family_grows(chat):
    agree(chat, 3)
    ejabberdctl(chat, next(iter(chat.addresses())), "register wombat localhost secret")
    chat.must("scale", "-e", "wombat_scale=chat=4")
    agree(chat, 4)


def test_a_node_that_lost_its_data_is_removed_as_dead_and_joins_anew(chat):
    name = max(chat.addresses())
    chat.on_host(name, "sh -c 'systemctl stop wombat-chat@ejabberd; rm -r /srv/wombat/nodes/ejabberd/data/*'")
    chat.must("scale", "-e", "wombat_scale=chat=4")
    agree(chat, 4)
    assert ejabberdctl(chat, name, "registered_users localhost") == ["wombat"]


def test_it_shrinks_and_keeps_its_accounts(chat):
    chat.must("deploy")
    agree(chat, 3)
    for name in chat.addresses():
        assert ejabberdctl(chat, name, "registered_users localhost") == ["wombat"]
    assert set(chat.must("deploy").changed.values()) == {0}
