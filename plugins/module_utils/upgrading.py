# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings running nodes to the files that wait for them, or back: the work of the module upgrade."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils import caller, held_files, hot_upgrade
from ansible_collections.wombat.erlang.plugins.module_utils.held_files import Held
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.node_states import Host, locked
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, load_nodes
from ansible_collections.wombat.erlang.plugins.module_utils.runner import Run
from ansible_collections.wombat.erlang.plugins.module_utils.runners import Runners

# The Node.digest of a node amid a hot upgrade: no files say the same, so a run that finds it knows that one was cut.
_AMID = "amid a hot upgrade"
_POLL = 0.2  # seconds between two looks at checks that do not hold yet


def prepare(options: dict[str, Any]) -> Work:
    """The work of upgrading nodes, or of taking their last upgrade back.

    :arg options: The options of the module upgrade.
    :returns: Work whose result is C({changed, nodes: {name: {changed, from, to, error}}}).
    :raises WombatError: A named node does not exist.
    """
    root, back = os.path.abspath(options["root"]), options["state"] == "reverted"
    found = {}
    for node in load_nodes(root, options["names"]):
        held = held_files.reverts(node) if back else held_files.load(held_files.next_path(node.folder))
        if held:
            found[node.name] = (node, held)
    results: dict[str, dict[str, Any]] = {
        name: {"changed": True, "from": node.release.version, "to": held.node(root).release.version, "error": None}
        for name, (node, held) in found.items()
    }
    upgrade = _Upgrade(root, options, results)
    apply = upgrade.revert_all if back else upgrade.upgrade_all
    diff = [{"prepared": held_files.told(name, result)} for name, result in results.items()]
    return Work(bool(found), {"nodes": results}, diff, (lambda: apply(list(found.values()))) if found else None)


class _Upgrade:
    def __init__(self, root: str, options: dict[str, Any], results: dict[str, dict[str, Any]]) -> None:
        self.root = root
        self.hot = options["method"] == "hot"
        self.at_once = options["at_once"]
        self.checks = options["checks"] or {}
        self.timeout = options["timeout"]
        self.results = results
        self.runners = Runners()

    def upgrade_all(self, found: list[tuple[Node, Held]]) -> dict[str, Any]:
        """Upgrade the nodes, some of each family at a time; the first that fail are taken back and end it."""
        with self._locks(found):
            for group in self._groups(found):
                errors = self._hot(group) if self.hot else self._restart(group)
                if errors:
                    return self._failed(group, errors)
                for node, _held in group:
                    held_files.finish(node)
            self._switch(held for _node, held in found)
            return {"changed": True, "nodes": self.results}

    def revert_all(self, found: list[tuple[Node, Held]]) -> dict[str, Any]:
        """Let all nodes run again as before their last upgrade."""
        with self._locks(found):
            errors = self._revert([(node, None) for node, _held in found])
            self._switch(held for _node, held in found)
        for name, error in errors.items():
            self.results[name]["error"] = error
        result = {"changed": True, "nodes": self.results}
        return {**result, "failed": True, "msg": "\n".join(errors.values())} if errors else result

    def _locks(self, found: list[tuple[Node, Held]]) -> ExitStack:
        deadline = time.monotonic() + self.timeout
        with ExitStack() as locks:
            for node, _held in found:
                locks.enter_context(locked(node, deadline, "restarted"))
            return locks.pop_all()

    def _groups(self, found: list[tuple[Node, Held]]) -> list[list[tuple[Node, Held]]]:
        """The nodes that are upgraded together: at most so many of each family."""
        if not self.at_once:
            return [found]
        groups: list[list[tuple[Node, Held]]] = []
        for _family, members in groupby(sorted(found, key=lambda item: item[0].family), lambda item: item[0].family):
            nodes = list(members)
            groups += [nodes[index : index + self.at_once] for index in range(0, len(nodes), self.at_once)]
        return groups

    def _restart(self, group: list[tuple[Node, Held]]) -> dict[str, str]:
        """Stop the nodes, put their files in place, start them and check them; what went wrong, by name."""
        runs = self.runners.find([node for node, _held in group])
        # What an earlier run has started already is only checked.
        old = [(node, held) for node, held in group if not self._done(runs.get(node.name), held)]
        host = Host([node for node, _held in old], self.timeout)
        host.end()
        if host.errors:
            return host.errors
        for node, held in old:
            held_files.apply(node, held)
        host = Host([held.node(self.root) for _node, held in group], self.timeout)
        host.start()
        return host.errors or self._check(host.nodes)

    def _hot(self, group: list[tuple[Node, Held]]) -> dict[str, str]:
        """Upgrade the nodes while they run, and make that permanent after the checks; what went wrong, by name."""
        requests = []
        for node, held in group:
            after = held.node(self.root)
            config = str(held.files[os.path.join(node.folder, "node.config")].content)
            requests.append((node, caller.expression_request(hot_upgrade.install_expression(node, after, config))))
            self.runners.adopt(node, _AMID)
        errors = self._ask(requests) or self._check([node for node, _held in group])
        if errors:
            return errors
        keep = [(node, hot_upgrade.keep_expression(held.node(self.root))) for node, held in group]
        errors = self._ask([(node, caller.expression_request(source)) for node, source in keep])
        for node, held in group if not errors else []:
            self.runners.adopt(node, held.digest(self.root))
            held_files.apply(node, held)
        return errors

    def _done(self, run: Run | None, held: Held) -> bool:
        return run is not None and run.digest == held.digest(self.root)

    def _ask(self, requests: list[tuple[Node, dict]]) -> dict[str, str]:
        """The nodes whose answer is an error, with it."""
        runs = self.runners.find([node for node, _request in requests])
        asked = [(runs[node.name].of(node), request) for node, request in requests if node.name in runs]
        replies = caller.call(asked, self.timeout)
        silent = caller.Reply(None, "it does not run")
        said = {node.name: replies.get(node.name, silent).error for node, _request in requests}
        return {name: f"Node {name} was not upgraded: {error}." for name, error in said.items() if error}

    def _check(self, nodes: list[Node]) -> dict[str, str]:
        """Wait until every check of its family is true on every node; what is not at the time limit, by name."""
        left = [(node, check) for node in nodes for check in self.checks.get(node.family) or []]
        deadline = time.monotonic() + self.timeout
        errors: dict[str, str] = {}
        while left:
            errors, failed = {}, []
            runs = self.runners.find(nodes)
            for check in dict.fromkeys(check for _node, check in left):
                asked = [node for node, other in left if other == check]
                requests = [
                    (runs[node.name].of(node), caller.expression_request(check)) for node in asked if node.name in runs
                ]
                replies = caller.call(requests, max(1.0, deadline - time.monotonic()))
                for node in asked:
                    reply = replies.get(node.name, caller.Reply(None, "it does not run any more"))
                    if reply.text != "true":
                        failed.append((node, check))
                        said = f"gives {reply.text}" if reply.text is not None else f"fails: {reply.error}"
                        errors[node.name] = f"Node {node.name} did not pass its check: {check} {said}."
            left = failed
            if time.monotonic() > deadline or any(node.name not in runs for node, _check in left):
                break
            time.sleep(_POLL if left else 0)
        return errors

    def _failed(self, group: list[tuple[Node, Held]], errors: dict[str, str]) -> dict[str, Any]:
        """Take the group back, and say what went wrong."""
        back = self._revert(group)
        lines = []
        done = False
        for node, _held in group:
            result = self.results[node.name]
            if node.name in errors:
                state = back.get(node.name) or f"It runs version {result['from']} again."
                result["error"] = f"{errors[node.name]} {state}"
                lines.append(result["error"])
        names = [node.name for node, _held in group]
        for name, result in self.results.items():
            done = done or name in names
            result["changed"] = not done or name in names
        return {"changed": True, "nodes": self.results, "failed": True, "msg": "\n".join(lines)}

    def _revert(self, found: Sequence[tuple[Node, Held | None]]) -> dict[str, str]:
        """Restart nodes from the files that they had before these, or before their last upgrade."""
        nodes = [node for node, _held in found]
        host = Host(nodes, self.timeout)
        host.end()
        for node, held in found:
            held_files.revert(node, held)
        again = Host(load_nodes(self.root, [node.name for node in nodes]), self.timeout)
        again.start()
        return {**host.errors, **again.errors}

    def _switch(self, files: Any) -> None:
        for release, version in {held.release: held.node(self.root).release.version for held in files}.items():
            if held_files.switches(self.root, release, version):
                held_files.switch(self.root, release, version)
