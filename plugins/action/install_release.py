# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a release archive to the hosts that lack it; the module of the same name does the rest and holds the documentation."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.wombat.erlang.plugins.module_utils.archive import expect, inspect, parse_checksum
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.modules.install_release import ARGUMENTS


class ActionModule(ActionBase):
    """Asks the host first, and sends the archive only when the host answers that it is missing."""

    TRANSFERS_FILES = True
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(argument_spec=ARGUMENTS)
        try:
            return self._install(args, task_vars)
        except WombatError as error:
            raise AnsibleActionFail(str(error)) from error

    def _install(self, args: dict, task_vars) -> dict:
        args = dict(args)
        if args["remote_src"]:
            return self._module(args, task_vars)
        source = self._find_needle("files", args["src"])
        if not (args["release"] and args["version"] and args["checksum"]):
            archive = inspect(source)
            expect(archive, source, args["release"], args["version"], args["checksum"] and parse_checksum(args["checksum"]))
            args.update(release=archive.name, version=archive.version, checksum=f"sha256:{archive.sha256}")
        args["src"] = source
        if self._connection.transport == "local" and not self._connection.become:
            return self._module(dict(args, remote_src=True), task_vars)
        result = self._module(args, task_vars)
        if not result.get("missing"):
            return result
        try:
            return self._module(dict(args, src=self._send(source), remote_src=True), task_vars)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _send(self, source: str) -> str:
        """Copy the archive into the host's temporary folder of this task and return its path there."""
        folder = self._connection._shell.tmpdir or self._make_tmp_path()
        target = self._connection._shell.join_path(folder, "release.tar.gz")
        try:
            self._transfer_file(source, target)
        except AnsibleError as error:
            raise WombatError(f"The archive {source} could not be brought to the host: {error}") from error
        self._fixup_perms2((folder, target))
        return target

    def _module(self, args: dict, task_vars) -> dict:
        return self._execute_module(module_name="wombat.erlang.install_release", module_args=args, task_vars=task_vars)
