# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a host's ports: the same for the same rules in any order, and nothing else."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import firewall
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError


def rule(*ports, sources, protocol="tcp"):
    return {"ports": list(ports), "protocol": protocol, "sources": list(sources)}


def lines(*rules):
    text = firewall.render(list(rules))
    return [line.strip() for line in text.splitlines() if "dport" in line]


def test_a_port_is_open_to_the_sources_of_all_its_rules_and_to_no_other():
    found = lines(
        rule(9101, 4369, sources=["192.0.2.2", "192.0.2.1"]),
        rule(9202, 4369, sources=["2001:db8::1"]),
        rule(53, sources=["192.0.2.0/24"], protocol="udp"),
    )
    closed = "tcp flags & (syn | ack) == syn counter drop"
    assert found == [
        "ip saddr { 192.0.2.1/32, 192.0.2.2/32 } tcp dport { 9101 } accept",
        f"tcp dport {{ 9101 }} {closed}",
        "ip saddr { 192.0.2.1/32, 192.0.2.2/32 } tcp dport { 4369 } accept",
        "ip6 saddr { 2001:db8::1/128 } tcp dport { 4369 } accept",
        f"tcp dport {{ 4369 }} {closed}",
        "ip6 saddr { 2001:db8::1/128 } tcp dport { 9202 } accept",
        f"tcp dport {{ 9202 }} {closed}",
        "ip saddr { 192.0.2.0/24 } udp dport { 53 } accept",
        "udp dport { 53 } counter drop",
    ]


def test_what_is_open_to_everybody_needs_no_rule_and_what_is_open_to_nobody_is_closed():
    assert lines(rule(80, sources=["0.0.0.0/0"]), rule(80, sources=["192.0.2.1"])) == []
    assert lines(rule(9101, sources=[])) == ["tcp dport { 9101 } tcp flags & (syn | ack) == syn counter drop"]


def test_the_name_of_the_chain_tells_the_rules():
    one, other = rule(9101, 9102, sources=["192.0.2.1", "192.0.2.2"]), rule(4369, sources=["192.0.2.1"])
    turned = rule(9102, 9101, sources=["192.0.2.2", "192.0.2.1"])
    assert firewall.render([one, other]) == firewall.render([other, turned])
    assert firewall._chain(firewall.render([one])) != firewall._chain(firewall.render([other]))


def test_a_source_that_is_nowhere_is_named():
    assert "127.0.0.1/32" in lines(rule(9101, sources=["localhost"]))[0]
    with pytest.raises(WombatError, match=r"nowhere\.invalid is no address and this host cannot resolve it"):
        firewall.render([rule(9101, sources=["nowhere.invalid"])])


def test_a_host_without_nftables_is_told(monkeypatch):
    monkeypatch.setattr(firewall.shutil, "which", lambda name, path: None)
    with pytest.raises(WombatError, match="has no nftables"):
        firewall.prepare({"state": "present", "rules": []})
