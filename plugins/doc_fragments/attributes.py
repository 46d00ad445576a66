# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in check mode and tell what would change, changing nothing.
  diff_mode:
    description: Tells what changed, or in check mode would change, when Ansible runs with C(--diff).
  action:
    description: Indicates that a part of it runs on the controller.
"""

    CONTROLLER = r"""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  action:
    support: full
"""
