#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops the nodes of a host, or asks for their state."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node
short_description: Start, stop, restart or remove Erlang nodes, or ask for their state
version_added: 0.1.0
description:
  - Brings the nodes of a host into a state, all of them in one call and in parallel.
  - Nodes are started by their release's own script, from the files that M(wombat.erlang.node_config) wrote.
  - A start returns when every node answers and all its applications have started. A node that ends while it starts,
    or is
    not ready at the time limit, fails the module with the last lines that it printed. Where systemd starts it again,
    the module waits for the outcome.
  - Nodes that are units of systemd, see O(wombat.erlang.node_config#module:user), are started and stopped by it. A
    stopped one starts again with its host.
  - Two runs at the same time wait for each other.
author: [The Wombat for Ansible contributors (@wombat-erlang)]
extends_documentation_fragment: [wombat.erlang.nodes]
options:
  state:
    description:
      - V(started) starts what does not run, and waits for what is still starting.
      - V(stopped) stops the applications in order; a node that takes longer than O(timeout) is killed, and by systemd
        after 10 minutes at the latest.
      - V(restarted) stops all named nodes and starts them again.
      - V(absent) stops the nodes and removes their folders with everything in them.
      - V(status) changes nothing and returns what the nodes say of themselves.
    type: str
    choices: [started, stopped, restarted, absent, status]
    default: started
  timeout:
    description: Seconds that the nodes have together to stop, and again to start or to answer.
    type: float
    default: 60
attributes:
  check_mode: {support: full, description: Says which nodes would change and starts or stops none.}
  diff_mode: {support: full, description: Shows the states before and after.}
"""

EXAMPLES = r"""
- name: Start all nodes of this host
  wombat.erlang.node:
    root: /srv/wombat
  register: started

- name: Restart the nodes that run with older files
  wombat.erlang.node:
    root: /srv/wombat
    names: "{{ started.outdated }}"
    state: restarted

- name: Ask for the state of one node
  wombat.erlang.node:
    root: /srv/wombat
    names: [kv1]
    state: status
"""

RETURN = r"""
nodes:
  description: The nodes by name.
  returned: always
  type: dict
  contains:
    changed: {description: Whether this call changed the node., returned: not with state=status, type: bool}
    alive: {description: Whether the node answers., type: bool}
    pid: {description: The process of the node; null where there is none., type: int}
    outdated: {description: Whether the node runs with older files than its folder holds., type: bool}
    error: {description: What went wrong; null where nothing did., type: str}
    restarts:
      description: How often systemd started the node again after it failed, since this module last started it.
      returned: state=status
      type: int
    family: {description: The node's family., returned: state=status, type: str}
    otp_release: {description: The release of Erlang/OTP., returned: state=status, type: str, sample: "25"}
    release_version: {description: The version of the release that runs., returned: state=status, type: str}
    uptime: {description: Seconds since the node started., returned: state=status, type: int}
    memory: {description: Bytes that the node has allocated., returned: state=status, type: int}
    processes: {description: The number of Erlang processes., returned: state=status, type: int}
    connected:
      description: The nodes that it is connected to, hidden ones too.
      returned: state=status
      type: list
      elements: str
outdated:
  description: The names of the running nodes whose files changed since they started.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module
from ansible_collections.wombat.erlang.plugins.module_utils.node_states import prepare
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import OPTIONS as NODES

STATES = ["started", "stopped", "restarted", "absent", "status"]
OPTIONS = {
    **NODES,
    "state": {"type": "str", "choices": STATES, "default": "started"},
    "timeout": {"type": "float", "default": 60},
}


def main() -> None:
    """Run the module."""
    run_module(OPTIONS, prepare)


if __name__ == "__main__":
    main()
