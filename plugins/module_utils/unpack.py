# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the members of an inspected release archive into a folder."""

from __future__ import annotations

import os
import shutil
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.archive import Archive, member_name, reading
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError


def unpack(stream: t.BinaryIO, source: str, archive: Archive, into: str) -> None:
    """Write the members of an inspected archive, open as `stream` at its start, below the folder `into`.

    Files belong to the running user and keep their modes, without set-id bits and without write permission for others.
    Raises WombatError when the archive is not the inspected one any more; OSErrors pass through.
    """
    modes = {into: 0o755}
    with reading(stream, source) as (tar, digest):
        for member in tar:
            inside = _inside(member_name(member, source), archive)
            path = os.path.join(into, inside)
            if member.isdir():
                os.makedirs(path, exist_ok=True)
                if inside:
                    modes[path] = member.mode & 0o755 | 0o700
                continue
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.lexists(path):
                os.unlink(path)  # The last of two members of one name counts, and is never written through a link.
            if member.issym():
                os.symlink(member.linkname, path)
            elif member.islnk():
                target = "/".join(part for part in member.linkname.split("/") if part not in ("", "."))
                os.link(os.path.join(into, _inside(target, archive)), path)
            else:
                with open(path, "xb") as out:
                    shutil.copyfileobj(t.cast(t.BinaryIO, tar.extractfile(member)), out, 1 << 20)
                os.chmod(path, _file_mode(inside, member.mode, archive))
    if digest.sha256 != archive.sha256:
        raise WombatError(f"The archive {source} changed while it was unpacked: run again when it is complete.")
    for path in sorted(
        modes, key=len, reverse=True
    ):  # Last, so that a folder without write permission could be filled.
        os.chmod(path, modes[path])


def _inside(name: str, archive: Archive) -> str:
    """Return a member's path without the archive's top folder."""
    return name[len(archive.folder) :].lstrip("/")


def _file_mode(inside: str, mode: int, archive: Archive) -> int:
    if inside == "releases/COOKIE":
        return 0o400
    # Archives made on other systems lose the execute bit, and the release would not start.
    runs = inside in (f"bin/{archive.name}", f"bin/{archive.name}-{archive.version}") or inside.startswith(
        f"erts-{archive.erts_version}/bin/"
    )
    return mode & 0o755 | (0o755 if runs else 0o600)
