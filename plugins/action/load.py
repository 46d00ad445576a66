# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
import uuid

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import reconcile, starting
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.hosts import ALL, group_name, members_of
from ansible_collections.wombat.erlang.plugins.plugin_utils.known_hosts import KEYS, Host, KnownHosts


class ActionModule(ControllerAction):
    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        loaded = self.vars.get("ansible_facts", {}).get("wombat") or {}
        deployment = self.deployment()
        reconcile.open_providers(deployment)  # finds what is wrong in their options
        public = deployment.public()
        # A host has a variable of this name, too; on the controller it is the operator's choice.
        family = self.vars.get("wombat_family")
        if family and family not in public["families"] and group_name("family", family) not in self.vars["groups"]:
            there = ", ".join(public["families"])
            raise WombatError(f"There is no family {family} in {public['file']}: name one of {there} in wombat_family.")
        members = members_of(public["families"], self.vars)
        public["members"] = {
            name: {
                **members[name],
                "neighbours": {other: members[other]["nodes"] for other in family["neighbours"]},
            }
            for name, family in public["families"].items()
        }
        public["shrinking"] = [
            group_name("family", name)
            for name, family in public["families"].items()
            if len(members[name]["nodes"]) > family["nodes"]
        ]
        public["waves"] = starting.waves(deployment)
        public["order"] = starting.told(deployment)
        self.know_hosts(deployment)
        # One run, one id: playbooks that import others load several times.
        run = loaded.get("run") or uuid.uuid4().hex
        return {"changed": False, "ansible_facts": {"wombat": {**public, "run": run}}}

    def know_hosts(self, deployment: Deployment) -> None:
        """Pin the host keys that the inventory tells, for the controller may be another one than who created hosts."""
        hostvars = self.vars["hostvars"]
        hosts = []
        for name in self.vars["groups"].get(ALL, ()):
            variables = hostvars.raw_get(name)
            if variables.get(KEYS):
                spec = deployment.providers.get(variables["wombat_provider"])
                port = int(spec.ssh.get("port", 22)) if spec else 22
                keys = tuple(str(key) for key in variables[KEYS])
                hosts.append(Host(str(name), str(variables["wombat_address"]), keys, port))
        KnownHosts(deployment).know(hosts)
