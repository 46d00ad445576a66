# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VerneMQ, by its command C(vmq-admin cluster)."""

from __future__ import annotations

import re

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Strategy, View

_LIMIT = 300
_ROW = re.compile(r"^\|\s*([^\s|]+@[^\s|]+)\s*\|\s*(true|false)\s*\|", re.M)


class VerneMQ(Strategy):
    """VerneMQ. A leaver moves its sessions and offline messages while it runs, so it is never removed when stopped."""

    NAME = "vernemq"
    PACE = 1
    TIMEOUT = 600.0

    def question(self, name: str) -> str | None:
        """It is asked by its own command."""
        return None

    def views(self, names: list[str]) -> dict[str, View]:
        """What C(cluster show) says."""
        return {name: self._view(name) for name in names}

    def _view(self, name: str) -> View:
        code, text = self.console.run(name, ["vmq-admin", "cluster", "show"], limit=_LIMIT)
        return shown(text) if code == 0 else View(error=words("show", text))

    def unsafe(self, views: dict[str, View]) -> list[str]:
        """Offline messages have nowhere to go when all leave."""
        return [] if self.family.wanted or not self.family.leaving else ["No member would be left: keep one."]

    def join(self, names: list[str]) -> dict[str, str]:
        """Join the cluster of the seed."""
        tried = {name: self._cluster(name, "join", f"discovery-node={self.family.seeds[name]}") for name in names}
        return {name: said for name, said in tried.items() if said}

    def forget(self, name: str, dead: tuple[str, ...]) -> None:
        """Remove the dead, whose offline messages are lost."""
        for node in dead:
            said = self._cluster(name, "leave", f"node={node}")
            if said:
                raise WombatError(f"Node {name} does not forget {node}: {said}.")

    def leave(self, name: str) -> str | None:
        """Disconnect the clients, move their queues, and leave; it stops when the queues are empty."""
        return self._cluster(name, "leave", f"node={name}", "-k", "-i", "5", "-t", "120")

    def _cluster(self, name: str, verb: str, *more: str) -> str | None:
        code, text = self.console.run(name, ["vmq-admin", "cluster", verb, *more], limit=_LIMIT)
        return None if code == 0 and "Done" in text else words(verb, text)


def shown(text: str) -> View:
    """What the table of C(cluster show) says."""
    rows = _ROW.findall(text)
    if not rows:
        return View(error=words("show", text))
    return View(tuple(sorted(node for node, _up in rows)), tuple(sorted(node for node, up in rows if up == "true")))


def words(verb: str, text: str) -> str:
    """What the command says, as the end of a sentence."""
    return f"'vmq-admin cluster {verb}' says: {' '.join(text.split())[:300].rstrip('.') or 'nothing'}"
