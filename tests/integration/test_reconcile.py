# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances come and go through the real playbooks: plans that change nothing, exported inventories, runs at once."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.wombat.erlang.tests.integration.test_inventory import Stall, plain

NEXT_PLAYS = """
- import_playbook: wombat.erlang.provision

- hosts: family_kv:!wombat_gone
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ inventory_hostname }} {{ ansible_host }} {{ ansible_connection }} {{ wombat_nodes[0].name }}"

- hosts: wombat_gone
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ inventory_hostname }} is gone"

- hosts: wombat_retiring
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ inventory_hostname }} is surplus"
"""


@pytest.fixture
def stall(tmp_path):
    return Stall(tmp_path)


@pytest.fixture
def next_plays(stall):
    """A playbook that provisions and then says what the following plays know."""
    path = stall.folder / "next_plays.yml"
    path.write_text(NEXT_PLAYS)
    return str(path)


def words(run):
    return " ".join((run.stdout + run.stderr).split())


def export(stall, name="exported"):
    """The inventory as AWX hands it to a job: a script that prints what it was at one time."""
    data = stall.folder / f"{name}.json"
    data.write_text(stall.run("ansible-inventory", "--list", "--export").stdout)
    script = stall.folder / f"{name}.sh"
    script.write_text(f"#!/bin/sh\ncat {data}\n")
    script.chmod(0o755)
    return script


def messages(output):
    return re.findall(r'"msg": "(.*)"', output)


def test_a_plan_reads_like_a_diff_and_changes_nothing(stall):
    run = stall.play("provision", "--check", "--diff")
    assert run.returncode == 0, words(run)
    planned = re.findall(r"^\+ (\S+) +(\S+) +(\S+) +(\S+)$", run.stdout, re.MULTILINE)
    assert [row[1:] for row in planned] == [
        ("attic/cellar-1/a", "small", "0.01/h"),
        ("world/asia/a", "small", "0.03/h"),
        ("world/asia/a", "small", "0.03/h"),
        ("world/asia/a", "large", "0.09/h"),
    ]
    assert re.search(r"^localhost .* changed=1 ", run.stdout, re.MULTILINE)
    assert stall.hosts() == {}
    assert stall.files() == []


def test_a_plan_names_what_is_surplus(stall):
    stall.must("provision")
    names = {name for name in stall.hosts() if name.startswith("stall-kv-")}
    files = stall.files()
    run = stall.must("provision", "--check", "--diff", "-e", "wombat_scale=kv=1,web=4")
    surplus = re.findall(r"^- (stall-kv-\w+) +", run, re.MULTILINE)
    assert len(surplus) == 2
    assert set(surplus) < names
    assert len(re.findall(r"^\+ stall-web-\w+ +world/asia/a  large +0.09/h$", run, re.MULTILINE)) == 1
    assert stall.files() == files


def test_a_second_run_changes_nothing(stall):
    first = stall.must("provision", "--diff")
    hosts = stall.hosts()
    again = stall.must("provision", "--diff")
    assert len(re.findall(r"^\+ stall-\S+  .* created \(\d of 4\)  \S+: .*$", first, re.MULTILINE)) == 4
    assert " changed=0 " in again
    assert "+ stall-" not in again
    assert stall.hosts() == hosts


def test_new_hosts_reach_the_next_plays(stall, next_plays):
    said = messages(stall.must(next_plays))
    assert sorted(said) == sorted(
        f"{name} {host['ansible_host']} local {host['wombat_nodes'][0]['name']}"
        for name, host in stall.hosts().items()
        if host["wombat_family"] == "kv"
    )
    assert len(said) == 3


def test_new_hosts_reach_the_next_plays_of_an_exported_inventory(stall, next_plays):
    old = export(stall)
    file = ("-e", f"wombat_file={stall.file}")
    assert len(messages(stall.must(next_plays, *file, source=old))) == 3
    hosts = stall.hosts()
    assert len(hosts) == 4
    said = messages(stall.must(next_plays, *file, source=old))
    assert {text.split()[0] for text in said} == {name for name in hosts if name.startswith("stall-kv-")}


def test_an_exported_inventory_keeps_its_hosts_and_learns_what_is_gone(stall, next_plays):
    stall.must("provision")
    hosts = stall.hosts()
    old = export(stall)
    assert (
        json.loads((stall.folder / "exported.json").read_text(), object_hook=plain)["_meta"]["hostvars"].keys()
        == hosts.keys()
    )
    stall.must("destroy", "-e", "wombat_confirm=stall")
    said = messages(stall.must(next_plays, "-e", f"wombat_file={stall.file}", source=old))
    new = stall.hosts()
    assert not set(new) & set(hosts)
    assert sorted(text.split()[0] for text in said if text.endswith("is gone")) == sorted(hosts)
    assert {text.split()[0] for text in said if " local " in text} == {n for n in new if n.startswith("stall-kv-")}


def test_what_is_surplus_is_in_a_group_of_its_own_and_stays(stall, next_plays):
    stall.must("provision")
    said = messages(stall.must(next_plays, "-e", "wombat_scale=kv=1"))
    assert len([text for text in said if text.endswith("is surplus")]) == 2
    assert len(stall.hosts()) == 4


def test_two_runs_at_once(stall):
    runs = [stall.start("ansible-playbook", "wombat.erlang.provision") for _run in range(2)]
    outputs = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    hosts = stall.hosts()
    assert sorted(host["wombat_family"] for host in hosts.values()) == ["kv"] * 3 + ["web"]
    assert len({host["ansible_host"] for host in hosts.values()}) == 4
    assert " changed=0 " in stall.must("provision")


def test_a_provider_that_is_unknown_holds_everything(stall):
    stall.must("provision")
    files = stall.files()
    stall.file.write_text(
        stall.text.replace("      quota: {instances: 1}", "      refuse: credentials").replace("nodes: 3", "nodes: 9")
    )
    run = stall.play("provision", "--diff")
    assert "? attic provider attic refuses" in words(run)
    assert "nothing is created or retired on its behalf" in words(run)
    assert "+ stall-" not in run.stdout
    assert stall.files() == files
    run = stall.play("destroy", "-e", "wombat_confirm=stall")
    assert run.returncode != 0
    assert "nothing was destroyed, for not all instances are known (attic:" in words(run)
    assert stall.files() == files
    run = stall.play("providers")
    assert run.returncode != 0
    assert "attic" in run.stdout


def test_destroying_asks_first_and_leaves_no_file(stall):
    stall.must("provision")
    files = stall.files()
    for arguments in ((), ("-e", "wombat_confirm=stal"), ("-e", "wombat_confirm=yes")):
        run = stall.play("destroy", *arguments)
        assert run.returncode != 0
        assert "Confirm with -e wombat_confirm=stall" in words(run)
    stall.must("destroy", "--check", "-e", "wombat_confirm=stall")
    assert stall.files() == files
    output = stall.must("destroy", "--diff", "-e", "wombat_confirm=stall")
    assert len(re.findall(r"^- stall-\S+  .* destroyed \(\d of 4\)$", output, re.MULTILINE)) == 4
    assert [path for path in stall.files() if "/" in path] == []
    assert " changed=0 " in stall.must("destroy", "-e", "wombat_confirm=stall")


def test_a_refusal_is_told_and_the_rest_is_placed(stall):
    stall.file.write_text(
        stall.text.replace("{cellar-1: {zones: {a: {}}}}", "{cellar-1: {zones: {a: {refuse: capacity}}}}")
    )
    output = stall.must("provision")
    assert re.search(
        r"^! stall-kv-\w+  attic/cellar-1/a  small  provider attic refuses.*capacity", output, re.MULTILINE
    )
    assert [host["wombat_provider"] for host in stall.hosts().values()] == ["world"] * 4
