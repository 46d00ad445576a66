# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A family over two providers on real hosts: TLS between them, closed ports, secrets that change while it runs."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.wombat.erlang.tests.integration.real_hosts import DRIVER, real
from ansible_collections.wombat.erlang.tests.integration.test_main_job_ssh import RealShop

pytestmark = real

PROVIDER = f"""
    driver: {".".join(DRIVER)}
    image: {{name: debian}}
    ssh: {{user: debian, key_file: USER_KEY}}
    user_data: "{{{{ lookup('ansible.builtin.file', 'USER_DATA') }}}}"
"""
FILE = f"""
plugin: wombat.erlang.deployment
name: shop
providers:
  attic: {PROVIDER}
    credentials: {{key: attic}}
    options: {{root: ROOT, quota: {{instances: 1}}}}
  world: {PROVIDER}
    credentials: {{key: world}}
    options: {{root: ROOT}}
releases:
  kv: {{archive: ../kv-0.1.0.tar.gz}}
families:
  kv:
    release: kv
    nodes: 2
    distribution: {{tls: true}}
    firewall: {{allow: [{{port: 7777, from: 192.0.2.0/24}}]}}
    placement: {{prefer: ["provider == 'attic'"]}}
    config: {{kv: {{data_dir: "{{{{ data_dir }}}}"}}}}
distribution: {{port: 9200}}
"""
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with RealShop(tmp_path_factory.mktemp("secure"), FILE) as shop:
        shop.bench.lab("image")
        shop.must("deploy")
        yield shop


def on_hosts(shop, command):
    """What root's shell prints on each host of the family, by address."""
    hosts = [host["ansible_host"] for host in shop.hosts("family_kv").values()]
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-i", str(shop.folder / "user")]
    return {
        host: shop.bench.lab("run", "ssh", *options, f"debian@{host}", "sudo sh -c " + f'"{command}"').stdout.strip()
        for host in hosts
    }


def reaches(shop, address, port):
    """Whether the controller, which is no member, can connect to a port."""
    return shop.bench.lab("run", sys.executable, "-c", CONNECT, address, str(port), check=False).returncode == 0


def met(shop):
    """What each node says of the others it is connected to."""
    output = shop.must("command", "-e", "wombat_family=kv", "-e", "wombat_expression='nodes()'").output
    return {line.split("  ")[0]: line.split("  ")[1] for line in output.splitlines() if line.startswith("kv1@")}


def pids(shop):
    return on_hosts(shop, "systemctl show -P MainPID wombat-kv@kv1")


def test_a_family_spans_providers_with_tls_and_without_insecure(shop):
    domains = {host["wombat_provider"] for host in shop.hosts("family_kv").values()}
    assert domains == {"attic", "world"}
    assert shop.must("status").output.count("  running  ") == 2
    found = met(shop)
    assert len(found) == 2
    assert all("kv1@" in others for others in found.values())
    expression = "whereis(ssl_dist_sup) =/= undefined"
    output = shop.must("command", "-e", "wombat_family=kv", "-e", f"wombat_expression='{expression}'").output
    assert sum(line.endswith("  true") for line in output.splitlines()) == 2


def test_a_second_deploy_changes_nothing(shop):
    assert set(shop.must("deploy").changed.values()) == {0}


def test_nodes_run_as_their_user_who_alone_can_read_the_secrets(shop):
    owners = on_hosts(shop, "ps -eo user:9,comm | grep -E 'beam.smp|epmd' | sort -u")
    assert set(owners.values()) == {"wombat    beam.smp\nwombat    epmd"}
    modes = on_hosts(shop, "stat -c '%a %U' /srv/wombat/nodes/kv1/tls/node.pem /srv/wombat/home/kv/.erlang.cookie")
    assert set(modes.values()) == {"400 wombat\n400 wombat"}


def test_only_members_reach_the_ports_of_nodes_and_everybody_ssh(shop):
    for address in (host["ansible_host"] for host in shop.hosts("family_kv").values()):
        assert reaches(shop, address, 22)
        assert not reaches(shop, address, 9201)
        assert not reaches(shop, address, 4369)
    on_hosts(shop, "nft delete table inet wombat")
    for address in (host["ansible_host"] for host in shop.hosts("family_kv").values()):
        assert reaches(shop, address, 9201)
        assert reaches(shop, address, 4369)
    checked = shop.must("deploy", "--check", "--diff")
    assert sum(checked.changed.values()) >= 2
    assert reaches(shop, address, 9201)
    shop.must("deploy")
    assert not reaches(shop, address, 9201)
    assert "tcp dport 7777" in on_hosts(shop, "nft list table inet wombat")[address]


def test_certificates_and_authority_change_while_all_nodes_run(shop):
    before, shown = pids(shop), on_hosts(shop, "cat /srv/wombat/nodes/kv1/tls/node.pem | sha256sum")
    trusted = on_hosts(shop, "cat /srv/wombat/nodes/kv1/tls/trusted.pem")
    output = shop.must("certificates", "-vvv", "--diff").output
    assert "PRIVATE KEY" not in output
    assert pids(shop) == before
    after = on_hosts(shop, "cat /srv/wombat/nodes/kv1/tls/trusted.pem")
    assert len(set(after.values()) | set(trusted.values())) == 2
    assert not set(shown.values()) & set(on_hosts(shop, "cat /srv/wombat/nodes/kv1/tls/node.pem | sha256sum").values())
    assert all("kv1@" in others for others in met(shop).values())
    # A node that starts anew meets the one that took the change while it ran.
    on_hosts(shop, "systemctl restart wombat-kv@kv1")
    shop.must("deploy")
    assert all("kv1@" in others for others in met(shop).values())


def test_the_cookie_changes_while_all_nodes_run_and_a_grown_family_has_it(shop):
    before = pids(shop)
    former = (shop.home / ".wombat/shop/store/cookies/kv").read_text()
    output = shop.must("rotate_cookie", "-vvv", "--diff").output
    cookie = (shop.home / ".wombat/shop/store/cookies/kv").read_text()
    assert cookie != former
    assert not any(secret in output for secret in (cookie, former))
    assert pids(shop) == before
    shop.must("scale", "-e", "wombat_scale=kv=3")
    assert len(met(shop)) == 3
    rules = on_hosts(shop, "cat /etc/wombat-firewall.nft")
    grown = set(rules)
    assert all(f"{host}/32" in text for text in rules.values() for host in grown)
    shop.must("deploy")
    rules = on_hosts(shop, "cat /etc/wombat-firewall.nft")
    (left,) = grown - set(rules)
    assert not any(f"{left}/32" in text for text in rules.values())
    assert len(met(shop)) == 2
