# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction


class ActionModule(ControllerAction):
    OPTIONS: t.ClassVar[dict[str, dict[str, t.Any]]] = {"lines": {"type": "list", "elements": "str", "required": True}}

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        for line in options["lines"]:
            self.say(line)
        return {"changed": False}
