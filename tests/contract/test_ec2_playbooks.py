# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 by the playbooks, as operators use it: 200 instances over three regions, and an inventory of 5,000."""

from __future__ import annotations

import collections
import copy
import functools
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2 import ec2_backends
from moto_ec2 import serving

REGIONS = ["eu-north-1", "eu-west-1", "us-east-1"]
FILE = """
plugin: wombat.erlang.deployment
name: shop
store: ../store
providers:
  aws:
    regions: [eu-north-1, eu-west-1]
    <<: &aws
      driver: ec2
      options: {host: 127.0.0.1, port: PORT, secure: false}
      image: {name: "al2022-ami-*-x86_64", properties: {owner_id: "137112412989"}}
      sizes: [t3.micro]
      rate: 500
      parallel: 20
  bulk: {<<: *aws, regions: [us-east-1], ssh: {host_keys: accept-new}}
insecure: true
releases:
  kv: {archive: ../kv.tar.gz}
families:
  kv: {release: kv, nodes: 150, placement: {spread: {over: region}}}
  web: {release: kv, nodes: 50, placement: {spread: {over: region}}}
"""


class Account:
    """An account of EC2, and the playbooks on it."""

    def __init__(self, folder, port):
        self.folder = folder
        (folder / "inventory").mkdir()
        (folder / "inventory/shop.wombat.yml").write_text(FILE.replace("PORT", str(port)))
        self.env = {
            **os.environ,
            "HOME": str(folder),
            "AWS_ACCESS_KEY_ID": "operator",
            "AWS_SECRET_ACCESS_KEY": "aSecretOfTheOperator",
            "ANSIBLE_NOCOLOR": "1",
        }

    def start(self, program, *arguments):
        return subprocess.Popen(
            [str(Path(sys.executable).parent / program), "-i", str(self.folder / "inventory"), *arguments],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start_until(self, playbook, count):
        """Start a playbook; gives it when so many instances are there."""
        run = self.start("ansible-playbook", playbook)
        while len(self.alive()) < count:
            assert run.poll() is None, run.communicate()[0]
            time.sleep(0.01)
        return run

    def must(self, program, *arguments):
        process = self.start(program, *arguments)
        output, _nothing = process.communicate()
        assert process.returncode == 0, output
        assert self.env["AWS_SECRET_ACCESS_KEY"] not in output
        assert "PRIVATE KEY" not in output
        return output

    @staticmethod
    def backend(region):
        return ec2_backends[DEFAULT_ACCOUNT_ID][region]

    def launch(self, region, count):
        """Instances that nobody asked the collection for: one, and copies of it, for moto takes long to make one."""
        settings = {"instance_type": "t3.micro", "is_instance_type_default": False, "region_name": region}
        settings["placement"] = f"{region}a"
        reservation = self.backend(region).run_instances("ami-760aaa0f", 1, "", [], tags={}, **settings)
        (instance,) = reservation.instances
        instances = [instance]
        for number in range(1, count):
            instances.append(copy.copy(instance))
            instances[-1].id = f"{instance.id}{number:05d}"
            another = copy.copy(reservation)
            another.id, another.instances = f"{reservation.id}{number:05d}", [instances[-1]]
            self.backend(region).reservations[another.id] = another
        return instances

    def alive(self):
        """Name -> region of all instances that are not gone."""
        found = []
        for region in REGIONS:
            for instance in self.backend(region).all_instances():
                if instance.state != "terminated":
                    tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
                    name = tags.get("Name", instance.id)
                    if name in ("shop-kv", "shop-web"):  # of many by one request, as long as nobody named it
                        name += "-" + tags["wombat-ids"].split()[instance.ami_launch_index]
                    found.append((name, region))
        assert len(dict(found)) == len(found), "two instances have one name"
        return dict(found)


def kill(pid):
    """Kill a process and what it started: Ansible's workers are in sessions of their own."""
    children = [int(one) for path in Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text().split()]
    os.kill(pid, signal.SIGKILL)
    for child in children:
        kill(child)


@pytest.fixture
def account(tmp_path):
    with serving() as port:
        yield Account(tmp_path, port)


def test_200_instances_in_three_regions_with_a_kill_on_the_way(account):
    run = account.start_until("wombat.erlang.provision", 30)
    os.kill(run.pid, signal.SIGINT)  # as Ctrl-C does
    output, _nothing = run.communicate()
    assert run.returncode != 0
    alive = account.alive()
    assert 30 <= len(alive) < 150
    said = re.search(r"interrupted: (\d+) instances were created \((.*?)\)", output)
    assert (int(said[1]), sorted(said[2].split(", "))) == (len(alive), sorted(alive))

    run = account.start_until("wombat.erlang.provision", len(alive) + 30)
    kill(run.pid)
    run.communicate()
    left = account.alive()
    assert len(alive) + 30 <= len(left) < 200
    (foreign,) = account.launch("eu-west-1", 1)

    output = account.must("ansible-playbook", "wombat.erlang.provision")
    alive = account.alive()
    assert left.items() <= alive.items()
    del alive[foreign.id]
    assert len(alive) == 200
    assert collections.Counter(name.split("-")[1] for name in alive) == {"kv": 150, "web": 50}
    in_regions = collections.Counter(alive.values())
    assert all(abs(in_regions[region] - 200 / 3) <= 4 for region in REGIONS), in_regions
    requests = account.backend("us-east-1").reservations
    assert len(requests) < 15 < 60 < in_regions["us-east-1"] <= sum(len(one.instances) for one in requests.values())
    assert output.count("  created (") > 10  # what was asked for when the run was killed came to be still
    again = account.must("ansible-playbook", "wombat.erlang.provision")
    assert "changed=0" in again
    assert account.alive().keys() == {*alive, foreign.id}

    account.must("ansible-playbook", "wombat.erlang.destroy", "-e", "wombat_confirm=shop")
    assert list(account.alive()) == [foreign.id]


def test_an_inventory_of_5000(account):
    """In pages of 1,000; 300 more are somebody else's."""
    numbers = itertools.count()
    for owner, region, count in (
        ("shop", REGIONS[0], 3000),
        ("shop", REGIONS[1], 1500),
        ("shop", REGIONS[2], 500),
        ("blog", REGIONS[1], 300),
    ):
        for instance in account.launch(region, count):
            tags = {"deployment": owner, "family": "kv", "run": "r", "nodes": "1", "address": "private"}
            named = {
                "Name": f"{owner}-kv-{next(numbers):06d}",
                **{f"wombat-{key}": value for key, value in tags.items()},
            }
            told = [{"key": key, "value": value} for key, value in named.items()]
            instance.get_tags = functools.partial(list, told)  # moto would look through the tags of all for each
    output = account.must("ansible-inventory", "--list")
    hosts = json.loads(output[output.index("{") :])["_meta"]["hostvars"]
    assert len(hosts) == 5000, output[:2000]
    assert {name.split("-")[0] for name in hosts} == {"shop"}
    regions = collections.Counter(host["wombat_region"]["__ansible_unsafe"] for host in hosts.values())
    assert regions == {"eu-north-1": 3000, "eu-west-1": 1500, "us-east-1": 500}
