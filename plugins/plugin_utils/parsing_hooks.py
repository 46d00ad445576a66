# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A family's hooks: what runs before and after its steps."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section, kind

STEPS = ("start", "stop", "join", "leave", "upgrade")
EVENTS = tuple(f"{when}_{step}" for step in STEPS for when in ("before", "after"))
_FORMS = "a list of a command's words, or a mapping with command, tasks, expression or module and function"


def read_hooks(section: Section) -> dict[str, tuple[dict[str, t.Any], ...]]:
    """The hooks by event, each with exactly one of `command`, `tasks` (a path as the file says it) and `call`."""
    hooks = {}
    for event in EVENTS:
        entries = section.take(event, [])
        if not isinstance(entries, list):
            raise section.wrong(event, entries, "a list of hooks")
        if entries:
            places = (f"{section.where(event)}[{number}]" for number in range(len(entries)))
            hooks[event] = tuple(_read(entry, where, event) for entry, where in zip(entries, places, strict=True))
    section.end()
    return hooks


def _read(entry: object, where: str, event: str) -> dict[str, t.Any]:
    if isinstance(entry, list):
        entry = {"command": entry}
    if not isinstance(entry, t.Mapping):
        raise WombatError(f"{where} must be {_FORMS}, but is {kind(entry)}")
    hook = Section(entry, where)
    command, tasks = hook.take("command"), hook.text("tasks")
    call = {key: hook.take(key) for key in ("expression", "language", "module", "function", "args")}
    call = {key: value for key, value in call.items() if value is not None}
    hook.end()
    if sum(map(bool, (command, tasks, call))) != 1:
        raise WombatError(f"{where} must be {_FORMS}, exactly one of them")
    if command:
        if not isinstance(command, list) or not all(isinstance(word, (str, int)) for word in command):
            raise hook.wrong("command", command, "a list of a program and its arguments")
        return {"command": [str(word) for word in command]}
    if tasks:
        return {"tasks": tasks}
    if event in ("before_start", "after_stop", "after_leave"):
        raise WombatError(f"{where} cannot be a remote call, as the nodes do not run then; give a command or tasks")
    if ("expression" in call) == ("module" in call) or ("module" in call) != ("function" in call):
        raise WombatError(f"{where} must have an expression, or a module and a function")
    return {"call": call}
