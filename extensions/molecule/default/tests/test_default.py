# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deploy leaves on hosts: units, files of the nodes' user, ports for members only, and a service that serves."""

from __future__ import annotations


def test_nodes_are_units_that_run_and_start_with_their_host(kv, web):
    for host, unit in [*((host, "wombat-kv@kv1") for host in kv), (web, "wombat-web@web1")]:
        service = host.service(unit)
        assert service.is_running
        assert service.is_enabled


def test_nodes_run_as_a_user_without_a_shell_from_their_own_runtime_system(kv):
    for host in kv:
        assert host.user("wombat").shell == "/usr/sbin/nologin"
        (process,) = host.process.filter(comm="beam.smp")
        assert process.user == "wombat"
        assert "/srv/wombat/releases/kv/" in process.args
        assert host.file("/srv/wombat/releases/kv/current").linked_to == "/srv/wombat/releases/kv/0.1.0"


def test_secrets_are_the_nodes_alone(kv):
    for host in kv:
        cookie = host.file("/srv/wombat/home/kv/.erlang.cookie")
        assert (cookie.user, cookie.mode) == ("wombat", 0o400)
        assert cookie.content_string not in host.check_output("ps axeww")


def test_ports_are_open_to_members_only(kv):
    for host in kv:
        assert "tcp dport { 4369, 9101 } tcp flags syn / syn,ack counter" in host.check_output(
            "nft list table inet wombat"
        )
        assert host.service("wombat-firewall").is_enabled
        assert host.socket("tcp://22").is_listening


def test_what_is_written_through_web_is_read_again(web):
    address = web.check_output("hostname -I").split()[0]
    assert web.check_output("python3 -c %s %s", HTTP, address) == "shelf 7"


HTTP = """
import sys
from urllib.request import Request, urlopen
url = f"http://{sys.argv[1]}:8081/kv/book"
urlopen(Request(url, b"shelf 7", method="PUT"), timeout=20).read()
print(urlopen(url, timeout=20).read().decode())
"""
