#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls functions or evaluates expressions on the nodes of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rpc
short_description: Call a function or evaluate an expression on Erlang nodes
version_added: 0.1.0
description:
  - Calls a function, or evaluates an expression, on all named nodes of a host at the same time and returns what they
    answer.
  - The cookie is read from the family's cookie file and is on no command line.
author: [The Wombat for Ansible contributors (@wombat-erlang)]
extends_documentation_fragment: [wombat.erlang.nodes]
options:
  module:
    description: The module of the function to call.
    type: str
  function:
    description: The function to call.
    type: str
  args:
    description: The function's arguments, as P(wombat.erlang.to_erlang#filter) takes data.
    type: list
    elements: raw
  expression:
    description: The expression to evaluate on every node, instead of a function.
    type: str
  language:
    description: The language of O(expression). V(elixir) needs nodes that run Elixir.
    type: str
    choices: [erlang, elixir]
    default: erlang
  read_only:
    description:
      - Whether the call changes nothing on the nodes. Then the module reports no change, and asks in check mode too.
      - Otherwise it reports a change, and does not run in check mode.
    type: bool
    default: false
  timeout:
    description: Seconds that the nodes have together.
    type: float
    default: 60
attributes:
  check_mode: {support: full, description: Runs only with O(read_only=true).}
  diff_mode: {support: none, description: Nobody knows what a call changes.}
"""

EXAMPLES = r"""
- name: Ask all nodes of this host for their applications
  wombat.erlang.rpc:
    root: /srv/wombat
    module: application
    function: which_applications
    read_only: true

- name: Set a log level on one node
  wombat.erlang.rpc:
    root: /srv/wombat
    names: [kv1]
    module: logger
    function: set_primary_config
    args: [{$atom: level}, {$atom: debug}]

- name: Evaluate an expression
  wombat.erlang.rpc:
    root: /srv/wombat
    expression: "[{N, node(P)} || {N, P} <- [{rex, whereis(rex)}]]"
    read_only: true
"""

RETURN = r"""
nodes:
  description: The answers by node. Kept when the module fails, which it does when any node failed.
  returned: always
  type: dict
  contains:
    value: {description: The answer as plain data., type: raw}
    text: {description: The answer as an Erlang term., type: str}
    error: {description: What went wrong; null where nothing did., type: str}
  sample: {"kv1@192.0.2.10": {"value": ["ok", 1], "text": "{ok,1}", "error": null}}
"""

from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module
from ansible_collections.wombat.erlang.plugins.module_utils.node_calls import prepare
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import OPTIONS as NODES

OPTIONS = {
    **NODES,
    "module": {"type": "str"},
    "function": {"type": "str"},
    "args": {"type": "list", "elements": "raw"},
    "expression": {"type": "str"},
    "language": {"type": "str", "choices": ["erlang", "elixir"], "default": "erlang"},
    "read_only": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 60},
}


def main() -> None:
    """Run the module."""
    run_module(
        OPTIONS,
        prepare,
        required_one_of=[("module", "expression")],
        mutually_exclusive=[("module", "expression"), ("function", "expression"), ("args", "expression")],
        required_together=[("module", "function")],
    )


if __name__ == "__main__":
    main()
