# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the status table."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.filter.node_rows import FilterModule

node_rows = FilterModule().filters()["node_rows"]
ANSWER = {
    "alive": True,
    "release_version": "1.2.0",
    "otp_release": "25",
    "pid": 77,
    "uptime": 3661.7,
    "memory": 3 * 2**20,
    "processes": 60,
    "connected": ["kv2@127.0.0.1"],
}


def rows_of(status):
    host = {"wombat_nodes": [{"name": "kv1@127.0.0.1"}], "wombat_domain": "attic/north/a"}
    return node_rows({"one": host if status is None else {**host, "wombat_status": status}}, ["one"])


def test_a_running_node():
    assert rows_of({"nodes": {"kv1@127.0.0.1": ANSWER}}) == [
        {
            "node": "kv1@127.0.0.1",
            "state": "running",
            "domain": "attic/north/a",
            "instance": "one",
            "release": "1.2.0",
            "otp": "25",
            "pid": 77,
            "uptime": "1:01:01",
            "memory": "3 MiB",
            "processes": 60,
            "connected": 1,
        }
    ]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (None, "unreachable"),
        ({"unreachable": True}, "unreachable"),
        ({"nodes": {}}, "down"),
        ({"nodes": {"kv1@127.0.0.1": {"alive": False}}}, "down"),
    ],
)
def test_a_node_that_does_not_answer(status, state):
    (row,) = rows_of(status)
    assert (row["state"], row["uptime"], row["memory"], row["connected"]) == (state, None, None, None)


def test_a_node_on_an_instance_that_is_to_go():
    host = {"wombat_nodes": [{"name": "kv1"}], "wombat_status": {"nodes": {"kv1": ANSWER}}}
    hostvars = {"one": {**host, "group_names": ["family_kv", "wombat_retiring"]}}
    assert node_rows(hostvars, ["one"])[0]["state"] == "running, draining"


def test_no_connections_are_not_no_answer():
    assert rows_of({"nodes": {"kv1@127.0.0.1": {**ANSWER, "connected": []}}})[0]["connected"] == 0


def test_rows_are_in_the_order_of_nodes():
    hosts = {name: {"wombat_nodes": [{"name": node}]} for name, node in (("a", "web1"), ("b", "kv2"), ("c", "kv1"))}
    assert [row["node"] for row in node_rows(hosts, ["a", "b", "c"])] == ["kv1", "kv2", "web1"]
    assert node_rows({"a": {}}, ["a"]) == []
