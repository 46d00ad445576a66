# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter P(wombat.erlang.picture#filter): a placement as a picture; documented in picture.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import picture


def _filter(result: Any, existing: Any = (), neighbours: Any = None) -> str:
    try:
        return picture(result, existing, neighbours or {})
    except WombatError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The one filter of this file."""

    def filters(self) -> dict[str, Callable]:
        return {"picture": _filter}
