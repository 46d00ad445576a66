# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of a host are open to whom: those of its nodes to their families and neighbours. Pure."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment, OpenPort
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section

EPMD_PORT = 4369
EVERYBODY = ("0.0.0.0/0", "::/0")


def read_firewall(section: Section) -> tuple[OpenPort, ...]:
    """What a family opens besides the ports of its nodes, `allow` of its `firewall`."""
    allow = section.take("allow", [])
    section.end()
    if not isinstance(allow, list):
        raise section.wrong("allow", allow, "a list of mappings with port, protocol and from")
    found = []
    for number, entry in enumerate(allow):
        rule = Section(entry, f"{section.where('allow')}[{number}]")
        rule.need("port")
        sources = rule.strings("from") or EVERYBODY
        for source in sources:
            try:
                ipaddress.ip_network(source, strict=False)
            except ValueError:
                raise rule.wrong("from", source, "an address or a network such as 192.0.2.0/24") from None
        protocol = rule.choice("protocol", ("tcp", "udp"), "tcp")
        found.append(OpenPort(rule.integer("port", 0, 1, 65535), protocol, sources))
        rule.end()
    return tuple(found)


def rules_of(
    deployment: Deployment, nodes: t.Iterable[t.Mapping[str, t.Any]], members: t.Mapping[str, t.Iterable[str]]
) -> list[dict[str, t.Any]]:
    """The rules of a host, as the module firewall takes them.

    :param nodes: its nodes, as `nodes_of` gives them.
    :param members: the names of the nodes that there are, by family.
    """
    ports: dict[str, list[int]] = {}
    for node in nodes:
        ports.setdefault(str(node["family"]), []).append(deployment.port + int(node["slot"]))
    rules: list[dict[str, t.Any]] = []
    for name, own in ports.items():
        family = deployment.families.get(name)
        near = {name, *(family.neighbours if family else ())}
        near |= {other for other, spec in deployment.families.items() if name in spec.neighbours}
        sources = {str(node).partition("@")[2] for one in near for node in members.get(one, ())}
        opened = [*([EPMD_PORT] if deployment.epmd else []), *sorted(own)]
        rules.append({"ports": opened, "protocol": "tcp", "sources": sorted(sources)})
        for port in family.firewall if family else ():
            rules.append({"ports": [port.port], "protocol": port.protocol, "sources": list(port.sources)})
    return rules
