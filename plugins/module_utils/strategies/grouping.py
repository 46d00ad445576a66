# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups of a family's nodes, from where the nodes are or from a list: for strategies with groups. Pure."""

from __future__ import annotations

import fnmatch
import re
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family

_PARTS = {"provider": 1, "region": 2, "zone": 3}
OPTIONS: dict[str, dict[str, Any]] = {
    "by": {
        "type": "str",
        "choices": list(_PARTS),
        "default": "region",
        "description": "Nodes of one provider, region or zone are one group, called as it is, with _ for what is odd.",
    },
    "groups": {
        "type": "dict",
        "description": "Instead, groups by name, each a list of patterns, as aws/eu-*/*, that match domains or nodes.",
    },
}


def groups_of(family: Family, options: dict[str, Any], names: tuple[str, ...] | None = None) -> dict[str, list[str]]:
    """The groups, each with its nodes, the oldest first.

    :arg names: The nodes to be grouped, instead of those that are wanted.
    :raises WombatError: A node is in no listed group, or in two.
    """
    groups: dict[str, list[str]] = {}
    for name in family.wanted if names is None else names:
        groups.setdefault(_group(family, options, name), []).append(name)
    return dict(sorted(groups.items()))


def _group(family: Family, options: dict[str, Any], name: str) -> str:
    domain = family.domains.get(name, "")
    if not options.get("groups"):
        return re.sub(r"[^A-Za-z0-9_]", "_", "_".join(domain.split("/")[: _PARTS[options.get("by") or "region"]]))
    found = [
        group
        for group, patterns in options["groups"].items()
        if any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns for text in (domain, name))
    ]
    if len(found) != 1:
        raise WombatError(
            f"Node {name} in {domain} is in {'the groups ' + ' and '.join(found) if found else 'no group'} of family "
            f"{family.name}: bootstrap.groups must give every node exactly one."
        )
    return found[0]
