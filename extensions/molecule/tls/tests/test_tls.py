# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutual TLS on hosts: keys of the nodes alone, no answer to strangers, and new certificates while all nodes run."""

from __future__ import annotations

# What becomes of a handshake with the host's own node, with the certificate of a member, which root reads, or without.
HANDSHAKE = """
import socket, ssl, sys
folder = "/srv/wombat/nodes/kv1/"
context = ssl.create_default_context(cafile=folder + "tls/trusted.pem")
if sys.argv[1:] == ["member"]:
    context.load_cert_chain(folder + "tls/node.pem")
address = open(folder + "vm.args").read().split("kv1@")[1].split()[0].strip('"')
try:
    with socket.create_connection((address, 9101), timeout=10) as plain:
        plain.settimeout(3)
        with context.wrap_socket(plain, server_hostname=address) as secured:
            secured.recv(1)  # a node says nothing before the other has, but with TLS 1.3 a refusal comes only here
except socket.timeout:
    print("connected")
except OSError:
    print("refused")
"""
PEM = "/srv/wombat/nodes/kv1/tls/node.pem"


def test_keys_are_the_nodes_alone(kv):
    for host in kv:
        assert (host.file(PEM).user, host.file(PEM).mode) == ("wombat", 0o400)


def test_a_node_shows_its_certificate_and_refuses_who_shows_none(kv):
    for host in kv:
        assert host.check_output("python3 -c %s member", HANDSHAKE) == "connected"
        assert host.check_output("python3 -c %s", HANDSHAKE) == "refused"


def test_nodes_meet(play):
    output = play("command", "-e", "wombat_family=kv", "-e", "wombat_expression='length(nodes())'")
    assert [line.split("  ")[1] for line in output.splitlines() if line.startswith("kv1@")] == ["1", "1"]


def test_certificates_change_while_all_nodes_run(kv, play):
    def state():
        return [(host.check_output("systemctl show -P MainPID wombat-kv@kv1"), host.file(PEM).sha256sum) for host in kv]

    before = state()
    play("certificates")
    after = state()
    assert [pid for pid, _pem in after] == [pid for pid, _pem in before]
    assert not {pem for _pid, pem in after} & {pem for _pid, pem in before}
    test_nodes_meet(play)
