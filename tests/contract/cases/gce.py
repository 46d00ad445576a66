# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Google Compute Engine, by libcloud's recorded replies."""

from __future__ import annotations

import json
import pathlib

import libcloud
import pytest
from case import NAME, TAGS, Case
from wire import Answer, fixture

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size

KEY = json.loads((pathlib.Path(libcloud.__file__).parent / "test/common/fixtures/google/pkey.json").read_text())
INSTANCE = fixture("gce", "zones_us-central1-a_instances_node-name.json")
BEGUN = fixture("gce", "zones_us-central1-a_instances_post.json")
DONE = fixture("gce", "operations_operation_zones_us-central1-a_instances_post.json")
REGION = fixture("gce", "regions_us-central1.json")
IMAGES = fixture("gce", "projects_debian-cloud_global_images.json")["items"]
IMAGE = next(one for one in IMAGES if one["name"] == "debian-7-wheezy-v20131120")
ABOVE = "/compute/v1/projects/project_name"
ZONE = f"{ABOVE}/zones/us-central1-a"
ID = "4006034190819017667"
OURS = {"filter": 'name eq "shop-.*"'}
TOKEN = {"access_token": "aSecretOfTheServer", "token_type": "Bearer", "expires_in": 3600}


def instance(one):
    return {
        **INSTANCE,
        "id": one.get("id", ID),
        "name": one["name"],
        "labels": one["tags"],
        "labelFingerprint": "42WmSpB8rSM=",
        "status": one.get("state", "RUNNING"),
    }


def listed(instances):
    """In two pages, of one zone; the others are empty."""
    found = [instance(one) for one in instances]
    by_id = [Answer("GET", f"{ZONE}/instances/({one['id']}|{one['name']})", one) for one in found if one["id"] == ID]
    missing = {"error": {"code": 404, "message": "The resource was not found"}}
    return [
        Answer("GET", f"{ABOVE}/zones/.*/instances", {"items": []}),
        Answer("GET", f"{ZONE}/instances", {"items": [INSTANCE], "nextPageToken": "more"}, params=OURS),
        Answer("GET", f"{ZONE}/instances", {"items": found}, params={**OURS, "pageToken": "more"}),
        *(by_id or [Answer("GET", f"{ZONE}/instances/{ID}", missing, 404)]),
    ]


def create():
    return [
        Answer("POST", f"{ZONE}/instances", BEGUN),
        Answer("GET", f"{ZONE}/operations/.*", DONE),
        Answer("GET", f"{ZONE}/instances/({NAME}|{ID})", instance({"name": NAME, "tags": TAGS})),
    ]


def created(sent):
    (post,) = [request for request in sent if (request.method, request.path) == ("POST", f"{ZONE}/instances")]
    body = post.json
    assert body["name"] == NAME
    assert body["labels"] == TAGS
    assert body["machineType"].endswith("/zones/us-central1-a/machineTypes/n1-standard-1")
    assert body["tags"] == {"items": ["erlang"]}
    assert body["metadata"]["items"] == [{"key": "user-data", "value": "#cloud-config\n{}\n"}]
    (disk,) = body["disks"]
    assert (disk["autoDelete"], disk["boot"]) == (True, True)  # it goes with the instance
    assert disk["initializeParams"]["diskType"] == "zones/us-central1-a/diskTypes/pd-balanced"
    assert disk["initializeParams"]["sourceImage"].endswith("debian-cloud/global/images/debian-7-wheezy-v20131120")
    (interface,) = body["networkInterfaces"]
    assert interface["network"].endswith("/global/networks/cf")
    assert interface["subnetwork"].endswith("/regions/us-central1/subnetworks/cf-972cf02e6ad49112")
    assert not interface.get("accessConfigs")


def failed(code, message):
    """An operation that ends with an error."""
    error = {"errors": [{"code": code, "message": message}]}
    return [Answer("GET", f"{ZONE}/operations/.*", {**DONE, "error": error})]


def post(status, reason, message):
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return [Answer("POST", f"{ZONE}/instances", {"error": error}, status)]


def surroundings(folder, values):
    path = folder / "key.json"
    names = {"user_id": "client_email", "key": "private_key"}
    path.write_text(json.dumps({names[name]: values[name] for name in names}))
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(path), "GOOGLE_CLOUD_PROJECT": values["project"]}


GCE = Case(
    driver="gce",
    provider={
        "driver": "gce",
        "regions": ["us-central1"],
        "credentials": {
            "user_id": "operator@developer.gserviceaccount.com",
            "key": KEY["private_key"],
            "project": "project_name",
        },
        "image": {"name": "debian-7-wheezy-*", "properties": {"project": "debian-cloud"}},
        "sizes": ["n1-*"],
        "networks": ["cf-972cf02e6ad49112"],
        "security_groups": ["erlang"],
        "user_data": "#cloud-config\n{}\n",
    },
    book="test_gce:GCEMockHttp",
    region="us-central1",
    zone="a",
    size=Size("n1-standard-1", 1, 3840, 0, pytest.approx(0.0475, abs=0.001)),
    image="debian-7-wheezy-v20131120",
    listed=listed,
    identity=f"us-central1-a/{ID}",
    address="10.240.72.75",
    create=create,
    created=created,
    verbs={
        "start": ("POST", f"{ZONE}/instances/{NAME}/start", None),
        "stop": ("POST", f"{ZONE}/instances/{NAME}/stop", None),
        "reboot": ("POST", f"{ZONE}/instances/{NAME}/reset", None),
        "drain": (
            "POST",
            f"{ZONE}/instances/{NAME}/setLabels",
            {"labels": {**TAGS, "wombat-draining": "yes"}, "labelFingerprint": "42WmSpB8rSM="},
        ),
        "destroy": ("DELETE", f"{ZONE}/instances/{NAME}", None),
    },
    endpoint="https://accounts.google.com",
    states={
        "PROVISIONING": "pending",
        "STAGING": "pending",
        "RUNNING": "running",
        "STOPPING": "stopped",
        "SUSPENDED": "stopped",
        "TERMINATED": "stopped",
    },
    refusals={
        "quota": failed("QUOTA_EXCEEDED", "Quota 'CPUS' exceeded.  Limit: 24.0 in region us-central1."),
        "capacity": failed("ZONE_RESOURCE_POOL_EXHAUSTED", "The zone does not have enough resources available."),
        "missing": post(404, "notFound", "The resource 'projects/x/global/networks/cf' was not found"),
        "request": post(400, "invalid", "Invalid value for field 'resource.name'"),
        "outage": post(500, "internalError", "Internal error"),
        "credentials": post(403, "forbidden", "Required 'compute.instances.create' permission"),
    },
    unauthorized=[
        Answer(
            "POST",
            "/o/oauth2/token",
            {"error": "invalid_grant", "error_description": "Invalid JWT Signature."},
            400,
        )
    ],
    answers=[
        Answer("POST", "/o/oauth2/token", TOKEN),
        Answer("GET", f"/compute/v1/projects/debian-cloud/global/images/{IMAGE['name']}", IMAGE),
        Answer("GET", f"{ABOVE}/regions/us-central1", REGION),
        Answer("GET", f"{ABOVE}/zones/us-central1-b/machineTypes", {"items": []}),
        Answer("POST", f"{ZONE}/instances/{NAME}/(start|stop|reset|setLabels)", BEGUN),
        Answer("DELETE", f"{ZONE}/instances/{NAME}", BEGUN),
        Answer("GET", f"{ZONE}/operations/.*", DONE),
    ],
    country="US",
    public="23.236.58.15",
    left={"instances": 10489, "vcpus": 1020},
    environment={
        "user_id": "GOOGLE_APPLICATION_CREDENTIALS",
        "key": "GOOGLE_APPLICATION_CREDENTIALS",
        "project": "GOOGLE_CLOUD_PROJECT",
    },
    surroundings=surroundings,
)
CASES = [GCE]
