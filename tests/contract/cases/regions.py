# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DigitalOcean, Linode and Vultr, by libcloud's recorded replies."""

from __future__ import annotations

import base64
import json

import pytest
from case import NAME, SECRET, TAGS, Case
from wire import Answer, fixture

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size

TEXTS = [f"{key}:{value}" for key, value in TAGS.items()]
DATA = "#cloud-config\n{}\n"
DROPLETS = fixture("digitalocean_v2", "list_nodes.json")["droplets"]
LINODES = fixture("linode_v4", "list_nodes.json")["data"]
IMAGES = fixture("linode_v4", "list_images.json")["data"]
VULTRS = fixture("vultr_v2", "list_nodes.json")["instances"]


def texts(tags):
    return [f"{key}:{value}" for key, value in tags.items()]


def posted(sent, path):
    (post,) = [request for request in sent if (request.method, request.path) == ("POST", path)]
    return post.json


# DigitalOcean


def droplet(instance):
    region = {**DROPLETS[0]["region"], "slug": "nyc1", "name": "New York 1"}
    given = {"name": instance["name"], "tags": texts(instance["tags"]), "status": instance.get("state", "active")}
    return {**DROPLETS[0], **given, "id": instance.get("id", 4711), "region": region, "size_slug": "1gb"}


def droplets(instances):
    """In two pages."""
    last = "https://api.digitalocean.com/v2/droplets?page=2"
    pages = [
        {"droplets": DROPLETS, "links": {"pages": {"last": last}}},
        {"droplets": [droplet(one) for one in instances], "links": {}},
    ]
    wanted = {"tag_name": "wombat-deployment:shop"}
    by_id = [one for one in map(droplet, instances) if one["id"] == 4711]
    return [
        Answer("GET", "/v2/droplets", pages[0], params=wanted),
        Answer("GET", "/v2/droplets", pages[1], params={**wanted, "page": "2"}),
        Answer("GET", "/v2/droplets/4711", {"droplet": by_id[0], "links": {}})
        if by_id
        else Answer("GET", "/v2/droplets/4711", {"id": "not_found", "message": "not found"}, 404),
    ]


def create_droplet():
    new = droplet({"name": NAME, "tags": TAGS})
    early = {**new, "status": "new", "networks": {"v4": [], "v6": []}}
    return [
        Answer("POST", "/v2/droplets", {"droplet": early}, 202),
        Answer("GET", "/v2/droplets/4711", {"droplet": new, "links": {}}),
    ]


def droplet_created(sent):
    assert posted(sent, "/v2/droplets") == {
        "name": NAME,
        "size": "1gb",
        "image": "119192817",
        "region": "nyc1",
        "user_data": DATA,
        "tags": TEXTS,
        "ssh_keys": [7717],
        "private_networking": True,
    }


def no_droplet(status, text):
    return [Answer("POST", "/v2/droplets", {"id": "unprocessable_entity", "message": text}, status)]


DIGITALOCEAN = Case(
    driver="digitalocean",
    provider={
        "driver": "digitalocean",
        "credentials": {"key": SECRET},
        "image": {"name": "14.04 x64"},
        "user_data": DATA,
        "ssh": {"key_name": "test1"},
    },
    book="test_digitalocean_v2:DigitalOceanComputeMockHttp",
    region="nyc1",
    zone="nyc1",
    size=Size("1gb", 2, 1024, 30, 0.01488),
    image="14.04 x64",
    listed=droplets,
    identity="4711",
    address="10.124.0.2",
    create=create_droplet,
    created=droplet_created,
    verbs={
        "start": ("POST", "/v2/droplets/4711/actions", {"type": "power_on"}),
        "stop": ("POST", "/v2/droplets/4711/actions", {"type": "shutdown"}),
        "reboot": ("POST", "/v2/droplets/4711/actions", {"type": "reboot"}),
        "drain": (
            "POST",
            "/v2/tags/wombat-draining:yes/resources",
            {"resources": [{"resource_id": "4711", "resource_type": "droplet"}]},
        ),
        "destroy": ("DELETE", "/v2/droplets/4711", None),
    },
    endpoint="https://api.digitalocean.com:443",
    states={"new": "pending", "active": "running", "off": "stopped", "archive": "gone"},
    refusals={
        "quota": no_droplet(422, "creating this/these droplet(s) will exceed your droplet limit"),
        "capacity": no_droplet(422, "Size is not available in this region."),
        "missing": no_droplet(404, "The image you requested does not exist."),
        "request": no_droplet(422, "Name is invalid"),
        "outage": no_droplet(500, "Server Error"),
    },
    unauthorized=[Answer("GET", ".*", {"id": "unauthorized", "message": "Unable to authenticate you."}, 401)],
    answers=[
        Answer("GET", "/v2/images/119192817", {"image": fixture("digitalocean_v2", "list_images.json")["images"][0]}),
        Answer("GET", "/v2/account", {"account": {"droplet_limit": 25}}),
        Answer("POST", "/v2/droplets/4711/actions", {}, 201),
        Answer("POST", "/v2/tags", {"id": "unprocessable_entity", "message": "Name has already been taken"}, 422),
        Answer("POST", "/v2/tags/wombat-draining:yes/resources", "", 204),
        Answer("DELETE", "/v2/droplets/4711", "", 204),
    ],
    country="US",
    public="128.199.13.158",
    left={"instances": 24},
    environment={"key": "DIGITALOCEAN_ACCESS_TOKEN"},
)

# Linode


def linode(instance):
    given = {"label": instance["name"], "tags": texts(instance["tags"]), "status": instance.get("state", "running")}
    return {**LINODES[0], **given, "id": instance.get("id", 4711)}


def linodes(instances):
    filtered = {"tags": "wombat-deployment:shop"}
    by_id = [one for one in map(linode, instances) if one["id"] == 4711]
    return [
        *(
            Answer(
                "GET",
                "/v4/linode/instances",
                {"data": data, "page": page, "pages": 2},
                params={"page": str(page)},
                when=lambda sent: json.loads(sent.headers["X-Filter"]) == filtered,
            )
            for page, data in ((1, LINODES), (2, [*map(linode, instances)]))
        ),
        Answer("GET", "/v4/linode/instances/4711", by_id[0])
        if by_id
        else Answer("GET", "/v4/linode/instances/4711", {"errors": [{"reason": "Not found"}]}, 404),
    ]


def create_linode():
    new = linode({"name": NAME, "tags": TAGS})
    return [
        Answer("POST", "/v4/linode/instances", {**new, "status": "provisioning"}),
        Answer("GET", "/v4/linode/instances/4711", new),
    ]


def linode_created(sent):
    body = posted(sent, "/v4/linode/instances")
    assert len(body.pop("root_pass")) >= 32
    assert base64.b64decode(body.pop("metadata")["user_data"]).decode() == DATA
    assert body == {
        "label": NAME,
        "region": "eu-west",
        "type": "g6-nanode-1",
        "image": "linode/debian10",
        "tags": TEXTS,
        "authorized_users": ["operator"],
        "private_ip": True,
        "backups_enabled": False,
    }


def no_linode(status, text):
    return [Answer("POST", "/v4/linode/instances", {"errors": [{"reason": text}]}, status)]


LINODE = Case(
    driver="linode",
    provider={
        "driver": "linode",
        "credentials": {"key": SECRET},
        "image": {"name": "Debian 10"},
        "user_data": DATA,
        "ssh": {"key_name": "operator"},
    },
    book="test_linode_v4:LinodeMockHttpV4",
    region="eu-west",
    zone="eu-west",
    size=Size("g6-nanode-1", 1, 1024, 25, 0.0075),
    image="Debian 10",
    listed=linodes,
    identity="4711",
    address="192.168.1.230",
    create=create_linode,
    created=linode_created,
    verbs={
        "start": ("POST", "/v4/linode/instances/4711/boot", None),
        "stop": ("POST", "/v4/linode/instances/4711/shutdown", None),
        "reboot": ("POST", "/v4/linode/instances/4711/reboot", None),
        "drain": ("PUT", "/v4/linode/instances/4711", {"tags": [*TEXTS, "wombat-draining:yes"]}),
        "destroy": ("DELETE", "/v4/linode/instances/4711", None),
    },
    endpoint="https://api.linode.com:443",
    states={
        "provisioning": "pending",
        "booting": "pending",
        "running": "running",
        "offline": "stopped",
        "deleting": "gone",
    },
    refusals={
        "quota": no_linode(400, "Account Limit reached. Please open a support ticket."),
        "capacity": no_linode(400, "There is not enough capacity for this plan in the region"),
        "missing": no_linode(404, "Image not found"),
        "request": no_linode(400, "Label must be unique among your linodes"),
        "outage": no_linode(500, "Internal error"),
    },
    unauthorized=[Answer("GET", ".*", {"errors": [{"reason": "Invalid Token"}]}, 401)],
    answers=[
        Answer("GET", "/v4/images/linode/debian10", next(one for one in IMAGES if one["id"] == "linode/debian10")),
        Answer("POST", "/v4/linode/instances/4711/(boot|shutdown|reboot)", {}),
        Answer("PUT", "/v4/linode/instances/4711", {}),
        Answer("DELETE", "/v4/linode/instances/4711", {}),
    ],
    country="GB",
    public="138.89.34.81",
    environment={"key": "LINODE_CLI_TOKEN"},
)

# Vultr


def vultr(instance):
    status, _space, power = instance.get("state", "active running").partition(" ")
    given = {"label": instance["name"], "tag": ",".join(texts(instance["tags"])), "internal_ip": "10.7.96.3"}
    return {**VULTRS[0], **given, "id": instance.get("id", "4711"), "status": status, "power_status": power}


def vultrs(instances):
    found = [*VULTRS, *map(vultr, instances)]
    pages = [
        Answer("GET", "/v2/instances", {"instances": found[:2], "meta": {"links": {"next": "bmV4dA"}}}),
        Answer(
            "GET",
            "/v2/instances",
            {"instances": found[2:], "meta": {"links": {"next": ""}}},
            params={"cursor": "bmV4dA"},
        ),
    ]
    by_id = [one for one in map(vultr, instances) if one["id"] == "4711"]
    if by_id:
        return [*pages, Answer("GET", "/v2/instances/4711", {"instance": by_id[0]})]
    return [*pages, Answer("GET", "/v2/instances/4711", {"error": "Invalid instance.", "status": 404}, 404)]


def create_vultr():
    new = vultr({"name": NAME, "tags": TAGS})
    early = {**new, "main_ip": "0.0.0.0", "internal_ip": "", "status": "pending"}
    return [
        Answer("POST", "/v2/instances", {"instance": early}, 202),
        Answer("GET", "/v2/instances/4711", {"instance": new}),
    ]


def vultr_created(sent):
    body = posted(sent, "/v2/instances")
    assert base64.b64decode(body.pop("user_data")).decode() == DATA
    assert body == {
        "label": NAME,
        "hostname": NAME,
        "region": "fra",
        "plan": "vc2-1c-2gb",
        "os_id": "477",
        "tag": ",".join(TEXTS),
        "sshkey_id": ["123"],
        "enable_private_network": True,
        "firewall_group_id": "erlang",
        "enable_ipv6": False,
        "activation_email": False,
    }


def no_vultr(status, text):
    return [Answer("POST", "/v2/instances", {"error": text, "status": status}, status)]


VULTR = Case(
    driver="vultr",
    provider={
        "driver": "vultr",
        "credentials": {"key": SECRET},
        "image": {"name": "Debian 11*"},
        "user_data": DATA,
        "security_groups": ["erlang"],
        "ssh": {"key_name": "tester"},
    },
    book="test_vultr_v2:VultrMockHttpV2",
    region="fra",
    zone="fra",
    size=Size("vc2-1c-2gb", 1, 2048, 55, pytest.approx(10 / 672)),
    image="Debian 11 x64 (bullseye)",
    listed=vultrs,
    identity="4711",
    address="10.7.96.3",
    create=create_vultr,
    created=vultr_created,
    verbs={
        "start": ("POST", "/v2/instances/4711/start", None),
        "stop": ("POST", "/v2/instances/halt", {"instance_ids": ["4711"]}),
        "reboot": ("POST", "/v2/instances/4711/reboot", None),
        "drain": ("PATCH", "/v2/instances/4711", {"tag": ",".join([*TEXTS, "wombat-draining:yes"])}),
        "destroy": ("DELETE", "/v2/instances/4711", None),
    },
    endpoint="https://api.vultr.com:443",
    states={"pending stopped": "pending", "active running": "running", "active stopped": "stopped"},
    refusals={
        "quota": no_vultr(400, "You have reached the maximum monthly fee limit for this account."),
        "capacity": no_vultr(400, "Plan is not available in the selected region."),
        "missing": no_vultr(404, "Invalid os_id"),
        "request": no_vultr(400, "Invalid hostname"),
        "outage": no_vultr(500, "Internal error"),
    },
    unauthorized=[Answer("GET", ".*", {"error": "Invalid API token.", "status": 401}, 401)],
    answers=[
        Answer("POST", "/v2/instances/(4711/(start|reboot)|halt)", "", 204),
        Answer("PATCH", "/v2/instances/4711", {"instance": VULTRS[0]}, 202),
        Answer("DELETE", "/v2/instances/4711", "", 204),
    ],
    country="DE",
    public="45.76.83.44",
    environment={"key": "VULTR_API_KEY"},
)
CASES = [DIGITALOCEAN, LINODE, VULTR]
