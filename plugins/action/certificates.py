# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs the certificates that nodes of the host need; the module of the same name puts them in place."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.wombat.erlang.plugins.modules.certificates import OPTIONS
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.authority import SKEW, OwnAuthority
from ansible_collections.wombat.erlang.plugins.plugin_utils.secret_files import authority, delivered, reader


class ActionModule(ControllerAction):
    """Asks the host first, and brings something only when it needs it."""

    OPTIONS = OPTIONS

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        had = self._module({**options, "src": None})
        if had.get("failed") or not had["nodes"]:
            return {**had, "nodes": {}, "trusted": {}}
        deployment = self.deployment()
        if self.check and not self._authority_exists(deployment):
            return {"changed": True, "nodes": dict.fromkeys(had["nodes"], "there is no authority yet")}
        signer = authority(deployment, reader(self._loader))
        reasons = {name: self._reason(signer, had, name, options) for name in had["nodes"]}
        due = {name: why for name, why in reasons.items() if why and why != "trusts others"}
        changed = any(reasons.values())
        if changed and not self.check:
            issued = {name: signer.issue(name) for name in due}
            since = time.time() - SKEW.total_seconds()
            with delivered(self, {"trusted": signer.trusted, "nodes": issued, "since": since}) as src:
                done = self._module({**options, "src": src})
            if done.get("failed"):
                return done
        return {"changed": changed, "nodes": reasons}

    @staticmethod
    def _reason(signer: t.Any, had: t.Mapping[str, t.Any], name: str, options: t.Mapping[str, t.Any]) -> str | None:
        """Why a node gets something; None where it does not."""
        if options["part"] == "all":
            why = signer.refuses(had["nodes"][name], name) or ("is asked for" if options["renew"] else None)
            if why:
                return why
        return "trusts others" if had["trusted"][name] != signer.trusted else None

    @staticmethod
    def _authority_exists(deployment: t.Any) -> bool:
        return not deployment.ca.folder or OwnAuthority(deployment.ca.folder, deployment.name).exists()

    def _module(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        return self._execute_module("wombat.erlang.certificates", module_args=options, task_vars=self.vars)
