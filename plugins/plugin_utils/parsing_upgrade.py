# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The key `upgrade` of a family."""

from __future__ import annotations

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section, suggestion
from ansible_collections.wombat.erlang.plugins.plugin_utils.upgrade import METHODS, Upgrade


def read_upgrade(section: Section) -> Upgrade:
    allow = section.strings("allow") or Upgrade.allow
    for method in allow:
        if method not in METHODS:
            raise WombatError(f"{section.where('allow')} cannot be '{method}'; {suggestion(method, METHODS)}")
    upgrade = Upgrade(
        allow=allow,
        canary=section.integer("canary", Upgrade.canary),
        at_once=section.integer("at_once", Upgrade.at_once, 1),
        pause=section.integer("pause", Upgrade.pause),
        checks=section.strings("checks"),
    )
    section.end()
    return upgrade
