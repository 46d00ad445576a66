# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a relup says: between which versions of a release a running node can be upgraded.

Its layout is systools' own: the version, then the ways to it and the ways from it, each another version with the
instructions.
"""

from __future__ import annotations

import re

_WHOLE = re.compile(r'\{\s*"([^"]*)"\s*,\s*(\[.*\])\s*\}\s*\.', re.DOTALL)
_WAY = re.compile(r'\{\s*"([^"]*)"')
# These end the runtime system, for which its supervisor would start the old version.
_RESTARTS = ("restart_new_emulator", "restart_emulator")


def leads(text: str, before: str, after: str) -> bool:
    """Whether a relup has a way from one version to another on which the runtime system goes on."""
    whole = _WHOLE.search(text)
    if not whole or whole.group(1) not in (before, after):
        return False
    ways, back = _passable(whole.group(2))
    return before in ways if whole.group(1) == after else after in back


def origins(text: str) -> list[str]:
    """The versions from which a relup leads to its own; none where the text is no relup."""
    whole = _WHOLE.search(text)
    return _passable(whole.group(2))[0] if whole else []


def _passable(text: str) -> list[list[str]]:
    """The versions of the ways to and of the ways from, without those on which the runtime system restarts."""
    lists: list[list[str]] = []
    depth, start = 0, 0
    # Brackets within texts and quoted atoms are none.
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[][{}]', text, re.DOTALL):
        index, character = found.start(), found.group()
        if character[0] in "\"'":
            continue
        if character in "[{":
            if character == "[" and depth == 0:
                lists.append([])
            elif depth == 1:
                start = index
            depth += 1
        else:
            depth -= 1
            version = _WAY.match(text, start) if character == "}" and depth == 1 else None
            if version and not any(word in text[start:index] for word in _RESTARTS):
                lists[-1].append(version.group(1))
    return [*lists, [], []][:2]
