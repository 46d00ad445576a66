# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings cookies to the host; the module of the same name puts them in place."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.wombat.erlang.plugins.modules.cookie import OPTIONS
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.secret_files import delivered, reader


class ActionModule(ControllerAction):
    OPTIONS = OPTIONS

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        deployment, read = self.deployment(), reader(self._loader)
        names = sorted({str(node["family"]) for node in self.vars.get("wombat_nodes") or ()})
        paths = {name: deployment.families[name].cookie for name in names if name in deployment.families}
        made = options.pop("made") or ()
        if self.check and any(path in made or not os.path.exists(path) for path in paths.values()):
            return {"changed": True, "files": [], "nodes": []}  # they are made first
        cookies = {name: read(path).decode().strip() for name, path in paths.items()}
        with delivered(self, cookies) as src:
            return self._execute_module(
                "wombat.erlang.cookie", module_args={**options, "src": src}, task_vars=self.vars
            )
