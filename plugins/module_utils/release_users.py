# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who needs a version of a release that is on a host: processes that run from it, and nodes that will start from it."""

from __future__ import annotations

import glob
import json
import os
import typing as t
from contextlib import suppress


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
    found = set()
    for file in glob.glob(os.path.join(glob.escape(root), "nodes", "*", "node.json")) if versions else ():
        # What does not describe a node is written anew before anything starts from it.
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError), open(file, encoding="utf-8") as stream:
            found.add(os.path.realpath(json.load(stream)["release"]["path"]))
    return {name for name in versions if os.path.realpath(os.path.join(home, name)) in found}


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
