# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import secret_files
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.authority import OwnAuthority
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment

STATES = ("present", "new_cookie", "next_authority", "new_authority", "one_authority")


class ActionModule(ControllerAction):
    _requires_connection = False
    OPTIONS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "state": {"choices": list(STATES), "default": "present"},
        "families": {"type": "list", "elements": "str"},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        deployment, state = self.deployment(), options["state"]
        families = options["families"] or list(deployment.families)
        unknown = [name for name in families if name not in deployment.families]
        if unknown:
            raise WombatError(f"{unknown[0]} is not a family of {deployment.name}; name one of its families")
        cookies = {deployment.families[name].cookie for name in families}
        if state == "new_cookie":
            return self._cookies(sorted(cookies), replace=True)
        if state == "present":
            made = self._cookies(sorted(path for path in cookies if not os.path.exists(path)), replace=False)
            own = self._own(deployment)
            if own and not own.exists() and any(family.tls for family in deployment.families.values()):
                if not self.check:
                    own.step("present")
                made = {"changed": True, "files": [*made["files"], own.folder]}
            return made
        return self._change(deployment, state)

    def _cookies(self, paths: list[str], replace: bool) -> dict[str, t.Any]:
        for path in paths if not self.check else ():
            secret_files.write_cookie(path, replace)
        return {"changed": bool(paths), "files": paths}

    def _change(self, deployment: Deployment, state: str) -> dict[str, t.Any]:
        own = self._own(deployment)
        if own is None:  # the operator changes the files of an existing one
            return {"changed": False, "files": []}
        if not self.check:
            own.step(state)
        return {"changed": True, "files": [own.folder]}

    @staticmethod
    def _own(deployment: Deployment) -> OwnAuthority | None:
        return OwnAuthority(deployment.ca.folder, deployment.name) if deployment.ca.folder else None
