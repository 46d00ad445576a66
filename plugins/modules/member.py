#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins the nodes of a host to their family or to its neighbours."""

from __future__ import annotations

DOCUMENTATION = r"""
module: member
short_description: Join Erlang nodes to their family or its neighbours
version_added: 0.1.0
description:
  - Connects the nodes of a host with the nodes that M(wombat.erlang.node_config) made known to them, all in one call,
    and returns
    when the nodes themselves say that they are connected, by C(nodes(connected)).
  - Running nodes get the current members of their family and its neighbours into the environment of the application
    C(wombat).
author: [The Wombat for Ansible contributors (@wombat-erlang)]
options:
  root:
    description: The instance's root folder.
    type: path
    required: true
  names:
    description: The nodes, by their full names or by the part before the C(@). Without this all nodes of the host.
    type: list
    elements: str
  scope:
    description: Whether nodes are joined to their own family or to the families that are its neighbours.
    type: str
    choices: [family, neighbours]
    default: family
  without:
    description: Nodes that have left. The module fails when one is still connected at the time limit.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds until all nodes must be connected.
    type: float
    default: 30
attributes:
  check_mode: {support: full, description: Says which nodes would join and connects none.}
  diff_mode: {support: full, description: Shows which nodes join which.}
"""

EXAMPLES = r"""
- name: Join the nodes of this host to their families
  wombat.erlang.member:
    root: /srv/wombat

- name: Require that a node has left
  wombat.erlang.member:
    root: /srv/wombat
    without: [kv1@192.0.2.10]
"""

RETURN = r"""
nodes:
  description: The nodes by name.
  returned: always
  type: dict
  contains:
    joined: {description: The nodes that it was not connected to., type: list, elements: str}
"""

from ansible_collections.wombat.erlang.plugins.module_utils.membership import prepare
from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module

OPTIONS = {
    "root": {"type": "path", "required": True},
    "names": {"type": "list", "elements": "str"},
    "scope": {"type": "str", "choices": ["family", "neighbours"], "default": "family"},
    "without": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "float", "default": 30},
}


def main():
    """Run the module."""
    run_module(OPTIONS, prepare)


if __name__ == "__main__":
    main()
