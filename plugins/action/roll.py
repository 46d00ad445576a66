# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans the upgrade of the nodes that run; the module of the same name documents it."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils import hosts as inventory
from ansible_collections.wombat.erlang.plugins.plugin_utils import rolling
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.upgrade import METHODS


class ActionModule(ControllerAction):
    """Reads what the roles release and nodes registered for every host."""

    _requires_connection = False
    OPTIONS: t.ClassVar[dict[str, dict[str, t.Any]]] = {"method": {"choices": list(METHODS)}}

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        deployment = self.deployment()
        leaving = {
            host for group in (inventory.RETIRING, inventory.GONE) for host in self.vars["groups"].get(group, ())
        }
        names = [name for name in self.vars["groups"].get(inventory.ALL, ()) if name not in leaving]
        hosts = [self._host(name, self.vars["hostvars"].raw_get(name)) for name in names]
        roll = rolling.plan(hosts, deployment.families, options["method"])
        for line in roll.lines:
            self.say(line)
        checks = {name: list(family.upgrade.checks) for name, family in deployment.families.items()}
        return {
            "changed": False,
            "order": [name for batch in roll.batches for name in batch],
            "serial": [len(batch) for batch in roll.batches],
            "hosts": {name: {**item, "checks": checks} for name, item in roll.hosts.items()},
        }

    def _host(self, name: str, variables: t.Mapping[str, t.Any]) -> rolling.Host:
        configured = (variables.get("release_configured") or {}).get("nodes") or {}
        started = (variables.get("nodes_started") or {}).get("nodes")
        nodes = {str(node["name"]): node["family"] for node in variables.get("wombat_nodes") or ()}
        waiting = {node: item["upgrade"] for node, item in configured.items() if item.get("upgrade")}
        # A host that this run did not ask is not known to run; in check mode nothing was started.
        down = [node for node in nodes if not self.check and not (started or {}).get(node, {}).get("alive")]
        return rolling.Host(name, str(variables.get("wombat_domain")), nodes, waiting, down)
