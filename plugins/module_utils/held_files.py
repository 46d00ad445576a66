# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that wait until a running node is upgraded, and those that it had before: next.json and previous.json.

A node's files and its process change together, one host after the other. Until it is a host's turn its files stay as
the node was started with them, so that a restart of the host or a stopped upgrade brings the old version back.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils import hot_upgrade
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, parse_node, read_text
from ansible_collections.wombat.erlang.plugins.module_utils.placed import File
from ansible_collections.wombat.erlang.plugins.module_utils.release_folder import ReleaseFolder
from ansible_collections.wombat.erlang.plugins.module_utils.runner import Run

# A running node is told of its members, and looks itself at what is in its home; it needs no restart for them.
_TOLD = "members.config"


class Held(NamedTuple):
    """The files of a node for its next start."""

    release: str  # the release's folder below releases
    files: dict[str, File]
    before: str = ""  # of previous.json: the identity of the files that replaced these

    @property
    def identity(self) -> str:
        """What tells these files from others."""
        return hashlib.sha256(json.dumps([self.release, self.files], sort_keys=True).encode()).hexdigest()

    def node(self, root: str) -> Node:
        """The node as these files say."""
        path = next(path for path in self.files if os.path.basename(path) == "node.json")
        return parse_node(root, path, str(self.files[path].content))

    def digest(self, root: str) -> str:
        """The Node.digest that a node started from these files has."""
        return self.node(root).digest(lambda path: str(self.files[path].content) if path in self.files else "")

    def as_file(self) -> File:
        """The file that keeps them."""
        return File(json.dumps(self._asdict(), indent=1, sort_keys=True) + "\n", 0o600)


def next_path(folder: str) -> str:
    """Where a node's held files are."""
    return os.path.join(folder, "next.json")


def _previous_path(folder: str) -> str:
    return os.path.join(folder, "previous.json")


def load(path: str) -> Held | None:
    """The files that next.json or previous.json holds; None where there is none that can be read."""
    try:
        data = json.loads(read_text(path))
        return Held(data["release"], {name: File(*file) for name, file in data["files"].items()}, data["before"])
    except (ValueError, KeyError, TypeError):
        return None


def hold(node: Node, run: Run | None, release: str, wanted: dict[str, File]) -> Held | None:
    """The files that have to wait for the node's upgrade: None where it does not run or runs with them.

    :arg node: The node as its files say now.
    :arg wanted: The files that it is to have.
    """
    if run is None:
        return None
    home = os.path.join(node.start["env"]["HOME"], "")
    waiting = {path: file for path, file in wanted.items() if os.path.basename(path) != _TOLD}
    held = Held(release, {path: file for path, file in waiting.items() if not path.startswith(home)})
    # What another run began to put in place is not done before the node passed its checks.
    begun = load(next_path(node.folder)) == held
    return held if begun or run.digest != held.digest(node.root) else None


def upgrade(node: Node, held: Held) -> dict:
    """What an upgrade to the held files would be, as the module node_config tells it."""
    after = held.node(node.root)
    return {
        "from": node.release.version,
        "to": after.release.version,
        "cold": hot_upgrade.obstacle(node, after, held.files),
    }


def expected(node: Node, version: str, hot_from: list[str]) -> dict:
    """What an upgrade to a version that is not on the host yet would be, by what its archive says."""
    before = node.release.version
    cold = None if before in hot_from else hot_upgrade.NO_RELUP.format(before, version)
    return {"from": node.release.version, "to": version, "cold": cold}


def apply(node: Node, held: Held) -> None:
    """Put the held files in place, and keep those that they replace; a cut run can be run again."""
    kept = load(_previous_path(node.folder))
    if kept is None or kept.before != held.identity:
        before = Held(held.release, {path: _present(path, file) for path, file in held.files.items()}, held.identity)
        before.as_file().put(_previous_path(node.folder))
    _put_all(held.files, node)


def revert(node: Node, held: Held | None = None) -> None:
    """Put the files back that C(held) replaced, or that the last upgrade did."""
    kept = load(_previous_path(node.folder))
    if kept and (held is None or kept.before == held.identity):
        _put_all(kept.files, node)
        os.remove(_previous_path(node.folder))


def finish(node: Node) -> None:
    """The node runs with its next files: they are held no longer."""
    File(None, None).put(next_path(node.folder))


def reverts(node: Node) -> Held | None:
    """The files that C(revert) would put back: those before the last upgrade, where nothing changed since."""
    kept = load(_previous_path(node.folder))
    present = kept and Held(kept.release, {path: _present(path, file) for path, file in kept.files.items()})
    return kept if kept and present and present.identity == kept.before else None


def switches(root: str, release: str, version: str) -> bool:
    """Whether C(current) of a release names another version; a package has no such link."""
    folder = ReleaseFolder(root, release)
    return os.path.isdir(folder.path(version)) and folder.current() != version


def switch(root: str, release: str, version: str) -> None:
    """Let C(current) of a release name a version."""
    folder = ReleaseFolder(root, release)
    with folder.explained(), folder.lock():
        folder.switch(version)


def told(name: str, item: dict) -> str:
    """An upgrade as a line of a diff."""
    if item["from"] == item["to"]:
        return f"~ {name} {item['from']}, restarted with new settings\n"
    return f"~ {name} {item['from']} -> {item['to']}\n"


def is_own(path: str) -> bool:
    """Whether a path is next.json, which is told as an upgrade."""
    return os.path.basename(path) == "next.json"


def _present(path: str, wanted: File) -> File:
    """What a path holds, to be put back; who may read it stays as it is."""
    if os.path.islink(path):
        return File(os.readlink(path), None)
    if not os.path.lexists(path):
        return File(None, None)
    return File(read_text(path), os.stat(path).st_mode & 0o777, wanted.reader)


def _put_all(files: dict[str, File], node: Node) -> None:
    for path, file in sorted(files.items(), key=lambda item: os.path.basename(item[0]) == "node.json"):
        if not file.is_at(path, bool(node.user)):
            file.put(path)
