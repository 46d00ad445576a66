#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the nodes of a host members of their families, or lets them leave."""

from __future__ import annotations

DOCUMENTATION = r"""
module: member
short_description: Make Erlang nodes members of their families, or let them leave
version_added: 0.1.0
description:
  - Asks all nodes of a host for their clusters, makes them join or leave, or waits until they agree on their members,
    as the strategy of each family says; one call for all nodes and families of the host.
  - What O(families) says comes from the lookup P(wombat.erlang.membership#lookup), which decides from what all hosts
    answered to O(state=status).
  - Running nodes get the current members of their family and its neighbours into the environment of the application
    C(wombat).
author: [The Wombat for Ansible contributors (@wombat-erlang)]
extends_documentation_fragment: [wombat.erlang.nodes]
options:
  state:
    description:
      - V(status) only asks.
      - V(forgotten) lets the lead forget the members of O(families[].forget), if it runs on this host.
      - V(joined) makes those of O(families[].seeds) join, and returns when they have; a member stays one.
      - V(settled) does on the lead what is done once for a family, and returns when every node of the host sees exactly
        the family that is wanted.
      - V(left) makes those of O(families[].leaving) leave that run on this host.
    type: str
    choices: [status, forgotten, joined, settled, left]
    default: joined
  families:
    description: The families of the nodes. Nodes of others are left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: The family., type: str, required: true}
      strategy: {description: Its strategy., type: str, default: mesh}
      options: {description: The strategy's own options., type: dict}
      remembers: {description: Whether its clusters remember their members; for the tasks around this., type: bool}
      settles: {description: Whether V(settled) has to follow V(joined); for the tasks around this., type: bool}
      pace: {description: How many hosts may join at once; for the tasks around this., type: int}
      wanted:
        description: The full names of all nodes that are to be members, those of the oldest instance first.
        type: list
        elements: str
      leaving: {description: The nodes that are to leave or have left., type: list, elements: str}
      left:
        description: Whether those of O(families[].leaving) have left by now; before, it does not matter who sees them.
        type: bool
        default: false
      lost:
        description: Nodes of O(families[].wanted) whose hosts take no part in the run any more; nobody waits for them.
        type: list
        elements: str
      seeds: {description: "The nodes that are to join, each with a member to join through.", type: dict}
      lead: {description: The member that does what is done once., type: str}
      forget: {description: The members that are to be removed as dead., type: list, elements: str}
      split: {description: Why nobody can join as sentences., type: list, elements: str}
      unsafe: {description: "Why leaving loses something, as sentences; for tasks around.", type: list, elements: str}
      unlike: {description: "What nodes that all run do not see though they should.", type: list, elements: str}
      domains: {description: The domain of each node., type: dict}
  timeout:
    description: Seconds until everything must be as wanted.
    type: float
    default: 30
attributes:
  check_mode: {support: full, description: Says which nodes would join or leave and changes nothing.}
  diff_mode: {support: full, description: Shows which nodes join which.}
"""

EXAMPLES = r"""
- name: Connect the nodes of this host with their family
  wombat.erlang.member:
    root: /srv/wombat
    families:
      - {name: kv, strategy: mesh, wanted: [kv1@192.0.2.10, kv1@192.0.2.11]}

- name: Wait until a node has left
  wombat.erlang.member:
    root: /srv/wombat
    state: settled
    families:
      - {name: kv, strategy: mesh, wanted: [kv1@192.0.2.11], leaving: [kv1@192.0.2.10], left: true}
"""

RETURN = r"""
nodes:
  description: The nodes by name, with what the state is about.
  returned: always
  type: dict
  contains:
    joined: {description: What the node was joined to., type: list, elements: str, returned: O(state=joined)}
    left: {description: Whether it had to leave., type: bool, returned: O(state=left)}
    forgotten: {description: Whom it forgot., type: list, elements: str, returned: O(state=forgotten)}
    family: {description: The node's family., type: str, returned: O(state=status)}
    members: {description: Whom the node counts in., type: list, elements: str, returned: O(state=status)}
    up: {description: Those of them that it sees running., type: list, elements: str, returned: O(state=status)}
    pending: {description: What is on its way., type: list, elements: str, returned: O(state=status)}
    error: {description: Why it cannot be asked., type: str, returned: O(state=status)}
    facts: {description: What else the strategy needs to know., type: dict, returned: O(state=status)}
"""

from ansible_collections.wombat.erlang.plugins.module_utils.membership import prepare
from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import OPTIONS as NODES

FAMILY = {
    "name": {"type": "str", "required": True},
    "strategy": {"type": "str", "default": "mesh"},
    "options": {"type": "dict"},
    "remembers": {"type": "bool"},
    "settles": {"type": "bool"},
    "pace": {"type": "int"},
    "wanted": {"type": "list", "elements": "str"},
    "leaving": {"type": "list", "elements": "str"},
    "left": {"type": "bool", "default": False},
    "lost": {"type": "list", "elements": "str"},
    "seeds": {"type": "dict"},
    "lead": {"type": "str"},
    "forget": {"type": "list", "elements": "str"},
    "split": {"type": "list", "elements": "str"},
    "unsafe": {"type": "list", "elements": "str"},
    "unlike": {"type": "list", "elements": "str"},
    "domains": {"type": "dict"},
}
OPTIONS = {
    **NODES,
    "state": {"type": "str", "choices": ["status", "forgotten", "joined", "settled", "left"], "default": "joined"},
    "families": {"type": "list", "elements": "dict", "required": True, "options": FAMILY},
    "timeout": {"type": "float", "default": 30},
}


def main():
    """Run the module."""
    run_module(OPTIONS, prepare)


if __name__ == "__main__":
    main()
