# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
import uuid

from ansible_collections.wombat.erlang.plugins.plugin_utils import reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.hosts import members_of


class ActionModule(ControllerAction):
    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        loaded = self.vars.get("ansible_facts", {}).get("wombat") or {}
        deployment = self.deployment()
        reconcile.open_providers(deployment)  # finds what is wrong in their options
        public = deployment.public()
        members = members_of(public["families"], self.vars)
        public["members"] = {
            name: {
                **members[name],
                "neighbours": {other: members[other]["nodes"] for other in family["neighbours"]},
            }
            for name, family in public["families"].items()
        }
        # One run, one id: playbooks that import others load several times.
        run = loaded.get("run") or uuid.uuid4().hex
        return {"changed": False, "ansible_facts": {"wombat": {**public, "run": run}}}
