# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided of the answers of ejabberd, Mnesia, CouchDB, EMQX and VerneMQ.

Those of ejabberd and Mnesia were recorded (Debian's 23.01, OTP 25). Those of CouchDB 3, EMQX 5 and VerneMQ are WRITTEN
from their documentation and sources, never recorded: no such system was at hand.
"""

from __future__ import annotations

import json

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies import couchdb, emqx, vernemq
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Answer, Ran
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import STRATEGIES

A, B, C = "n1@192.0.2.1", "n1@192.0.2.2", "n1@192.0.2.3"
OPTIONS = {
    "mnesia": {"schema": "disc_copies", "tables": {"orders": "disc_copies"}},
    "couchdb": {"port": 5984, "curl_config": "/etc/wombat/couchdb.curl"},
}


class Console:
    """Gives answers in their order, and keeps what was run."""

    def __init__(self, *answers):
        self.answers, self.ran = list(answers), []

    def run(self, name, argv, env=None, limit=60):
        self.ran.append(" ".join(argv))
        answer = self.answers.pop(0)
        return Ran(*answer) if isinstance(answer, tuple) else Ran(0, answer)

    def evaluate(self, sources, language="erlang"):
        self.ran += sources.values()
        return {name: Answer(self.answers.pop(0), None) for name in sources}


def make(name, *answers, wanted=(A, B), leaving=(), **told):
    family = Family("kv", tuple(wanted), tuple(leaving), **told)
    return STRATEGIES[name](family, OPTIONS.get(name, {}), Console(*answers))


@pytest.mark.parametrize("name", ["couchdb", "emqx", "vernemq"])
def test_the_last_member_does_not_leave(name):
    assert make(name, wanted=(A,), leaving=(B,)).unsafe({}) == []
    assert make(name, wanted=(), leaving=(A, B)).unsafe({}) == ["No member would be left: keep one."]


# Mnesia


def tables(**copies):
    return [
        [table, [[kind, kinds.get(kind, [])] for kind in ("ram_copies", "disc_copies", "disc_only_copies")]]
        for table, kinds in {"schema": {"disc_copies": [A, B]}, **copies}.items()
    ]


def test_mnesia_says_who_is_a_member_and_where_copies_are():
    view = make("mnesia").view(A, [[B, A], [A], tables(orders={"disc_copies": [A]})])
    assert (view.members, view.up) == ((A, B), (A,))
    assert view.facts["copies"]["orders"] == {A: "disc_copies"}
    assert make("mnesia").view(A, [[], [], []]).error == "its Mnesia does not run"


def test_mnesia_keeps_its_files_with_the_nodes_data():
    family = Family("kv", (A,))
    folder = (
        STRATEGIES["mnesia"].settings({"data_dir": "/srv/wombat/nodes/kv1/data"}, family, {}).config["mnesia"]["dir"]
    )
    assert folder == "/srv/wombat/nodes/kv1/data/mnesia"
    assert STRATEGIES["ejabberd"].settings({"data_dir": "/srv"}, family, {}).config == {}


def test_mnesia_is_not_settled_without_the_wanted_copies():
    view = make("mnesia").view(A, [[A, B], [A, B], tables(orders={"disc_copies": [A], "ram_copies": [B]})])
    assert make("mnesia").disagreement(A, view) == [f"has no disc_copies of table orders at {B}"]
    view = make("mnesia").view(A, [[A, B], [A, B], tables()])  # the application has not made it yet
    assert make("mnesia").disagreement(A, view) == []


@pytest.mark.parametrize(
    ("copies", "up", "reason"),
    [
        ([A, B], [A, B], None),
        ([B], [A, B], f"{B} cannot leave: table orders would be left nowhere."),
        ([A, B], [B], f"{B} cannot leave: table orders would be left only on {A}, which do not run."),
        ([A], [A, B], None),
    ],
)
def test_the_last_copy_of_a_table_does_not_leave(copies, up, reason):
    strategy = make("mnesia", wanted=(A,), leaving=(B,))
    value = [[A, B], up, [["orders", [["ram_copies", []], ["disc_copies", copies], ["disc_only_copies", []]]]]]
    assert strategy.unsafe({B: strategy.view(B, value)}) == ([reason] if reason else [])


def test_mnesia_grows_the_copies_of_all_members():
    strategy = make("mnesia", [["orders", B, ["atomic", "ok"]]])
    assert strategy.finish(A)
    assert f"{{orders,'{B}',disc_copies}}" in strategy.console.ran[0]
    assert f"{{schema,'{A}',disc_copies}}" in strategy.console.ran[0]
    assert not make("mnesia", []).finish(A)
    with pytest.raises(WombatError, match="refuses: .*aborted"):
        make("mnesia", [["orders", B, ["aborted", ["no_exists", "orders"]]]]).finish(A)
    wrong = make("mnesia")
    wrong.options = {"schema": "disc_copies", "tables": {"orders": "disk"}}
    with pytest.raises(WombatError, match="Table orders of family kv cannot be disk"):
        wrong.finish(A)


def test_a_joiner_tells_why_it_does_not_join():
    assert make("mnesia", [], seeds={B: A}).join([B]) == {}
    said = make("mnesia", f"'{A}' cannot be reached, or does not run Mnesia", seeds={B: A}).join([B])
    assert said == {B: f"'{A}' cannot be reached, or does not run Mnesia"}


def test_nobody_is_forgotten_with_a_last_copy():
    value = [[A, B], [A], tables(orders={"disc_copies": [B]})]
    with pytest.raises(WombatError, match="table orders has no other copy"):
        make("mnesia", value).forget(A, (B,))
    strategy = make("mnesia", [[A, B], [A], tables(orders={"disc_copies": [A, B]})], [])
    strategy.forget(A, (B,))
    assert f"['{B}']" in strategy.console.ran[-1]


# ejabberd


def test_ejabberd_joins_by_its_command_and_waits_until_it_runs():
    strategy = make("ejabberd", 0, "", "", seeds={B: A})
    assert strategy.join([B]) == {}
    assert strategy.console.ran[1:] == [
        f"ejabberdctl --node {B} --no-timeout join_cluster {A}",
        f"ejabberdctl --node {B} started",
    ]


def test_ejabberd_says_itself_why_it_does_not_join():
    failed = (1, f"Error: error\nError: {{no_ping,'{A}'}}\n")
    said = make("ejabberd", 0, failed, seeds={B: A}).join([B])[B]
    assert f"Error: error Error: {{no_ping,'{A}'}}" in said
    strategy = make("ejabberd", 7, seeds={B: A})
    assert "has 7 accounts of its own, which joining would delete" in strategy.join([B])[B]
    assert len(strategy.console.ran) == 1


def test_ejabberd_leaves_while_it_runs():
    strategy = make("ejabberd", "", leaving=(B,))
    assert strategy.leave(B) is None
    assert strategy.console.ran == [f"ejabberdctl --node {B} --no-timeout leave_cluster {B}"]
    help_follows = (3, f"Failed RPC connection to the node '{B}': nodedown\n\nCommands to start an ejabberd node:\n")
    said = make("ejabberd", help_follows).leave(B)
    assert said.endswith(f"says: Failed RPC connection to the node '{B}': nodedown")


# EMQX, from its documentation


def test_emqx_status():
    text = json.dumps({"running_nodes": [A, B], "stopped_nodes": [C]})
    assert emqx.status(text) == View(members=(A, B, C), up=(A, B))
    assert "says: Node is not running" in emqx.status("Node is not running!!").error.replace("!!", "")


def test_emqx_commands_count_by_their_words():
    joined = "Join the cluster successfully.\nCluster status: #{running_nodes => []}\n"
    strategy = make("emqx", joined, seeds={B: A})
    assert strategy.join([B]) == {}
    assert strategy.console.ran == [f"emqx ctl cluster join {A}"]
    said = make("emqx", f"Failed to join the cluster: {{node_down,'{A}'}}\n", seeds={B: A}).join([B])[B]
    assert said == f"'emqx ctl cluster join' says: Failed to join the cluster: {{node_down,'{A}'}}"
    assert make("emqx", "Leave the cluster successfully.\n").leave(B) is None
    forgetful = make("emqx", "Remove the node from cluster successfully.\n")
    forgetful.forget(A, (C,))
    assert forgetful.console.ran == [f"emqx ctl cluster force-leave {C}"]
    with pytest.raises(WombatError, match="does not forget"):
        make("emqx", "Failed to remove the node from cluster: node_not_in_cluster\n").forget(A, (C,))


# VerneMQ, from its documentation

SHOW = f"""+--------------------+---------+
|        Node        | Running |
+--------------------+---------+
|{A}        |  true   |
|{B}        |  false  |
+--------------------+---------+
"""


def test_vernemq_table():
    assert vernemq.shown(SHOW) == View(members=(A, B), up=(A,))
    assert "says: Node" in vernemq.shown("Node did not respond to ping!\n").error


def test_vernemq_commands_count_by_their_words():
    strategy = make("vernemq", "Done\n", seeds={B: A})
    assert strategy.join([B]) == {}
    assert strategy.console.ran == [f"vmq-admin cluster join discovery-node={A}"]
    assert "Couldn't join" in make("vernemq", "Couldn't join cluster due to not_reachable\n", seeds={B: A}).join([B])[B]
    leaver = make("vernemq", "Done\n")
    assert leaver.leave(B) is None
    assert leaver.console.ran == [f"vmq-admin cluster leave node={B} -k -i 5 -t 120"]


# CouchDB, from its documentation


def test_couchdb_membership():
    both = {"all_nodes": [A, B], "cluster_nodes": [A, B]}
    assert couchdb.view(both, {"state": "cluster_finished"}) == View((A, B), (A, B))
    assert couchdb.view(both, {"state": "cluster_enabled"}).pending == ("has a cluster not finished yet",)
    assert couchdb.view({"all_nodes": [A], "cluster_nodes": [A, B]}, {"state": "cluster_finished"}).up == (A,)
    denied = {"error": "unauthorized", "reason": "You are not a server admin."}
    assert couchdb.view(denied, denied).error == "CouchDB says: unauthorized, You are not a server admin"


def test_couchdb_joins_through_the_seed_and_shows_no_password():
    strategy = make("couchdb", '{"ok":true}', seeds={B: A})
    assert strategy.join([B]) == {}
    (command,) = strategy.console.ran
    assert command.endswith("--data {} http://192.0.2.1:5984/_node/_local/_nodes/n1%40192.0.2.2")
    assert "--config /etc/wombat/couchdb.curl" in command
    assert make("couchdb", '{"error":"conflict","reason":"Document update conflict."}', seeds={B: A}).join([B]) == {}
    said = make("couchdb", (7, "curl: (7) Failed to connect"), seeds={B: A}).join([B])[B]
    assert said == "CouchDB says: curl ended with 7, curl: (7) Failed to connect"


def test_couchdb_is_finished_once():
    assert make("couchdb", '{"state":"cluster_enabled"}', '{"ok":true}').finish(A)
    assert not make("couchdb", '{"state":"cluster_finished"}').finish(A)
    with pytest.raises(WombatError, match="cannot be finished: CouchDB says: bad_request"):
        make("couchdb", '{"state":"cluster_disabled"}', '{"error":"bad_request","reason":"no"}').finish(A)


def test_couchdb_leaves_only_without_shards():
    shards = json.dumps({"shards": {"00000000-7fffffff": [A, B], "80000000-ffffffff": [A]}})
    assert "database orders has shards on it" in make("couchdb", '["orders"]', shards, leaving=(B,)).leave(B)
    elsewhere = json.dumps({"shards": {"00000000-ffffffff": [A]}})
    membership = json.dumps({"all_nodes": [A, B], "cluster_nodes": [A, B]})
    answers = ['["orders"]', elsewhere, membership, '{"state":"cluster_finished"}', '{"_rev":"1-x"}', '{"ok":true}']
    strategy = make("couchdb", *answers, wanted=(A,), leaving=(B,))
    assert strategy.leave(B) is None
    assert "--request DELETE" in strategy.console.ran[-1]
    assert strategy.console.ran[-1].endswith("/_node/_local/_nodes/n1%40192.0.2.2?rev=1-x")
