# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random walks over real families: they grow, shrink, lose nodes, are cut and deployed anew, by the modules' own code.

Several families live on one host, so that each call of a module serves all of them, as it does for an operator. Every
walk ends with the wanted members on every node, and with every acknowledged write.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tarfile

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from erlang_hosts import NETWORK, Host

from ansible_collections.wombat.erlang.plugins.module_utils import membership, node_calls, node_files, node_states
from ansible_collections.wombat.erlang.plugins.modules import member, node, node_config, rpc
from ansible_collections.wombat.erlang.tests.integration.operator_shop import SAMPLE

WALKS = 100
FAMILIES = "abcde"
ROUNDS = WALKS // len(FAMILIES)
STEPS = 2
LARGEST = 4
KEYS = 2

SETTLED = """begin
    ok = kv:family_changed(),
    Wait = fun
        Wait(0) -> kv:status();
        Wait(Left) ->
            {ok, Wanted} = application:get_env(wombat, nodes),
            Sorted = lists:sort(Wanted),
            case kv:status() of
                #{whole := true, settled := true, family := Sorted} -> Sorted;
                _ -> timer:sleep(50), Wait(Left - 1)
            end
    end,
    Wait(1200)
end"""
CUT = """begin
    {ok, Nodes} = application:get_env(wombat, nodes),
    Others = Nodes -- [node()],
    [erpc:call(Other, erlang, set_cookie, [node(), blocked], 5000) || Other <- Others],
    [{erlang:set_cookie(Other, blocked_too), erlang:disconnect_node(Other)} || Other <- Others],
    ok
end"""
MEND = """begin
    {ok, Nodes} = application:get_env(wombat, nodes),
    [erlang:set_cookie(Node, erlang:get_cookie()) || Node <- Nodes -- [node()]],
    ok
end"""


class Family:
    """One family on its walk: who is wanted, who is away, and what a read may show."""

    def __init__(self, name, number):
        self.name = name
        self.base = 10 * number
        self.next = 4
        self.revision = 0
        self.wanted = [self.label(slot) for slot in (1, 2, 3)]
        self.away = None  # (kind, label)
        self.possible = {}  # (label, key) -> the last acknowledged value, and those of writes that failed after it
        self.acknowledged = 0

    def label(self, slot):
        return f"{self.name}{self.base + slot}"


class Fleet:
    """All families, on one host."""

    def __init__(self, root, archive):
        self.root = root
        release = root / "releases/kv"
        with tarfile.open(archive) as tar:
            tar.extractall(release / "1")
        (release / "current").symlink_to("1")
        self.address = f"{NETWORK}.40"
        self.families = {name: Family(name, number) for number, name in enumerate(FAMILIES)}
        for name in self.families:
            cookie = root / "home" / name / ".erlang.cookie"
            cookie.parent.mkdir(parents=True)
            cookie.write_text("walks")
            cookie.chmod(0o400)
        self.clock = 0
        self.walks = 0

    def full(self, labels):
        return [f"{label}@{self.address}" for label in labels]

    def run(self, spec, prepare, **options):
        """One call of a module, in this process."""
        validated = ArgumentSpecValidator(spec).validate({"root": str(self.root), **options})
        assert validated.error_messages == []
        work = prepare(validated.validated_parameters)
        result = work.result if work.apply is None else work.apply()
        assert not result.get("failed"), result
        return result

    def ask(self, labels, expression):
        """What an expression gives on nodes, by label."""
        options = {"names": labels, "expression": expression, "read_only": True, "timeout": 90}
        answers = self.run(rpc.OPTIONS, node_calls.prepare, **options)["nodes"]
        return {name.partition("@")[0]: answer["value"] for name, answer in answers.items()}

    def deploy(self, *names):
        """What the playbooks do with the nodes of these families; who was away is back afterwards."""
        families = [self.families[name] for name in names]
        nodes = [
            {
                "name": f"{label}@{self.address}",
                "family": family.name,
                "release": "kv",
                "config": {"kv": {"data_dir": str(self.root / "nodes" / label / "data"), "timeout": 1000}},
                "env": {"REVISION": family.revision},
            }
            for family in families
            for label in family.wanted
        ]
        members = {family.name: {"nodes": self.full(family.wanted), "neighbours": {}} for family in families}
        distribution = {"epmd": False, "port": 24600}
        options = {"nodes": nodes, "members": members, "distribution": distribution}
        self.run(node_config.OPTIONS, node_files.prepare, **options)
        labels = [label for family in families for label in family.wanted]
        outdated = self.run(node.OPTIONS, node_states.prepare, state="started", names=labels, timeout=120)["outdated"]
        self.join(families)
        while outdated:  # one node of each family at a time
            first = {self.family(name): name for name in reversed(outdated)}
            self.run(node.OPTIONS, node_states.prepare, state="restarted", names=list(first.values()), timeout=120)
            self.join(families)
            self.settle(families)
            outdated = [name for name in outdated if name not in first.values()]
        for family in families:
            family.away = None

    def family(self, name):
        return name[0]

    def join(self, families, leaving=(), state="joined"):
        asked = [
            {"name": family.name, "strategy": "mesh", "wanted": self.full(family.wanted), "leaving": self.full(leaving)}
            for family in families
        ]
        labels = [label for family in families for label in family.wanted]
        options = {"families": asked, "names": labels, "state": state, "timeout": 120}
        return self.run(member.OPTIONS, membership.prepare, **options)

    def settle(self, families):
        """Wait until every node works with exactly the wanted members."""
        labels = [label for family in families for label in family.wanted]
        for label, seen in self.ask(labels, SETTLED).items():
            assert seen == sorted(self.full(self.families[label[0]].wanted)), (label, seen)

    def write(self, families):
        """Every node that runs writes keys of its own, the cut ones too."""
        self.clock += 1
        labels = [label for family in families for label in family.wanted if family.away != ("killed", label)]
        source = f"[{{Key, catch kv:put({{node(), Key}}, {self.clock})}} || Key <- lists:seq(1, {KEYS})]"
        for label, results in self.ask(labels, source).items():
            family = self.families[label[0]]
            for key, result in results:
                before = family.possible.get((label, key), [None])
                family.possible[label, key] = [self.clock] if result == "ok" else [*before, self.clock]
                family.acknowledged += result == "ok"

    def check(self, families):
        """Every read shows what was acknowledged last, or what was written after it without an answer."""
        asked = {family.wanted[0]: family for family in families}
        names = [label for family in families for label, key in family.possible if key == 1]
        atoms = ", ".join(f"'{name}'" for name in self.full(names))
        source = f"[[Node, Key, kv:get({{Node, Key}})] || Node <- [{atoms}], Key <- lists:seq(1, {KEYS})]"
        for label, results in self.ask(list(asked), source).items():
            family = asked[label]
            for name, key, shown in results:
                possible = family.possible.get((name.partition("@")[0], key))
                value = shown[1] if isinstance(shown, list) and shown[0] == "ok" else None
                assert possible is None or value in possible, (name, key, shown, possible)

    # The moves; each is for some families at once.

    def grow(self, families):
        for family in families:
            if len(family.wanted) < LARGEST:
                family.wanted.append(family.label(family.next))
                family.next += 1
        self.deploy(*(family.name for family in families))

    def shrink(self, families):
        leavers = {}
        for family in families:
            if len(family.wanted) > 3:
                leavers[family.name] = self.random.choice(family.wanted)
                family.wanted.remove(leavers[family.name])
        self.deploy(*(family.name for family in families))
        if leavers:
            # Only when those that stay have what was acknowledged may it be destroyed.
            self.settle(families)
            self.run(node.OPTIONS, node_states.prepare, state="absent", names=list(leavers.values()))
            for family in families:
                self.join([family], [leavers[family.name]] if family.name in leavers else [], "settled")

    def kill(self, families):
        for family in families:
            if family.away is None:
                label = self.random.choice(family.wanted)
                family.away = ("killed", label)
                status = self.run(node.OPTIONS, node_states.prepare, state="status", names=[label])
                os.kill(status["nodes"][f"{label}@{self.address}"]["pid"], signal.SIGKILL)
                if self.random.random() < 0.3:
                    shutil.rmtree(self.root / "nodes" / label / "data")
                    (self.root / "nodes" / label / "data").mkdir()

    def cut(self, families):
        whole = [family for family in families if family.away is None]
        for family in whole:
            family.away = ("cut", self.random.choice(family.wanted))
        if whole:
            self.ask([family.away[1] for family in whole], CUT)

    def redeploy(self, families):
        for family in families:
            family.revision += 1
        self.deploy(*(family.name for family in families))

    def mend(self, families):
        cut = [label for family in families if family.away and family.away[0] == "cut" for label in family.wanted]
        if cut:
            self.ask(cut, MEND)
        self.deploy(*(family.name for family in families))

    def walk(self, seed):
        """One walk of every family: seeded moves, each followed by writes, and the end that must be reached."""
        self.random = random.Random(seed)
        everybody = list(self.families.values())
        for _step in range(STEPS):
            moves = {}
            for family in everybody:
                # Who is away comes back before the family changes, as an operator's deploy brings it back.
                possible = [self.mend] if family.away else [self.grow, self.shrink, self.kill, self.cut, self.redeploy]
                moves.setdefault(self.random.choice(possible), []).append(family)
            for move, families in moves.items():
                move(families)
            self.write(everybody)
        self.mend(everybody)
        self.settle(everybody)
        self.check(everybody)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    subprocess.run([str(SAMPLE / "build.sh")], check=True, capture_output=True)
    archive = sorted((SAMPLE / "_build").glob("kv-*.tar.gz"))[0]
    fleet = Fleet(tmp_path_factory.mktemp("fleet"), archive)
    try:
        fleet.deploy(*FAMILIES)
        yield fleet
    finally:
        Host.close(fleet)


# What Host.close needs.
Fleet.processes = Host.processes


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_walks_end_as_wanted_and_lose_no_write(fleet, seed):
    fleet.walk(seed)
    fleet.walks += len(FAMILIES)


def test_there_were_enough_walks(fleet, capsys):
    acknowledged = sum(family.acknowledged for family in fleet.families.values())
    assert fleet.walks == WALKS
    assert acknowledged > WALKS
    with capsys.disabled():
        print(f"\n{fleet.walks} walks of {STEPS} moves, {acknowledged} acknowledged writes, none lost")
