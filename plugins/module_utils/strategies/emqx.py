# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EMQX 5, by its command C(emqx ctl cluster)."""

from __future__ import annotations

import json

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Strategy, View

_LIMIT = 120


class Emqx(Strategy):
    """EMQX; what its commands say counts, not only their return code."""

    NAME = "emqx"
    PACE = 1
    TIMEOUT = 300.0

    def question(self, name: str) -> str | None:
        """It is asked by its own command."""
        return None

    def views(self, names: list[str]) -> dict[str, View]:
        """What C(cluster status) says."""
        return {name: self._view(name) for name in names}

    def _view(self, name: str) -> View:
        code, text = self.console.run(name, ["emqx", "ctl", "cluster", "status", "--json"], limit=_LIMIT)
        return status(text) if code == 0 else View(error=words("status", text))

    def unsafe(self, views: dict[str, View]) -> list[str]:
        """All of a cluster's data are lost with its last member."""
        return [] if self.family.wanted or not self.family.leaving else ["No member would be left: keep one."]

    def join(self, names: list[str]) -> dict[str, str]:
        """Join the seed, which must run."""
        tried = {name: self._cluster(name, "join", self.family.seeds[name]) for name in names}
        return {name: said for name, said in tried.items() if said}

    def forget(self, name: str, dead: tuple[str, ...]) -> None:
        """Remove the dead."""
        for node in dead:
            said = self._cluster(name, "force-leave", node)
            if said:
                raise WombatError(f"Node {name} does not forget {node}: {said}.")

    def leave(self, name: str) -> str | None:
        """Leave the cluster."""
        return self._cluster(name, "leave")

    def _cluster(self, name: str, verb: str, *more: str) -> str | None:
        code, text = self.console.run(name, ["emqx", "ctl", "cluster", verb, *more], limit=_LIMIT)
        return None if code == 0 and "successfully" in text else words(verb, text)


def status(text: str) -> View:
    """What C(cluster status --json) says."""
    try:
        told = json.loads(text[text.index("{") :])
        running, stopped = told["running_nodes"], told.get("stopped_nodes") or []
    except (ValueError, KeyError):
        return View(error=words("status", text))
    return View(members=tuple(sorted({*running, *stopped})), up=tuple(sorted(running)))


def words(verb: str, text: str) -> str:
    """What the command says, as the end of a sentence."""
    return f"'emqx ctl cluster {verb}' says: {' '.join(text.split())[:300].rstrip('.') or 'nothing'}"
