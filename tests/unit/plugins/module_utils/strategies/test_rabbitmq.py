# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided of RabbitMQ's answers; they were recorded on Debian's 3.10.8."""

from __future__ import annotations

import types

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies import rabbitmq
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Answer, Ran
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.rabbitmq import Queue, RabbitMQ

A, B, C, D, E = (f"rabbit1@192.0.2.{number}" for number in range(1, 6))
OK = '[\n{"vhost":"/","name":"orders","size":2,"result":"ok"}\n]\n'
GREW = ("grow", OK)
SHRUNK = ("shrink", OK)
OPTIONS = {"quorum_members": 5, "partition_handling": "pause_minority"}
INCONSISTENT = f"""Clustering node {B} with {A}

18:10:55.284 [error] Node '{A}' thinks it's clustered with node '{B}', but '{B}' disagrees
Error:
{{:inconsistent_cluster, 'Node \\'{A}\\' thinks it\\'s clustered with node \\'{B}\\', but \\'{B}\\' disagrees'}}
"""
UNREACHABLE = f"""Clustering node {B} with {A}
Error: unable to perform an operation on node '{A}'. Please see diagnostics information and suggestions below.

Most common reasons for this are:

 * Target node is unreachable (e.g. due to hostname resolution, TCP connection or firewall issues)

DIAGNOSTICS
===========
"""


class Console:
    """Answers as was recorded, and remembers what it ran."""

    def __init__(self, *answers, queues=(), status=None):
        self.answers = list(answers)
        self.queues, self.status = [list(queue) for queue in queues], status
        self.ran = []
        self.nodes = {name: types.SimpleNamespace(release=types.SimpleNamespace(path="/none")) for name in (A, B, C, D)}

    def run(self, name, argv, env=None, limit=60):
        words = " ".join(argv)
        self.ran.append(words)
        for sign, output in self.answers:
            if sign in words:
                return Ran(1 if "Error" in output else 0, output)
        return Ran(0, "[]\n")

    def evaluate(self, sources, language="erlang"):
        return {
            name: Answer([*self.status, self.queues] if "rabbit_mnesia:status" in text else self.queues, None)
            for name, text in sources.items()
        }


def strategy(console=None, wanted=(A, B, C), leaving=(), **told):
    return RabbitMQ(Family("mq", tuple(wanted), tuple(leaving), **told), OPTIONS, console or Console())


def quorum(*members, online=None, name="orders", holds=True):
    return Queue("rabbit_quorum_queue", "/", name, members, members if online is None else online, holds)


def classic(*members, holds=True):
    return Queue("rabbit_classic_queue", "/", "jobs", members, members, holds)


def test_a_view_is_what_cluster_status_shows():
    view = strategy().view(A, [[A, B, C], [C, A], [], []])
    assert (view.members, view.up, view.pending, view.error) == ((A, B, C), (A, C), (), None)
    assert strategy().disagreement(A, view) == [f"counts in {B} but does not see it up"]


def test_a_stopped_application_is_no_reason_to_join_anew():
    view = strategy(seeds={B: A}).view(B, [[A, B, C], [], [], []])
    assert strategy(seeds={B: A}).is_member(B, view)
    assert "has its application rabbit stopped" in view.pending
    view = strategy().view(B, [[], [], [], []])  # with Khepri nobody knows
    assert "is stopped" in view.error


def test_a_cut_is_reported():
    view = strategy().view(A, [[A, B], [A], [[A, [B]]], []])
    assert f"does not see {B} since the network was cut at {A}" in view.pending


def test_queues_are_asked_only_where_somebody_leaves():
    assert "rabbit_amqqueue:list()" not in strategy().question(A)
    assert "rabbit_amqqueue:list()" in strategy(leaving=[D]).question(A)
    queues = [list(quorum(A, B, name=f"q{number}")) for number in range(1000)]
    assert len(strategy().view(A, [[A, B], [A, B], [], queues]).facts["queues"]) == 1


@pytest.mark.parametrize(
    ("queue", "leaving", "reason"),
    [
        (quorum(A, B, C), [C], None),
        (quorum(A, B, C), [B, C], None),  # one after the other, each after its members were taken away
        (quorum(A, B, C), [D], None),
        (quorum(A, B, C, online=(A, C)), [C], f"would lose its quorum: of {A}, {B} only {A} run."),
        (quorum(A, B, C, D, E, online=(A, B, C)), [C], f"would lose its quorum: of {A}, {B}, {D}, {E} only {A}, {B}"),
        (quorum(A, B, C, online=(C,)), [C], f"has no quorum now: of {A}, {B}, {C} only {C} run."),
        (quorum(C), [C], None),  # grows onto another first
        (classic(C), [C], "is on no other node and holds messages"),
        (classic(C, holds=False), [C], None),
        (classic(A, C), [C], None),  # mirrored
        (Queue("rabbit_stream_queue", "/", "log", (A, C), (A, C), True), [C], "rabbitmq-streams delete_replica"),
    ],
)
def test_what_would_be_lost_is_refused(queue, leaving, reason):
    wanted = [node for node in (A, B, C) if node not in leaving]
    asked = strategy(wanted=wanted, leaving=leaving)
    views = {A: asked.view(A, [[A, B, C, D, E], [A, B, C, D, E], [], [list(queue)]])}
    said = asked.unsafe(views)
    assert len(said) == (1 if reason else 0)
    if reason:
        assert reason in said[0]
        assert said[0].startswith(f"{C} cannot leave: queue ")


def test_all_members_of_a_quorum_queue_cannot_leave():
    asked = strategy(wanted=(), leaving=(A, B))
    (reason,) = asked.unsafe({A: asked.view(A, [[A, B], [A, B], [], [list(quorum(A, B))]])})
    assert "would have no member left" in reason


def test_members_are_added_where_there_are_few():
    queues = [quorum(A, B, name="one"), quorum(A, B, C, name="two"), quorum(A, name="three"), classic(A)]
    assert rabbitmq.missing_members(queues, [A, B, C, D], 3) == {
        (D, "/"): ["one", "three"],
        (C, "/"): ["three"],
    }
    assert rabbitmq.missing_members(queues[1:2], [A, B, C, D], 3) == {}
    assert rabbitmq.missing_members(queues[1:2], [A, B], 3) == {}


def test_growing_is_once_for_the_family_and_only_where_members_are_missing():
    console = Console(GREW, queues=[quorum(A, B)], status=([A, B, C], [A, B, C], []))
    assert strategy(console).finish(A)
    (words,) = console.ran
    assert f"grow {C} all --vhost-pattern ^/$ --queue-pattern ^(orders)$" in words
    console = Console(queues=[quorum(A, B, C)], status=([A, B, C], [A, B, C], []))
    assert not strategy(console).finish(A)
    assert console.ran == []


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("[]", "queue orders was passed over"),
        ('[{"vhost":"/","name":"orders","size":2,"result":"cluster change not permitted"}]', "change not permitted"),
        ("Error: something else", "rabbitmqctl says: Error: something else"),
        ("no table", "rabbitmq-queues says: no table"),
    ],
)
def test_growing_that_did_not_happen_is_told(output, words):
    console = Console(("grow", output), queues=[quorum(A, B)], status=([A, B, C], [A, B, C], []))
    with pytest.raises(WombatError, match=words):
        strategy(console).finish(A)


def test_an_application_that_a_killed_run_left_stopped_is_started():
    console = Console(status=([A, B, C], [A, C], []))
    assert strategy(console).finish(A)
    assert console.ran == [f"rabbitmqctl --node {B} start_app"]


def test_a_joiner_stops_resets_joins_and_starts_in_one_command():
    console = Console()
    assert strategy(console, seeds={B: A}).join([B]) == {}
    (words,) = console.ran
    assert words.index("stop_app") < words.index("reset") < words.index("join_cluster") < words.index("start_app")
    assert words.endswith(A)


def test_a_joiner_that_holds_messages_is_not_wiped():
    console = Console(queues=[classic(B)])
    assert "queue jobs of vhost / holds messages" in strategy(console, seeds={B: A}).join([B])[B]
    assert console.ran == []


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (INCONSISTENT, "rabbitmqctl says: Error: {:inconsistent_cluster, 'Node"),
        (UNREACHABLE, f"rabbitmqctl says: Error: unable to perform an operation on node '{A}'. Please see diagnostics"),
    ],
)
def test_a_failed_join_is_told_in_its_own_words_without_help_texts(output, words):
    said = strategy(Console(("join_cluster", output)), seeds={B: A}).join([B])[B]
    assert said.startswith(words)
    assert "Most common" not in said


def test_a_leaver_first_gives_its_members_away_and_then_resets():
    console = Console(GREW, SHRUNK, queues=[quorum(A, C)], status=([A, B, C], [A, B, C], []))
    assert strategy(console, wanted=(A, B), leaving=(C,)).leave(C) is None
    assert [next(verb for verb in ("grow", "shrink", "reset") if verb in words) for words in console.ran] == [
        "grow",
        "shrink",
        "reset",
    ]
    assert f"shrink {C}" in console.ran[1]


def test_a_leaver_whose_queues_would_stop_stays():
    queue = quorum(A, B, C, online=(A, C))
    console = Console(queues=[queue], status=([A, B, C], [A, C], []))
    assert "would lose its quorum" in strategy(console, wanted=(A, B), leaving=(C,)).leave(C)
    assert console.ran == []


def test_the_dead_lose_their_members_and_are_forgotten():
    console = Console(SHRUNK)
    strategy(console).forget(A, (C,))
    assert [words.split()[1:] for words in console.ran] == [
        ["shrink", C, "--formatter", "json"],
        ["forget_cluster_node", C],
    ]
    gone = "Error:\n{:not_a_cluster_node, 'The node selected is not in the cluster.'}\n"
    strategy(Console(("forget_cluster_node", gone))).forget(A, (C,))
    runs = f"Error:\nRabbitMQ on node {C} must be stopped with 'rabbitmqctl -n {C} stop_app' before it can be removed\n"
    with pytest.raises(WombatError, match="must be stopped with"):
        strategy(Console(("forget_cluster_node", runs))).forget(A, (C,))
