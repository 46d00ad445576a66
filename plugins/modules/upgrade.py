#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades the nodes of a host to what waits for them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade
short_description: Upgrade running Erlang nodes to another version or other settings, or take that back
version_added: 0.1.0
description:
  - Brings the nodes of a host to the files that M(wombat.erlang.node_config) let wait for them with
    O(wombat.erlang.node_config#module:hold), all in one call.
  - A node that does not start, or does not pass its checks, gets its files of before again and is started with them.
    Then the module fails with the reason, and the nodes that were not yet upgraded stay as they are.
  - When all nodes of the host are upgraded, C(current) of their release names the new version. A run that was cut short
    is completed by the next one.
author: [The Wombat for Ansible contributors (@wombat-erlang)]
extends_documentation_fragment: [wombat.erlang.nodes]
options:
  state:
    description:
      - V(upgraded) upgrades the nodes that have files waiting, and no others.
      - V(reverted) takes the last upgrade of the nodes back, by a restart.
    type: str
    choices: [upgraded, reverted]
    default: upgraded
  method:
    description:
      - V(restart) stops a node and starts it from its new files.
      - V(hot) lets the release handler of OTP bring the new version into the running node. It is made permanent when
        the node has passed its checks; the next start boots the new version from its own folder.
    type: str
    choices: [restart, hot]
    default: restart
  at_once:
    description: How many nodes of a family are upgraded at the same time; V(0) means all.
    type: int
    default: 0
  checks:
    description:
      - For a family the Erlang expressions, each of which has to become V(true) on every node within O(timeout).
      - That all applications have started is checked always.
    type: dict
  timeout:
    description: Seconds that the nodes have to stop, to start, and to pass their checks.
    type: float
    default: 60
attributes:
  check_mode: {support: full, description: Says which nodes would be upgraded and does nothing.}
  diff_mode: {support: full, description: Shows the versions of the nodes.}
"""

EXAMPLES = r"""
- name: Restart the nodes with their new version, one at a time
  wombat.erlang.upgrade:
    root: /srv/wombat
    at_once: 1
    checks: {kv: ["maps:get(whole, kv:status())"]}

- name: Upgrade them while they run
  wombat.erlang.upgrade:
    root: /srv/wombat
    method: hot

- name: Go back
  wombat.erlang.upgrade:
    root: /srv/wombat
    state: reverted
"""

RETURN = r"""
nodes:
  description: The nodes that had something waiting, by name.
  returned: always
  type: dict
  contains:
    changed: {description: Whether this call changed what the node runs., type: bool}
    from: {description: The version before., type: str}
    to: {description: The version after., type: str}
    error: {description: What went wrong; null where nothing did., type: str}
"""

from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import OPTIONS as NODES
from ansible_collections.wombat.erlang.plugins.module_utils.upgrading import prepare

OPTIONS = {
    **NODES,
    "state": {"type": "str", "choices": ["upgraded", "reverted"], "default": "upgraded"},
    "method": {"type": "str", "choices": ["restart", "hot"], "default": "restart"},
    "at_once": {"type": "int", "default": 0},
    "checks": {"type": "dict"},
    "timeout": {"type": "float", "default": 60},
}


def main() -> None:
    """Run the module."""
    run_module(OPTIONS, prepare)


if __name__ == "__main__":
    main()
