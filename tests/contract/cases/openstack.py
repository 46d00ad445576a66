# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenStack and Rackspace, by libcloud's recorded replies."""

from __future__ import annotations

import base64

from case import NAME, SECRET, TAGS, Case
from wire import Answer, fixture

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size

SERVERS = fixture("openstack_v1_1", "_servers_detail.json")["servers"]
NETWORK = "d32019d3-bc6e-4319-9c1d-6722fc136a22"
SERVER = "/v(1\\.1/slug|2/1337)/servers/4711"
ZONES = {
    "availabilityZoneInfo": [
        {"zoneName": "nova", "zoneState": {"available": True}},
        {"zoneName": "broken", "zoneState": {"available": False}},
    ]
}
LIMITS = {
    "limits": {
        "absolute": {
            "maxTotalInstances": 10,
            "totalInstancesUsed": 4,
            "maxTotalCores": -1,
            "maxTotalRAMSize": 51200,
            "totalRAMUsed": 512,
        }
    }
}


def server(instance):
    """The recorded server as one of ours."""
    return {
        **SERVERS[1],
        "id": instance.get("id", "4711"),
        "name": instance["name"],
        "metadata": instance["tags"],
        "status": instance.get("state", "ACTIVE"),
        "fault": {"message": "No valid host was found."} if instance.get("state") == "ERROR" else None,
        "OS-EXT-AZ:availability_zone": "nova",
        **instance.get("extra", {}),
    }


def listed(instances):
    """In two pages, of servers that nova picks by their names."""
    ours = {"name": "^shop-"}
    following = [{"rel": "next", "href": "https://compute.example.com/servers/detail?name=%5Eshop-&marker=1"}]
    return [
        Answer("GET", ".*/servers/detail", {"servers": SERVERS, "servers_links": following}, params=ours),
        Answer(
            "GET",
            ".*/servers/detail",
            {"servers": [server(one) for one in instances]},
            params={**ours, "marker": "1"},
        ),
    ]


def create():
    new = server({"name": NAME, "tags": TAGS})
    early = {**new, "addresses": {}, "status": "BUILD"}
    answers = iter([early, early, new])  # addresses come later
    return [
        Answer("POST", ".*/servers", {"server": {"id": "4711", "adminPass": "aSecretOfTheServer"}}, 202),
        Answer("GET", SERVER, lambda sent: {"server": next(answers)}),
    ]


def created(sent):
    (post,) = [request for request in sent if request.method == "POST" and request.path.endswith("/servers")]
    body = post.json["server"]
    assert body["name"] == NAME
    assert body["metadata"] == TAGS
    assert str(body["flavorRef"]) == "2"
    assert base64.b64decode(body["user_data"]) == b"#cloud-config\n{}\n"
    assert body["key_name"] == "operators"
    assert body["security_groups"] == [{"name": "erlang"}]
    return body


def created_in_openstack(sent):
    body = created(sent)
    assert body["imageRef"] == "f24a3c1b-d52a-4116-91da-25b3eee8f55e"  # the newer of two of that name
    assert body["availability_zone"] == "nova"
    assert body["networks"] == [{"uuid": NETWORK}]


def created_in_rackspace(sent):
    body = created(sent)
    assert body["imageRef"] == "13"
    assert "availability_zone" not in body


def post(status, text):
    return [Answer("POST", ".*/servers", {"forbidden": {"message": text}}, status)]


REFUSALS = {
    "quota": post(403, "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances"),
    "capacity": post(500, "No valid host was found. There are not enough hosts available."),
    "missing": post(400, "Flavor 2 could not be found."),
    "request": post(400, "Invalid user_data: it is too long"),
    "outage": post(500, "The server has either erred or is incapable of performing the requested operation."),
}
VERBS = {
    "start": ("POST", SERVER + "/action", {"os-start": None}),
    "stop": ("POST", SERVER + "/action", {"os-stop": None}),
    "reboot": ("POST", SERVER + "/action", {"reboot": {"type": "HARD"}}),
    "drain": ("POST", SERVER + "/metadata", {"metadata": {"wombat-draining": "yes"}}),
    "destroy": ("DELETE", SERVER, None),
}
TAGGED = {"metadata": {**TAGS, "wombat-draining": "yes"}}
DONE = [
    Answer("POST", SERVER + "/action", "", 202),
    Answer("POST", SERVER + "/metadata", TAGGED),
    Answer("DELETE", SERVER, "", 204),
]
SHARED = {
    "listed": listed,
    "identity": "4711",
    "address": "10.182.64.29",
    "public": "50.57.94.30",
    "left": {"instances": 6, "memory": 50688},
    "fault": "No valid host was found.",
    "create": create,
    "verbs": VERBS,
    "refusals": REFUSALS,
    "states": {"BUILD": "pending", "ACTIVE": "running", "SHUTOFF": "stopped", "ERROR": "error", "DELETED": "gone"},
}
WANTED = {"user_data": "#cloud-config\n{}\n", "security_groups": ["erlang"], "ssh": {"key_name": "operators"}}
OPENSTACK = Case(
    driver="openstack",
    provider={
        "driver": "openstack",
        "regions": ["RegionOne"],
        "credentials": {"key": "operator", "secret": SECRET},
        "options": {
            "ex_force_auth_url": "https://auth.example.com/v2.0",
            "ex_force_auth_version": "2.0",
            "ex_tenant_name": "shop",
        },
        "domains": {"RegionOne": {"country": "SE", "continent": "EU"}},
        "image": {"name": "hyper*"},
        "networks": ["net1"],
        **WANTED,
    },
    book="test_openstack:OpenStack_2_0_MockHttp",
    region="RegionOne",
    zone="nova",
    size=Size("512 slice", 1, 512, 20, None),
    image="hypernode",
    created=created_in_openstack,
    endpoint="https://auth.example.com",
    unauthorized=[Answer("POST", "/v2.0/tokens", "", 401)],
    answers=[
        Answer("GET", ".*/os-availability-zone", ZONES),
        Answer("GET", ".*/limits", LIMITS),
        *DONE,
    ],
    country="SE",
    environment={
        "key": "OS_USERNAME",
        "secret": "OS_PASSWORD",
        "ex_force_auth_url": "OS_AUTH_URL",
    },
    **SHARED,
)
RACKSPACE = Case(
    driver="rackspace",
    provider={
        "driver": "rackspace",
        "regions": ["dfw"],
        "credentials": {"key": "operator", "secret": SECRET},
        "image": {"id": "13"},
        **WANTED,
    },
    book="test_rackspace:RackspaceNovaMockHttp",
    region="dfw",
    zone="dfw",
    size=Size("512 slice", 1, 512, 20, 0.022),
    image="Windows 2008 SP2 x86 (B24)",
    created=created_in_rackspace,
    endpoint="https://identity.api.rackspacecloud.com",
    unauthorized=[Answer("POST", "/v2.0/tokens", "", 401)],
    answers=[Answer("GET", ".*/limits", LIMITS), *DONE],
    country="US",
    environment={"key": "RAX_USERNAME", "secret": "RAX_API_KEY"},
    **SHARED,
)
CASES = [OPENSTACK, RACKSPACE]
