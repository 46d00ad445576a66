# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that come as Debian packages, on a real host: RabbitMQ and ejabberd deployed by the playbooks."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.tests.integration.real_hosts import DRIVER, real
from ansible_collections.wombat.erlang.tests.integration.test_main_job_ssh import RealShop

pytestmark = real
PACKAGES = ("rabbitmq-server", "ejabberd", "erlang-base")
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
  chat: {{package: ejabberd}}
families:
  rabbit:
    release: rabbit
    nodes: 1
    node_name: rabbit
    config: {{rabbit: {{heartbeat: 17}}}}
  chat:
    release: chat
    nodes: 1
    node_name: ejabberd
insecure: true
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with RealShop(tmp_path_factory.mktemp("shop"), FILE) as shop:
        shop.bench.lab("image", "--name", "packages", *PACKAGES)
        shop.must("deploy")
        yield shop


def answer(shop, family, expression):
    """What one node of a family says."""
    run = shop.must("command", "-e", f"wombat_family={family}", "-e", f"wombat_expression='{expression}'")
    (line,) = [line for line in run.output.splitlines() if "@10." in line.partition("  ")[0]]
    return line.partition("  ")[2].strip()


def on_host(shop, family, command):
    """What a command prints on the host of a family."""
    (name,) = shop.hosts(f"family_{family}")
    node = next(node for node in shop.bench.driver("attic").list_nodes() if node.name == name)
    return shop.bench.shell(node, command)


def test_nodes_of_packages_run(shop):
    assert shop.must("status").output.count("  running  ") == 2


def test_commands_reach_them_and_their_settings_hold(shop):
    assert answer(shop, "rabbit", "rabbit:is_running()") == "true"
    assert answer(shop, "rabbit", "application:get_env(rabbit, heartbeat)") == "{ok,17}"
    assert answer(shop, "chat", "ejabberd_admin:status()").startswith("{ok,")
    assert answer(shop, "chat", 'os:getenv("HOME")') == '"/srv/wombat/home/chat"'


def test_they_run_as_the_packages_own_users_and_keep_their_data_with_the_node(shop):
    for family, label, user in (("rabbit", "rabbit", "rabbitmq"), ("chat", "ejabberd", "ejabberd")):
        process = f"$(systemctl show -P MainPID wombat-{family}@{label})"
        assert on_host(shop, family, f"ps -o user=,comm= -p {process}").split() == [user, "beam.smp"]
        assert on_host(shop, family, f"sudo ls /srv/wombat/nodes/{label}/data") != ""


def test_the_packages_own_services_do_not_run(shop):
    for family, unit in (("rabbit", "rabbitmq-server"), ("chat", "ejabberd")):
        assert on_host(shop, family, f"systemctl is-enabled {unit} || true") == "masked"


def test_the_packages_own_commands_reach_them(shop):
    (host,) = shop.hosts("family_rabbit").values()
    node = host["wombat_nodes"][0]["name"]
    said = on_host(shop, "rabbit", f"sudo rabbitmqctl --longnames -n {node} await_startup && echo done")
    assert said.endswith("done")


def test_a_second_deploy_changes_nothing(shop):
    assert set(shop.must("deploy").changed.values()) == {0}


def test_they_stop_in_order_and_start_again(shop):
    shop.must("node", "-e", "wombat_state=restarted")
    assert shop.must("status").output.count("  running  ") == 2
    assert "SIGTERM" in on_host(shop, "rabbit", "sudo journalctl --no-pager -u wombat-rabbit@rabbit")
