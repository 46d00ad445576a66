# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inspects release archives and keeps them in a store, on the controller; the module of the same name is the documentation."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.wombat.erlang.plugins.module_utils.archive import expect, inspect, parse_checksum
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.store import DirectoryStore, Entry

ARGUMENTS = {
    "state": {"choices": ["present", "absent", "listed", "inspected"], "default": "present"},
    "archive": {"type": "path"}, "store": {"type": "path"}, "name": {}, "version": {}, "checksum": {}, "force": {"type": "bool", "default": False},
}
REQUIRED_IF = [
    ("state", "inspected", ["archive"]), ("state", "present", ["archive", "store"]),
    ("state", "absent", ["store", "name", "version"]), ("state", "listed", ["store"]),
]


class ActionModule(ActionBase):
    """The action `release`; never connects to the host."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS, required_if=REQUIRED_IF)
        try:
            return {**result, "changed": False, **getattr(self, f"_{args['state']}")(args)}
        except WombatError as error:
            raise AnsibleActionFail(str(error)) from error

    def _inspected(self, args: dict) -> dict:
        return {"release": self._inspect(args).as_dict()}

    def _present(self, args: dict) -> dict:
        found, store = self._inspect(args), self._store(args)
        before = _summary(store, found.archive.name)
        if self._task.check_mode:
            changed = not store.holds(found.archive, args["force"])
            after = _summary(store, found.archive.name, **{found.archive.version: found.archive.sha256})
            return {"changed": changed, "release": found.as_dict(), "diff": {"before": before, "after": after}}
        kept, changed = store.put(found.path, found.archive, args["force"])
        return {"changed": changed, "release": kept.as_dict(), "diff": {"before": before, "after": _summary(store, found.archive.name)}}

    def _absent(self, args: dict) -> dict:
        store, name, version = self._store(args), args["name"], args["version"]
        before = _summary(store, name)
        there = any((entry.archive.name, entry.archive.version) == (name, version) for entry in store.list())
        changed = there if self._task.check_mode else store.delete(name, version)
        return {"changed": changed, "diff": {"before": before, "after": _summary(store, name, **{version: ""})}}

    def _listed(self, args: dict) -> dict:
        wanted = {key: args[key] for key in ("name", "version") if args[key]}
        entries = (entry.as_dict() for entry in self._store(args).list())
        return {"releases": [entry for entry in entries if wanted.items() <= entry.items()]}

    def _inspect(self, args: dict) -> Entry:
        path = self._find_needle("files", args["archive"])
        archive = inspect(path)
        expect(archive, path, args["name"], args["version"], args["checksum"] and parse_checksum(args["checksum"]))
        return Entry(archive, path)

    def _store(self, args: dict) -> DirectoryStore:
        return DirectoryStore(self._loader.path_dwim(args["store"]))


def _summary(store: DirectoryStore, release: str, **changes: str) -> str:
    """Return the versions of a release in the store, one a line, for a diff; `changes` maps versions to new checksums, '' for gone."""
    held = {entry.archive.version: entry.archive.sha256 for entry in store.list() if entry.archive.name == release} | changes
    return "".join(f"{release} {version} sha256:{sha256[:12]}\n" for version, sha256 in sorted(held.items()) if sha256)
