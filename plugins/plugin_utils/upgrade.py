# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a family permits its upgrades to be: a part of the model."""

from __future__ import annotations

import dataclasses

METHODS = ("hot", "rolling", "full")


@dataclasses.dataclass(frozen=True)
class Upgrade:
    """How a family may be upgraded.

    `allow` are the methods, of which the first of METHODS that is possible is taken. `canary` and `at_once` count
    instances, `pause` seconds between them; `checks` are Erlang expressions that have to become true.
    """

    allow: tuple[str, ...] = ("hot", "rolling")
    canary: int = 1
    at_once: int = 1
    pause: int = 0
    checks: tuple[str, ...] = ()
