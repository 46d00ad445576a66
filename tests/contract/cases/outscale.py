# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outscale; libcloud has no recorded replies of it, so these have the shape that its API's description tells."""

from __future__ import annotations

import base64

from case import NAME, SECRET, TAGS, Case
from wire import Answer

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size

PATH = "/api/latest"
OTHER = {"VmId": "i-0", "State": "running", "ClientToken": "", "Tags": [{"Key": "Name", "Value": "other"}]}
MAPPING = [{"DeviceName": "/dev/sda1", "Bsu": {"VolumeSize": 10, "DeleteOnVmDeletion": True}}]
IMAGES = [
    {
        "ImageId": f"ami-{number}",
        "ImageName": f"Debian-12-2024.{number}",
        "AccountAlias": "Outscale",
        "CreationDate": f"2024-0{number}-01T12:34:56.789Z",
        "Architecture": "x86_64",
        "BlockDeviceMappings": MAPPING,
        "Tags": [],
    }
    for number in (1, 2)
]
SUBREGIONS = [
    {"SubregionName": f"eu-west-2{zone}", "RegionName": "eu-west-2", "State": state}
    for zone, state in (("a", "available"), ("b", "available"), ("c", "unavailable"))
]
QUOTAS = [
    {"Name": "vm_limit", "MaxValue": 20, "UsedValue": 3},
    {"Name": "memory_limit", "MaxValue": 100, "UsedValue": 40},
    {"Name": "lb_limit", "MaxValue": 20, "UsedValue": 0},
]


def answer(action, body, status=200):
    return Answer("POST", f"{PATH}/{action}", body, status)


def pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def machine(one):
    return {
        "VmId": one.get("id", "i-4711"),
        "VmType": "tinav5.c1r1p2",
        "State": one.get("state", "running"),
        "StateReason": "Server.InternalError" if one.get("state") == "quarantine" else "",
        "ClientToken": f"{one['name']}.2" if one["tags"] else "",
        "Placement": {"SubregionName": "eu-west-2a", "Tenancy": "default"},
        "CreationDate": "2024-03-01T12:34:56.789Z",
        "PrivateIp": "10.0.0.4",
        "PublicIp": "203.0.113.7",
        "Tags": pairs({"Name": one["name"], **one["tags"]}),
    }


def listed(instances):
    """In two pages; those that are gone are not asked for."""
    found = [machine(one) for one in instances]

    def read(sent):
        filters = sent.json["Filters"]
        if "VmIds" in filters:
            return {"Vms": [one for one in found if one["VmId"] in filters["VmIds"]]}
        assert sent.json["ResultsPerPage"] == 1000
        if "NextPageToken" not in sent.json:
            return {"Vms": [OTHER], "NextPageToken": "more"}
        return {"Vms": [one for one in found if one["State"] in filters["VmStateNames"]]}

    return [answer("ReadVms", read)]


def create():
    new = {**machine({"name": NAME, "tags": TAGS}), "Tags": [], "State": "pending"}
    by_id = Answer(
        "POST",
        f"{PATH}/ReadVms",
        {"Vms": [machine({"name": NAME, "tags": TAGS})]},
        when=lambda sent: "VmIds" in sent.json["Filters"],
    )
    return [answer("CreateVms", {"Vms": [{**new, "PrivateIp": None}]}), by_id]


def created(sent):
    bodies = {request.path.rpartition("/")[2]: request.json for request in sent}
    assert base64.b64decode(bodies["CreateVms"].pop("UserData")) == b"#cloud-config\n{}\n"
    assert bodies["CreateVms"] == {
        "ClientToken": f"{NAME}.2",
        "ImageId": "ami-2",
        "VmType": "tinav5.c1r1p2",
        "Placement": {"SubregionName": "eu-west-2a", "Tenancy": "default"},
        "KeypairName": "operators",
        "SubnetId": "subnet-1",
        "SecurityGroupIds": ["sg-1"],
    }
    assert bodies["CreateTags"] == {"ResourceIds": ["i-4711"], "Tags": pairs({"Name": NAME, **TAGS})}


def refused(status, kind, details):
    return [answer("CreateVms", {"Errors": [{"Type": kind, "Details": details, "Code": "1"}]}, status)]


OUTSCALE = Case(
    driver="outscale",
    provider={
        "driver": "outscale",
        "regions": ["eu-west-2"],
        "credentials": {"key": "operator", "secret": SECRET},
        "image": {"name": "Debian-12-*", "properties": {"account_alias": "Outscale"}},
        "networks": ["nodes"],
        "security_groups": ["erlang"],
        "user_data": "#cloud-config\n{}\n",
        "ssh": {"key_name": "operators"},
    },
    book="",
    region="eu-west-2",
    zone="a",
    size=Size("tinav5.c1r1p2", 1, 1024, 10, None),
    image="Debian-12-2024.2",
    listed=listed,
    identity="i-4711",
    address="10.0.0.4",
    create=create,
    created=created,
    verbs={
        "start": ("POST", f"{PATH}/StartVms", {"VmIds": ["i-4711"]}),
        "stop": ("POST", f"{PATH}/StopVms", {"VmIds": ["i-4711"]}),
        "reboot": ("POST", f"{PATH}/RebootVms", {"VmIds": ["i-4711"]}),
        "drain": (
            "POST",
            f"{PATH}/CreateTags",
            {"ResourceIds": ["i-4711"], "Tags": [{"Key": "wombat-draining", "Value": "yes"}]},
        ),
        "destroy": ("POST", f"{PATH}/DeleteVms", {"VmIds": ["i-4711"]}),
    },
    endpoint="https://api.eu-west-2.outscale.com:443",
    states={
        "pending": "pending",
        "running": "running",
        "stopping": "stopped",
        "stopped": "stopped",
        "quarantine": "error",
        "shutting-down": "gone",
        "terminated": "gone",
    },
    refusals={
        "quota": refused(400, "TooManyResources (QuotaExceded)", "The limit of VMs is exceeded."),
        "capacity": refused(400, "InsufficientCapacity", "There are not enough resources for this type."),
        "missing": refused(400, "InvalidResource", "The ImageId 'ami-2' doesn't exist."),
        "request": refused(400, "InvalidParameterValue", "The provided value is not valid."),
        "outage": refused(500, "InternalError", "Internal error"),
    },
    unauthorized=[
        Answer("POST", ".*", {"Errors": [{"Type": "AccessDenied", "Details": "Unknown key.", "Code": "1"}]}, 401)
    ],
    answers=[
        answer("ReadSubregions", {"Subregions": SUBREGIONS}),
        answer("ReadVmTypes", {"VmTypes": [{"VmTypeName": "tinav5.c1r1p2", "VcoreCount": 1, "MemorySize": 1}]}),
        answer("ReadImages", {"Images": IMAGES}),
        answer("ReadQuotas", {"QuotaTypes": [{"QuotaType": "global", "Quotas": QUOTAS}]}),
        answer(
            "ReadSubnets",
            {
                "Subnets": [
                    {
                        "SubnetId": f"subnet-{number}",
                        "NetId": "vpc-1",
                        "SubregionName": zone,
                        "Tags": pairs({"Name": name}),
                    }
                    for number, zone, name in ((1, "eu-west-2a", "nodes"), (2, "eu-west-2b", "others"))
                ]
            },
        ),
        answer("ReadSecurityGroups", {"SecurityGroups": [{"SecurityGroupId": "sg-1"}]}),
        answer("CreateTags", {}),
        answer("(Start|Stop|Reboot|Delete)Vms", {}),
    ],
    writes=lambda sent: "/Read" not in sent.path,
    country="FR",
    public="203.0.113.7",
    left={"instances": 17, "memory": 60 * 1024},
    fault="Server.InternalError",
    environment={"key": "OSC_ACCESS_KEY", "secret": "OSC_SECRET_KEY"},
)
CASES = [OUTSCALE]
