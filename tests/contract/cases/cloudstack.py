# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudStack and Exoscale, by libcloud's recorded replies."""

from __future__ import annotations

import base64

from case import NAME, SECRET, TAGS, Case
from wire import Answer, fixture

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size

MACHINES = fixture("cloudstack", "listVirtualMachines_default.json")["listvirtualmachinesresponse"]["virtualmachine"]
WORDS = " ".join([NAME, *(f"{key}={value}" for key, value in TAGS.items())])
ACCOUNT = {"vmlimit": "20", "vmavailable": "17", "cpulimit": "Unlimited", "cpuavailable": "Unlimited"}

OFFERINGS = fixture("cloudstack", "listServiceOfferings_default.json")
OFFERINGS["listserviceofferingsresponse"]["serviceoffering"].insert(
    0, {"id": 1, "name": "as you like it", "iscustomized": True}
)
# In each zone a network of the same name.
(NETWORK,) = fixture("cloudstack", "listNetworks_default.json")["listnetworksresponse"]["network"]
NETWORKS = [{**NETWORK, "id": "of-another-zone"}, {**NETWORK, "zoneid": "1"}]


def machine(instance):
    words = [f"{key}={value}" for key, value in instance["tags"].items() if key in TAGS]
    later = [{"key": key, "value": value} for key, value in instance["tags"].items() if key not in TAGS]
    return {
        **MACHINES[0],
        "id": instance.get("id", "4711"),
        "name": instance["name"],
        "tags": later,
        "displayname": " ".join([instance["name"], *words]),
        "state": instance.get("state", "Running"),
        "nic": [
            {**MACHINES[0]["nic"][0], "ipaddress": "10.1.1.116"},
            {**MACHINES[0]["nic"][0], "networkid": "861", "ipaddress": "203.0.113.7"},
        ],
    }


def cases(path):
    def command(name, body, status=200, **params):
        return Answer("GET", path, body, status, params={"command": name, **params})

    def machines(found, **params):
        return command("listVirtualMachines", {"listvirtualmachinesresponse": {"virtualmachine": found}}, **params)

    def listed(instances):
        """More than a page: the first is full of others. The server picks by the name."""
        ours = {"keyword": "shop-"}
        others = [{**MACHINES[0], "id": str(number), "name": "other"} for number in range(500)]
        found = list(map(machine, instances))
        by_id = [machines([one], id=one["id"]) for one in found] or [machines([], id="4711")]
        return [machines(others, page="1", **ours), machines([MACHINES[1], *found], page="2", **ours), *by_id]

    def create():
        done = fixture("cloudstack", "queryAsyncJobResult_17164.json")
        done["queryasyncjobresultresponse"]["jobresult"]["virtualmachine"] = machine({"name": NAME, "tags": TAGS})
        return [
            command("deployVirtualMachine", fixture("cloudstack", "deployVirtualMachine_default.json")),
            command("queryAsyncJobResult", done),
        ]

    def created(sent):
        (templates,) = [request.params for request in sent if request.params.get("command") == "listTemplates"]
        asked = {"zoneid": "1", "templatefilter": "executable", "page": "1", "pagesize": "500"}
        assert asked.items() <= templates.items()
        (deploy,) = [request for request in sent if request.params.get("command") == "deployVirtualMachine"]
        expected = {
            "name": NAME,
            "displayname": WORDS,
            "serviceofferingid": "105",
            "templateid": "421",
            "zoneid": "1",
            "keypair": "operators",
            "securitygroupnames": "erlang",
            "startvm": "True",
            "networkids": "00304a04-c7ea-4e77-a786-18bc64347bf7",
        }
        assert expected.items() <= deploy.params.items()
        assert base64.b64decode(deploy.params["userdata"]) == b"#cloud-config\n{}\n"

    def error(code, text):
        body = {"deployvirtualmachineresponse": {"errorcode": code, "errortext": text}}
        return [command("deployVirtualMachine", body, code)]

    failed = {"jobid": 17164, "jobstatus": 2, "jobresult": {"errorcode": 533, "errortext": "Insufficient capacity"}}
    provider = {
        "credentials": {"key": "operator", "secret": SECRET},
        "domains": {"Sydney": {"country": "AU", "continent": "OC"}},
        "image": {"name": "XEN Basic Ubuntu*"},
        "user_data": "#cloud-config\n{}\n",
        "security_groups": ["erlang"],
        "networks": ["guestNetworkForBasicZone"],
        "ssh": {"key_name": "operators"},
    }
    shared = {
        "book": "test_cloudstack:CloudStackMockHttp",
        "region": "Sydney",
        "zone": "Sydney",
        "size": Size("Compute Micro PRD", 1, 384, 0, None),
        "image": "XEN Basic Ubuntu 10.04 Server x64 PV r2.0",
        "listed": listed,
        "identity": "4711",
        "address": "10.1.1.116",
        "create": create,
        "created": created,
        "verbs": {
            verb: ("GET", path, {"command": f"{verb}VirtualMachine", "id": "4711"})
            for verb in ("start", "stop", "reboot", "destroy")
        }
        | {
            "drain": (
                "GET",
                path,
                {"command": "createTags", "resourcetype": "UserVm", "resourceids": "4711", "tags[0].value": "yes"},
            )
        },
        "states": {
            "Running": "running",
            "Starting": "pending",
            "Stopping": "stopped",
            "Stopped": "stopped",
            "Error": "error",
            "Destroyed": "gone",
            "Expunging": "gone",
        },
        "refusals": {
            "quota": error(535, "Maximum number of resources of type 'user_vm' for account op has been exceeded."),
            "capacity": [command("queryAsyncJobResult", {"queryasyncjobresultresponse": failed})],
            "missing": error(431, "Unable to execute API command: the template does not exist"),
            "request": error(431, "Invalid parameter userdata"),
            "outage": error(530, "Internal error executing command, please contact your cloud administrator"),
        },
        "unauthorized": [Answer("GET", path, "", 401)],
        "answers": [
            command("listAccounts", {"listaccountsresponse": {"account": [ACCOUNT]}}),
            command("listServiceOfferings", OFFERINGS, page="1", pagesize="500"),
            command("listNetworks", {"listnetworksresponse": {"network": NETWORKS}}, page="1", pagesize="500"),
            command("createTags", {"createtagsresponse": {"jobid": "4712"}}),
            command(
                "queryAsyncJobResult",
                {"queryasyncjobresultresponse": {"jobid": "4712", "jobstatus": 1, "jobresult": {"success": True}}},
                jobid="4712",
            ),
        ],
        "writes": lambda sent: not sent.params["command"].startswith(("list", "query")),
        "country": "AU",
        "public": "203.0.113.7",
        "left": {"instances": 17},
    }
    return provider, shared


def cloudstack():
    provider, shared = cases("/test/path")
    provider = {**provider, "driver": "cloudstack"}
    provider["options"] = {"url": "https://api.example.com/test/path"}
    names = {"key": "CLOUDSTACK_KEY", "secret": "CLOUDSTACK_SECRET", "url": "CLOUDSTACK_ENDPOINT"}
    return Case("cloudstack", provider, endpoint="https://api.example.com:443", environment=names, **shared)


def exoscale():
    provider, shared = cases("/test/path")
    provider = {**provider, "driver": "exoscale", "options": {"path": "/test/path"}}
    names = {"key": "EXOSCALE_API_KEY", "secret": "EXOSCALE_API_SECRET"}
    return Case("exoscale", provider, endpoint="https://api.exoscale.com:443", environment=names, **shared)


CASES = [cloudstack(), exoscale()]
