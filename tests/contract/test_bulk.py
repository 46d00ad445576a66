# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many instances by one request: what is sent, and how each of them is known, also when something goes wrong."""

from __future__ import annotations

import dataclasses
import re
import threading

import pytest
from case import RUN, TAGS, opened
from cases import ec2, openstack, regions
from wire import Answer, Wire, lay

from ansible_collections.wombat.erlang.plugins.plugin_utils import acting
from ansible_collections.wombat.erlang.plugins.plugin_utils.known_hosts import KnownHosts
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal

IDS = ["a1b2c3", "d4e5f6", "g7h8i9"]
NAMES = [f"shop-kv-{one}" for one in IDS]
LABELLED = {**TAGS, "wombat-ids": " ".join(IDS)}
OWN_KEYS = "#cloud-config\nssh_keys: {ed25519_private: shared, ed25519_public: ssh-ed25519 AAAAC3Nz}\n"


def laid(case, monkeypatch):
    wire = Wire(case.book, case.writes, case.chapter)
    wire.answers += case.answers
    lay(wire, monkeypatch)
    return wire


def batch(case):
    return [case.request(name=name, token=f"{RUN}-{number}") for number, name in enumerate(NAMES)]


def instances_of_ec2(text, tags, places=range(3)):
    """A reply's first instance as several of one request."""
    (item,) = re.findall(r"<item>\s*<instanceId>.*?</item>(?=\s*</instancesSet>)", text, re.DOTALL)[:1]
    items = ""
    for place in places:
        one = re.sub(r"<instanceId>.*?</instanceId>", f"<instanceId>i-{place}</instanceId>", item)
        one = re.sub(r"<amiLaunchIndex>.*?<", f"<amiLaunchIndex>{place}<", one)
        items += re.sub(r"<tagSet>.*?</tagSet>|<tagSet ?/>", ec2.tag_set(tags), one)
    return text.replace(item, items, 1)


def created_by_ec2(count=3):
    return Answer("GET", "/", instances_of_ec2(ec2.RUNNING, {}, range(count)), params={"Action": "RunInstances"})


def listed_by_ec2(places=range(3)):
    """The instances with the tags that they got with their creation only."""
    named = [{"name": "shop-kv", "tags": LABELLED, "id": "i-0"}]
    return Answer(
        "GET",
        "/",
        lambda sent: instances_of_ec2(
            ec2.described(named),
            {"Name": "shop-kv", **LABELLED},
            [place for place in places if sent.params.get("InstanceId.1") in (None, f"i-{place}")],
        ),
        params={"Action": "DescribeInstances"},
    )


def asked(wire, action):
    return [sent.params for sent in wire.sent if sent.params.get("Action") == action]


def droplets(names):
    made = [regions.droplet({"name": name, "tags": TAGS, "id": number}) for number, name in enumerate(names, 1)]
    return Answer("POST", "/v2/droplets", {"droplets": made}, 202)


def test_ec2_creates_many_by_one_request(monkeypatch, tmp_path):
    wire = laid(ec2.EC2, monkeypatch)
    wire.answers += [created_by_ec2(), listed_by_ec2()]
    adapter = opened(tmp_path, ec2.EC2.provider)
    made = adapter.create(*batch(ec2.EC2))
    assert len(" ".join(IDS[:1] * adapter.batch)) <= 256  # characters that a tag may have
    assert [(one.name, one.id, one.slots) for one in made] == [(NAMES[n], f"i-{n}", (1, 2)) for n in range(3)]
    (run,) = asked(wire, "RunInstances")
    assert (run["MinCount"], run["MaxCount"], run["ClientToken"]) == ("1", "3", f"{RUN}-0")
    root = "TagSpecification.1.Tag"
    tags = {run[f"{root}.{n}.Key"]: run[f"{root}.{n}.Value"] for n in range(1, len(LABELLED) + 2)}
    assert tags == {"Name": "shop-kv", **LABELLED}
    assert not asked(wire, "CreateTags")
    lines = []
    acting.show_names({"cloud": adapter}, made, lines.append, threading.Event())
    named = {(one["ResourceId.1"], one["Tag.1.Key"], one["Tag.1.Value"]) for one in asked(wire, "CreateTags")}
    assert named == {(f"i-{n}", "Name", NAMES[n]) for n in range(3)}
    assert not lines


def test_instances_of_ec2_are_known_by_their_place_before_they_have_names(monkeypatch, tmp_path):
    """As after a run that was killed between the creation and the names."""
    wire = laid(ec2.EC2, monkeypatch)
    wire.answers += [listed_by_ec2()]
    adapter = opened(tmp_path, ec2.EC2.provider)
    assert {one.name: one.id for one in adapter.instances()} == {NAMES[n]: f"i-{n}" for n in range(3)}
    renamed = instances_of_ec2(
        ec2.described([{"name": "-", "tags": LABELLED}]), {**LABELLED, "Name": NAMES[2]}, [1]
    )  # as a copy of another with its tags
    wire.answers += [Answer("GET", "/", renamed, params={"Action": "DescribeInstances"})]
    assert [(one.name, one.unnamed) for one in adapter.instances()] == [(NAMES[2], False)]


def test_names_that_cannot_be_written_are_no_failure(monkeypatch, tmp_path):
    """They are said to be missing, and tried again by the next run."""
    wire = laid(ec2.EC2, monkeypatch)
    refused = ec2.error("UnauthorizedOperation", "You are not authorized", 403)[0]
    wire.answers += [listed_by_ec2(), dataclasses.replace(refused, params={"Action": "CreateTags"})]
    adapter = opened(tmp_path, ec2.EC2.provider)
    lines = []
    acting.show_names({"cloud": adapter}, adapter.instances(), lines.append, threading.Event())
    (line,) = lines
    assert line.startswith("? the cloud's console does not show the names of 3 instances, as of shop-kv-")
    assert "You are not authorized" in line
    assert [one.unnamed for one in adapter.instances()] == [True] * 3


def test_fewer_than_asked_for(monkeypatch, tmp_path):
    """Also one alone: libcloud gives no list then. The keys of what did not come are forgotten."""
    wire = laid(ec2.EC2, monkeypatch)
    wire.answers += [listed_by_ec2()]
    for count in (2, 1):
        wire.answers += [created_by_ec2(count)]
        adapter = opened(tmp_path, ec2.EC2.provider, user_data=OWN_KEYS, ssh={"host_keys": "inject"})
        assert [one.name for one in adapter.create(*batch(ec2.EC2))] == NAMES[:count]
        known = KnownHosts(adapter.deployment)
        assert [known.has(name) for name in NAMES] == [number < count for number in range(3)]


@pytest.mark.parametrize("case", [ec2.EC2, regions.DIGITALOCEAN], ids=lambda case: case.driver)
def test_a_lost_reply_is_looked_for_by_the_names(case, monkeypatch, tmp_path):
    wire = laid(case, monkeypatch)
    if case.driver == "ec2":
        wire.answers += [listed_by_ec2([0, 2])]
    else:
        wire.answers += case.listed([{"name": name, "tags": TAGS} for name in (NAMES[0], NAMES[2])])
    wire.answers += case.refusals["outage"]
    made = opened(tmp_path, case.provider).create(*batch(case))
    assert [one.name for one in made] == [NAMES[0], NAMES[2]]
    creates = [
        one for one in wire.written() if one.path == "/v2/droplets" or one.params.get("Action") == "RunInstances"
    ]
    assert len(creates) == 1


def test_digitalocean_creates_many_by_one_request(monkeypatch, tmp_path):
    """With the same request as one but for the name."""
    case = regions.DIGITALOCEAN
    wire = laid(case, monkeypatch)
    wire.answers += [*case.create(), droplets(NAMES)]
    adapter = opened(tmp_path, case.provider)
    made = adapter.create(*batch(case))
    assert [(one.name, one.id, one.address) for one in made] == [(NAMES[n], str(n + 1), case.address) for n in range(3)]
    wire.answers += case.create()
    adapter.create(case.request())
    many, one = [sent.json for sent in wire.written()]
    assert many.pop("names") == NAMES
    assert many == {key: value for key, value in one.items() if key != "name"}


def test_addresses_of_many_are_waited_for_together(monkeypatch, tmp_path):
    case = regions.DIGITALOCEAN
    wire = laid(case, monkeypatch)
    early = [
        {**regions.droplet({"name": name, "tags": TAGS, "id": number}), "networks": {"v4": [], "v6": []}}
        for number, name in enumerate(NAMES, 1)
    ]
    late = regions.droplet({"name": NAMES[1], "tags": TAGS, "id": 2})
    wire.answers += [Answer("POST", "/v2/droplets", {"droplets": early}, 202)]
    wire.answers += [Answer("GET", f"/v2/droplets/{n}", {"droplet": early[n - 1], "links": {}}) for n in (1, 3)]
    wire.answers += [Answer("GET", "/v2/droplets/2", {"droplet": late, "links": {}})]
    adapter = opened(tmp_path, case.provider)
    adapter.address_deadline = 0.0
    states = [(one.state, one.address) for one in adapter.create(*batch(case))]
    assert [state for state, _address in states] == ["error"] * 3
    adapter.address_deadline = 300.0
    rounds = []
    adapter.pace.sleep = lambda _seconds: rounds.append(1) or (len(rounds) == 3 and adapter.stop.set())
    states = [(one.state, one.address) for one in adapter.create(*batch(case))]
    assert [address for _state, address in states] == [None, case.address, None]
    assert len(rounds) == 3


@pytest.mark.parametrize(
    ("case", "changes", "most"),
    [
        (ec2.EC2, {}, 36),
        (ec2.EC2, {"ssh": {"host_keys": "console"}}, 36),
        (ec2.EC2, {"ssh": {"host_keys": "inject"}, "user_data": OWN_KEYS}, 36),
        (ec2.EC2, {"ssh": {"host_keys": "inject"}}, 1),
        (regions.DIGITALOCEAN, {}, 10),
        (ec2.EUCALYPTUS, {}, 1),
        (openstack.OPENSTACK, {}, 1),
    ],
    ids=str,
)
def test_how_many_by_one_request(case, changes, most, monkeypatch, tmp_path):
    laid(case, monkeypatch)
    adapter = opened(tmp_path, case.provider, **changes)
    assert adapter.batch == most
    assert not most > 1 or not adapter.features["bulk creation"]


def test_what_one_request_makes_is_alike(monkeypatch, tmp_path):
    """The number of nodes is a tag of all, and so are the family and the families beside it."""
    laid(ec2.EC2, monkeypatch)
    adapters = {"cloud": opened(tmp_path, ec2.EC2.provider)}
    alike = [ec2.EC2.request(name=f"shop-kv-{n:06d}", token=str(n)) for n in range(40)]
    odd = [
        dataclasses.replace(alike[0], name="shop-kv-odd", **change)
        for change in ({"nodes": 1}, {"beside": {"web": 1}}, {"size": "m1.large"}, {"zone": "a"}, {"family": "web"})
    ]
    found = acting.batches(adapters, [*alike[:20], *odd, *alike[20:]], [])
    assert sorted(map(len, found), reverse=True) == [36, 4, 1, 1, 1, 1, 1]
    assert [one for some in found for one in some if one in alike] == alike
    full = Refusal("quota", "too many", "cloud", "eu-west-1")
    assert {len(some) for some in acting.batches(adapters, alike, [full])} == {1}
