# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything is left to the release: its nodes are told who is of their family, and asked for nothing."""

from __future__ import annotations

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Strategy, View


class Alone(Strategy):
    """Each node counts as a member of itself."""

    NAME = "none"
    REMEMBERS = False
    SETTLES = False

    def is_member(self, name: str, view: View) -> bool:
        """Every node that answers is one."""
        return view.error is None

    def disagreement(self, name: str, view: View) -> list[str]:
        """Nobody knows what the release wants, but a node must answer."""
        return [f"cannot be asked: {view.error}"] if view.error is not None else []
