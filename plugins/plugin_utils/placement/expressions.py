# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JMESPath over offers, once for each distinct set of values that an expression can see."""

from __future__ import annotations

import typing as t

try:
    import jmespath
    import jmespath.exceptions
except ImportError:  # ansible-test imports every file without the collection's requirements
    jmespath = None  # type: ignore[assignment]

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

Verdict = bool | str


def check(text: str, what: str) -> str:
    """Give `text` back when it is a JMESPath expression.

    :raises WombatError: with the reason, when it is none or when jmespath is not installed.
    """
    if jmespath is None:
        raise WombatError("placement needs the Python package jmespath on the controller; install it with pip")
    try:
        jmespath.compile(text)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise WombatError(f"{what} is not a JMESPath expression, mend {text!r}: {reason}") from error
    return text


class Expressions:
    """Verdicts of expressions over the same offers, kept by expression: families share them.

    :param profiles: the offers as mappings of plain data.
    """

    def __init__(self, profiles: t.Sequence[t.Mapping[str, t.Any]]) -> None:
        self.profiles = profiles
        self._verdicts: dict[str, list[Verdict]] = {}

    def verdicts(self, text: str) -> list[Verdict]:
        """For every offer: whether the expression is true of it (as JMESPath has it), or the error that it caused."""
        if text not in self._verdicts:
            compiled = jmespath.compile(text)
            names = _fields(compiled.parsed)
            known: dict[str, Verdict] = {}
            verdicts = []
            for profile in self.profiles:
                seen = repr(profile if names is None else [profile.get(name) for name in names])
                if seen not in known:
                    known[seen] = _verdict(compiled, profile)
                verdicts.append(known[seen])
            self._verdicts[text] = verdicts
        return self._verdicts[text]


def excludes(text: str, known: t.Mapping[str, t.Any]) -> bool:
    """Whether an expression is not true of an offer of which only these fields are known, whatever the others are."""
    names = _fields(jmespath.compile(text).parsed)
    return names is not None and known.keys() >= set(names) and Expressions([known]).verdicts(text) != [True]


def _verdict(compiled: t.Any, profile: t.Mapping[str, t.Any]) -> Verdict:
    try:
        value = compiled.search(profile)
    except (jmespath.exceptions.JMESPathError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    # JMESPath's own truth: empty things, null and false are false; numbers, 0 too, are true.
    return not (value is None or value is False or value == "" or value == [] or value == {})


def _fields(node: t.Mapping[str, t.Any]) -> list[str] | None:
    """The names that an expression can look up; None when it can see the whole offer (`@`, `*`)."""
    if node["type"] in ("current", "value_projection"):
        return None
    names = [str(node["value"])] if node["type"] == "field" else []
    for child in node["children"]:
        if isinstance(child, dict):
            below = _fields(child)
            if below is None:
                return None
            names += below
    return sorted(set(names))
