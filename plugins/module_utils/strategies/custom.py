# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A system of the user's own: commands and expressions of the deployment file ask, join, leave, tell who is ready."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Strategy, View
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

_NODE = re.compile(r"[A-Za-z0-9_-]+@[A-Za-z0-9_.:-]*[A-Za-z0-9]")
_PLACE = re.compile(r"\$(NODE|SEED|DEAD|MEMBERS)\b")
_HOW = {
    "expression": {"type": "str"},
    "language": {"type": "str", "choices": ["erlang", "elixir"], "default": "erlang"},
    "command": {"type": "list", "elements": "str"},
    "success": {"type": "str"},
    "timeout": {"type": "float", "default": 60},
}


def _step(what: str, required: bool = False) -> dict[str, Any]:
    return {"type": "dict", "options": _HOW, "required": required, "description": what}


class Custom(Strategy):
    """Every step is an C(expression), evaluated on the node, or a C(command), a list of words that runs as its user.

    $NODE, $SEED, $DEAD (a member to be forgotten) and $MEMBERS (all that are wanted) are replaced: by atoms or a list
    of them in expressions, by names in the words of commands, which find them as WOMBAT_NODE and so on in their
    environment too. A command has succeeded when it returns 0 and, where C(success) is given, prints what matches it;
    an expression when it raises nothing and its printed value matches.
    """

    NAME = "custom"
    OPTIONS: dict[str, dict[str, Any]] = {
        "status": _step("What names the members that a node counts in: all node names in the output.", True),
        "join": _step("What makes a node join through $SEED."),
        "leave": _step("What makes a node leave; without it a node has left when it stops."),
        "forget": _step("What makes a member forget $DEAD."),
        "finish": _step("What is done once, on one member, after nodes have joined or left."),
        "ready": _step("What succeeds on a member that is at rest, with no join or leave on its way."),
        "pace": {"type": "int", "default": 0, "description": "How many hosts may join at once, 0 for all."},
    }

    def views(self, names: list[str]) -> dict[str, View]:
        """Who counts in whom, and who is not ready."""
        views = {}
        for name, (output, error) in self.take("status", names).items():
            members = () if error else tuple(sorted({name, *node_names(output)}))
            views[name] = View(members=members, up=members, error=error)
        alive = [name for name, view in views.items() if view.error is None]
        if self.options["ready"] and alive:
            for name, (_output, error) in self.take("ready", alive).items():
                views[name] = views[name]._replace(pending=(f"is not ready: {error}",) if error else ())
        return views

    def has_left(self, name: str, view: View) -> bool:
        """A node that nothing makes leave has left when it is stopped."""
        return not self.options["leave"] or super().has_left(name, view)

    def join(self, names: list[str]) -> dict[str, str]:
        """Take the step C(join)."""
        if not self.options["join"]:
            return {}
        return {name: error for name, (_output, error) in self.take("join", names).items() if error}

    def leave(self, name: str) -> str | None:
        """Take the step C(leave)."""
        return self.take("leave", [name])[name][1]

    def finish(self, name: str) -> bool:
        """Take the step C(finish), if somebody has joined or left."""
        before = self.views([name])[name]
        if not self.options["finish"] or (before.members == tuple(sorted(self.family.wanted)) and not before.pending):
            return False
        error = self.take("finish", [name])[name][1]
        if error:
            raise WombatError(f"Node {name} could not finish: {error}.")
        return True

    def forget(self, name: str, dead: tuple[str, ...]) -> None:
        """Take the step C(forget) for each."""
        for other in dead:
            if not self.options["forget"]:
                raise WombatError(f"{other} is dead but still a member: bootstrap.forget must say how to remove it.")
            error = self.take("forget", [name], other)[name][1]
            if error:
                raise WombatError(f"Node {name} could not forget {other}: {error}.")

    def take(self, key: str, names: list[str], dead: str = "") -> dict[str, tuple[str, str | None]]:
        """Take a step on these nodes; gives for each what was printed, and the end of a sentence where it failed."""
        step = self.options[key]
        if step.get("expression"):
            sources = {name: self.filled(step["expression"], name, dead, atoms=True) for name in names}
            answers = self.console.evaluate(sources, step.get("language") or "erlang")
            return {name: (str(value), error or _unlike(step, str(value))) for name, (value, error) in answers.items()}
        return {name: self.command(step, name, dead) for name in names}

    def command(self, step: dict[str, Any], name: str, dead: str) -> tuple[str, str | None]:
        """Run a step's command on one node."""
        argv = [self.filled(word, name, dead) for word in step["command"]]
        env = {f"WOMBAT_{key}": self.filled(f"${key}", name, dead) for key in ("NODE", "SEED", "DEAD", "MEMBERS")}
        code, output = self.console.run(name, argv, env, step.get("timeout") or 60)
        said = " ".join(output.split()) or "nothing"
        if code is None:
            return output, f"{argv[0]} was ended at its time limit, having said {said}"
        if code:
            return output, f"{argv[0]} returned {code} and said {said}"
        return output, _unlike(step, output)

    def filled(self, text: str, name: str, dead: str, atoms: bool = False) -> str:
        """A text with the names in their places."""
        names = {"NODE": name, "SEED": self.family.seeds.get(name, ""), "DEAD": dead}

        def place(match: re.Match[str]) -> str:
            key = match.group(1)
            if key == "MEMBERS":
                wanted = list(self.family.wanted)
                return to_erlang([{"$atom": other} for other in wanted]) if atoms else " ".join(wanted)
            return to_erlang({"$atom": names[key]}) if atoms else names[key]

        return _PLACE.sub(place, text)


def node_names(text: str) -> list[str]:
    """All node names in a text, in the order in which they come, each once."""
    return list(dict.fromkeys(_NODE.findall(text)))


def _unlike(step: dict[str, Any], output: str) -> str | None:
    """What is wrong with the output of a step, where something is."""
    if step.get("success") and not re.search(step["success"], output):
        return f"it said {' '.join(output.split()) or 'nothing'}"
    return None
