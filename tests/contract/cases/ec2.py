# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 and Eucalyptus, by libcloud's recorded replies."""

from __future__ import annotations

import base64
import re

from case import NAME, RUN, SECRET, TAGS, Case
from wire import Answer, fixture

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size

INSTANCES = fixture("ec2", "describe_instances.xml")
RUNNING = fixture("ec2", "run_instances.xml")
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
PATH = "/(services/Eucalyptus)?"


def tag_set(tags):
    items = "".join(f"<item><key>{key}</key><value>{value}</value></item>" for key, value in tags.items())
    return f"<tagSet>{items}</tagSet>"


def described(instances, zone="eu-west-1b"):
    """The recorded listing with its first instance as those given, and its others as they are."""
    first = re.search(r"<reservationSet>\s*(<item>.*?</item>\s*)<item>\s*<reservationId>", INSTANCES, re.DOTALL)[1]
    items = ""
    for instance in instances:
        item = first.replace("<name>stopped</name>", f"<name>{instance.get('state', 'running')}</name>")
        item = item.replace("us-east-1d", zone).replace("i-4382922a", instance.get("id", "i-4711"))
        items += item.replace("<tagSet/>", tag_set({"Name": instance["name"], **instance["tags"]}))
    return INSTANCES.replace("<reservationSet>", "<reservationSet>" + items)


def listed(instances):
    """The page with ours is the second one."""
    first = INSTANCES.replace("</reservationSet>", "</reservationSet><nextToken>more</nextToken>")
    return [
        Answer("GET", PATH, first, params={"Action": "DescribeInstances"}),
        Answer("GET", PATH, described(instances), params={"Action": "DescribeInstances", "NextToken": "more"}),
    ]


def create():
    return [
        Answer("GET", PATH, RUNNING.replace("i-2ba64342", "i-4711"), params={"Action": "RunInstances"}),
        Answer(
            "GET",
            PATH,
            described([{"name": NAME, "tags": TAGS}]),
            params={"Action": "DescribeInstances", "InstanceId.1": "i-4711"},
        ),
    ]


def created(sent):
    (run,) = [request for request in sent if request.params.get("Action") == "RunInstances"]
    tags = {
        run.params[f"TagSpecification.1.Tag.{number}.Key"]: run.params[f"TagSpecification.1.Tag.{number}.Value"]
        for number in range(1, len(TAGS) + 2)
    }
    assert tags == {"Name": NAME, **TAGS}
    assert run.params["ClientToken"] == f"{RUN}-0"
    assert run.params["MinCount"] == run.params["MaxCount"] == "1"
    assert run.params["InstanceType"] == "m1.small"
    assert run.params["ImageId"] == "ami-57ba933a"
    assert run.params["KeyName"] == "operators"
    assert base64.b64decode(run.params["UserData"]) == b"#cloud-config\n{}\n"
    assert run.params["Placement.AvailabilityZone"] == "eu-west-1b"
    assert run.params["SecurityGroup.1"] == "erlang"
    assert "SubnetId" not in run.params


def error(code, text, status=400):
    body = f"<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors></Response>"
    return [Answer("GET", PATH, body, status, params={"Action": "RunInstances"})]


WANTED = {"user_data": "#cloud-config\n{}\n", "security_groups": ["erlang"], "ssh": {"key_name": "operators"}}
SHARED = {
    "zone": "b",
    "image": "Test Image",
    "listed": listed,
    "identity": "i-4711",
    "address": "10.211.11.211",
    "create": create,
    "created": created,
    "verbs": {
        verb: ("GET", PATH, {"Action": f"{action}Instances", "InstanceId.1": "i-4711"})
        for verb, action in {"start": "Start", "stop": "Stop", "reboot": "Reboot", "destroy": "Terminate"}.items()
    }
    | {"drain": ("GET", PATH, {"Action": "CreateTags", "ResourceId.1": "i-4711", "Tag.1.Key": "wombat-draining"})},
    "states": {
        "pending": "pending",
        "running": "running",
        "stopping": "stopped",
        "stopped": "stopped",
        "shutting-down": "gone",
        "terminated": "gone",
    },
    "refusals": {
        "quota": error("VcpuLimitExceeded", "You have requested more vCPU capacity than your current limit allows"),
        "capacity": error("InsufficientInstanceCapacity", "We currently do not have sufficient capacity", 500),
        "missing": error("InvalidAMIID.NotFound", "The image id '[ami-57ba933a]' does not exist"),
        "credentials": error("UnauthorizedOperation", "You are not authorized to perform this operation.", 403),
        "request": error("InvalidParameterValue", "Value for parameter userData is invalid"),
        "outage": error("InternalError", "An internal error has occurred", 500),
    },
    "unauthorized": [
        Answer(
            "GET",
            PATH,
            "<Response><Errors><Error><Code>AuthFailure</Code><Message>AWS was not able to validate the provided "
            f"access credentials {SECRET}</Message></Error></Errors></Response>",
            401,
        )
    ],
    "public": "1.2.3.4",
    "writes": lambda sent: not sent.params["Action"].startswith("Describe"),
    "chapter": {"use_param": "Action"},
}
EC2 = Case(
    driver="ec2",
    provider={
        "driver": "ec2",
        "regions": ["eu-west-1"],
        "credentials": {"key": "AKIAOPERATOR", "secret": SECRET},
        "image": {"name": "Test*", "properties": {"owner_id": "123456788908"}},
        "sizes": ["m1.*"],
        **WANTED,
    },
    book="test_ec2:EC2MockHttp",
    region="eu-west-1",
    size=Size("m1.small", 1, 1740, 160, 0.047),
    endpoint="https://ec2.eu-west-1.amazonaws.com:443",
    country="IE",
    environment={"key": "AWS_ACCESS_KEY_ID", "secret": "AWS_SECRET_ACCESS_KEY"},
    **SHARED,
)
EUCALYPTUS = Case(
    driver="eucalyptus",
    provider={
        "driver": "eucalyptus",
        "credentials": {"key": "AKIAOPERATOR", "secret": SECRET},
        "options": {"host": "cloud.example.com", "api_version": "3.4.1"},
        "image": {"name": "Test*", "properties": {"owner_id": "123456788908"}},
        **WANTED,
    },
    book="test_ec2:EucMockHttp",
    region="eucalyptus",
    size=Size("m1.small", 1, 256, 10, None),
    endpoint="https://cloud.example.com:443",
    environment={"key": "EC2_ACCESS_KEY", "secret": "EC2_SECRET_KEY"},
    **{
        **SHARED,
        "zone": "eu-west-1b",
    },
    answers=[
        Answer(
            "GET",
            PATH,
            fixture("ec2", "describe_availability_zones.xml"),
            params={"Action": "DescribeAvailabilityZones"},
        ),
        *(
            Answer("GET", PATH, fixture("ec2", f"{verb}_instances.xml"), params={"Action": f"{verb.title()}Instances"})
            for verb in ("start", "stop")
        ),
        Answer("GET", PATH, fixture("ec2", "create_tags.xml"), params={"Action": "CreateTags"}),
    ],
)
CASES = [EC2, EUCALYPTUS]
