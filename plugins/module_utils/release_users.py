# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who needs a version of a release that is on a host: processes that run from it, and nodes that will start from it.

And what is theirs in its folder.
"""

from __future__ import annotations

import glob
import json
import os
import re
import typing as t
from contextlib import suppress

_CODE = re.compile(r"(bin|lib|releases|erts-.*)\Z")


def in_use(home: str, versions: t.Collection[str]) -> set[str]:
    """Return those of `versions` below `home` that the executable, folder, arguments or environment of a process name.

    Where /proc is missing nothing can be told, so every version counts as used.
    """
    if not versions or not os.path.isdir("/proc/self"):
        return set(versions)
    others = (pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid())
    seen = b"\0".join(map(_process_text, others)) + b"\0"
    ends = (b"/", b"\0", b":", b" ", b'"')
    return {name for name in versions if any(os.fsencode(os.path.join(home, name)) + end in seen for end in ends)}


def started_next(root: str, home: str, versions: t.Collection[str]) -> set[str]:
    """Return those of `versions` below `home` that a node below `root` starts with, by its node.json.

    A stopped node has no process, and stays with its files when a run ends before it writes new ones. OSErrors pass.
    """
    found = {os.path.realpath(node["release"]["path"]) for node in (_nodes(root) if versions else ())}
    return {name for name in versions if os.path.realpath(os.path.join(home, name)) in found}


def overlay(path: str) -> set[str]:
    """The files of a version, as paths inside its folder, but those of its code: where a node may leave data."""
    found: set[str] = set()
    for folder, folders, files in os.walk(path):
        if folder == path:
            folders[:] = [name for name in folders if not _CODE.match(name)]
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        found.update(os.path.relpath(os.path.join(folder, name), path) for name in [*files, *links])
    return found


def carry_over(root: str, path: str, shipped: t.Collection[str], build: str) -> set[str]:
    """Give another `build` of the version at `path` what it has beside what was `shipped`, and return that.

    Those are the files of nodes' families, wherever they are, and what nodes left outside its code. Each is linked, so
    that whichever of the two folders goes, it stays. OSErrors pass.
    """
    home = os.path.realpath(path)
    own = {os.path.realpath(file) for node in _nodes(root) for file in node.get("files") or ()}
    own = {os.path.relpath(file, home) for file in own if file.startswith(home + os.sep) and os.path.exists(file)}
    carried = own | overlay(path).difference(shipped)
    for name in carried:
        target = os.path.join(build, name)
        _like(os.path.dirname(os.path.join(path, name)), os.path.dirname(target), build)
        with suppress(FileNotFoundError):
            os.unlink(target)
        os.link(os.path.join(path, name), target, follow_symlinks=False)
    return carried


def _like(folder: str, target: str, build: str) -> None:
    """Make a folder below a build, with those above it, as another is."""
    if target != build:
        _like(os.path.dirname(folder), os.path.dirname(target), build)
        os.makedirs(target, exist_ok=True)
        status = os.stat(folder)
        os.chown(target, status.st_uid, status.st_gid)
        os.chmod(target, status.st_mode & 0o7777)


def _nodes(root: str) -> t.Iterator[dict[str, t.Any]]:
    """What the node.json files below a root say. One that describes no node is written anew before a node starts."""
    for file in glob.glob(os.path.join(glob.escape(root), "nodes", "*", "node.json")):
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError), open(file, encoding="utf-8") as stream:
            node = json.load(stream)
            node["release"]["path"].encode()
            yield node


def _process_text(pid: str) -> bytes:
    """Return what tells where a process runs from; what cannot be read says nothing."""
    texts = []
    for name in ("cmdline", "environ"):
        with suppress(OSError), open(f"/proc/{pid}/{name}", "rb") as stream:
            texts.append(stream.read())
    if texts and os.path.basename(texts[0].split(b"\0")[0]) == b"epmd":
        return b""  # It outlives the node that started it and needs nothing from its folder any more.
    for name in ("exe", "cwd"):
        with suppress(OSError):
            texts.append(os.fsencode(os.readlink(f"/proc/{pid}/{name}")))
    return b"\0".join(texts)
