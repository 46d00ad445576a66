#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open ports of a host to some addresses only."""

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall
short_description: Open ports of a host to some addresses only
version_added: 0.1.0
author: [The Wombat for Ansible contributors (@wombat-erlang)]
description:
  - Keeps a table of nftables, C(inet wombat), that drops new connections to the ports of its rules from everywhere but
    the sources of these rules and the host itself. Ports that no rule names, and all other tables, are left alone.
  - Rules are replaced in one step, and connections that there are stay.
  - Where systemd is the service manager, the unit C(wombat-firewall.service) loads the table when the host starts, and
    again when C(nftables.service) has emptied all tables.
options:
  state:
    description: Whether the table is there.
    type: str
    choices: [present, absent]
    default: present
  rules:
    description: What is open to whom. Ports that are in several are open to the sources of all of these.
    type: list
    elements: dict
    default: []
    suboptions:
      ports:
        description: The ports.
        type: list
        elements: int
        required: true
      protocol:
        description: The protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      sources:
        description: >-
          Addresses, networks such as V(192.0.2.0/24), or names that the host can resolve. V(0.0.0.0/0) or V(::/0) is
          everybody.
        type: list
        elements: str
        required: true
attributes:
  check_mode: {support: full, description: Says whether the rules would change and changes none.}
  diff_mode: {support: full, description: Shows the rules before and after.}
"""

EXAMPLES = r"""
- name: Open a node's port and epmd to two hosts
  wombat.erlang.firewall:
    rules:
      - {ports: [4369, 9101], sources: [192.0.2.10, 192.0.2.11]}
"""

RETURN = r"""#"""

from ansible_collections.wombat.erlang.plugins.module_utils.firewall import prepare
from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module

RULE = {
    "ports": {"type": "list", "elements": "int", "required": True},
    "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
    "sources": {"type": "list", "elements": "str", "required": True},
}
OPTIONS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "rules": {"type": "list", "elements": "dict", "default": [], "options": RULE},
}


def main() -> None:
    """Run the module."""
    run_module(OPTIONS, prepare)


if __name__ == "__main__":
    main()
