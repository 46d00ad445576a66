# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values from outside (Ansible tags its strings, wraps its containers) made plain, and checked numbers."""

from __future__ import annotations

import math
import typing as t
from collections.abc import Mapping

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import kind

MOST = 1e12
EXACT = frozenset((str, int, float, bool, type(None)))
ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}


def architecture(name: str) -> str:
    """One word for an architecture, whatever a cloud calls it."""
    return ARCHITECTURES.get(name.lower(), name.lower())


def plain(value: t.Any, what: str) -> t.Any:
    """Copy a value into exactly str, int, float, bool, None, list and dict: JMESPath refuses subclasses of them.

    :raises WombatError: when something else is in it, or when it is nested without end.
    """
    try:
        return _plain(value, what)
    except RecursionError:
        raise WombatError(f"{what} is nested too deeply; pass plain data") from None


def _plain(value: t.Any, what: str) -> t.Any:
    if type(value) in EXACT:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {
            key if key.__class__ is str else _key(key, what): item if type(item) in EXACT else _plain(item, what)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [item if type(item) in EXACT else _plain(item, what) for item in value]
        return sorted(items, key=repr) if isinstance(value, (set, frozenset)) else items
    raise WombatError(f"{what} holds a {type(value).__name__}; pass texts, numbers, lists and mappings only")


def _key(key: t.Any, what: str) -> str:
    if not isinstance(key, str):
        raise WombatError(f"{what} has the key {key!r}, which is not a text; quote it")
    return str.__str__(key)


def number(value: t.Any, what: str, low: float = 0.0, high: float = MOST) -> float:
    """A finite number from low to high; NaN when it is None, which stands for unknown.

    :raises WombatError: naming `what`.
    """
    if value is None:
        return math.nan
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise WombatError(f"{what} must be a number, but is {kind(value)}") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise WombatError(f"{what} must be a number from {low:g} to {high:g}, but is {kind(value)}")
    return float(value)


def text(value: t.Any, what: str) -> str:
    """A text with something in it.

    :raises WombatError: naming `what`.
    """
    if not isinstance(value, str) or not value:
        raise WombatError(f"{what} must be a text, but is {kind(value)}")
    return value


def optional_text(value: t.Any, what: str) -> str | None:
    """A text, or None for an absent or empty one."""
    return None if value is None or value == "" else text(value, what)
