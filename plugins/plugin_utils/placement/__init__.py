# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Placement: matches what families demand against what domains offer, with proof and reasons.

Pure: no I/O, no clock beyond the deadline, no state between calls.
"""

from __future__ import annotations

from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.explaining import explain
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.families import validate
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.picturing import picture
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.placing import place

__all__ = ["explain", "picture", "place", "validate"]
