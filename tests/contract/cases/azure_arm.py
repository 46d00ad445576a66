# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure, by libcloud's recorded replies."""

from __future__ import annotations

import base64
import copy

from case import NAME, SECRET, TAGS, Case
from wire import Answer, fixture

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size

SHORT = "_subscriptions_99999999"
CARDS = f"{SHORT}_resourceGroups_000000_providers_Microsoft_Network_networkInterfaces"
MACHINES = fixture("azure_arm", f"{SHORT}_providers_Microsoft_Compute_virtualMachines.json")["value"]
CARD = fixture("azure_arm", f"{CARDS}_test_node_1_nic.json")
TOKEN = fixture("azure_arm", "_77777777_7777_7777_7777_777777777777_oauth2_token.json")
KINDS = fixture("azure_arm", f"{SHORT}_providers_Microsoft_Compute.json")
SUBSCRIPTION = "/subscriptions/99999999-9999-9999-9999-999999999999"
COMPUTE = f"{SUBSCRIPTION}/resourceGroups/000000/providers/Microsoft.Compute"
NETWORK = f"{SUBSCRIPTION}/resourceGroups/000000/providers/Microsoft.Network"
MACHINE = f"{COMPUTE}/virtualMachines/{NAME}"
ADDRESS = f"{NETWORK}/publicIPAddresses/{NAME}-address"
PUBLIC = {"id": ADDRESS, "properties": {"ipAddress": "192.0.2.7"}}
VERSIONS = [{"id": f"x/versions/{version}", "name": version} for version in ("0.20231013.1", "0.20240211.2")]


def zoned(kinds):
    """With the zones that Azure tells by newer versions of its interface."""
    machines = next(kind for kind in kinds["resourceTypes"] if kind["resourceType"] == "virtualMachines")
    machines["zoneMappings"] = [{"location": "East US", "zones": ["2", "1", "3"]}]
    return kinds


def machine(one):
    made = copy.deepcopy(MACHINES[0])
    made["properties"] |= {"provisioningState": "Succeeded", "timeCreated": "2024-01-02T03:04:05.6+00:00"}
    card = f"{NETWORK}/networkInterfaces/{one['name']}-0"
    made["properties"]["networkProfile"] = {"networkInterfaces": [{"id": card}]}
    identity = f"{COMPUTE}/virtualMachines/{one['name']}"
    return {**made, "id": identity, "name": one["name"], "tags": one["tags"], "zones": ["1"]}


def view(one):
    """What Azure tells of how a machine is, in its two words."""
    provisioning, _space, power = one.get("state", "succeeded running").partition(" ")
    codes = [f"ProvisioningState/{provisioning}", *([f"PowerState/{power}"] if power else [])]
    return {"statuses": [{"code": code, "message": "said so"} for code in codes]}


def card(one):
    made = copy.deepcopy(CARD)
    made["id"] = f"{NETWORK}/networkInterfaces/{one['name']}-0"
    told = made["properties"]["ipConfigurations"][0]["properties"]
    told["subnet"]["id"] = f"{NETWORK}/virtualNetworks/shop/subnets/nodes"
    told["publicIPAddress"] = {"id": ADDRESS.upper()}  # Azure writes ids now in small, now in capital letters
    return made


def by_id(one):
    whole = machine(one)
    whole["properties"]["instanceView"] = view(one)
    return [
        Answer("GET", f"{COMPUTE}/virtualMachines/{one['name']}", whole, params={"$expand": "instanceView"}),
        Answer("GET", whole["id"], {"tags": one["tags"]}, params={"api-version": "2018-06-01"}),
        Answer("GET", f"{NETWORK}/networkInterfaces/{one['name']}-0", card(one)),
    ]


def listed(instances):
    """In two pages; how they are, their interfaces and addresses come in lists of their own."""
    statuses = [{"id": machine(one)["id"].upper(), "properties": {"instanceView": view(one)}} for one in instances]
    following = f"https://management.azure.com:443{COMPUTE}/virtualMachines?api-version=2021-11-01&$skiptoken=1!x"
    missing = {"error": {"code": "ResourceNotFound", "message": "The Resource was not found."}}
    return [
        Answer("GET", f"{COMPUTE}/virtualMachines", {"value": MACHINES, "nextLink": following}),
        Answer(
            "GET",
            f"{COMPUTE}/virtualMachines",
            {"value": [machine(one) for one in instances]},
            params={"$skiptoken": "1!x"},
        ),
        Answer(
            "GET",
            f"{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines",
            {"value": statuses},
            params={"statusOnly": "true"},
        ),
        Answer("GET", f"{NETWORK}/networkInterfaces", {"value": [card(one) for one in instances]}),
        Answer("GET", MACHINE, missing, 404),
        *[answer for one in instances for answer in by_id(one)],
    ]


def create():
    new = {"name": NAME, "tags": TAGS}
    early = machine(new)
    early["properties"] |= {"provisioningState": "Creating", "networkProfile": {}}
    return [Answer("PUT", MACHINE, early, 201), *by_id(new)]


def created(sent):
    (put,) = [request for request in sent if request.method == "PUT"]
    assert (put.path, put.params) == (MACHINE, {"api-version": "2021-11-01"})
    body = put.json
    properties = body.pop("properties")
    assert body == {"location": "eastus", "zones": ["1"], "tags": TAGS}
    assert properties["hardwareProfile"] == {"vmSize": "Standard_A1"}
    storage = properties["storageProfile"]
    reference = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "0.20240211.2"}
    assert storage["imageReference"] == reference
    assert storage["osDisk"]["deleteOption"] == "Delete"
    system = properties["osProfile"]
    assert (system["computerName"], system["adminUsername"]) == (NAME, "debian")
    assert system["linuxConfiguration"]["ssh"]["publicKeys"] == [
        {"path": "/home/debian/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAA operator"}
    ]
    assert base64.b64decode(system["customData"]) == b"#cloud-config\n{}\n"
    (interface,) = properties["networkProfile"]["networkInterfaceConfigurations"]
    assert interface["properties"]["deleteOption"] == "Delete"
    assert interface["properties"]["networkSecurityGroup"] == {"id": f"{NETWORK}/networkSecurityGroups/erlang"}
    (address,) = interface["properties"]["ipConfigurations"]
    assert address["properties"] == {"subnet": {"id": f"{NETWORK}/virtualNetworks/shop/subnets/nodes"}}


def put(status, code, message):
    return [Answer("PUT", MACHINE, {"error": {"code": code, "message": message}}, status)]


AZURE = Case(
    driver="azure_arm",
    provider={
        "driver": "azure_arm",
        "regions": ["eastus"],
        "credentials": {
            "tenant_id": "77777777-7777-7777-7777-777777777777",
            "subscription_id": "99999999-9999-9999-9999-999999999999",
            "key": "operator",
            "secret": SECRET,
        },
        "options": {"resource_group": "000000"},
        "image": {"properties": {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2"}},
        "networks": ["shop/nodes"],
        "security_groups": ["erlang"],
        "user_data": "#cloud-config\n{}\n",
        "ssh": {"user": "debian", "key_name": "operators"},
    },
    book="test_azure_arm:AzureMockHttp",
    region="eastus",
    zone="1",
    size=Size("Standard_A1", 1, 1792, 70, 0.06),
    image="Debian debian-12 12-gen2 0.20240211.2",
    listed=listed,
    identity=MACHINE,
    address="10.0.0.1",
    create=create,
    created=created,
    verbs={
        "start": ("POST", f"{MACHINE}/start", None),
        "stop": ("POST", f"{MACHINE}/deallocate", None),
        "reboot": ("POST", f"{MACHINE}/restart", None),
        "drain": ("PATCH", MACHINE, {"tags": {**TAGS, "wombat-draining": "yes"}}),
        "destroy": ("DELETE", MACHINE, None),
    },
    endpoint="https://login.microsoftonline.com",
    states={
        "creating": "pending",
        "updating starting": "pending",
        "succeeded running": "running",
        "failed/VMExtensionError running": "running",
        "succeeded deallocated": "stopped",
        "succeeded stopped": "stopped",
        "failed/AllocationFailed": "error",
        "deleting running": "gone",
    },
    refusals={
        "quota": put(409, "OperationNotAllowed", "It results in exceeding approved Total Regional Cores quota."),
        "capacity": put(409, "SkuNotAvailable", "The size is currently not available in zones '1'."),
        "missing": put(404, "PlatformImageNotFound", "The platform image is not available."),
        "request": put(400, "InvalidParameter", "The value of parameter linuxConfiguration.ssh is invalid."),
        "outage": put(500, "InternalExecutionError", "An internal execution error occurred."),
        "credentials": put(403, "AuthorizationFailed", "The client does not have authorization to perform action."),
    },
    unauthorized=[
        Answer(
            "POST",
            "/.*/oauth2/token",
            {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."},
            401,
        )
    ],
    answers=[
        Answer("POST", "/.*/oauth2/token", {**TOKEN, "expires_on": "4111111111"}),
        Answer("GET", f"{SUBSCRIPTION}/providers/Microsoft.Compute", zoned(KINDS)),
        Answer("GET", ".*/offers/debian-12/skus/12-gen2/versions", VERSIONS),
        Answer(
            "GET",
            f"{SUBSCRIPTION}/providers/Microsoft.Compute/locations/eastus/usages",
            {
                "value": [
                    {"name": {"value": "cores"}, "limit": 20, "currentValue": 6},
                    {"name": {"value": "virtualMachines"}, "limit": 25000, "currentValue": 2},
                    {"name": {"value": "standardAv2Family"}, "limit": 20, "currentValue": 6},
                ]
            },
        ),
        Answer(
            "GET",
            f"{COMPUTE}/sshPublicKeys/operators",
            {"properties": {"publicKey": "ssh-ed25519 AAAA operator"}},
        ),
        Answer(
            "GET",
            f"{NETWORK}/publicIPAddresses",
            {"value": [PUBLIC]},
        ),
        Answer("GET", f"(?i){ADDRESS}", PUBLIC),
        Answer("POST", f"{MACHINE}/(start|deallocate|restart)", "", 202),
        Answer("PATCH", MACHINE, {}, 202),
        Answer("DELETE", MACHINE, "", 202),
    ],
    country="US",
    public="192.0.2.7",
    left={"instances": 24998, "vcpus": 14},
    fault="AllocationFailed: said so",
    environment={
        "tenant_id": "AZURE_TENANT_ID",
        "subscription_id": "AZURE_SUBSCRIPTION_ID",
        "key": "AZURE_CLIENT_ID",
        "secret": "AZURE_CLIENT_SECRET",
        "resource_group": "AZURE_DEFAULTS_GROUP",
    },
)
CASES = [AZURE]
