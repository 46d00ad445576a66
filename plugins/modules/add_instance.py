#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: add_instance
short_description: Make an instance known to the following plays
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - Adds an instance that M(wombat.erlang.instances) returned to the inventory in memory, with its groups and variables.
  - It is needed where C(meta refresh_inventory) shows nothing new, as in an AWX job, which works on an exported
    inventory.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  action:
    support: full
extends_documentation_fragment:
  - wombat.erlang.attributes
options:
  host:
    description: The instance, one of the C(hosts) that M(wombat.erlang.instances) returns.
    type: dict
    required: true
seealso:
  - module: ansible.builtin.add_host
"""

EXAMPLES = r"""
- name: Create what is missing
  wombat.erlang.instances:
    run: "{{ wombat.run }}"
  register: grown

- name: Make the instances known
  wombat.erlang.add_instance:
    host: "{{ item }}"
  loop: "{{ grown.unlisted }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r""" # """
