# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters of Debian's packages without epmd and over TLS, on real hosts: RabbitMQ and ejabberd."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.tests.integration.package_shop import PackageShop
from ansible_collections.wombat.erlang.tests.integration.real_hosts import real

pytestmark = real
FAMILIES = """
distribution: {epmd: false}
families:
  rabbit:
    release: rabbit
    nodes: 2
    node_name: rabbit
    distribution: {tls: true}
    bootstrap: {strategy: rabbitmq}
  chat:
    release: chat
    nodes: 2
    node_name: ejabberd
    distribution: {tls: true}
    bootstrap: {strategy: ejabberd}
"""
MEMBERS = {
    "rabbit": "lists:sort(rabbit_mnesia:cluster_nodes(running))",
    "chat": "lists:sort(ejabberd_cluster:get_nodes())",
}
LABELS = {"rabbit": "rabbit", "chat": "ejabberd"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with PackageShop(tmp_path_factory.mktemp("shop"), FAMILIES) as shop:
        shop.must("deploy")
        yield shop


def answers(shop, family, expression):
    """What each node of a family says."""
    run = shop.must("command", "-e", f"wombat_family={family}", "-e", f"wombat_expression='{expression}'")
    lines = [line.partition("  ") for line in run.output.splitlines()]
    return {name.strip(): text.strip() for name, _space, text in lines if "@10." in name}


def names(shop, family):
    return sorted(f"{LABELS[family]}@{host['wombat_address']}" for host in shop.hosts(f"family_{family}").values())


@pytest.mark.parametrize("family", ["rabbit", "chat"])
def test_nodes_join_over_tls_and_are_asked_without_epmd(shop, family):
    members = ",".join(f"'{name}'" for name in names(shop, family))
    assert answers(shop, family, MEMBERS[family]) == dict.fromkeys(names(shop, family), f"[{members}]")
    assert set(answers(shop, family, "init:get_argument(proto_dist)").values()) == {'{ok,[["inet_tls"]]}'}


def test_the_epmd_that_debian_starts_does_not_know_them(shop):
    for family, label in LABELS.items():
        for host in shop.hosts(f"family_{family}"):
            assert f"name {label} at" not in shop.on_host(host, "sh -c 'epmd -names || true'")


def test_the_packages_own_commands_reach_them(shop):
    flags = "-pa /srv/wombat/lib/wombat/ebin -start_epmd false -epmd_module slot_epmd -slot_epmd_base 9100"
    flags += " -proto_dist inet_tls -ssl_dist_optfile /srv/wombat/nodes/{label}/tls.config"
    for family, command in (
        ("rabbit", "rabbitmqctl --longnames -n {node} --formatter json cluster_status"),
        ("chat", "ejabberdctl --node {node} list_cluster"),
    ):
        for host in shop.hosts(f"family_{family}"):
            (node,) = [name for name in names(shop, family) if shop.addresses()[host] in name]
            label = LABELS[family]
            said = shop.on_host(host, f"env ERL_AFLAGS='{flags.format(label=label)}' {command.format(node=node)}")
            assert all(name in said for name in names(shop, family))


def test_a_second_deploy_changes_nothing(shop):
    assert set(shop.must("deploy").changed.values()) == {0}


def test_they_restart_one_after_the_other_and_are_members_again(shop):
    shop.must("node", "-e", "wombat_state=restarted")
    for family in MEMBERS:
        assert len(set(answers(shop, family, MEMBERS[family]).values())) == 1
    assert shop.must("status").output.count("  running  ") == 4
