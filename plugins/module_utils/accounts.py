# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user that nodes run as, where it is not the one who runs the module."""

from __future__ import annotations

import os
import pwd
from typing import Callable

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError


def account(user: str) -> pwd.struct_passwd:
    """The account of a user; raises WombatError where the host has none."""
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise WombatError(f"This host has no user {user}, which its nodes are to run as: add it.") from None


def becoming(user: str | None) -> Callable[[], None] | None:
    """What a new process calls to run as C(user); None where it runs as that user anyway. Raises WombatError."""
    if user is None or account(user).pw_uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise WombatError(f"Only root can run things as {user}, as whom the nodes run: set become for this task.")
    known = account(user)

    def become() -> None:
        os.initgroups(known.pw_name, known.pw_gid)
        os.setgid(known.pw_gid)
        os.setuid(known.pw_uid)

    return become
