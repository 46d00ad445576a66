# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Families of real nodes that are neighbours, in each of the ways, while they shrink, lose a host and grow."""

from __future__ import annotations

import os
import re
import signal

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop

# kv and web need each other; hub and spy need kv alone.
FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.98.0.0/24
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.01}}
      regions: {cellar: {zones: {a: {}, b: {}}}}
releases:
  kv: {archive: ../kv-0.1.0.tar.gz}
families:
  kv:
    release: kv
    nodes: 3
    placement: {spread: {over: zone, max_skew: 1}}
    neighbours: {web: {connect: gateway}}
  web:
    release: kv
    nodes: 2
    placement: {spread: {over: zone, max_skew: 1}}
    neighbours: {kv: {connect: gateway, call: "application:set_env(kv, met, Nodes)"}}
  hub:
    release: kv
    nodes: 1
    neighbours: [kv]
  spy:
    release: kv
    nodes: 1
    neighbours: {kv: {connect: hidden}}
"""
ASK = "{nodes(), nodes(hidden), application:get_env(kv, met, [])}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with Shop(tmp_path_factory.mktemp("shop"), FILE) as shop:
        shop.must("deploy")
        yield shop


def family_of(node):
    """The family of a node."""
    return node.partition("@")[0].rstrip("0123456789")


def oldest(shop):
    """The hosts with their nodes, the oldest first."""
    hosts = sorted(shop.hosts().items(), key=lambda item: (item[1]["wombat_created"], item[0]))
    return [(name, host["wombat_nodes"][0]["name"], host["wombat_domain"]) for name, host in hosts]


def gateways(shop):
    """The oldest node of kv and of web in each domain."""
    first = {}
    for _host, node, domain in oldest(shop):
        first.setdefault((family_of(node), domain), node)
    return {node for (family, _domain), node in first.items() if family in ("kv", "web")}


def meets(shop):
    """Require that everybody is connected with whom the file says, as it says, and with nobody else."""
    nodes = [node for _host, node, _domain in oldest(shop)]
    output = shop.must("command", "-e", f"wombat_expression='{ASK}'").output
    said = dict(line.split("  ", 1) for line in output.splitlines() if "@127.98.0." in line.split("  ")[0])
    assert said.keys() == set(nodes)
    between = gateways(shop)
    for node, answer in said.items():
        visible, hidden, met = ({*re.findall(r"'([^']+)'", part)} & {*nodes} for part in answer.split("],["))
        families = {"kv": {"kv", "hub"}, "hub": {"kv"}, "web": {"web"}, "spy": set()}[family_of(node)]
        assert visible == {other for other in nodes if family_of(other) in families} - {node}
        others = {"kv": {"spy"}, "spy": {"kv"}}.get(family_of(node), set())
        through = {other for other in between if family_of(other) != family_of(node)} if node in between else set()
        assert hidden == {other for other in nodes if family_of(other) in others} | through
        assert met == ({other for other in nodes if family_of(other) == "kv"} if family_of(node) == "web" else set())


def test_families_are_connected_as_the_file_says_also_in_a_circle(shop):
    assert "kv and web need each other and start together" in shop.must("plan").output
    meets(shop)


def test_a_gateway_whose_host_does_not_answer_goes_first_when_its_node_is_dead(shop):
    (domain,) = [domain for _h, node, domain in oldest(shop) if family_of(node) == "kv" and node not in gateways(shop)]
    victim, node = next((h, node) for h, node, place in oldest(shop) if (family_of(node), place) == ("kv", domain))
    assert node in gateways(shop)
    pid = shop.nodes("kv")[node]
    unplugged = shop.file.parent / "host_vars" / f"{victim}.yml"
    unplugged.parent.mkdir()
    unplugged.write_text("{ansible_connection: ssh, ansible_port: 9}")
    scale = ("scale", "-e", "wombat_scale=kv=2", "-e", "intra_family_timeout=5")

    assert f"existing instance is surplus: {victim}\n" in shop.must("plan", *scale[1:]).output
    run = shop.play(*scale)
    assert run.code != 0
    assert f"! {victim}  does not answer, so it goes first" in run.output
    assert f"is still connected to {node}, which should have left" in run.output
    assert victim in shop.hosts("wombat_retiring")

    os.kill(pid, signal.SIGKILL)
    shop.must(*scale)
    assert victim not in shop.hosts()
    assert len(gateways(shop)) == 4
    meets(shop)


def test_it_grows_again(shop):
    shop.must("deploy")
    assert len(shop.nodes("kv")) == 3
    meets(shop)
