# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH host keys read from consoles, on each cloud that shows one: what is asked, and what is understood."""

from __future__ import annotations

import base64

import pytest
from case import NAME, TAGS, opened
from cases import CASES, ec2, gce, openstack, outscale
from wire import Answer, Wire, lay

from ansible_collections.wombat.erlang.plugins.plugin_utils.known_hosts import KEYS
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import host_keys

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6MDEyMzQ1"
TEXT = f"""
-----BEGIN SSH HOST KEY KEYS-----
{KEY} root@shop
-----END SSH HOST KEY KEYS-----
"""
CUT = base64.b64encode(b"\x84ber" + TEXT.encode()).decode()  # it begins within a letter
XML = """<GetConsoleOutputResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
<instanceId>i-4711</instanceId><output>OUTPUT</output></GetConsoleOutputResponse>"""
SHOWS = {
    "ec2": (ec2.EC2, lambda text: [Answer("GET", "/", XML.replace("OUTPUT", text), params=ASKED)], CUT),
    "gce": (
        gce.GCE,
        lambda text: [Answer("GET", f"{gce.ZONE}/instances/{NAME}/serialPort", {"contents": text})],
        TEXT,
    ),
    "eucalyptus": (
        ec2.EUCALYPTUS,
        lambda text: [Answer("GET", ec2.PATH, XML.replace("OUTPUT", text), params=ASKED)],
        CUT,
    ),
    "openstack": (openstack.OPENSTACK, lambda text: [Answer("POST", ".*/servers/.*/action", {"output": text})], TEXT),
    "rackspace": (openstack.RACKSPACE, lambda text: [Answer("POST", ".*/servers/.*/action", {"output": text})], TEXT),
    "outscale": (outscale.OUTSCALE, lambda text: [outscale.answer("ReadConsoleOutput", {"ConsoleOutput": text})], CUT),
}
ASKED = {"Action": "GetConsoleOutput"}


@pytest.mark.parametrize("driver", SHOWS)
def test_keys_are_read_once_a_console_shows_them(driver, tmp_path, monkeypatch):
    case, shows, text = SHOWS[driver]
    wire = Wire(case.book, case.writes, case.chapter)
    lay(wire, monkeypatch)
    wire.answers += [*case.answers, *case.create()[1:], *case.listed([{"name": NAME, "tags": TAGS}])]
    bare = {key: value for key, value in case.provider.items() if key != "user_data"}
    ssh = {**case.provider.get("ssh", {}), "host_keys": "console"}
    adapter = opened(tmp_path, bare, ssh=ssh)
    (instance,) = adapter.instances()
    wire.answers += shows("")
    assert adapter.console_keys(instance) == ()
    wire.answers += shows(text)
    assert adapter.console_keys(instance) == (KEY,)


def test_who_has_no_console_says_so(tmp_path, monkeypatch):
    for case in CASES:
        lay(Wire(case.book), monkeypatch)
        assert bool(opened(tmp_path, case.provider).features["console output"]) == (case.driver not in SHOWS)


def test_a_key_that_came_with_an_instance_is_known_before_its_tags_are(tmp_path, monkeypatch):
    """The creator was killed before it could set the tags; nobody but the instance's user data says its key."""
    wire = Wire()
    lay(wire, monkeypatch)
    key = host_keys.generate()
    bare = {**outscale.machine({"name": NAME, "tags": {"any": "tag"}}), "Tags": []}
    coded = base64.b64encode(host_keys.merged(None, key).encode()).decode()
    answers = [*outscale.OUTSCALE.answers, outscale.answer("ReadVms", {"Vms": [{**bare, "UserData": coded}]})]
    wire.answers += answers
    provider = {name: value for name, value in outscale.OUTSCALE.provider.items() if name != "user_data"}
    adapter = opened(tmp_path, provider, ssh={"host_keys": "inject"})
    (instance,) = adapter.instances()
    assert instance.vars == {KEYS: [key.public]}
    assert key.private.splitlines()[1] not in repr(instance)
    wire.answers.append(outscale.answer("ReadVms", {"Vms": [{**bare, "UserData": "no base64"}]}))
    (instance,) = adapter.instances()
    assert (instance.name, instance.vars) == (NAME, {})
