# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ejabberd: joins and leaves by its own commands; its cluster is Mnesia's."""

from __future__ import annotations

from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mnesia import Mnesia

_LIMIT = 150
_ACCOUNTS = "try mnesia:table_info(passwd, size) catch _:_ -> 0 end"


class Ejabberd(Mnesia):
    """ejabberd with its own Mnesia. Joining overwrites the joiner's, so one that has accounts is not made to join."""

    NAME = "ejabberd"
    OPTIONS: dict[str, dict[str, Any]] = {}
    TIMEOUT = 180.0

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """Nothing: the package's description says where its data are."""
        return Settings()

    def copies(self) -> list[tuple[str, str, str]]:
        """None: joining copies all tables as the seed has them."""
        return []

    def join(self, names: list[str]) -> dict[str, str]:
        """Join the seed's cluster and wait until ejabberd runs again; the first command returns before it is done."""
        said = {}
        for name in names:
            accounts, error = self.console.evaluate({name: _ACCOUNTS})[name]
            if error or accounts:
                said[name] = error or f"has {accounts} accounts of its own, which joining would delete"
                continue
            words = self._ctl(name, "--no-timeout", "join_cluster", self.family.seeds[name]) or self._ctl(
                name, "started"
            )
            if words:
                said[name] = words
        return said

    def finish(self, name: str) -> bool:
        """Nothing is left to do."""
        return False

    def leave(self, name: str) -> str | None:
        """Leave while it runs; its VM ends by itself then."""
        return self._ctl(name, "--no-timeout", "leave_cluster", name)

    def _ctl(self, name: str, *words: str) -> str | None:
        """Run ejabberdctl; what it says where it fails, without its help."""
        ran = self.console.run(name, ["ejabberdctl", "--node", name, *words], limit=_LIMIT)
        if ran.code == 0:
            return None
        text = " ".join(ran.output.split("\n\n")[0].split())[:300].rstrip(".")
        return f"ejabberdctl {words[-1] if ran.code is None else ''} says: {text or 'nothing within its time limit'}"
