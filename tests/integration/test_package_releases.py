# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that come as Debian packages, on a real host: RabbitMQ and ejabberd deployed by the playbooks."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.tests.integration.package_shop import PackageShop
from ansible_collections.wombat.erlang.tests.integration.real_hosts import real

pytestmark = real
FAMILIES = """
families:
  rabbit:
    release: rabbit
    nodes: 1
    node_name: rabbit
    distribution: {tls: true}
    config: {rabbit: {heartbeat: 17}}
    files: [{src: ../templates/rabbitmq.conf, dest: rabbitmq.conf}]
  chat:
    release: chat
    nodes: 1
    node_name: ejabberd
    distribution: {tls: true}
    files: [{src: ../templates/ejabberd.yml, dest: ejabberd.yml}]
"""
RABBIT = "listeners.tcp.default = {{ address }}:5673\n"
CHAT = """hosts: [chat.example]
loglevel: info
listen: [{port: 5222, ip: "{{ address }}", module: ejabberd_c2s}]
modules: {mod_ping: {}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with PackageShop(tmp_path_factory.mktemp("shop"), FAMILIES) as shop:
        shop.template("rabbitmq.conf", RABBIT)
        shop.template("ejabberd.yml", CHAT)
        shop.must("deploy")
        yield shop


def answer(shop, family, expression):
    """What one node of a family says."""
    run = shop.must("command", "-e", f"wombat_family={family}", "-e", f"wombat_expression='{expression}'")
    (line,) = [line for line in run.output.splitlines() if "@10." in line.partition("  ")[0]]
    return line.partition("  ")[2].strip()


def on_host(shop, family, command):
    """What root's command prints on the host of a family."""
    (name,) = shop.hosts(f"family_{family}")
    return shop.on_host(name, command)


def test_nodes_of_packages_run(shop):
    assert shop.must("status").output.count("  running  ") == 2


def test_commands_reach_them_and_their_settings_hold(shop):
    assert answer(shop, "rabbit", "rabbit:is_running()") == "true"
    assert answer(shop, "rabbit", "application:get_env(rabbit, heartbeat)") == "{ok,17}"
    assert answer(shop, "chat", "ejabberd_admin:status()").startswith("{ok,")
    assert answer(shop, "chat", 'os:getenv("HOME")') == '"/srv/wombat/home/chat"'


@pytest.mark.parametrize("family", ["rabbit", "chat"])
def test_they_speak_tls_to_one_another_and_to_commands(shop, family):
    assert answer(shop, family, "init:get_argument(proto_dist)") == '{ok,[["inet_tls"]]}'
    assert answer(shop, family, "is_pid(whereis(ssl_dist_sup))") == "true"


def test_the_operators_templates_are_their_configuration(shop):
    (host,) = shop.hosts("family_rabbit").values()
    assert answer(shop, "rabbit", "application:get_env(rabbit, tcp_listeners)") == (
        '{ok,[{"' + host["wombat_address"] + '",5673}]}'
    )
    assert answer(shop, "chat", "ejabberd_option:hosts()") == '[<<"chat.example">>]'


@pytest.mark.parametrize(
    ("family", "name", "text", "reason"),
    [
        ("rabbit", "rabbitmq.conf", RABBIT + "heartbeat = never\n", "heartbeat"),
        ("chat", "ejabberd.yml", CHAT + "hostss: 3\n", "Unknown option: hostss. Did you mean hosts?"),
    ],
)
def test_a_configuration_that_the_release_refuses_reaches_no_running_node(shop, family, name, text, reason):
    good = (shop.folder / "templates" / name).read_text()
    pid = answer(shop, family, "os:getpid()")
    shop.template(name, text)
    run = shop.play("deploy")
    shop.template(name, good)
    assert run.code != 0
    assert "is refused, and its files stay as they were" in run.output
    assert reason in run.output
    assert answer(shop, family, "os:getpid()") == pid
    assert set(shop.must("deploy").changed.values()) == {0}


def test_they_run_as_the_packages_own_users_and_keep_their_data_with_the_node(shop):
    for family, label, user in (("rabbit", "rabbit", "rabbitmq"), ("chat", "ejabberd", "ejabberd")):
        process = f"$(systemctl show -P MainPID wombat-{family}@{label})"
        assert on_host(shop, family, f"ps -o user=,comm= -p {process}").split() == [user, "beam.smp"]
        assert on_host(shop, family, f"ls /srv/wombat/nodes/{label}/data") != ""


def test_the_packages_own_services_do_not_run(shop):
    for family, unit in (("rabbit", "rabbitmq-server"), ("chat", "ejabberd")):
        assert on_host(shop, family, f"systemctl is-enabled {unit} || true") == "masked"


def test_the_packages_own_commands_reach_them(shop):
    (host,) = shop.hosts("family_rabbit").values()
    node = host["wombat_nodes"][0]["name"]
    tls = "-proto_dist inet_tls -ssl_dist_optfile /srv/wombat/nodes/rabbit/tls.config"
    said = on_host(
        shop,
        "rabbit",
        f"env ERL_AFLAGS='{tls}' rabbitmqctl --longnames -n {node} await_startup && echo done",
    )
    assert said.endswith("done")


def test_a_second_deploy_changes_nothing(shop):
    assert set(shop.must("deploy").changed.values()) == {0}


def test_they_stop_in_order_and_start_again(shop):
    shop.must("node", "-e", "wombat_state=restarted")
    assert shop.must("status").output.count("  running  ") == 2
    assert "SIGTERM" in on_host(shop, "rabbit", "journalctl --no-pager -u wombat-rabbit@rabbit")
