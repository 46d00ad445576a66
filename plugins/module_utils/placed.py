# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, links and folders that are to be on a host: whether they are, and putting them there."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils import accounts
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import read_text, write_file


class File(NamedTuple):
    """What is to be at a path."""

    content: str | bytes | None  # None: nothing is to be there
    mode: int | None  # None makes it a symbolic link to the content
    reader: str | None = None  # the user whose group the file gets, by which nodes read what they cannot change

    @property
    def data(self) -> bytes:
        """The content as bytes."""
        return self.content.encode("utf-8") if isinstance(self.content, str) else self.content or b""

    def is_at(self, path: str, strict: bool) -> bool:
        """Whether this is what a path holds already.

        :arg strict: Whether its mode and group count too.
        """
        try:
            if self.content is None:
                return not os.path.lexists(path)
            if self.mode is None or os.path.islink(path):
                return self.mode is None and os.readlink(path) == self.content
            with open(path, "rb") as file:
                status = os.fstat(file.fileno())
                if strict and stat.S_IMODE(status.st_mode) != self.mode:
                    return False
                if strict and self.reader and status.st_gid != accounts.account(self.reader).pw_gid:
                    return False
                return file.read() == self.data
        except OSError:
            return False

    def put(self, path: str) -> None:
        """Put it at a path, in one step; raises WombatError."""
        try:
            if self.content is None:
                with contextlib.suppress(FileNotFoundError):
                    os.remove(path)
                return
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if self.mode is None:
                if os.path.lexists(path):
                    os.remove(path)
                os.symlink(self.content, path)
                return
        except OSError as error:
            raise WombatError(f"{path} cannot be made: {error}.") from None
        write_file(path, self.content, self.mode, accounts.account(self.reader).pw_gid if self.reader else -1)


class Folder(NamedTuple):
    """A folder that is to be there; without an owner it belongs to whoever makes it."""

    mode: int
    owner: str | None = None
    reader: str | None = None

    def make(self, path: str) -> None:
        """Make it, or give it what it lacks; raises WombatError."""
        uid = accounts.account(self.owner).pw_uid if self.owner else -1
        group = self.owner or self.reader
        try:
            os.makedirs(path, exist_ok=True)
            os.chmod(path, self.mode)
            os.chown(path, uid, accounts.account(group).pw_gid if group else -1)
        except OSError as error:
            raise WombatError(f"{path} cannot be made: {error}.") from None


def text_at(path: str) -> str:
    """What a path holds, for a diff; of a link its target."""
    return os.readlink(path) if os.path.islink(path) else read_text(path)
