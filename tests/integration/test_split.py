# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A family that is split in two while the controller reaches all of it: told as what it is, and healed."""

from __future__ import annotations

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop

FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.99.0.0/24
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.01}}
      regions: {cellar: {zones: {a: {}}}}
releases:
  kv: {archive: ../kv-0.1.0.tar.gz}
families:
  kv: {release: kv, nodes: 4, vm_args: ["-kernel prevent_overlapping_partitions false"]}
"""
# So that there are two sides and not more, Erlang does not part those that see only some. Each side has another cookie
# for the nodes of the other one, so that they cannot connect.
SIDES = """begin
    {ok, Nodes} = application:get_env(wombat, nodes),
    {One, Two} = lists:split(2, lists:sort(Nodes)),
    {Cookie, Others} = case lists:member(node(), One) of true -> {left, Two}; false -> {right, One} end,
    DO,
    ok
end"""
CUT = SIDES.replace("DO", "[{erlang:set_cookie(Node, Cookie), erlang:disconnect_node(Node)} || Node <- Others]")
MEND = SIDES.replace("DO", "_ = Cookie, [erlang:set_cookie(Node, erlang:get_cookie()) || Node <- Others]")


def test_a_family_that_is_split_in_two_is_told_and_healed(tmp_path):
    with Shop(tmp_path, FILE) as shop:
        shop.must("deploy")
        nodes = sorted(shop.nodes("kv"))
        shop.must("command", "-e", f"wombat_expression='{CUT}'")
        split = [
            f"{node} is not connected to {', '.join(nodes[2:] if node in nodes[:2] else nodes[:2])}." for node in nodes
        ]
        status = shop.must("status")
        assert status.output.count("  running  ") == 4
        assert all(f"! Node {sentence}" in status.output for sentence in split), status.output
        run = shop.play("deploy", "-e", "intra_family_timeout=3")
        assert run.code != 0
        for sentence in split:
            assert f"did not join within 3 s: it {sentence.partition(' ')[2]}" in run.output, run.output
        shop.must("command", "-e", f"wombat_expression='{MEND}'")
        shop.must("deploy")
        assert "! Node" not in shop.must("status").output
