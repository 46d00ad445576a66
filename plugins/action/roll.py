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

# Why a node does not count for its family's majority.
_UNASKED = "were not asked, as their hosts failed or --limit leaves them out"
_DOWN = "do not run"


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
        known = {name: self.vars["hostvars"].raw_get(name) for name in names}
        roll = rolling.plan([self._host(*item) for item in known.items()], deployment.families, options["method"])
        others = [line for variables in known.values() for line in _others(variables)] if self.check else []
        for line in [*roll.lines, *others]:
            self.say(line)
        checks = {name: list(family.upgrade.checks) for name, family in deployment.families.items()}
        return {
            "changed": False,
            "order": [name for batch in roll.batches for name in batch],
            "serial": [len(batch) for batch in roll.batches],
            "hosts": {name: {**item, "checks": checks} for name, item in roll.hosts.items()},
        }

    def _host(self, name: str, variables: t.Mapping[str, t.Any]) -> rolling.Host:
        nodes, waiting, started = _told(variables)
        down = {node: _UNASKED for node in nodes if started is None}
        # In check mode nothing was started.
        if started is not None and not self.check:
            down = {node: _DOWN for node in nodes if not started.get(node, {}).get("alive")}
        return rolling.Host(name, str(variables.get("wombat_domain")), nodes, waiting, down)


def _told(variables: t.Mapping[str, t.Any]) -> tuple[dict[str, str], dict[str, t.Any], dict[str, t.Any] | None]:
    """The nodes of a host with families, those that wait for an upgrade, and what was started, if it was asked."""
    configured = (variables.get("release_configured") or {}).get("nodes") or {}
    nodes = {str(node["name"]): str(node["family"]) for node in variables.get("wombat_nodes") or ()}
    waiting = {node: item["upgrade"] for node, item in configured.items() if item.get("upgrade")}
    return nodes, waiting, (variables.get("nodes_started") or {}).get("nodes")


def _others(variables: t.Mapping[str, t.Any]) -> list[str]:
    """What becomes of the nodes of a host that are not upgraded: a line for each."""
    nodes, waiting, started = _told(variables)
    if started is None:
        return [f"{node}: not asked, as its host failed or --limit leaves it out" for node in nodes]
    return [
        f"{node}: {'is started' if started.get(node, {}).get('changed', True) else 'stays as it is'}"
        for node in nodes
        if node not in waiting
    ]
