# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a release archive to the hosts that lack it; the module of the same name does the rest."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError

from ansible_collections.wombat.erlang.plugins.module_utils.archive import expect, inspect, parse_checksum
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.modules.install_release import OPTIONS
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.object_store import ObjectStore
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.stores import open_store


class ActionModule(ControllerAction):
    """Asks the host first, and sends the archive only when the host misses it and cannot fetch it itself."""

    OPTIONS = OPTIONS

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        if options["remote_src"] or options["packages"]:
            return self._module(options)
        source = self._find_needle("files", options["src"]) if options["src"] else None
        options = {**options, "src": source, **self._identity(options, source)}
        here = self._connection.transport == "local" and not self._connection.become
        if here and source and not (options["url"] or options["object"]):
            return self._module({**options, "remote_src": True})
        result = self._module({**options, "url": None})
        if not result.get("missing"):
            return result
        store = open_store(self.deployment()) if options["object"] else None
        url = store.url(options["object"]) if isinstance(store, ObjectStore) else options["url"]
        if url:
            result = self._module({**options, "url": url})
            if not result.get("missing"):
                return result
        if source is None and isinstance(store, ObjectStore):
            source = store.kept(options["object"], parse_checksum(options["checksum"]))
        if source is None:
            raise WombatError(
                f"The host has no {options['release']} {options['version']}, and "
                f"{result.get('unfetched') or 'there is no url'}: give src, that the controller can send it."
            )
        sent = source if here else self._send(source)
        told = {"unfetched": result["unfetched"]} if "unfetched" in result else {}
        return {**self._module({**options, "url": None, "src": sent, "remote_src": True}), **told}

    @staticmethod
    def _identity(options: dict[str, t.Any], source: str | None) -> dict[str, t.Any]:
        """The release, its version and checksum, from the archive where they are not all given."""
        if source is None or options["release"] and options["version"] and options["checksum"]:
            return {}
        archive = inspect(source)
        expect(
            archive,
            source,
            version=options["version"],
            sha256=options["checksum"] and parse_checksum(options["checksum"]),
        )
        name = options["release"] or archive.name
        return {"release": name, "version": archive.version, "checksum": f"sha256:{archive.sha256}"}

    def _send(self, source: str) -> str:
        """Copy the archive into the task's temporary folder on the host, which Ansible removes; return its path."""
        folder = self._connection._shell.tmpdir or self._make_tmp_path()
        target = self._connection._shell.join_path(folder, "release.tar.gz")
        try:
            self._transfer_file(source, target)
        except AnsibleError as error:
            raise WombatError(f"The archive {source} could not be brought to the host: {error}") from error
        self._fixup_perms2((folder, target))
        return target

    def _module(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        given = {name: value for name, value in options.items() if value is not None}
        return self._execute_module("wombat.erlang.install_release", module_args=given, task_vars=self.vars)
