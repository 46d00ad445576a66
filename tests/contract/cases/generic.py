# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driver of libcloud that has no adapter of ours, cloudscale.ch's, by libcloud's recorded replies."""

from __future__ import annotations

import dataclasses

from case import NAME, SECRET, Case
from wire import Answer, fixture

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size

SERVERS = fixture("cloudscale", "list_nodes.json")
NEW = fixture("cloudscale", "create_node.json")
PRIVATE = {"type": "private", "addresses": [{"version": 4, "address": "10.20.0.7"}]}


def server(instance):
    """The recorded server as one of ours, in a private network too."""
    given = {"uuid": instance.get("id", "4711"), "name": instance["name"], "status": instance.get("state", "running")}
    return {**SERVERS[0], **given, "interfaces": [*SERVERS[0]["interfaces"], PRIVATE]}


def listed(instances):
    return [Answer("GET", "/v1/servers", [*SERVERS, *map(server, instances)])]


def create():
    """Its private address comes later, in the listing."""
    made = []

    def make(_sent):
        made.append({**NEW, "uuid": "4711", "name": NAME})
        return made[0]

    (later,) = listed([{"name": NAME}])
    return [
        Answer("POST", "/v1/servers", make, 201),
        dataclasses.replace(later, when=lambda _sent: bool(made)),
    ]


def created(sent):
    (post,) = [request for request in sent if request.method == "POST"]
    assert post.path == "/v1/servers"
    assert post.json == {"name": NAME, "image": "ubuntu-16.10", "flavor": "flex-4"}


def post(status, **told):
    return [Answer("POST", "/v1/servers", told, status)]


CLOUDSCALE = Case(
    driver="cloudscale",
    provider={
        "driver": "cloudscale",
        "credentials": {"key": SECRET},
        "domains": {"default": {"country": "CH"}},
        "image": {"name": "Ubuntu*"},
    },
    book="test_cloudscale:CloudscaleMockHttp",
    region="default",
    zone="default",
    size=Size("Flex-4", 2, 4096, 10, None),
    image="Ubuntu 16.10 (2016-10-17)",
    listed=listed,
    identity="4711",
    address="10.20.0.7",
    create=create,
    created=created,
    verbs={
        "start": ("POST", "/v1/servers/4711/start", None),
        "stop": ("POST", "/v1/servers/4711/stop", None),
        "reboot": ("POST", "/v1/servers/4711/reboot", None),
        "destroy": ("DELETE", "/v1/servers/4711", None),
    },
    endpoint="https://api.cloudscale.ch:443",
    states={"changing": "pending", "running": "running", "stopped": "stopped", "paused": "stopped"},
    refusals={
        "quota": post(400, detail="The quota of servers is exhausted."),
        "missing": post(404, detail="Not found."),
        "request": post(400, name="This is no hostname."),
        "outage": post(500, detail="Internal server error."),
    },
    unauthorized=[Answer("GET", ".*", {"detail": "Invalid token."}, 401)],
    answers=[
        Answer("POST", "/v1/servers/4711/(start|stop|reboot)"),
        Answer("DELETE", "/v1/servers/4711", "", 204),
    ],
    country="CH",
    tagged=False,
)
CASES = [CLOUDSCALE]
