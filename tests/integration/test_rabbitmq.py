# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RabbitMQ on real hosts: a family that joins, heals, grows and shrinks, and a quorum queue that loses no message."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.tests.integration.package_shop import PackageShop
from ansible_collections.wombat.erlang.tests.integration.real_hosts import real

pytestmark = real
MESSAGES = 10_000
CLIENT = Path(__file__).parent / "amqp_client.py"
# Nodes notice within seconds that another is gone.
FAMILIES = """
families:
  mq:
    release: rabbit
    nodes: 3
    node_name: rabbit
    bootstrap: {strategy: rabbitmq}
    config: {kernel: {net_ticktime: 8}}
"""


class Broker(PackageShop):
    """A family of RabbitMQ nodes, asked as their clients and operators ask them."""

    def client(self, verb, *arguments):
        """Run the client inside the lab, with the family's addresses."""
        command = [sys.executable, str(CLIENT), verb, ",".join(self.addresses().values()), *map(str, arguments)]
        return json.loads(self.bench.lab("run", *command).stdout)

    def rabbit(self, name, tool, *words):
        """What one of RabbitMQ's own commands prints, as data."""
        node = f"rabbit@{self.addresses()[name]}"
        return json.loads(self.on_host(name, f"{tool} --longnames -n {node} --formatter json -q {' '.join(words)}"))

    def nodes(self):
        """The nodes of all hosts."""
        return sorted(f"rabbit@{address}" for address in self.addresses().values())

    def clusters(self):
        """Who runs in whose eyes."""
        return [
            sorted(self.rabbit(name, "rabbitmqctl", "cluster_status")["running_nodes"]) for name in self.addresses()
        ]

    def replicas(self):
        """The nodes that have the queue."""
        name = next(iter(self.addresses()))
        return sorted(row["Node Name"] for row in self.rabbit(name, "rabbitmq-queues", "quorum_status", "orders"))

    def missing(self):
        """The confirmed messages that are not in the queue."""
        return sorted(set(range(MESSAGES)) - set(self.client("read", "orders", MESSAGES)))


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("shop"), FAMILIES) as broker:
        broker.must("deploy")
        first = list(broker.addresses())[0]
        node = f"rabbit@{broker.addresses()[first]}"
        for words in ("add_user probe probe", "set_permissions probe '.*' '.*' '.*'"):
            broker.on_host(first, f"rabbitmqctl --longnames -n {node} {words}")
        assert broker.client("publish", "orders", MESSAGES) == MESSAGES
        yield broker


def surplus(broker):
    """The host that would leave a family of two."""
    plan = broker.must("plan", "-e", "wombat_scale=mq=2").output
    (name,) = re.findall(r"existing instance is surplus: (\S+)", plan)
    return name


def test_the_family_is_one_cluster_and_a_second_deploy_changes_nothing(broker):
    assert broker.clusters() == [broker.nodes()] * 3
    assert set(broker.must("deploy").changed.values()) == {0}


def test_a_scale_in_that_would_break_the_quorum_is_refused(broker):
    """As RabbitMQ itself would have it."""
    addresses = broker.addresses()
    leaver = surplus(broker)
    stopped = next(name for name in addresses if name != leaver)
    broker.on_host(stopped, "systemctl stop wombat-rabbit@rabbit")
    # Without what a deploy does before, which is to start it again.
    run = broker.play("provision", "wombat.erlang.retire", "-e", "wombat_scale=mq=2")
    assert run.code != 0
    node = f"rabbit@{addresses[leaver]}"
    assert f"{node} cannot leave: queue orders of vhost / would lose its quorum: of rabbit@" in run.output
    assert "Nothing has left; -e wombat_force=true does it all the same." in run.output
    assert broker.addresses() == addresses
    check = f"rabbitmq-queues --longnames -n {node} check_if_node_is_quorum_critical"
    said = broker.on_host(leaver, f"sh -c '{check} 2>&1; echo code $?'")
    assert "orders" in said
    assert not said.endswith("code 0")
    broker.on_host(stopped, "systemctl start wombat-rabbit@rabbit")


def test_a_killed_node_is_healed(broker):
    name = list(broker.addresses())[1]
    broker.on_host(name, "sh -c 'kill -9 $(systemctl show -P MainPID wombat-rabbit@rabbit)'")
    broker.must("deploy")
    assert broker.clusters() == [broker.nodes()] * 3
    assert broker.missing() == []


def test_a_node_that_lost_its_data_is_removed_as_dead_and_joins_anew(broker):
    name = list(broker.addresses())[2]
    broker.on_host(name, "sh -c 'systemctl stop wombat-rabbit@rabbit; rm -r /srv/wombat/nodes/rabbit/data/rabbit@*'")
    broker.must("deploy")
    assert broker.clusters() == [broker.nodes()] * 3
    assert broker.replicas() == broker.nodes()
    assert broker.missing() == []


def test_it_grows_and_shrinks_with_its_queue(broker):
    broker.must("scale", "-e", "wombat_scale=mq=5")
    assert broker.clusters() == [broker.nodes()] * 5
    assert broker.replicas() == broker.nodes()
    broker.must("scale", "-e", "wombat_scale=mq=3")
    assert broker.clusters() == [broker.nodes()] * 3
    assert broker.replicas() == broker.nodes()
    assert broker.missing() == []


def test_a_host_that_is_unplugged_is_told_and_healed_and_nothing_leaves_meanwhile(broker):
    addresses = broker.addresses()
    lost = surplus(broker)
    node = f"rabbit@{addresses[lost]}"
    broker.bench.lab("cut", lost)
    try:
        run = broker.play("deploy")
        assert run.code != 0
        assert f"The family cannot agree on its members without {node}. Node rabbit@" in run.output
        assert f"counts in {node} but does not see it up." in run.output
        rows = [line.split() for line in broker.play("status").output.splitlines() if line.startswith("rabbit@")]
        assert {row[0]: row[1] for row in rows} == {
            f"rabbit@{address}": "unreachable" if name == lost else "running" for name, address in addresses.items()
        }
        run = broker.play("scale", "-e", "wombat_scale=mq=2")
        assert run.code != 0
        assert f"{node} (its host does not tell) cannot leave mq, and would have to be forgotten as dead." in run.output
        assert broker.addresses() == addresses
    finally:
        broker.bench.lab("heal", lost)
    broker.must("deploy")
    assert broker.clusters() == [broker.nodes()] * 3
    assert broker.replicas() == broker.nodes()
    assert broker.missing() == []


def test_a_host_that_never_comes_back_is_forgotten_when_forced(broker):
    lost = surplus(broker)
    broker.bench.lab("cut", lost)
    broker.must("scale", "-e", "wombat_scale=mq=2", "-e", "wombat_force=true")
    assert lost not in broker.addresses()
    assert broker.clusters() == [broker.nodes()] * 2
    assert broker.replicas() == broker.nodes()
    assert broker.missing() == []
