# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook with the clouds of inventories/multicloud at the other end of every wire: recorded replies.

Usage: multicloud.py ARGUMENTS... of ansible-playbook. What writes to a cloud, or asks another host, fails.
"""

from __future__ import annotations

import dataclasses
import sys
import types
import typing as t

import requests
from ansible.cli.playbook import main
from ansible.plugins.loader import init_plugin_loader
from wire import Answer, Sent, Wire, fixture, lay

CATALOG = fixture("openstack", "_v3__auth.json")
for entry in CATALOG["token"]["catalog"]:  # the recorded one has no names
    entry["name"] = {"compute": "nova", "image": "glance", "network": "neutron"}.get(entry["type"])


class Cloud(Wire):
    """Recorded replies with some of their names changed to those of the example.

    :param names: recorded name -> the example's.
    :param paths: the example's path -> the recorded one.
    """

    def __init__(self, case: t.Any, names: t.Mapping[str, str], paths: tuple[str, str] = ("", "")) -> None:
        super().__init__(case.book, case.writes, case.chapter)
        self.read_only = True
        self.names, self.paths = names, paths
        self.answers += [*case.answers, *case.listed([])]

    def answer(self, sent: Sent, url: str, headers: t.Mapping[str, str]) -> requests.Response:
        sent = dataclasses.replace(sent, path=sent.path.replace(*self.paths))
        reply = super().answer(sent, url.replace(*self.paths), headers)
        text = reply._content.decode()
        for recorded, ours in self.names.items():
            text = text.replace(recorded, ours)
        reply._content = text.encode()
        return reply


class Clouds:
    """The clouds by their hosts."""

    def __init__(self, clouds: t.Mapping[str, Cloud]) -> None:
        self.clouds = clouds

    def answer(self, sent: Sent, url: str, headers: t.Mapping[str, str]) -> requests.Response:
        return self.clouds[sent.host].answer(sent, url, headers)


def clouds() -> Clouds:
    init_plugin_loader()  # Ansible's own way to collections must be there before any of ours is imported
    from cases import cloudstack, ec2, opennebula, openstack

    attic = Cloud(
        openstack.OPENSTACK,
        {
            ':9292"': ':9292/v2/1337"',
            ':9696"': ':9696/v2/1337"',
            "regionOne": "RegionOne",
            "192.168.18.100": "openstack.example.com",
            CATALOG["token"]["project"]["id"]: "1337",
            "2014-08-10T19:15:57": "2114-08-10T19:15:57",
            "hypernode": "debian-12-genericcloud",
            '"net1"': '"shop"',
        },
    )
    attic.answers += [
        Answer(method, "/v3/auth/tokens", CATALOG, 201, {"x-subject-token": "a-token"}) for method in ("POST", "GET")
    ]
    cellar = Cloud(opennebula.NEW, {"Ubuntu 9.04 LAMP": "debian-12", "Network 5": "shop"})
    partner = Cloud(
        cloudstack.CASES[0],
        {"XEN Basic Ubuntu 10.04": "debian-12", "guestNetworkForBasicZone": "shop", "Sydney": "Frankfurt"},
        ("/client/api", "/test/path"),
    )
    names = {"Test Image": "debian-12-amd64-20240211"}
    return Clouds(
        {
            "openstack.example.com": attic,
            "opennebula.example.com": cellar,
            "cloudstack.example.com": partner,
            "ec2.eu-west-1.amazonaws.com": Cloud(ec2.EC2, names),
            "ec2.eu-north-1.amazonaws.com": Cloud(ec2.EC2, {**names, "eu-west-1": "eu-north-1"}),
        }
    )


if __name__ == "__main__":
    lay(clouds(), types.SimpleNamespace(setattr=setattr))  # type: ignore[arg-type]
    sys.exit(main(["ansible-playbook", *sys.argv[1:]]))
