# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A star: every node is connected with a few seeds, and not with the others; for families of hundreds of nodes."""

from __future__ import annotations

from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh


class Seed(Mesh):
    """The oldest nodes are the seeds; when one of them leaves, the next oldest takes its place."""

    NAME = "seed"
    OPTIONS: dict[str, dict[str, Any]] = {
        "seeds": {"type": "int", "default": 1, "description": "How many nodes all others are connected with."}
    }

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """Nodes must not connect by themselves with whom they hear of."""
        return Settings(vm_args=("-connect_all false",))

    def peers(self, name: str) -> list[str]:
        """All others for a seed, the seeds for the others."""
        seeds = self.family.wanted[: max(1, self.options["seeds"])]
        peers = self.family.wanted if name in seeds else seeds
        return [other for other in peers if other != name]
