# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenNebula's OCCI of versions 3.8 and 1.4, by libcloud's recorded replies."""

from __future__ import annotations

import re

from case import NAME, SECRET, TAGS, Case
from wire import Answer, fixture

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size

COMPUTES = fixture("opennebula_2_0", "compute_collection.xml")
COMPUTE = fixture("opennebula_3_2", "compute_5.xml")
OLD_COMPUTES = fixture("opennebula_1_4", "computes.xml")
OLD_COMPUTE = fixture("opennebula_1_4", "compute_5.xml")
NO_COMPUTE = Answer("GET", "/compute/4711", "No such machine", 404)


def context(tags):
    values = {**{key.replace("-", "_").upper(): value for key, value in tags.items()}, "WOMBAT_CREATED": "1700000000"}
    return "".join(f"<{key}>{value}</{key}>" for key, value in values.items()) if tags else ""


def compute(instance, template=COMPUTE):
    """The recorded machine as one of ours."""
    text = template.replace("<ID>5<", f"<ID>{instance.get('id', '4711')}<")
    text = text.replace("Compute 5", instance["name"]).replace(">ACTIVE<", f">{instance.get('state', 'ACTIVE')}<")
    return re.sub("(?<=<CONTEXT>).*(?=</CONTEXT>)", context(instance["tags"]), text, flags=re.DOTALL)


def listed(instances, collection=COMPUTES, template=COMPUTE):
    names = [(one.get("id", "4711"), one["name"]) for one in instances]
    # One more that is gone before it is read.
    entries = [f'<COMPUTE href="http://www.opennebula.org/compute/{one}" name="{name}"/>' for one, name in names]
    entries.append(f'<COMPUTE href="http://www.opennebula.org/compute/404" name="{NAME}"/>')
    if collection is OLD_COMPUTES:
        entries = [re.sub(" name=.*?/", "/", entry) for entry in entries]
    found = re.sub(r"(?=</COMPUTE(S|_COLLECTION)>)", "".join(entries), collection)
    by_id = [Answer("GET", f"/compute/{one.get('id', '4711')}", compute(one, template)) for one in instances]
    gone = [Answer("GET", "/compute/404", "No such machine", 404)]
    return [Answer("GET", "/compute", found), NO_COMPUTE, *by_id, *gone]


def create(template=COMPUTE):
    new = compute({"name": NAME, "tags": TAGS}, template)
    early = re.sub("<NIC.*</NIC>|<NIC .*/>", "", new.replace(">ACTIVE<", ">PENDING<"), flags=re.DOTALL)
    return [Answer("POST", "/compute", early, 201), Answer("GET", "/compute/4711", new)]


def created(sent):
    """A name, which libcloud leaves empty; the newer of two images of that name; no address of the network's own."""
    (post,) = [request for request in sent if request.method == "POST"]
    body, count = re.subn(r"(?<=<WOMBAT_CREATED>)[0-9]{10}(?=</WOMBAT_CREATED>)", "now", post.body)
    assert (post.path, count) == ("/compute", 1)
    data = "<USER_DATA>I2Nsb3VkLWNvbmZpZwp7fQo=</USER_DATA><USERDATA_ENCODING>base64</USERDATA_ENCODING>"
    assert body == (
        f"<COMPUTE><NAME>{NAME}</NAME><INSTANCE_TYPE>small</INSTANCE_TYPE>"
        '<DISK><STORAGE href="/storage/15" /></DISK><NIC><NETWORK href="/network/5" /></NIC>'
        f"<CONTEXT>{context(TAGS).replace('1700000000', 'now')}{data}</CONTEXT></COMPUTE>"
    )


def created_by_the_old(sent):
    (post,) = [request for request in sent if request.method == "POST"]
    assert post.path == "/compute"
    assert post.body == (
        f"<COMPUTE><NAME>{NAME}</NAME><INSTANCE_TYPE>small</INSTANCE_TYPE>"
        '<STORAGE><DISK image="15" /></STORAGE><NETWORK><NIC network="5" /></NETWORK></COMPUTE>'
    )


def action(state):
    return ("PUT", "/compute/4711", f"<COMPUTE><ID>4711</ID><STATE>{state}</STATE></COMPUTE>")


def surroundings(folder, values):
    (folder / "one_auth").write_text(f"{values['key']}:{values['secret']}\n")
    return {"ONE_AUTH": str(folder / "one_auth"), "OCCI_URL": f"https://{values['host']}"}


def post(status, text):
    return [Answer("POST", "/compute", text, status)]


PROVIDER = {
    "driver": "opennebula",
    "credentials": {"key": "operator", "secret": SECRET},
    "domains": {"default": {"country": "ES", "continent": "EU"}},
    "image": {"name": "Ubuntu*"},
    "networks": ["Network 5"],
}
SHARED = {
    "driver": "opennebula",
    "region": "default",
    "zone": "default",
    "image": "Ubuntu 9.04 LAMP",
    "identity": "4711",
    "address": "192.168.0.1",
    "endpoint": "https://one.example.com:443",
    "refusals": {
        "quota": post(500, "[VirtualMachineAllocate] VM quota exceeded, limit reached"),
        "missing": post(404, "Error getting image: it does not exist"),
        "request": post(400, "Bad instance type"),
        "outage": post(500, "Internal error"),
    },
    "unauthorized": [Answer("GET", ".*", "Not Authorized", 401)],
    "answers": [Answer("PUT", "/compute/4711", "", 202), Answer("DELETE", "/compute/4711", "", 204)],
    "country": "ES",
    "environment": {"key": "ONE_AUTH", "secret": "ONE_AUTH", "host": "OCCI_URL"},
    "surroundings": surroundings,
    "states": {
        "PENDING": "pending",
        "HOLD": "pending",
        "ACTIVE": "running",
        "STOPPED": "stopped",
        "SUSPENDED": "stopped",
        "FAILED": "error",
        "DONE": "gone",
    },
}
NEW = Case(
    provider={**PROVIDER, "options": {"host": "one.example.com"}, "user_data": "#cloud-config\n{}\n"},
    book="test_opennebula:OpenNebula_3_8_MockHttp",
    size=Size("small", 1, 1024, 0, None),
    listed=listed,
    create=create,
    created=created,
    verbs={
        "start": action("RESUME"),
        "stop": action("SUSPENDED"),
        "reboot": action("REBOOT"),
        "destroy": ("DELETE", "/compute/4711", None),
    },
    **SHARED,
)
OLD = Case(
    provider={**PROVIDER, "options": {"host": "one.example.com", "api_version": 1.4}},
    book="test_opennebula:OpenNebula_1_4_MockHttp",
    size=Size("small", 0, 0, 0, None),
    listed=lambda instances: listed(instances, OLD_COMPUTES, OLD_COMPUTE),
    create=lambda: create(OLD_COMPUTE),
    created=created_by_the_old,
    verbs={"start": action("RESUME"), "stop": action("SUSPENDED"), "destroy": ("DELETE", "/compute/4711", None)},
    tagged=False,
    label="opennebula-1.4",
    **SHARED,
)
CASES = [NEW, OLD]
