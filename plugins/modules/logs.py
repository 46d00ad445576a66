#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs the logs and crash dumps of a host's nodes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: logs
short_description: Pack the logs and crash dumps of Erlang nodes
version_added: 0.1.0
description:
  - Packs what the nodes of a host logged into one archive on the host, with a folder for each node. It holds the
    journal of nodes that are units of systemd, and the files of the node's C(log) folder, where crash dumps are, too.
  - The archive lies in a folder that only the user of the connection can read, so that M(ansible.builtin.fetch) needs
    no other user. Remove it when it was fetched.
author: [The Wombat for Ansible contributors (@wombat-erlang)]
extends_documentation_fragment: [wombat.erlang.nodes]
options:
  families:
    description: The families whose nodes are wanted. Without this all.
    type: list
    elements: str
  since:
    description: Since when entries of the journal are wanted, as C(journalctl) takes it.
    type: str
  limit:
    description: The most MiB of each log, its last, and of each crash dump, its first.
    type: int
    default: 100
attributes:
  check_mode: {support: full, description: Packs nothing.}
  diff_mode: {support: none, description: There is nothing to compare.}
"""

EXAMPLES = r"""
- name: Pack the logs of a day
  wombat.erlang.logs:
    root: /srv/wombat
    since: yesterday
  register: packed

- name: Fetch them
  ansible.builtin.fetch:
    src: "{{ packed.path }}"
    dest: logs/{{ inventory_hostname }}.tar.gz
    flat: true
  become: false
"""

RETURN = r"""
path:
  description: The archive on the host.
  returned: always
  type: str
  sample: /tmp/wombat-logs-x8k2/logs.tar.gz
files:
  description: What is in it.
  returned: always
  type: list
  elements: str
  sample: [kv1/journal.log, kv1/log/erl_crash.dump]
"""

from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module
from ansible_collections.wombat.erlang.plugins.module_utils.node_logs import prepare
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import OPTIONS as NODES

OPTIONS = {
    **NODES,
    "families": {"type": "list", "elements": "str"},
    "since": {"type": "str"},
    "limit": {"type": "int", "default": 100},
}


def main() -> None:
    """Run the module."""
    run_module(OPTIONS, prepare)


if __name__ == "__main__":
    main()
