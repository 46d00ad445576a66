# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Riak, held against a stand-in that obeys the behaviour recorded on a real cluster."""

from __future__ import annotations

import types

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import membership
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies import riak
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Ran
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.decision import decide
from ansible_collections.wombat.erlang.tests.unit.plugins.module_utils.strategies.riak_stand_in import Hangs, StandIn

A, B, C, D, E = (f"riak@192.0.2.{number}" for number in range(1, 6))
THREE, FIVE = (A, B, C), (A, B, C, D, E)
LIMIT = 300  # commands until the time is over


class Killed(Exception):
    """The run was killed at this place."""


class Operator:
    """Runs the strategy on the stand-in in the order that base.py tells; a console whose time is its commands."""

    def __init__(self, *names, **options):
        self.riak = StandIn()
        for name in names:
            self.riak.boot(name)
        self.options = {"admin": "riak admin", "n_val": 3, "location": None, **options}
        self.nodes = {name: types.SimpleNamespace(release=types.SimpleNamespace(path="/nowhere")) for name in FIVE}
        self.commands = []
        self.before = lambda name, words: None
        self.kill_at = None
        self.late_at = LIMIT

    @property
    def late(self):
        return len(self.commands) > self.late_at

    def run(self, name, argv, env=None, limit=60):
        assert argv[0] == "riak"
        assert limit <= 60
        if len(self.commands) == self.kill_at:
            raise Killed
        words = argv[1:]
        self.before(name, words)
        self.commands.append(" ".join(words[1:]))
        try:
            return Ran(*self.riak.run(name, *words))
        except Hangs:
            return Ran(None, "")

    def family(self, wanted, leaving=(), **told):
        domains = {name: f"attic/north/{'abc'[number % 3]}" for number, name in enumerate(FIVE)}
        return riak.Riak(Family("kv", tuple(wanted), tuple(leaving), domains=domains, **told), self.options, self)

    def views(self, wanted, leaving=()):
        up = [name for name in (*wanted, *leaving) if self.riak.nodes[name]["vm"] != "down"]
        return self.family(wanted, leaving).views(up)

    def deploy(self, wanted, leaving=(), dead=()):
        """Bring the cluster to these members; returns whether anything changed, raises AssertionError where not."""
        self.commands = []
        gone = [name for name in leaving if self.riak.nodes[name]["vm"] == "down"]
        choice = decide(self.views(wanted, leaving), wanted, leaving, dead=(*dead, *gone))
        assert not choice.split
        told = {"seeds": choice.seeds, "lead": choice.lead, "forget": choice.forget}
        strategy = self.family(wanted, leaving, **told)
        if choice.forget:
            strategy.forget(choice.lead, choice.forget)
        self.until(lambda: not self.join(strategy, choice.seeds))
        if leaving:
            self.until(lambda: all(self.leave(strategy, name) for name in leaving))
        changed = strategy.finish(choice.lead)
        self.until(lambda: not self.disagreements(wanted, leaving))
        return bool(changed or choice.seeds or choice.forget)

    def until(self, condition):
        while not condition():
            assert not self.late, f"the time is over: {self.commands[-8:]}"

    def join(self, strategy, seeds):
        """Join those that are not members yet; gives those that are to be asked again."""
        late = [name for name in seeds if not strategy.is_member(name, strategy.views([name])[name])]
        return strategy.join(late) if late else {}

    def leave(self, strategy, name):
        if self.riak.nodes[name]["vm"] == "down":
            return True
        assert strategy.leave(name) is None
        return strategy.has_left(name, strategy.views([name])[name])

    def disagreements(self, wanted, leaving=()):
        strategy = self.family(wanted, leaving)
        return [
            end for name, view in self.views(wanted).items() for end in strategy.disagreement(name, view)
        ]  # the leavers' own views do not count

    def cluster(self, name=A):
        return self.riak.clusters[self.riak.nodes[name]["cluster"]]

    def members(self, name=A):
        return sorted(self.cluster(name)["members"])


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(riak, "_POLL", 0)


@pytest.fixture
def three():
    operator = Operator(*THREE)
    operator.deploy(THREE)
    return operator


@pytest.fixture
def five():
    operator = Operator(*FIVE)
    operator.deploy(FIVE)
    return operator


def test_a_family_joins_with_one_plan_and_one_commit():
    operator = Operator(*THREE)
    assert operator.deploy(THREE)
    assert operator.members() == list(THREE)
    assert operator.cluster()["commits"] == 1
    assert operator.commands.count("cluster commit") == 1


def test_a_second_run_changes_and_stages_nothing(three):
    assert not three.deploy(THREE)
    assert not [words for words in three.commands if words.startswith("cluster") and words != "cluster plan"]


def test_growth_is_one_commit_and_old_members_do_not_join_again(three):
    for name in (D, E):
        three.riak.boot(name)
    assert three.deploy(FIVE)
    assert three.members() == list(FIVE)
    assert three.cluster()["commits"] == 2
    assert {words for words in three.commands if words.startswith("cluster join")} == {f"cluster join {A}"}


def test_locations_come_from_the_placement_and_only_where_they_differ():
    operator = Operator(*THREE, location="zone")
    operator.deploy(THREE)
    places = {name: one["location"] for name, one in operator.cluster()["members"].items()}
    assert places == {A: "attic/north/a", B: "attic/north/b", C: "attic/north/c"}
    assert operator.cluster()["commits"] == 1
    assert not operator.deploy(THREE)
    operator.cluster()["members"][B]["location"] = "elsewhere"
    assert operator.deploy(THREE)
    assert [words for words in operator.commands if "location" in words] == [
        f"cluster location attic/north/b --node {B}"
    ]


def test_a_leaver_hands_off_and_its_vm_exits_by_itself(five):
    assert five.deploy((A, B, C, D), leaving=(E,)) is False  # the lead has nothing left to do
    assert five.members() == [A, B, C, D]
    assert five.riak.nodes[E]["vm"] == "down"


def test_several_leavers_leave_with_one_commit(five):
    five.deploy(THREE, leaving=(D, E))
    assert five.members() == list(THREE)
    assert five.cluster()["commits"] == 2


def test_the_claimant_can_leave(five):
    assert five.cluster()["claimant"] == A
    five.deploy((B, C, D, E), leaving=(A,))
    assert five.members(B) == [B, C, D, E]


def test_a_leaver_that_a_supervisor_starts_again_has_left(five):
    five.deploy((A, B, C, D), leaving=(E,))
    five.riak.boot(E)
    strategy = five.family((A, B, C, D), (E,))
    assert strategy.has_left(E, strategy.views([E])[E])
    assert five.members() == [A, B, C, D]


def test_no_scale_in_below_the_number_of_replicas(five):
    views = five.views(FIVE)
    assert five.family(THREE, (D, E)).unsafe(views) == []
    (reason,) = five.family((A, B), (C, D, E)).unsafe(views)
    assert "2 nodes would be left of 5, but buckets have 3 replicas" in reason
    (reason,) = five.family((), FIVE).unsafe(views)
    assert "no nodes would be left" in reason


def test_a_dead_member_stays_until_the_operator_says_so(five):
    five.riak.kill(E)
    with pytest.raises(AssertionError, match="the time is over"):
        five.deploy(FIVE)
    assert E in five.members()
    assert f"counts in {E} but does not see it up" in five.disagreements(FIVE)
    assert five.deploy((A, B, C, D), dead=(E,))
    assert five.members() == [A, B, C, D]


def test_a_dead_claimant_is_told_in_riaks_words_and_can_be_removed(five):
    five.riak.kill(A)
    rest = (B, C, D, E)
    strategy = five.family(rest, lead=B)
    with pytest.raises(
        WombatError, match=r"'riak admin cluster plan' says: RPC to 'riak@192.0.2.2' failed: .*nodedown"
    ):
        strategy.finish(B)
    assert five.deploy(rest, dead=(A,))
    assert five.members(B) == list(rest)


def test_a_wiped_member_is_removed_as_dead_and_joins_anew(three):
    three.riak.wipe(B)
    three.riak.boot(B)
    assert three.members(B) == [B]
    assert three.deploy(THREE)
    assert three.members(B) == list(THREE)


def test_a_frozen_member_is_no_reason_to_wait_for_ever(three):
    three.riak.freeze(C)
    ends = three.disagreements(THREE)
    assert any("'riak admin member-status' did not answer within its time limit" in end for end in ends)
    assert any(f"counts in {C} but does not see it up" in end for end in ends)


def test_a_member_that_is_cut_off_is_down_though_ring_status_says_otherwise(three):
    three.riak.cut(C)
    assert "All nodes are up" in three.riak.run(A, "admin", "ring-status")[1]
    strategy = three.family(THREE)
    assert strategy.views([A])[A].up == (A, B)
    assert f"counts in {C} but does not see it up" in strategy.disagreement(A, strategy.views([A])[A])


@pytest.mark.parametrize("end", ["cut", "kill"])
def test_survivors_agree_beside_a_dead_leaver_until_it_is_removed(five, end):
    getattr(five.riak, end)(E)
    rest = (A, B, C, D)
    strategy = five.family(rest, leaving=(E,))
    assert strategy.disagreement(A, strategy.views([A])[A]) == []
    strategy = five.family(rest, leaving=(E,), left=True)
    assert f"still counts in {E}" in strategy.disagreement(A, strategy.views([A])[A])
    five.family(rest, leaving=(E,), lead=A, forget=(E,)).forget(A, (E,))
    five.until(lambda: not strategy.disagreement(A, strategy.views([A])[A]))
    assert five.members() == list(rest)


def test_joins_are_repeated_while_a_node_starts(three):
    three.riak.boot(D)
    three.riak.nodes[D]["starting"] = 40
    assert three.deploy((*THREE, D))
    assert three.commands.count(f"cluster join {A}") > 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda node: node.update(ring_size=16, starting=0), "has a different ring_creation_size"),
        (lambda node: node.update(cookie="other"), f"Node {A} is not reachable!"),
        (lambda node: node.update(starting=99), "Join failed. Try again in a few moments"),
    ],
)
def test_a_failed_join_is_told_in_riaks_words_though_it_returned_0(three, spoil, words):
    three.riak.boot(D)
    spoil(three.riak.nodes[D])
    strategy = three.family((*THREE, D), seeds={D: A})
    assert words in strategy.join([D])[D]
    assert not strategy.is_member(D, strategy.views([D])[D])


def test_a_member_of_another_cluster_is_not_taken_for_a_member(three):
    for name in (D, E):
        three.riak.boot(name)
    three.deploy((D, E))
    strategy = three.family(FIVE, seeds={D: A, E: A})
    assert "already a member of a cluster" in strategy.join([D])[D]
    assert not strategy.is_member(D, strategy.views([D])[D])


def test_what_is_staged_after_the_plan_is_planned_again(three):
    three.riak.boot(D)

    def meddle(name, words):
        if words[-1] == "commit" and three.commands.count("cluster commit") == 0:
            three.riak.run(B, "admin", "cluster", "location", "cellar")

    three.before = meddle
    three.deploy((*THREE, D))
    assert three.members() == [A, B, C, D]
    assert three.commands.count("cluster commit") == 2


@pytest.mark.parametrize("staged", [("leave", B), ("force-remove", B), ("leave", C)])
def test_what_somebody_else_staged_is_not_committed(three, staged):
    three.riak.boot(D)
    three.riak.run(C, "admin", "cluster", *staged)
    with pytest.raises(WombatError, match=f"out: {staged[0]} '{staged[1]}'. Commit or clear"):
        three.deploy((*THREE, D))
    assert three.cluster()["members"][staged[1]]["status"] == "valid"


def test_a_resize_of_the_ring_is_not_committed(three):
    plan = (
        "=============================== Staged Changes ================================\n"
        "Action         Details(s)\n" + "-" * 79 + "\nresize-ring    64 to 128 partitions\n" + "-" * 79 + "\n\nNOTE\n"
    )
    with pytest.raises(WombatError, match="out: resize-ring 64 to 128 partitions"):
        three.family(THREE)._check(plan)


def test_growth_beside_a_dead_member_ends_at_the_time_limit_and_names_it(three):
    three.riak.boot(D)
    three.riak.kill(C)
    with pytest.raises(WombatError, match=f"Cannot plan until cluster state has converged.*it misses {C}"):
        three.deploy((*THREE, D))
    three.riak.boot(C)
    assert three.deploy((*THREE, D))


@pytest.mark.parametrize("change", ["join", "leave", "forget"])
def test_a_run_that_is_killed_anywhere_is_healed_by_the_next(change):
    def start():
        operator = Operator(*(THREE if change == "join" else FIVE), location="zone")
        operator.deploy(THREE if change == "join" else FIVE)
        for name in (D, E) if change == "join" else ():
            operator.riak.boot(name)
        if change == "forget":
            operator.riak.kill(E)
        wanted = {"join": FIVE, "leave": THREE, "forget": (A, B, C, D)}[change]
        return operator, wanted, {"leave": {"leaving": (D, E)}, "forget": {"dead": (E,)}}.get(change, {})

    operator, wanted, how = start()
    operator.deploy(wanted, **how)
    for kill_at in range(len(operator.commands)):
        operator, wanted, how = start()
        operator.kill_at = kill_at
        with pytest.raises(Killed):
            operator.deploy(wanted, **how)
        operator.kill_at = None
        operator.deploy(wanted, **how)
        assert operator.members() == sorted(wanted)
        assert not operator.deploy(wanted)


def test_other_applications_and_releases_have_their_own_command(tmp_path):
    operator = Operator(A, admin="dalmatiner-admin")
    ran = []
    operator.run = lambda name, argv, **more: ran.append(argv) or Ran(1, "")
    operator.family(THREE).join([]), operator.family(THREE).views([A])
    assert ran[0] == ["dalmatiner-admin", "member-status"]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dalmatiner-admin").touch()
    operator.nodes[A].release.path = str(tmp_path)
    operator.family(THREE).views([A])
    assert ran[-1] == [str(tmp_path / "bin" / "dalmatiner-admin"), "ring-status"]


def test_a_node_that_does_not_run_says_so(three):
    three.riak.kill(B)
    view = three.family(THREE).views([B])[B]
    assert view.error == f"'riak admin member-status' says: Node '{B}' is not responding to pings"
    assert view.members == ()


def test_the_module_changes_nothing_where_all_are_members_and_tells_who_would_join(three, monkeypatch):
    nodes = three.nodes

    def joined(name, **told):
        node = types.SimpleNamespace(name=name, family="kv")
        run = types.SimpleNamespace(pid=1, of=lambda node: node)
        monkeypatch.setattr(membership, "load_nodes", lambda root, names: [node])
        monkeypatch.setattr(membership, "Runners", lambda: types.SimpleNamespace(find=lambda nodes: {name: run}))
        monkeypatch.setattr(membership, "Console", lambda nodes, timeout: three)
        monkeypatch.setattr(three, "nodes", {name: nodes[name]})
        monkeypatch.setattr(three, "evaluate", dict, raising=False)
        family = {"name": "kv", "strategy": "riak", "options": three.options, "wanted": [*THREE, D], **told}
        options = {"root": "/", "names": None, "state": "joined", "timeout": 1, "families": [family]}
        return membership.prepare(options)

    work = joined(A)
    assert (work.changed, work.apply) == (False, None)
    three.riak.boot(D)
    work = joined(D, seeds={D: A})
    assert (work.changed, work.diff) == (True, [{"prepared": f"+ {D} joins {A}\n"}])
