# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inspects release archives and keeps them in a store; the module of the same name documents it."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.archive import expect, inspect, parse_checksum
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.object_store import ObjectStore
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.store import Entry
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.stores import Store, open_store, store_of

NEEDED = {
    "present": ("archive",),
    "attached": ("name", "version"),
    "absent": ("name", "version"),
    "listed": (),
    "inspected": ("archive",),
}


class ActionModule(ControllerAction):
    """The action `release`; never connects to the host."""

    _requires_connection = False
    OPTIONS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "state": {"choices": list(NEEDED), "default": "present"},
        "archive": {"type": "path"},
        "store": {"type": "raw"},
        "name": {},
        "version": {},
        "checksum": {},
        "force": {"type": "bool", "default": False},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        missing = [name for name in NEEDED[options["state"]] if not options[name]]
        if missing:
            raise WombatError(
                f"state {options['state']} needs {' and '.join(missing)}: add to the task what is missing."
            )
        return {"changed": False, **getattr(self, f"_{options['state']}")(options)}

    def _inspected(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        return {"release": self._inspect(options).as_dict()}

    def _present(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        found, store = self._inspect(options), self._store(options)
        before = _summary(store, found.archive.name)
        if self.check:
            changed = not store.holds(found.archive, options["force"])
            after = _summary(store, found.archive.name, **{found.archive.version: found.archive.sha256})
            return {"changed": changed, "release": found.as_dict(), "diff": {"before": before, "after": after}}
        kept, changed = store.put(found.path, found.archive, options["force"])
        return {
            "changed": changed,
            "release": _located(store, kept, found.path),
            "diff": {"before": before, "after": _summary(store, found.archive.name)},
        }

    def _attached(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        store = self._store(options)
        entry = store.get(options["name"], options["version"])
        where = f"{options['name']} {options['version']} in the store"
        expect(entry.archive, where, sha256=options["checksum"] and parse_checksum(options["checksum"]))
        return {"release": _located(store, entry, None)}

    def _absent(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        store, name, version = self._store(options), options["name"], options["version"]
        before = _summary(store, name)
        there = any((entry.archive.name, entry.archive.version) == (name, version) for entry in store.list())
        changed = there if self.check else store.delete(name, version)
        return {"changed": changed, "diff": {"before": before, "after": _summary(store, name, **{version: ""})}}

    def _listed(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        wanted = {key: options[key] for key in ("name", "version") if options[key]}
        store = self._store(options)
        entries = (_located(store, entry, None) for entry in store.list())
        return {"releases": [entry for entry in entries if wanted.items() <= entry.items()]}

    def _inspect(self, options: dict[str, t.Any]) -> Entry:
        path = self._find_needle("files", options["archive"])
        archive = inspect(path)
        expect(
            archive,
            path,
            options["name"],
            options["version"],
            options["checksum"] and parse_checksum(options["checksum"]),
        )
        return Entry(archive, path)

    def _store(self, options: dict[str, t.Any]) -> Store:
        if options["store"] is None:
            return open_store(self.deployment())
        return store_of(options["store"], self._loader.path_dwim)


def _located(store: Store, entry: Entry, source: str | None) -> dict[str, t.Any]:
    """An entry for a result: where the controller has the archive, and where the object storage has it."""
    if isinstance(store, ObjectStore):
        return {**entry.as_dict(), "path": source, "object": entry.path}
    return {**entry.as_dict(), "object": None}


def _summary(store: Store, release: str, **changes: str) -> str:
    """Return the versions of a release in the store, one a line, for a diff.

    changes maps versions to the checksums they will have, '' for none.
    """
    held = {
        entry.archive.version: entry.archive.sha256 for entry in store.list() if entry.archive.name == release
    } | changes
    return "".join(f"{release} {version} sha256:{sha256[:12]}\n" for version, sha256 in sorted(held.items()) if sha256)
