# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clouds with firewall rules that keep state, as answers: what they were asked for, they say is there."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import typing as t

from wire import Answer

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.firewall import OURS
from cases import azure_arm, cloudstack, ec2, gce, outscale


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


class Exoscale(CloudStack):
    """CloudStack's API."""

    case = cloudstack.CASES[1]


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
        mine = {
            "name": "shop-ssh",
            "description": "of the operator",
            "targetTags": ["shop-kv", "any"],
            "network": network,
        }
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


class Eucalyptus:
    """Security groups without networks, after the code of Eucalyptus; a rule is known by all that it says."""

    case = ec2.EUCALYPTUS
    untouched = ("default",)
    names_worn = ("erlang", "shop-kv")
    exists: t.ClassVar[str] = (
        "<Response><Errors><Error><Code>InvalidGroup.Duplicate</Code><Message>The security group already exists"
        "</Message></Error></Errors></Response>"
    )

    @staticmethod
    def makes(answer):
        return answer.params.get("Action") == "CreateSecurityGroup"

    def __init__(self):
        self.groups = {"sg-default": {"name": "default", "text": "default group", "rules": set()}}
        self.answers = [
            self.action("DescribeSubnets", lambda sent: "<subnetSet/>"),
            self.action("DescribeSecurityGroups", self.read),
            self.action("CreateSecurityGroup", self.make),
            self.action("AuthorizeSecurityGroupIngress", lambda sent: self.change(sent, set.add)),
            self.action("RevokeSecurityGroupIngress", lambda sent: self.change(sent, set.remove)),
            self.action("DeleteSecurityGroup", lambda sent: str(self.groups.pop(sent.params["GroupId"]))[:0]),
        ]

    @staticmethod
    def action(name, answer):
        def whole(sent):
            return f'<{name}Response xmlns="{ec2.NAMESPACE}">{answer(sent)}</{name}Response>'

        return Answer("GET", ec2.PATH, whole, params={"Action": name})

    def read(self, sent):
        assert sent.params["Filter.1.Name"] == "group-name"
        wanted = {sent.params["Filter.1.Value.1"], sent.params["Filter.1.Value.2"]}
        items = ""
        for identity, one in self.groups.items():
            rules = "".join(
                f"<item><ipProtocol>{protocol}</ipProtocol><fromPort>{low}</fromPort><toPort>{high}</toPort>"
                + (
                    f"<groups><item><groupId>{source}</groupId></item></groups>"
                    if source in self.groups
                    else f"<ipRanges><item><cidrIp>{source}</cidrIp></item></ipRanges>"
                )
                + "</item>"
                for protocol, low, high, source in sorted(one["rules"])
            )
            told = f"<groupId>{identity}</groupId><groupName>{one['name']}</groupName>"
            told += f"<groupDescription>{one['text']}</groupDescription><ipPermissions>{rules}</ipPermissions>"
            items += f"<item>{told}</item>" if one["name"] in wanted else ""
        return f"<securityGroupInfo>{items}</securityGroupInfo>"

    def make(self, sent):
        assert "VpcId" not in sent.params
        name = sent.params["GroupName"]
        self.groups[f"sg-{name}"] = {"name": name, "text": sent.params["GroupDescription"], "rules": set()}
        return f"<groupId>sg-{name}</groupId>"

    def change(self, sent, do):
        told = {key.removeprefix("IpPermissions.1."): value for key, value in sent.params.items()}
        source = told.get("Groups.1.GroupId") or told["IpRanges.1.CidrIp"]
        do(self.groups[told["GroupId"]]["rules"], (told["IpProtocol"], told["FromPort"], told["ToPort"], source))
        return "<return>true</return>"

    def rules(self):
        return {
            (one["name"], int(low), int(high), self.groups[source]["name"] if source in self.groups else source)
            for one in self.groups.values()
            for _protocol, low, high, source in one["rules"]
        }

    def left(self):
        return [one["name"] for one in self.groups.values()]

    @staticmethod
    def worn(sent):
        (run,) = [one.params for one in sent if one.params.get("Action") == "RunInstances"]
        return [run[f"SecurityGroup.{number}"] for number in (1, 2)]


class Azure:
    """Security groups of a resource group, written after Microsoft's description of them."""

    case = dataclasses.replace(azure_arm.AZURE, provider={**azure_arm.AZURE.provider, "security_groups": []})
    untouched = ("erlang", "shop-kv-westus")
    names_worn = ("shop-eastus", "shop-kv-eastus")
    exists: t.ClassVar[dict] = {"error": {"code": "Conflict", "message": "it already exists"}}

    @staticmethod
    def makes(answer):
        return answer.method == "PUT" and "application" in answer.path

    def __init__(self):
        families, rules = (f"{azure_arm.NETWORK}/{kind}SecurityGroups" for kind in ("application", "network"))
        self.there = {
            f"{rules}/erlang": {"tags": {}, "properties": {"securityRules": []}},
            f"{families}/shop-kv-westus": {"tags": {"wombat-deployment": "shop"}, "properties": {}},
        }
        self.answers = [
            *(Answer("GET", kind, self.read) for kind in (families, rules)),
            *(Answer("GET", f"{kind}/.*", self.one) for kind in (families, rules)),
            *(Answer("PUT", f"{kind}/.*", self.put, 201) for kind in (families, rules)),
            *(Answer("DELETE", f"{kind}/.*", self.delete, 202) for kind in (families, rules)),
        ]

    def shown(self, path, state="Succeeded"):
        """As Azure tells it: with what it was not asked for, and ids in other letters."""
        told = copy.deepcopy(self.there[path])
        for rule in told["properties"].get("securityRules", []):
            rule["properties"] |= {"provisioningState": "Succeeded", "sourceAddressPrefixes": []}
            for group in rule["properties"]["destinationApplicationSecurityGroups"]:
                group["id"] = group["id"].replace("/resourceGroups/", "/RESOURCEGROUPS/")
        told["properties"]["provisioningState"] = state
        return {**told, "id": path, "name": path.rpartition("/")[2]}

    def read(self, sent):
        return {"value": [self.shown(path) for path in self.there if path.startswith(sent.path)]}

    def one(self, sent):
        return self.shown(sent.path)

    def put(self, sent):
        assert sent.json["location"] == "eastus"
        for rule in sent.json["properties"].get("securityRules", []):
            for key in ("source", "destination"):
                for group in rule["properties"].get(f"{key}ApplicationSecurityGroups", []):
                    assert group["id"] in self.there
        self.there[sent.path] = sent.json
        return self.shown(sent.path, "Updating")

    def delete(self, sent):
        self.there.pop(sent.path)
        return ""

    def written(self, access):
        return [
            rule["properties"]
            for one in self.there.values()
            for rule in one["properties"].get("securityRules", [])
            if rule["properties"]["access"] == access
        ]

    def rules(self):
        """Those that open; what they open is closed to others, which Azure would let in from the same network."""

        def name(groups):
            return groups[0]["id"].rpartition("/")[2].removesuffix("-eastus")

        opened = {
            (
                name(one["destinationApplicationSecurityGroups"]),
                *(int(port) for port in (one["destinationPortRange"].split("-") * 2)[:2]),
                one.get("sourceAddressPrefix") or name(one["sourceApplicationSecurityGroups"]),
            )
            for one in self.written("Allow")
        }
        open_to, closed = self.written("Allow"), self.written("Deny")
        told = [
            {(name(one["destinationApplicationSecurityGroups"]), one["destinationPortRange"]) for one in some}
            for some in (open_to, closed)
        ]
        assert told[0] == told[1]
        assert {one["sourceAddressPrefix"] for one in closed} <= {"*"}
        order = [one["priority"] for one in [*open_to, *closed]]
        assert order == sorted(set(order))
        return opened

    def left(self):
        return [path.rpartition("/")[2] for path in self.there]

    @staticmethod
    def worn(sent):
        (put,) = [one.json for one in sent if (one.method, one.path) == ("PUT", azure_arm.MACHINE)]
        (card,) = put["properties"]["networkProfile"]["networkInterfaceConfigurations"]
        (address,) = card["properties"]["ipConfigurations"]
        worn = [card["properties"]["networkSecurityGroup"], *address["properties"]["applicationSecurityGroups"]]
        return [one["id"].rpartition("/")[2] for one in worn]
