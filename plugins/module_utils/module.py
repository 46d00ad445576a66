# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every host module does the same way: options in, failures as sentences, check mode decided once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError


class Work:
    """What a module would do, found out before anything is done."""

    def __init__(
        self, changed: bool, result: dict, diff: Iterable[dict] = (), apply: Callable[[], dict] | None = None
    ) -> None:
        """Keep the plan of one call.

        :arg changed: Whether C(apply) would change the host.
        :arg result: The return values of a call that changes nothing, which check mode gives.
        :arg diff: A list of Ansible's diffs, each with C(before) and C(after).
        :arg apply: A function without arguments that does the work and gives the return values; where these have
            C(failed) and C(msg), the module fails and keeps them. None where there is nothing to do beyond the result.
        """
        self.changed = changed
        self.result = result
        self.diff = list(diff)
        self.apply = apply


def run_module(argument_spec: dict, prepare: Callable[[dict], Work], **constraints: Any) -> None:
    """Run one module: C(prepare) turns its options into Work.

    :arg prepare: A function of the options; a WombatError from it or from the work fails the module with its sentence.
    :arg constraints: C(required_if), C(mutually_exclusive) and such, as AnsibleModule takes them.
    """
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=True, **constraints)
    if os.geteuid() == 0:
        os.umask(0o022)  # what root installs is for the nodes' user to read; what is not has its own mode
    try:
        work = prepare(module.params)
        result = dict(work.result) if module.check_mode or work.apply is None else work.apply()
    except WombatError as error:
        module.fail_json(msg=str(error))
    result.setdefault("changed", work.changed)
    if work.diff and module._diff:
        result["diff"] = work.diff
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
