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
    files: [{{src: ../templates/rabbitmq.conf, dest: rabbitmq.conf}}]
  chat:
    release: chat
    nodes: 1
    node_name: ejabberd
    files: [{{src: ../templates/ejabberd.yml, dest: ejabberd.yml}}]
insecure: true
"""
RABBIT = "listeners.tcp.default = {{ address }}:5673\n"
CHAT = """hosts: [chat.example]
loglevel: info
listen: [{port: 5222, ip: "{{ address }}", module: ejabberd_c2s}]
modules: {mod_ping: {}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with RealShop(tmp_path_factory.mktemp("shop"), FILE) as shop:
        shop.bench.lab("image", "--name", "packages", *PACKAGES)
        (shop.folder / "templates").mkdir()
        template(shop, "rabbitmq.conf", RABBIT)
        template(shop, "ejabberd.yml", CHAT)
        shop.must("deploy")
        yield shop


def template(shop, name, text):
    """Write a template of the operator's."""
    (shop.folder / "templates" / name).write_text(text)


def answer(shop, family, expression):
    """What one node of a family says."""
    run = shop.must("command", "-e", f"wombat_family={family}", "-e", f"wombat_expression='{expression}'")
    (line,) = [line for line in run.output.splitlines() if "@10." in line.partition("  ")[0]]
    return line.partition("  ")[2].strip()


def on_host(shop, family, command):
    """What a command prints on the host of a family."""
    (host,) = shop.hosts(f"family_{family}").values()
    known = f"UserKnownHostsFile={shop.home}/.wombat/shop/store/known_hosts"
    options = ["-o", known, "-i", str(shop.folder / "user"), f"debian@{host['ansible_host']}"]
    return shop.bench.lab("run", "ssh", *options, command).stdout.strip()


def test_nodes_of_packages_run(shop):
    assert shop.must("status").output.count("  running  ") == 2


def test_commands_reach_them_and_their_settings_hold(shop):
    assert answer(shop, "rabbit", "rabbit:is_running()") == "true"
    assert answer(shop, "rabbit", "application:get_env(rabbit, heartbeat)") == "{ok,17}"
    assert answer(shop, "chat", "ejabberd_admin:status()").startswith("{ok,")
    assert answer(shop, "chat", 'os:getenv("HOME")') == '"/srv/wombat/home/chat"'


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
    template(shop, name, text)
    run = shop.play("deploy")
    template(shop, name, good)
    assert run.code != 0
    assert "is refused, and its files stay as they were" in run.output
    assert reason in run.output
    assert answer(shop, family, "os:getpid()") == pid
    assert set(shop.must("deploy").changed.values()) == {0}


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
