# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hidden nodes: they see families, as their neighbours say, without becoming visible to these families' nodes."""

from __future__ import annotations

from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.none import Alone


class Hidden(Alone):
    """For tools beside a family: each node stands alone, and inter-family connections are all it has."""

    NAME = "hidden"

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """The flag that hides a node."""
        return Settings(vm_args=("-hidden",))
