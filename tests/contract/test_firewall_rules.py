# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall rules of families in CloudStack, Google Compute Engine and Outscale, by answers that keep state."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import typing as t

import pytest
from case import NAME, RUN, TAGS
from cases import cloudstack, gce, outscale
from libcloud.common.cloudstack import CloudStackConnection
from test_firewall import opened
from wire import Answer, Wire, lay

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import OpenPort
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import OURS

FAMILIES = ("shop-kv", "shop-web")
PORTS = ((4369, 4369), (9101, 9102))
INSIDE = {(family, *ports, source) for family in FAMILIES for ports in PORTS for source in FAMILIES}
EVERYBODY = ("shop-kv", 8080, 8080, "0.0.0.0/0")


class Outscale:
    """Security groups of one net."""

    case = outscale.OUTSCALE

    def __init__(self):
        self.groups = [group("shop-kv", "vpc-other", "sg-of-others"), group("erlang", "vpc-1", "sg-erlang")]
        self.answers = [
            outscale.answer("ReadSecurityGroups", self.read),
            outscale.answer("CreateSecurityGroup", self.make),
            outscale.answer("CreateSecurityGroupRule", self.open),
            outscale.answer("DeleteSecurityGroupRule", self.close),
            outscale.answer("DeleteSecurityGroup", self.delete),
        ]

    def read(self, sent):
        names = sent.json["Filters"]["SecurityGroupNames"]
        return {"SecurityGroups": copy.deepcopy([one for one in self.groups if one["SecurityGroupName"] in names])}

    def make(self, sent):
        told = sent.json
        self.groups.append(group(told["SecurityGroupName"], told["NetId"], f"sg-{len(self.groups)}"))
        self.groups[-1]["Description"] = told["Description"]
        return {"SecurityGroup": self.groups[-1]}

    def by_id(self, identity):
        return next(one for one in self.groups if one["SecurityGroupId"] == identity)

    def open(self, sent):
        assert sent.json["Flow"] == "Inbound"
        self.by_id(sent.json["SecurityGroupId"])["InboundRules"] += sent.json["Rules"]
        return {}

    def close(self, sent):
        for rule in sent.json["Rules"]:
            self.by_id(sent.json["SecurityGroupId"])["InboundRules"].remove(rule)
        return {}

    def delete(self, sent):
        self.groups.remove(self.by_id(sent.json["SecurityGroupId"]))
        return {}

    def rules(self):
        names = {one["SecurityGroupId"]: one["SecurityGroupName"] for one in self.groups}
        return {
            (one["SecurityGroupName"], rule["FromPortRange"], rule["ToPortRange"], source)
            for one in self.groups
            for rule in one["InboundRules"]
            for source in [
                *rule.get("IpRanges", []),
                *(names[member["SecurityGroupId"]] for member in rule.get("SecurityGroupsMembers", [])),
            ]
        }

    def left(self):
        return [one["SecurityGroupId"] for one in self.groups]

    untouched = ("sg-of-others", "sg-erlang")
    exists: t.ClassVar[dict] = {"Errors": [{"Type": "ResourceConflict", "Details": "it already exists", "Code": "9"}]}

    @staticmethod
    def makes(answer):
        return "/Create" in answer.path

    @staticmethod
    def worn(sent):
        (create,) = [one.json for one in sent if one.path.endswith("/CreateVms")]
        return create["SecurityGroupIds"]

    names_worn = ("sg-erlang", "sg-2")


def group(name, net, identity):
    return {
        "SecurityGroupName": name,
        "NetId": net,
        "SecurityGroupId": identity,
        "AccountId": "4711",
        "Description": "of others",
        "InboundRules": [],
    }


class CloudStack:
    """Security groups of an account; a rule is a job that ends at once."""

    case = cloudstack.CASES[0]
    untouched = ("shop-kv2", "default")
    names_worn = ("erlang", "shop-kv")
    exists: t.ClassVar[dict] = {"createsecuritygroupresponse": {"errorcode": 409, "errortext": "it already exists"}}

    @staticmethod
    def makes(answer):
        return answer.params.get("command") == "createSecurityGroup"

    def __init__(self):
        self.groups = [
            {"id": name, "name": name, "description": "", "account": "op", "ingressrule": []} for name in self.untouched
        ]
        self.numbers = itertools.count(1)
        self.answers = [
            self.command("listSecurityGroups", lambda sent: {"securitygroup": copy.deepcopy(self.groups)}),
            self.command("createSecurityGroup", self.make),
            self.command("authorizeSecurityGroupIngress", self.open),
            self.command("revokeSecurityGroupIngress", self.close),
            self.command("deleteSecurityGroup", self.delete),
            Answer(
                "GET",
                "/test/path",
                {"queryasyncjobresultresponse": {"jobstatus": 1, "jobresult": {"securitygroup": {}, "success": True}}},
                params={"command": "queryAsyncJobResult", "jobid": "rule"},
            ),
        ]

    @staticmethod
    def command(name, answer):
        body = f"{name.lower()}response"
        return Answer("GET", "/test/path", lambda sent: {body: answer(sent)}, params={"command": name})

    def make(self, sent):
        made = {"id": f"id-of-{sent.params['name']}", "account": "op", "ingressrule": []}
        self.groups.append({**made, **{key: sent.params[key] for key in ("name", "description")}})
        return {"securitygroup": self.groups[-1]}

    def open(self, sent):
        told = sent.params
        rule = {"ruleid": str(next(self.numbers)), "protocol": told["protocol"].lower()}
        rule |= {"startport": int(told["startport"]), "endport": int(told["endport"])}
        if "cidrlist" in told:
            rule["cidr"] = told["cidrlist"]
        else:
            assert told["usersecuritygrouplist[0].account"] == "op"
            rule["securitygroupname"] = told["usersecuritygrouplist[0].group"]
        next(one for one in self.groups if one["id"] == told["securitygroupid"])["ingressrule"].append(rule)
        return {"jobid": "rule"}

    def close(self, sent):
        for one in self.groups:
            one["ingressrule"] = [rule for rule in one["ingressrule"] if rule["ruleid"] != sent.params["id"]]
        return {"jobid": "rule"}

    def delete(self, sent):
        self.groups = [one for one in self.groups if one["id"] != sent.params["id"]]
        return {"success": "true"}

    def rules(self):
        return {
            (one["name"], rule["startport"], rule["endport"], rule.get("securitygroupname") or rule["cidr"])
            for one in self.groups
            for rule in one["ingressrule"]
        }

    def left(self):
        return [one["name"] for one in self.groups]

    @staticmethod
    def worn(sent):
        (deploy,) = [one for one in sent if one.params.get("command") == "deployVirtualMachine"]
        return deploy.params["securitygroupnames"].split(",")


class Google:
    """Firewalls of a project."""

    case = gce.GCE
    untouched = ("shop-ssh",)
    names_worn = ("erlang", "shop-kv")
    exists: t.ClassVar[dict] = {
        "error": {
            "code": 409,
            "message": "it already exists",
            "errors": [{"reason": "x", "message": "it already exists"}],
        }
    }

    @staticmethod
    def makes(answer):
        return answer.method == "POST"

    def __init__(self):
        network = "https://www.googleapis.com/compute/v1/projects/project_name/global/networks/cf"
        mine = {"name": "shop-ssh", "description": "of the operator", "targetTags": ["shop-kv"], "network": network}
        self.firewalls = [{**mine, "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}], "sourceRanges": ["0.0.0.0/0"]}]
        there = f"{gce.ABOVE}/global/firewalls"
        self.answers = [
            Answer("GET", there, self.read),
            Answer("POST", there, self.make),
            Answer("DELETE", f"{there}/.*", self.delete),
        ]

    def read(self, sent):
        """One on a page."""
        assert sent.params["filter"] == 'name eq "shop-.*"'
        number = int(sent.params.get("pageToken", 0))
        more = {"nextPageToken": str(number + 1)} if number + 1 < len(self.firewalls) else {}
        return {"items": self.firewalls[number : number + 1], **more}

    def make(self, sent):
        told = sent.json
        assert told["direction"] == "INGRESS"
        assert told["network"].endswith("/global/networks/cf")
        self.firewalls.append(told)
        return {**gce.DONE, "status": "DONE"}

    def delete(self, sent):
        self.firewalls = [one for one in self.firewalls if one["name"] != sent.path.rpartition("/")[2]]
        return {**gce.DONE, "status": "DONE"}

    def rules(self):
        return {
            (one["targetTags"][0], *map(int, ports.split("-")), source)
            for one in self.firewalls
            if one["description"] == OURS
            for ports in one["allowed"][0]["ports"]
            for source in one.get("sourceTags") or one["sourceRanges"]
        }

    def left(self):
        return [one["name"] for one in self.firewalls]

    @staticmethod
    def worn(sent):
        (post,) = [one.json for one in sent if (one.method, one.path) == ("POST", f"{gce.ZONE}/instances")]
        return post["tags"]["items"]


@pytest.fixture(params=[CloudStack, Google, Outscale], ids=lambda cloud: cloud.case.driver)
def cloud(request, monkeypatch):
    monkeypatch.setattr(CloudStackConnection, "poll_interval", 0)
    return request.param()


@pytest.fixture
def wire(cloud, monkeypatch):
    wire = Wire(cloud.case.book, cloud.case.writes, cloud.case.chapter)
    wire.answers += [*cloud.case.answers, *cloud.case.listed([]), *cloud.case.create(), *cloud.answers]
    lay(wire, monkeypatch)
    return wire


@pytest.fixture
def adapter(cloud, wire, tmp_path):
    return lambda **changes: opened(tmp_path, {**cloud.case.provider, "firewall": True}, **changes)


def test_rules_live_with_the_instances(cloud, wire, adapter):
    one = adapter()
    one.create(cloud.case.request())
    assert cloud.rules() == INSIDE
    assert tuple(cloud.worn(wire.sent)) == cloud.names_worn
    wire.sent.clear()

    adapter().open_firewall(cloud.case.region)  # as the next run: nothing is to be done
    assert wire.written() == []
    adapter(allowed=(OpenPort(8080, "tcp", ("0.0.0.0/0",)),)).open_firewall(cloud.case.region)
    assert cloud.rules() == {*INSIDE, EVERYBODY}
    adapter(neighbours=()).open_firewall(cloud.case.region)
    assert cloud.rules() == {rule for rule in INSIDE if rule[0] == rule[-1]}

    one.close_firewall(cloud.case.region)
    assert cloud.rules() == set()
    assert tuple(cloud.left()) == cloud.untouched


def test_what_all_regions_share_stays_while_one_has_instances(cloud, wire, adapter):
    one = adapter()
    one.open_firewall(cloud.case.region)
    wire.answers += cloud.case.listed([{"name": NAME, "tags": TAGS}])
    one.close_firewall("elsewhere" if one.one_for_all else cloud.case.region)
    assert cloud.rules() == (INSIDE if one.one_for_all else set())


def test_another_run_may_have_been_quicker(cloud, wire, adapter):
    """What is to be made is made by another between the look and the request."""
    quicker = []

    def beaten(answer):
        def made_before(sent):
            quicker.append(answer.body(sent))
            return cloud.exists

        return dataclasses.replace(answer, body=made_before, status=409)

    wire.answers += [beaten(answer) for answer in cloud.answers if cloud.makes(answer)]
    adapter().open_firewall(cloud.case.region)
    assert quicker
    assert cloud.rules() == INSIDE


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("verb", ["open_firewall", "close_firewall"])
def test_the_next_run_goes_on_where_one_was_killed(cloud, wire, adapter, verb):
    """After each of the requests that write: what it asked for is done, and nobody hears of it."""
    if verb == "close_firewall":
        adapter().open_firewall(cloud.case.region)
    left = [0]

    def mortal(answer):
        def lives(sent):
            done = answer.body(sent)
            left[0] -= wire.writes(sent)
            if left[0] == 0 and wire.writes(sent):
                raise Killed
            return done

        return dataclasses.replace(answer, body=lives) if callable(answer.body) else answer

    wire.answers += [mortal(answer) for answer in cloud.answers]
    kills = 0
    while True:
        left[0] = 2
        try:
            getattr(adapter(), verb)(cloud.case.region)
            break
        except Killed:
            kills += 1
    assert kills >= 4
    assert cloud.rules() == (INSIDE if verb == "open_firewall" else set())
    assert (tuple(cloud.left()) == cloud.untouched) == (verb == "close_firewall")


def test_a_group_of_somebody_else_is_not_changed(monkeypatch, tmp_path):
    cloud = Outscale()
    cloud.groups.append(group("shop-web", "vpc-1", "sg-web"))
    wire = Wire()
    wire.answers += [*cloud.case.answers, *cloud.answers]
    lay(wire, monkeypatch)
    with pytest.raises(Refusal, match="the security group shop-web is not ours"):
        opened(tmp_path, {**cloud.case.provider, "firewall": True}).open_firewall("eu-west-2")
    assert not [sent for sent in wire.sent if cloud.case.writes(sent)]


def test_without_networks_the_default_group_is_kept(monkeypatch, tmp_path):
    cloud = Outscale()
    wire = Wire()
    wire.answers += [*cloud.case.answers, *cloud.case.create(), *cloud.answers]
    wire.answers.append(outscale.answer("CreateSecurityGroup", lambda sent: cloud.make(with_net(sent))))
    lay(wire, monkeypatch)
    cloud.groups.clear()
    provider = {**cloud.case.provider, "firewall": True, "networks": [], "security_groups": []}
    adapter = opened(tmp_path, provider)
    request = Request(NAME, f"{RUN}-0", "kv", RUN, "cloud", "eu-west-2", "a", "tinav5.c1r1p2", 2)
    adapter.create(request)
    (create,) = [one.json for one in wire.sent if one.path.endswith("/CreateVms")]
    assert create["SecurityGroups"] == ["default", "shop-kv"]
    (made, _other) = [one.json for one in wire.sent if one.path.endswith("/CreateSecurityGroup")]
    assert made == {"SecurityGroupName": "shop-kv", "Description": OURS}


def with_net(sent):
    return dataclasses.replace(sent, body=sent.body.replace("{", '{"NetId": null, ', 1))
