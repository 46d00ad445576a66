# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction


class ActionModule(ControllerAction):
    OPTIONS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "host": {"type": "dict", "required": True},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        host = options["host"]
        added = {"host_name": host["name"], "groups": host["groups"], "host_vars": host["variables"]}
        return {"changed": False, "add_host": added}
