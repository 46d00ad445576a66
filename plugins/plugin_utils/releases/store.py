# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores keep release archives by name and version. A store is any class with the four methods of DirectoryStore."""

from __future__ import annotations

import errno
import fcntl
import glob
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass

from ansible_collections.wombat.erlang.plugins.module_utils.archive import Archive, inspect
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError


@dataclass(frozen=True)
class Entry:
    """An archive in a store and the path of its file."""

    archive: Archive
    path: str

    def as_dict(self) -> dict:
        """Return the entry as plain data for a result."""
        return {**self.archive.as_dict(), "path": self.path}


class DirectoryStore:
    """Archives in `<folder>/releases/<name>-<version>.tar.gz`, described, with its checksum, in a .json beside it.

    Safe when two runs meet: writers hold a lock, files appear by renaming, and an archive whose description is missing
    is described anew.
    """

    def __init__(self, folder: str) -> None:
        self.folder = os.path.join(os.path.abspath(folder), "releases")

    def put(self, path: str, archive: Archive, force: bool = False) -> tuple[Entry, bool]:
        """Keep the archive at `path`, which `inspect` described; return its entry and whether the store changed.

        Raises WombatError when the store holds another build of that version and `force` is false, or when the file
        changes meanwhile.
        """
        entry = Entry(archive, self._path(archive.name, archive.version))
        if self.holds(archive, force):
            return entry, False
        with self._lock():
            if self.holds(archive, force):
                return entry, False
            part = self._temporary()
            try:
                shutil.copyfile(path, part)
                if inspect(part).sha256 != archive.sha256:
                    raise WombatError(f"The archive {path} changed while it was stored: run again when it is complete.")
                self._forget(entry.path)
                self._publish(part, entry.path)
                self._describe(entry)
            except OSError as error:
                raise _failure(f"store {path} in {self.folder}", error) from error
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(part)
        return entry, True

    def holds(self, archive: Archive, force: bool = False) -> bool:
        """Return whether the store holds this archive; raises WombatError for another build of it, unless `force`."""
        found = self._entry(self._path(archive.name, archive.version))
        if found and not force:
            refuse_another_build(found.path, found.archive, archive)
        return found is not None and found.archive.sha256 == archive.sha256

    def get(self, name: str, version: str) -> Entry:
        """Return the entry of a version; raises WombatError, naming the versions there are, when it is not here."""
        entry = self._entry(self._path(name, version))
        if entry is None:
            there = ", ".join(found.archive.version for found in self.list() if found.archive.name == name)
            raise WombatError(
                f"{self.folder} holds no {name} {version} (of {name} it holds {there or 'nothing'}): put its "
                "archive there first."
            )
        return entry

    def list(self) -> Sequence[Entry]:
        """Return every entry, ordered by name and version."""
        paths = glob.glob(os.path.join(glob.escape(self.folder), "*.tar.gz"))
        entries = [entry for entry in map(self._entry, paths) if entry]
        return sorted(entries, key=lambda entry: (entry.archive.name, entry.archive.version))

    def delete(self, name: str, version: str) -> bool:
        """Remove a version; return whether it was there."""
        path = self._path(name, version)
        if not os.path.exists(path):
            return False
        with self._lock():
            try:
                os.unlink(path)
            except FileNotFoundError:
                return False
            except OSError as error:
                raise _failure(f"remove {path}", error) from error
            self._forget(path)
        return True

    def _path(self, name: str, version: str) -> str:
        return os.path.join(self.folder, f"{name}-{version}.tar.gz")

    def _entry(self, path: str) -> Entry | None:
        """Return the entry of the archive at `path`, described anew when its description is missing or another's."""
        try:
            with open(f"{path}.json", encoding="utf-8") as stream:
                archive = Archive(**json.load(stream))
            if archive.size == os.stat(path).st_size:
                return Entry(archive, path)
        except (OSError, ValueError, TypeError):
            pass
        return Entry(inspect(path), path) if os.path.exists(path) else None

    def _describe(self, entry: Entry) -> None:
        part = self._temporary()
        with open(part, "w", encoding="utf-8") as stream:
            json.dump(asdict(entry.archive), stream, indent=1)
        self._publish(part, f"{entry.path}.json")

    def _forget(self, path: str) -> None:
        """Remove the description of an archive, first of all, so that it can never describe another build."""
        with suppress(FileNotFoundError):
            os.unlink(f"{path}.json")

    def _temporary(self) -> str:
        descriptor, path = tempfile.mkstemp(prefix=".part-", dir=self.folder)
        os.close(descriptor)
        return path

    def _publish(self, part: str, path: str) -> None:
        """Give a complete temporary file its name."""
        with open(part, "rb") as stream:
            os.fsync(stream.fileno())
        os.chmod(part, 0o644)
        os.replace(part, path)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the store's lock, and remove what a killed writer left; waits for another run, whose death frees it."""
        try:
            os.makedirs(self.folder, exist_ok=True)
            descriptor = os.open(os.path.join(self.folder, ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _failure(f"write to the store {self.folder}", error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for left in glob.glob(os.path.join(glob.escape(self.folder), ".part-*")):
                os.unlink(left)
            yield
        finally:
            os.close(descriptor)


def refuse_another_build(where: str, found: Archive, archive: Archive) -> None:
    """Raise WombatError where a store holds another build of a version than the archive that is to be kept."""
    if found.sha256 != archive.sha256:
        raise WombatError(
            f"{where} holds another build of {archive.name} {archive.version} (sha256:{found.sha256[:12]}..., "
            f"not sha256:{archive.sha256[:12]}...): give the new build a version of its own, or set force to "
            "replace it."
        )


def _failure(what: str, error: OSError) -> WombatError:
    hint = ": make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return WombatError(f"Cannot {what}: {error.strerror}{hint}.")
