# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RabbitMQ on real hosts: a family that joins and heals, and a quorum queue that loses no confirmed message."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.tests.integration.real_hosts import DRIVER, real
from ansible_collections.wombat.erlang.tests.integration.test_main_job_ssh import RealShop
from ansible_collections.wombat.erlang.tests.integration.test_package_releases import PACKAGES

pytestmark = real
MESSAGES = 10_000
CLIENT = Path(__file__).parent / "amqp_client.py"
FILE = f"""
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: {".".join(DRIVER)}
    credentials: {{key: attic}}
    options: {{root: ROOT}}
    image: {{name: packages}}
    ssh: {{user: debian, key_file: USER_KEY}}
    user_data: "{{{{ lookup('ansible.builtin.file', 'USER_DATA') }}}}"
releases:
  rabbit: {{package: rabbitmq-server}}
families:
  mq:
    release: rabbit
    nodes: 3
    node_name: rabbit
    bootstrap: {{strategy: rabbitmq}}
insecure: true
"""


class Broker(RealShop):
    """A family of RabbitMQ nodes, asked as their clients and operators ask them."""

    def addresses(self):
        """The addresses by the hosts' names, the oldest first."""
        return {node.name: node.private_ips[0] for node in self.bench.driver("attic").list_nodes()}

    def client(self, verb, *arguments):
        """Run the client inside the lab, with the family's addresses."""
        command = [sys.executable, str(CLIENT), verb, ",".join(self.addresses().values()), *map(str, arguments)]
        return json.loads(self.bench.lab("run", *command).stdout)

    def on_host(self, name, command):
        """What root's command prints on a host."""
        (node,) = [node for node in self.bench.driver("attic").list_nodes() if node.name == name]
        return self.bench.shell(node, f"sudo {command}")

    def rabbit(self, name, *words):
        """What one of RabbitMQ's own commands prints, as data."""
        node = f"rabbit@{self.addresses()[name]}"
        return json.loads(
            self.on_host(name, f"rabbitmqctl --longnames -n {node} --formatter json -q {' '.join(words)}")
        )

    def clusters(self):
        """Who runs in whose eyes."""
        return [sorted(self.rabbit(name, "cluster_status")["running_nodes"]) for name in self.addresses()]


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("shop"), FILE) as broker:
        broker.bench.lab("image", "--name", "packages", *PACKAGES)
        broker.must("deploy")
        first = list(broker.addresses())[0]
        node = f"rabbit@{broker.addresses()[first]}"
        for words in ("add_user probe probe", "set_permissions probe '.*' '.*' '.*'"):
            broker.on_host(first, f"rabbitmqctl --longnames -n {node} {words}")
        assert broker.client("publish", "orders", MESSAGES) == MESSAGES
        yield broker


def missing(broker):
    """The confirmed messages that are not in the queue."""
    return sorted(set(range(MESSAGES)) - set(broker.client("read", "orders", MESSAGES)))


def test_the_family_is_one_cluster_and_a_second_deploy_changes_nothing(broker):
    nodes = sorted(f"rabbit@{address}" for address in broker.addresses().values())
    assert broker.clusters() == [nodes] * 3
    assert set(broker.must("deploy").changed.values()) == {0}


def test_a_killed_node_is_healed(broker):
    name = list(broker.addresses())[1]
    broker.on_host(name, "sh -c 'kill -9 $(systemctl show -P MainPID wombat-rabbit@rabbit)'")
    broker.must("deploy")
    assert broker.clusters() == [sorted(f"rabbit@{address}" for address in broker.addresses().values())] * 3
    assert missing(broker) == []
