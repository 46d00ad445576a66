# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elixir's libcluster: its settings are rendered, and the nodes connect by themselves."""

from __future__ import annotations

from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh

_MODULE = {"epmd": "Epmd", "gossip": "Gossip", "dns_poll": "DNSPoll", "erlang_hosts": "ErlangHosts"}


class Libcluster(Mesh):
    """Verified as a mesh is. Running nodes are told of new members without a restart: who is new connects."""

    NAME = "libcluster"
    OPTIONS: dict[str, dict[str, Any]] = {
        "kind": {
            "type": "str",
            "choices": list(_MODULE),
            "default": "epmd",
            "description": "Which of libcluster's strategies. For epmd the family's nodes are its hosts.",
        },
        "topology": {"type": "str", "default": "wombat", "description": "The name of the topology."},
        "config": {
            "type": "dict",
            "default": {},
            "description": "The strategy's own config, as to_erlang takes data; it goes before what is rendered.",
        },
        "variable": {
            "type": "str",
            "description": (
                "An environment variable that gets the nodes, with commas, for releases that read them in runtime.exs. "
                "Then nodes are restarted when the family changes."
            ),
        },
    }

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """The topology in the environment of the application libcluster, or the nodes in a variable."""
        if options["variable"]:
            return Settings(env={options["variable"]: ",".join(sorted(family.wanted))})
        config = {"hosts": [{"$atom": name} for name in sorted(family.wanted)]} if options["kind"] == "epmd" else {}
        topology = {
            "strategy": {"$atom": "Elixir.Cluster.Strategy." + _MODULE[options["kind"]]},
            "config": {"$proplist": {**config, **options["config"]}},
        }
        return Settings(
            told={"libcluster": {"topologies": {"$proplist": {options["topology"]: {"$proplist": topology}}}}}
        )

    def join(self, names: list[str]) -> dict[str, str]:
        """Nothing: libcluster connects them."""
        return {}
