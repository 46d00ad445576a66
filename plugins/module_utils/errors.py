# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that the collection's own code raises for things an operator can mend."""

from __future__ import annotations


class WombatError(Exception):
    """One clear sentence: what is wrong, where, and what to do. Never holds a secret."""
