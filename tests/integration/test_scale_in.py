# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed while instances are retired: the next one goes on with the same instances."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop

FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      network: 127.96.0.0/24
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.01}}
      regions: {cellar: {zones: {a: {}}}}
releases:
  kv: {archive: ../kv-0.1.0.tar.gz}
  web: {archive: ../web-0.1.0.tar.gz}
families:
  kv:
    release: kv
    nodes: 2
    config: {kv: {data_dir: "{{ data_dir }}"}}
    bootstrap:
      strategy: custom
      status: {command: [CLUSTER, status, $NODE]}
      join: {command: [CLUSTER, join, $NODE, $SEED]}
      leave: {command: [CLUSTER, leave, $NODE]}
    hooks:
      before_leave: [[CLUSTER, before_leave]]
      after_leave: [[CLUSTER, after_leave]]
  web:
    release: web
    nodes: 1
    neighbours: [kv]
    config: {web: {port: "{{ 8080 + slot }}"}}
"""
# A cluster whose members are files in a folder. What the file `fault` names goes wrong: a word of these steps lets it
# kill the playbook above it with all that it started; `stuck` lets nobody leave.
CLUSTER = """#!PYTHON
import os, pathlib, signal, sys

folder = pathlib.Path(__file__).parent
members, fault = folder / "members", (folder / "fault").read_text()
step, node, seed = [*sys.argv[1:], "", ""][:3]


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def children(pid):
    listed = [path.read_text().split() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children")]
    found = [int(one) for some in listed for one in some]
    return [*found, *(below for one in found for below in children(one))]


def is_playbook(pid):
    return b"ansible-playbook" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()


if step == "join":
    for name in (node, seed):
        (members / name).touch()
elif step == "leave" and fault != "stuck":
    (members / node).unlink(missing_ok=True)
elif step == "status":
    print(*(os.listdir(members) if (members / node).exists() else [node]))
if step == fault:
    above = [os.getpid()]
    while above[-1] > 1:
        above.append(parent(above[-1]))
    playbook = [pid for pid in above if is_playbook(pid)][-1]
    for pid in [playbook, *children(playbook)]:
        if pid != os.getpid():
            os.kill(pid, signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scale-in")
    cluster = folder / "cluster"
    (folder / "members").mkdir()
    (folder / "fault").write_text("none")
    cluster.write_text(CLUSTER.replace("PYTHON", sys.executable))
    cluster.chmod(0o755)
    with Shop(folder, FILE.replace("CLUSTER", str(cluster))) as shop:
        shop.must("deploy")
        yield shop


def play(shop, fault, playbook, *arguments):
    """Run a playbook while something goes wrong."""
    (shop.folder / "fault").write_text(fault)
    return shop.play(playbook, *arguments)


def configuration(shop, family, but=None):
    """What the nodes of a family are told of families and neighbours, as text."""
    roots = [host["wombat_root"] for name, host in shop.hosts(f"family_{family}").items() if name != but]
    files = [path for root in roots for path in Path(root, "nodes").glob("*/members.config")]
    return [path.read_text() for path in files]


def test_a_run_that_is_killed_while_instances_leave_is_gone_on_with(shop):
    before = shop.hosts("family_kv")
    pids = shop.nodes("kv")
    assert len(pids) == 2

    assert play(shop, "before_leave", "scale", "-e", "wombat_scale=kv=1").code == -9
    (victim,) = shop.hosts("wombat_retiring")
    (name,) = [node["name"] for node in before[victim]["wombat_nodes"]]
    assert (shop.folder / "members" / name).exists()
    assert shop.nodes("kv") == pids
    # Those that stay do not name it any more, the neighbours neither, though it is a member still.
    told = configuration(shop, "kv", but=victim) + configuration(shop, "web")
    assert len(told) == 2
    assert not [text for text in told if f"'{name}'" in text]
    status = shop.must("status").output
    assert [line.split()[0] for line in status.splitlines() if "  running, draining  " in line] == [name]

    run = play(shop, "stuck", "retire", "-e", "intra_family_timeout=5")
    assert run.code > 0
    assert f"Node {name} did not leave within 5 s: it is still in a cluster with" in run.output
    assert (shop.nodes("kv"), list(shop.hosts("wombat_retiring"))) == (pids, [victim])

    assert play(shop, "leave", "retire").code == -9
    assert not (shop.folder / "members" / name).exists()
    assert (shop.nodes("kv"), list(shop.hosts("wombat_retiring"))) == (pids, [victim])

    assert play(shop, "after_leave", "retire").code == -9
    assert name not in shop.nodes("kv")
    assert (list(shop.hosts("wombat_retiring")), len(shop.hosts("family_kv"))) == ([victim], 2)

    # Who is not asked may know of nothing.
    limited = ("retire", "--limit", f"localhost,{victim}")
    for arguments, words in (
        ((), "for nobody that answers would be left. Nothing has left"),
        (("-e", "wombat_force=true"), "No instance was destroyed, for of "),
    ):
        run = play(shop, "none", *limited, *arguments)
        assert run.code > 0
        assert words in run.output, run.output
    assert len(shop.hosts("family_kv")) == 2

    # More is asked for by now: what has begun to leave goes all the same, and another takes its place.
    shop.must("deploy")
    after = shop.hosts("family_kv")
    assert not shop.hosts("wombat_retiring")
    (fresh,) = after.keys() - before.keys()
    assert before.keys() - after.keys() == {victim}
    now = shop.nodes("kv")
    assert {node: now.get(node) for node in pids if node != name} == {n: p for n, p in pids.items() if n != name}
    assert {path.name for path in (shop.folder / "members").iterdir()} == set(now)
    (replacement,) = [node["name"] for node in after[fresh]["wombat_nodes"]]
    for text in configuration(shop, "kv") + configuration(shop, "web"):
        assert f"'{replacement}'" in text
        assert replacement == name or f"'{name}'" not in text
