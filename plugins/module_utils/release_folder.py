# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of one release on a host: <root>/releases/<release>/<version>, and the link `current`.

A version appears under its name by one rename, complete or not at all. What is not complete carries `.part-` in its
name and belongs to whoever holds the lock, so whatever a killed run left is removed by the next one.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import json
import os
import shutil
import tempfile
import time
import typing as t
from contextlib import contextmanager
from dataclasses import dataclass

from ansible_collections.wombat.erlang.plugins.module_utils import release_users
from ansible_collections.wombat.erlang.plugins.module_utils.archive import PATH_PART, expect, inspect_stream
from ansible_collections.wombat.erlang.plugins.module_utils.download import UnreachableError, download
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.runtime_check import check_runtime
from ansible_collections.wombat.erlang.plugins.module_utils.unpack import unpack

MARKER = ".wombat-release.json"
_HINTS = {
    errno.ENOSPC: "make room there or keep fewer versions",
    errno.EDQUOT: "raise the quota of this user or keep fewer versions",
    errno.EACCES: "choose a root that the user of this connection may write to, or become another user",
}


@dataclass(frozen=True)
class Plan:
    """What separates a release's folder from what is wanted: prune holds versions, leftovers paths."""

    install: bool
    switch: bool
    prune: tuple[str, ...]
    leftovers: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.install or self.switch or self.prune or self.leftovers)


def prepare(
    root: str,
    name: str,
    version: str,
    sha256: str,
    source: str | None,
    *,
    keep: int,
    switch: bool,
    force: bool,
    url: str | None = None,
) -> Work:
    """Find out what brings the folder of release `name` under `root` to `version` with that content.

    source is the archive's path on this host, or None: work that needs it then fetches it by url, or only returns
    {missing: True}, with unfetched where url did not give it.
    Raises WombatError, as the returned work does.
    """
    for word, value in (("release", name), ("version", version)):
        if not PATH_PART.match(value):
            raise WombatError(f"The {word} {value!r} cannot name a folder: use letters, digits and '_.+~@-' only.")
    if keep < 0:
        raise WombatError(f"keep is {keep}: give the number of other versions to keep, 0 or more.")
    folder = ReleaseFolder(root, name)

    def plan() -> Plan:
        return folder.plan(version, sha256, keep, switch, force)

    def result(plan: Plan, versions: dict[str, t.Any], current: str | None) -> dict[str, t.Any]:
        return {
            "changed": bool(plan),
            "installed": plan.install,
            "pruned": list(plan.prune),
            "path": folder.path(version),
            "current": current,
            "versions": list(versions),
            **{key: value for key, value in versions[version].items() if key != "shipped"},
        }

    def apply() -> dict[str, t.Any]:
        with folder.explained(), folder.lock():
            now = plan()  # Another run may have done it meanwhile.
            if now.install and source is None and url is None:
                return {"changed": False, "missing": True}
            folder.sweep(now.leftovers)
            if now.install and source is None:
                try:
                    folder.fetch(str(url), sha256, version)
                except UnreachableError as error:
                    return {"changed": False, "missing": True, "unfetched": str(error)}
            elif now.install:
                folder.install(str(source), sha256, version)
            if now.switch:
                folder.switch(version)
            folder.prune(now.prune)
            return result(now, folder.versions(), folder.current())

    with folder.explained():
        todo, versions, current = plan(), folder.versions(), folder.current()
    after = dict(versions)
    if todo.install:
        after[version] = {"release": {"version": version, "sha256": sha256}}
    after = {entry: record for entry, record in after.items() if entry not in todo.prune}
    current_after = version if todo.switch else current
    diff = {"before": _summary(versions, current), "after": _summary(after, current_after)}
    return Work(bool(todo), result(todo, after, current_after), [diff] if todo else [], apply if todo else None)


class ReleaseFolder:
    """The versions of `release` under `root`."""

    def __init__(self, root: str, release: str) -> None:
        self.release = release
        self.root = os.path.realpath(os.path.expanduser(root))
        self.home = os.path.join(self.root, "releases", release)

    def path(self, version: str) -> str:
        """Return the folder of a version, whether it exists or not."""
        return os.path.join(self.home, version)

    def current(self) -> str | None:
        """Return the version that `current` points to, or None."""
        link = self.path("current")
        if os.path.islink(link):
            return os.path.basename(os.readlink(link))
        if os.path.exists(link):
            raise WombatError(f"{link} is in the way: it must be a link that this module switches; move it away.")
        return None

    def versions(self) -> dict[str, t.Any]:
        """Return {version: {release, erl, shipped}} of the complete versions, least recently used first.

        release is `Archive.as_dict()`, erl the path of the `erl` that the version runs on, shipped what it brought
        beside its code.
        """
        found = []
        for marker in glob.glob(os.path.join(glob.escape(self.home), "*", MARKER)):
            version = os.path.basename(os.path.dirname(marker))
            if PATH_PART.match(version):
                try:
                    with open(marker, encoding="utf-8") as stream:
                        found.append((os.stat(marker).st_mtime_ns, version, json.load(stream)))
                except (FileNotFoundError, ValueError):
                    continue  # Pruned by another run between the two looks, or cut short by a power failure.
        return {version: record for _time, version, record in sorted(found, key=lambda entry: entry[:2])}

    def plan(self, version: str, sha256: str, keep: int, switch: bool, force: bool) -> Plan:
        """Return what has to happen so that `version` with that content is here, beside `keep` others."""
        versions, current = self.versions(), self.current()
        install = version not in versions or versions[version]["release"]["sha256"] != sha256
        if install and version in versions:
            self._refuse_replacement(version, force)
        elif install and os.path.lexists(self.path(version)):
            raise WombatError(f"{self.path(version)} exists but was not installed by this module: move it away.")
        switch = switch and current != version
        if switch and current in versions:  # It will be the one used last.
            versions[current] = versions.pop(current)
        stays = {version} if switch else {version, current}
        old = [name for name in versions if name not in stays]
        candidates = old[:-keep] if keep else old
        used = release_users.in_use(self.home, candidates) | release_users.started_next(
            self.root, self.home, candidates
        )
        return Plan(install, switch, tuple(name for name in candidates if name not in used), tuple(self._leftovers()))

    @contextmanager
    def explained(self) -> t.Iterator[None]:
        """Turn the OSErrors of the block into a WombatError."""
        try:
            yield
        except OSError as error:
            hint = _HINTS.get(error.errno or 0, "see to it and run again")
            raise WombatError(
                f"Cannot install {self.release} in {self.home}: {error.strerror} ({error.filename or 'writing'}); "
                f"{hint}."
            ) from error

    @contextmanager
    def lock(self) -> t.Iterator[None]:
        """Hold the folder's lock; waits for another run, whose death frees it."""
        os.makedirs(self.home, exist_ok=True)
        descriptor = os.open(os.path.join(self.home, ".lock"), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def fetch(self, url: str, sha256: str, version: str) -> None:
        """Fetch the archive and unpack it as `version`; call with the lock held. Raises UnreachableError."""
        part = tempfile.mkdtemp(prefix=f"{version}.part-", dir=self.home)
        try:
            archive = os.path.join(part, f"{self.release}-{version}.tar.gz")
            download(url, archive)
            self.install(archive, sha256, version)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def install(self, source: str, sha256: str, version: str) -> None:
        """Unpack the archive file `source` as `version`; call with the lock held.

        Nothing appears under the version's name unless the archive is the expected one and this host can run it.
        """
        part = tempfile.mkdtemp(prefix=f"{version}.part-", dir=self.home)
        old = None
        try:
            with open(source, "rb") as stream:
                archive = inspect_stream(stream, source)
                expect(archive, source, version=version, sha256=sha256)
                stream.seek(0)
                unpack(stream, source, archive, part)
            erl = check_runtime(part, archive)
            shipped, exists = release_users.overlay(part), os.path.lexists(self.path(version))
            if exists:
                before = {MARKER, *self.versions()[version].get("shipped", shipped)}
                shipped -= release_users.carry_over(self.root, self.path(version), before, part)
            record = {"release": archive.as_dict(), "erl": erl.replace(part, self.path(version), 1)}
            with open(os.path.join(part, MARKER), "w", encoding="utf-8") as marker:
                json.dump({**record, "shipped": sorted(shipped)}, marker)
            if exists:
                old = self._aside(version)
            os.rename(part, self.path(version))
        finally:
            for path in (part, old):
                if path:
                    shutil.rmtree(path, ignore_errors=True)

    def switch(self, version: str) -> None:
        """Point `current` to `version` in one step; it and, before it, the version it leaves count as used just now."""
        for used in (self.current(), version):
            if used and os.path.exists(os.path.join(self.path(used), MARKER)):
                now = time.time_ns()  # of itself, utime takes the time of the last tick
                os.utime(os.path.join(self.path(used), MARKER), ns=(now, now))
        link = os.path.join(tempfile.mkdtemp(prefix="current.part-", dir=self.home), "current")
        os.symlink(version, link)
        os.replace(link, self.path("current"))
        os.rmdir(os.path.dirname(link))

    def prune(self, versions: t.Iterable[str]) -> None:
        """Remove versions; call with the lock held."""
        for version in versions:
            shutil.rmtree(self._aside(version))

    def sweep(self, leftovers: t.Iterable[str]) -> None:
        """Remove what killed runs left; call with the lock held."""
        for path in leftovers:
            shutil.rmtree(path)

    def _leftovers(self) -> list[str]:
        return sorted(
            path for path in glob.glob(os.path.join(glob.escape(self.home), "*.part-*")) if os.path.isdir(path)
        )

    def _aside(self, version: str) -> str:
        """Rename a version so that a removal that is cut short leaves nothing that looks complete."""
        aside = os.path.join(tempfile.mkdtemp(prefix=f"{version}.part-", dir=self.home), "old")
        os.rename(self.path(version), aside)
        return os.path.dirname(aside)

    def _refuse_replacement(self, version: str, force: bool) -> None:
        if not force:
            raise WombatError(
                f"{self.path(version)} holds another build of {self.release} {version}: give the new build a "
                "version of its own, or set force to replace it."
            )
        if release_users.in_use(self.home, [version]):
            raise WombatError(
                f"{self.path(version)} cannot be replaced while a process runs from it: stop the nodes that run "
                f"{self.release} {version} first."
            )


def _summary(versions: dict[str, t.Any], current: str | None) -> str:
    """Return the versions, one a line with the start of its checksum, as a diff shows them."""
    lines = [
        f"{version} sha256:{versions[version]['release']['sha256'][:12]}{' (current)' if version == current else ''}"
        for version in sorted(versions)
    ]
    return "".join(line + "\n" for line in lines)
