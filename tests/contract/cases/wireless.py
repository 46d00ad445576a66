# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`local` and `hosts`: no cloud is asked, so what is written is in a folder, that of the machine or of each server."""

from __future__ import annotations

import json
import os
import types

from case import NAME, RUN, SECRET, TAGS, Case

from ansible_collections.wombat.erlang.plugins.plugin_utils.drivers import local as local_driver
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Size
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.servers import lay_ssh

DRAINING = {**TAGS, "wombat-draining": "yes"}


def files(folder):
    """All that is written, by its path."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def local(folder, monkeypatch):
    cloud = folder / "cloud"
    monkeypatch.setenv("HOME", str(cloud))
    numbers = types.SimpleNamespace(uuid4=lambda: types.SimpleNamespace(hex="4711"))
    monkeypatch.setattr(local_driver, "uuid", numbers)

    def record(identity="4711"):
        path = cloud / "machines" / identity / "instance.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def listed(instances):
        for path in (cloud / "machines").glob("*/instance.json"):
            path.unlink()
        for number, one in enumerate(instances, 1):
            made = {"id": one.get("id", "4711"), "name": one["name"], "token": one["name"], "tags": one["tags"]}
            made |= {"region": "north", "zone": "a", "size": "small", "vcpus": 2, "memory": 1024, "image": "debian-12"}
            made |= {"address": f"127.77.0.{number}", "offset": 0, "state": one.get("state", "running"), "created": 1}
            write(cloud / "machines" / made["id"] / "instance.json", made)
        return []

    def created(_sent):
        told = record()
        assert (told["name"], told["token"], told["tags"]) == (NAME, f"{RUN}-0", TAGS)
        assert (told["region"], told["zone"], told["size"]) == ("north", "a", "small")

    return Case(
        driver="local",
        provider={
            "driver": "local",
            "credentials": {"key": "operator", "secret": SECRET},
            "options": {
                "root": str(cloud / "machines"),
                "sizes": {"small": {"vcpus": 2, "memory": "1 GiB", "disk": "2 GiB", "price": 0.01}},
                "regions": {"north": {"zones": {"a": {}, "b": {}}}},
                "quota": {"instances": 4},
            },
            "domains": {"north": {"country": "SE"}},
        },
        region="north",
        zone="a",
        size=Size("small", 2, 1024, 2, 0.01, os.uname().machine),
        image="debian-12",
        left={"instances": 4},
        listed=listed,
        identity="4711",
        address="127.77.0.1",
        public="127.77.0.1",
        created=created,
        looks={
            "start": lambda: record()["state"] == "running",
            "stop": lambda: record()["state"] == "stopped",
            "reboot": lambda: record()["state"] == "running",
            "drain": lambda: record()["tags"] == DRAINING,
            "destroy": lambda: not (cloud / "machines").exists(),
        },
        states={"running": "running", "stopped": "stopped"},
        country="SE",
        written=lambda: files(cloud),
    )


def hosts(folder, monkeypatch):
    cloud = folder / "cloud"
    names = ("ceres", "mars", "pluto", "venus")
    addresses = [f"192.0.2.{number}" for number in range(1, 5)]
    for address in addresses:
        (cloud / address).mkdir(parents=True)
    lay_ssh(cloud, monkeypatch)

    def claim(address=addresses[0]):
        path = cloud / address / "claims/claim/owner"
        return json.loads(path.read_text()) if path.exists() else {}

    def listed(instances):
        for path in cloud.glob("*/claims/claim/owner"):
            path.unlink()
            path.parent.rmdir()
        for address, one in zip(addresses, instances, strict=False):
            made = {"created": 1, "name": one["name"], "token": one["name"], "tags": one["tags"]}
            write(cloud / address / "claims/claim/owner", made)
        return []

    def created(_sent):
        told = claim()
        assert told.pop("created") > 1e9
        assert told == {"name": NAME, "token": f"{RUN}-0", "tags": TAGS}

    return Case(
        driver="hosts",
        provider={
            "driver": "hosts",
            "options": {
                "hosts": {
                    name: {"address": address, "region": "stockholm", "zone": "rack1", "size": "big"}
                    for name, address in zip(names, addresses, strict=True)
                },
                "sizes": {"big": {"vcpus": 8, "memory": "32 GiB", "disk": "500 GiB"}},
                "root": str(cloud / "srv"),
            },
            "domains": {"stockholm": {"country": "SE"}},
        },
        region="stockholm",
        zone="rack1",
        size=Size("big", 8, 32768, 500, None),
        image="installed",
        listed=listed,
        identity="ceres",
        address="192.0.2.1",
        public="192.0.2.1",
        created=created,
        looks={"drain": lambda: claim()["tags"] == DRAINING, "destroy": lambda: claim() == {}},
        states={"running": "running"},
        country="SE",
        written=lambda: files(cloud),
    )


CASES = [local, hosts]
