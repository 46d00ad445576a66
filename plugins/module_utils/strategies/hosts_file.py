# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file .hosts.erlang names the hosts of the family; net_adm:world/0 connects with the nodes that it finds there."""

from __future__ import annotations

from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang


class HostsFile(Mesh):
    """Needs a stock epmd on every host, which alone can tell the nodes of a host: distribution.epmd must be true."""

    NAME = "hosts_file"
    EPMD = True

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """The file lies in the home of the family's nodes, where they look for it when they are asked to."""
        hosts = sorted({name.partition("@")[2] for name in family.wanted})
        return Settings(home={".hosts.erlang": "".join(to_erlang({"$atom": host}) + ".\n" for host in hosts)})

    def join(self, names: list[str]) -> dict[str, str]:
        """Let the nodes look for the others."""
        answers = self.console.evaluate(dict.fromkeys(names, "net_adm:world(silent)"))
        return {name: error for name, (_value, error) in answers.items() if error}
