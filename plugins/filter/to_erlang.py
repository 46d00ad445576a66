# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter P(wombat.erlang.to_erlang#filter): data to the text of an Erlang term; documented in to_erlang.yml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang


def _filter(value: Any) -> str:
    try:
        return to_erlang(value)
    except WombatError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The one filter of this file."""

    def filters(self) -> dict[str, Callable]:
        return {"to_erlang": _filter}
