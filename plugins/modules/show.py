#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: show
short_description: Print lines of text as they are
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - Prints lines on the controller's screen, for tables and plans that M(ansible.builtin.debug) would print as data.
extends_documentation_fragment:
  - wombat.erlang.attributes
  - wombat.erlang.attributes.controller
options:
  lines:
    description: The lines.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Print a table
  wombat.erlang.show:
    lines: "{{ [{'node': 'kv1@127.77.0.1', 'alive': true}] | wombat.erlang.table }}"
"""

RETURN = r""" # """
