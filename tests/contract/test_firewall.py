# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security groups of families: on moto's EC2 through their whole life, and what is sent to OpenStack."""

from __future__ import annotations

import dataclasses
import re

import pytest
from case import RUN, deployment
from cases import ec2, openstack
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2 import ec2_backends
from moto_ec2 import serving
from wire import Answer, Wire, lay

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import acting
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import OpenPort
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import OURS, Rule, wanted

REGION = "eu-north-1"
NAMES = ("shop-kv", "shop-web")
AMAZON = {
    "driver": "ec2",
    "regions": [REGION],
    "credentials": {"key": "operator", "secret": "aSecretOfTheOperator"},
    "image": {"name": "al2022-ami-*-x86_64", "properties": {"owner_id": "137112412989"}},
    "sizes": ["t3.micro"],
    "firewall": True,
}


def two_families(folder, provider, neighbours=("kv",), allowed=()):
    """A deployment of kv, and of web beside it."""
    made = deployment(folder, provider)
    web = dataclasses.replace(made.families["kv"], name="web", neighbours=tuple(neighbours))
    kv = dataclasses.replace(made.families["kv"], firewall=allowed)
    return dataclasses.replace(made, families={"kv": kv, "web": web})


def opened(folder, provider, **changes):
    adapter = registry.adapter_of(provider["driver"])(two_families(folder, provider, **changes), "cloud")
    adapter.pace.sleep = lambda _seconds: None
    adapter.pace.gap = 0.0
    return adapter


def requested(family, ordinal):
    return Request(f"shop-{family}-{ordinal:06d}", f"{RUN}-{ordinal}", family, RUN, "cloud", REGION, "a", "t3.micro", 2)


@pytest.fixture
def amazon(tmp_path):
    with serving() as port:
        provider = {**AMAZON, "options": {"host": "127.0.0.1", "port": port, "secure": False}}
        yield lambda **changes: opened(tmp_path, provider, **changes)


def groups():
    """The groups of EC2: name -> (from, to, name of the group) of each rule."""
    backend = ec2_backends[DEFAULT_ACCOUNT_ID][REGION]
    every = backend.describe_security_groups()
    names = {group.id: group.name for group in every}
    return {
        group.name: {
            (
                int(rule.from_port),
                int(rule.to_port),
                next(iter(rule.ip_range.values()), None) or names[rule.source_group["GroupId"]],
            )
            for rule in group.ingress_rules
        }
        for group in every
        if group.name != "default"
    }


def test_groups_live_with_the_instances_of_their_region(amazon):
    adapter = amazon()
    assert groups() == {}
    created = [adapter.create(requested(family, number))[0] for number, family in enumerate(("kv", "web", "kv"))]
    both = {(4369, 4369), (9101, 9102)}
    assert groups() == {
        name: {(*ports, source) for ports in both for source in ("shop-kv", "shop-web")}
        for name in ("shop-kv", "shop-web")
    }
    backend = ec2_backends[DEFAULT_ACCOUNT_ID][REGION]
    worn = {
        instance.id: sorted(group.name for group in instance.security_groups) for instance in backend.all_instances()
    }
    assert [worn[one.id] for one in created] == [["default", f"shop-{one.family}"] for one in created]

    allowing = amazon(allowed=(OpenPort(8080, "tcp", ("0.0.0.0/0", "::/0")),))
    acting.keep_firewalls({"cloud": allowing}, allowing.instances(), print)
    assert {(8080, 8080, "0.0.0.0/0"), (8080, 8080, "::/0")} < groups()["shop-kv"]
    again = amazon(allowed=(OpenPort(8080, "tcp", ("0.0.0.0/0", "::/0")),))
    acting.keep_firewalls({"cloud": again}, again.instances(), pytest.fail)  # nothing is made twice
    apart = amazon(neighbours=())
    acting.keep_firewalls({"cloud": apart}, apart.instances(), print)
    assert groups() == {name: {(*ports, name) for ports in both} for name in ("shop-kv", "shop-web")}

    acting.destroy({"cloud": adapter}, created[:2], print)
    assert groups().keys() == {"shop-kv", "shop-web"}
    acting.destroy({"cloud": amazon()}, created[2:], print)
    assert groups() == {}


def test_a_group_of_that_name_that_is_not_ours_stays_as_it_is(amazon):
    backend = ec2_backends[DEFAULT_ACCOUNT_ID][REGION]
    backend.create_security_group("shop-kv", "of the shop around the corner")
    adapter = amazon()
    with pytest.raises(Refusal, match="the security group shop-kv is not ours"):
        adapter.create(requested("kv", 0))
    adapter.close_firewall(REGION)
    assert groups() == {"shop-kv": set()}
    assert not [one for one in backend.all_instances() if one.state != "terminated"]


def test_without_the_switch_nothing_is_asked(tmp_path, monkeypatch):
    wire = Wire(ec2.EC2.book, ec2.EC2.writes, ec2.EC2.chapter)
    lay(wire, monkeypatch)
    adapter = opened(tmp_path, {**ec2.EC2.provider})
    assert adapter.family_groups(requested("kv", 0), REGION) == []
    adapter.close_firewall(REGION)
    assert wire.sent == []


def test_what_is_asked_of_openstack(tmp_path, monkeypatch):
    case = openstack.OPENSTACK
    wire = Wire(case.book)
    lay(wire, monkeypatch)
    there = []

    def group(sent):
        there.append(
            {"id": f"id-of-{sent.json['security_group']['name']}", "security_group_rules": [], "tenant_id": "t"}
        )
        there[-1].update(sent.json["security_group"])
        return {"security_group": there[-1]}

    def rule(sent):
        made = sent.json["security_group_rule"]
        made |= {"id": f"rule-{len(wire.sent)}", "tenant_id": "t"}
        made.setdefault("remote_ip_prefix", None)
        made.setdefault("remote_group_id", None)
        owner = next(one for one in there if one["id"] == made["security_group_id"])
        owner["security_group_rules"].append(made)
        return {"security_group_rule": made}

    def gone(sent):
        identity = sent.path.rpartition("/")[2]
        there[:] = [one for one in there if one["id"] != identity]
        for one in there:
            one["security_group_rules"] = [own for own in one["security_group_rules"] if own["id"] != identity]
        return ""

    wire.answers += [
        *case.answers,
        Answer("GET", ".*/v2.0/security-groups", lambda _sent: {"security_groups": there}),
        Answer("POST", ".*/v2.0/security-groups", group, 201),
        Answer("POST", ".*/v2.0/security-group-rules", rule, 201),
        Answer("DELETE", ".*/v2.0/security-group.*", gone, 204),
    ]
    provider = {**case.provider, "firewall": True}
    adapter = opened(tmp_path, provider)
    ours = adapter.family_groups(requested("kv", 0), case.region)
    assert [one.name for one in ours] == ["shop-kv"]
    assert {one["name"]: one["description"] for one in there} == {"shop-kv": OURS, "shop-web": OURS}
    sent = [one.json["security_group_rule"] for one in wire.sent if one.method == "POST" and "-rules" in one.path]
    assert len(sent) == 8
    assert {one["direction"] for one in sent} == {"ingress"}
    assert ("tcp", 9101, 9102, "id-of-shop-kv", "id-of-shop-web") in {
        (
            one["protocol"],
            one["port_range_min"],
            one["port_range_max"],
            one["security_group_id"],
            one["remote_group_id"],
        )
        for one in sent
    }
    wire.sent.clear()
    opened(tmp_path, provider).open_firewall(case.region)
    assert not [one for one in wire.written() if re.search("security", one.path)]
    # As an administrator sees it, another project has groups of these names.
    foreign = [{**one, "id": f"other-{one['id']}", "tenant_id": "other", "security_group_rules": []} for one in there]
    there += foreign
    wire.answers.append(Answer("GET", ".*/v2.0/quotas/tenant", {"tenant": {"tenant_id": "t"}}))
    opened(tmp_path, provider).open_firewall(case.region)
    assert not [one for one in wire.written() if re.search("security", one.path)]
    adapter.close_firewall(case.region)
    assert there == foreign


def test_rules_follow_from_families_and_neighbours(tmp_path):
    made = two_families(tmp_path, AMAZON)
    alone = dataclasses.replace(made, epmd=False, families={"kv": made.families["kv"]})
    assert wanted(alone) == {"shop-kv": {Rule("tcp", 9101, 9102, "shop-kv")}}
    with pytest.raises(WombatError, match="firewall cannot be had of driver linode"):
        registry.open_provider(
            deployment(
                tmp_path, {"driver": "linode", "credentials": {"key": "k"}, "image": {"name": "x"}}, firewall=True
            ),
            "cloud",
        )
