# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions on the controller share: checked options, errors as failures, progress, the deployment."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import loader
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment

display = Display()


class ControllerAction(ActionBase):
    """An action that works in the controller's own Python. A subclass gives `OPTIONS` (an argument spec) and `work`."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    OPTIONS: t.ClassVar[dict[str, dict[str, t.Any]]] = {}

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        self.vars = task_vars or {}
        try:
            _checked, options = self.validate_argument_spec(self.OPTIONS)
            result.update(self.work(options))
        except WombatError as error:
            result.update(failed=True, msg=str(error))
        return result

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        """Do the action's work and give its result."""
        raise NotImplementedError

    @property
    def check(self) -> bool:
        return bool(self._task.check_mode)

    def deployment(self) -> Deployment:
        """The deployment of this run, read strictly."""
        return loader.load(loader.find(self.vars), self._loader)

    @staticmethod
    def say(line: str) -> None:
        """Show progress while the work goes on."""
        display.display(line)
