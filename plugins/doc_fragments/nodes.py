# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  root:
    description: The instance's root folder.
    type: path
    required: true
  names:
    description: The nodes, by their full names or by the part before the C(@). Without this all nodes of the host.
    type: list
    elements: str
"""
