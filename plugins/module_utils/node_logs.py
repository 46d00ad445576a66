# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packs what the nodes of a host logged, and their crash dumps: the work of the module logs."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, load_nodes

_MEBIBYTE = 1 << 20


def prepare(options: dict[str, Any]) -> Work:
    """The work of packing logs.

    :arg options: The options of the module logs.
    :returns: Work whose result is C({changed, path, files}).
    :raises WombatError: A named node does not exist.
    """
    nodes = load_nodes(os.path.abspath(options["root"]), options["names"])
    nodes = [node for node in nodes if not options["families"] or node.family in options["families"]]
    return Work(False, {"path": None, "files": []}, (), lambda: _pack(nodes, options["since"], options["limit"]))


def _pack(nodes: list[Node], since: str | None, limit: int) -> dict[str, Any]:
    """Write the archive into a folder that only the user of the connection can read."""
    try:
        folder = tempfile.mkdtemp(prefix="wombat-logs-")
        path = os.path.join(folder, "logs.tar.gz")
        with tarfile.open(path, "w:gz") as tar:
            for node in nodes:
                for name, content, changed in _files(node, since, limit * _MEBIBYTE):
                    member = tarfile.TarInfo(f"{os.path.basename(node.folder)}/{name}")
                    member.size, member.mtime, member.mode = len(content), int(changed), 0o600
                    tar.addfile(member, io.BytesIO(content))
            files = tar.getnames()
        owner = os.environ.get("SUDO_UID")
        for item in (path, folder) if owner and os.geteuid() == 0 else ():
            os.chown(item, int(owner or 0), -1)
    except OSError as error:
        raise WombatError(f"The logs cannot be packed: {error}; make room in {tempfile.gettempdir()}.") from None
    return {"changed": False, "path": path, "files": files}


def _files(node: Node, since: str | None, limit: int) -> Iterator[tuple[str, bytes, float]]:
    """The journal of a node and the files of its log folder: name, what is kept of it, time of its last change."""
    if node.unit:
        unit = os.path.basename(node.unit)
        command = ["journalctl", "--no-pager", "--output=short-iso", f"--unit={unit}"]
        command += [f"--since={since}"] if since else []
        yield "journal.log", _output(command)[-limit:], 0
    for folder, _folders, names in os.walk(os.path.join(node.folder, "log")):
        for path in sorted(os.path.join(folder, name) for name in names):
            if os.path.isfile(path) and not os.path.islink(path):
                size, changed = os.path.getsize(path), os.path.getmtime(path)
                with open(path, "rb") as file:
                    file.seek(0 if "erl_crash" in path else max(0, size - limit))  # a crash dump begins with its cause
                    yield os.path.relpath(path, node.folder), file.read(limit), changed


def _output(command: list[str]) -> bytes:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        raise WombatError(f"'{' '.join(command)}' failed: {done.stderr.decode(errors='replace').strip()}.")
    return done.stdout
