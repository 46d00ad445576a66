# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a node on its host: what every module reads of it, and the one place that knows its files.

C(<root>/nodes/<label>) holds node.json (how to start the node), vm.args, node.config, members.config, run.json (while
it runs as a process of ours), start (the script of its unit, where it has one), what tls.py says, next.json and
previous.json (see held_files), log, data and tmp.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from typing import Callable, NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils import boot
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease

# The options of the modules that work on the nodes of a host; doc_fragments/nodes.py documents them.
OPTIONS = {"root": {"type": "path", "required": True}, "names": {"type": "list", "elements": "str"}}
# A node that runs with other contents of these is outdated; members.config, which running nodes are told, is not here.
_BOOT_FILES = ("vm.args", "node.config")


class Node(NamedTuple):
    """A node of this host, as its node.json says."""

    root: str  # the instance's root folder
    name: str  # the full name, for example kv1@127.10.0.2
    family: str
    release: HostRelease
    distribution: boot.Distribution
    start: dict  # {argv: list, env: dict, cwd: str, maybe stop: list}: for our runner or a service manager
    user: str | None = None  # who it runs as; None is whoever starts it
    unit: str | None = None  # its unit's file, where systemd runs it: /etc/systemd/system/wombat-kv@kv1.service
    files: dict = {}  # the digests of the family's own files, by their paths

    @property
    def folder(self) -> str:
        """The node's own folder."""
        return node_folder(self.root, self.name)

    @property
    def log(self) -> str:
        """The file that gets what the node prints."""
        return os.path.join(self.folder, "log", "node.log")

    @property
    def cookie_file(self) -> str:
        """The file that holds the family's cookie."""
        return os.path.join(self.start["env"]["HOME"], ".erlang.cookie")

    def digest(self, read: Callable[[str], str] | None = None) -> str:
        """A digest of everything that a running node took from its host and cannot change without a restart.

        :arg read: What gives the text of a file that is to be; None reads those that are.
        """
        read = read or read_text
        digest = hashlib.sha256(json.dumps([self.start, self.user, self.files], sort_keys=True).encode())
        paths = [os.path.join(self.folder, file) for file in _BOOT_FILES]
        for path in paths + ([template(self.unit)] if self.unit else []):
            digest.update(b"\0" + read(path).encode())
        return digest.hexdigest()

    def as_text(self) -> str:
        """The text of node.json."""
        fields = dict(self._asdict(), release=self.release._asdict(), distribution=self.distribution._asdict())
        del fields["root"]
        return json.dumps(fields, indent=2, sort_keys=True) + "\n"


def template(unit: str) -> str:
    """The file that a node's unit shares with the others of its release."""
    return unit.partition("@")[0] + "@.service"


def node_folder(root: str, name: str) -> str:
    """The folder of the node with this name or label."""
    return os.path.join(root, "nodes", boot.label(name))


def load_nodes(root: str, names: list[str] | None = None, missing_ok: bool = False) -> list[Node]:
    """The nodes of an instance, ordered by name.

    :arg names: Full names or labels; None means all.
    :arg missing_ok: Whether a name that the instance does not have is left out instead of refused.
    :raises WombatError: A named node does not exist, or a node.json cannot be read.
    """
    folder = os.path.join(root, "nodes")
    try:
        labels = sorted(os.listdir(folder))
    except FileNotFoundError:
        labels = []
    except OSError as error:
        raise WombatError(f"The nodes of {root} cannot be told: {error}; set become for this task.") from None
    paths = [os.path.join(folder, label, "node.json") for label in labels]
    described = [parse_node(root, path, text) for path, text in ((path, read_text(path)) for path in paths) if text]
    present = {node.name: node for node in described}
    if names is None:
        return list(present.values())
    chosen: dict[str, Node] = {}
    for name in names:
        found = [node for node in present.values() if name in (node.name, boot.label(node.name))]
        if not found and not missing_ok:
            there = ", ".join(present) or "none"
            raise WombatError(f"There is no node {name} in {folder}: it has {there}; write its files with node_config.")
        chosen.update((node.name, node) for node in found)
    return [chosen[name] for name in sorted(chosen)]


def parse_node(root: str, path: str, text: str) -> Node:
    """The node that the text of a node.json describes; raises WombatError, which names the path."""
    try:
        data = json.loads(text)
        return Node(
            root,
            data["name"],
            data["family"],
            HostRelease(**data["release"]),
            boot.Distribution(**data["distribution"]),
            data["start"],
            data.get("user"),
            data.get("unit"),
            data.get("files") or {},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WombatError(f"{path} does not describe a node ({error!r}): write it again with node_config.") from None


def read_text(path: str) -> str:
    """The text of a file, empty where there is none; raises WombatError where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise WombatError(f"{path} cannot be read: {error}.") from None


def write_file(path: str, content: str | bytes, mode: int = 0o600, group: int = -1) -> None:
    """Replace a file in one step; text or bytes, readable by its owner alone unless C(mode) and C(group) say more."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        handle, partial = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            os.fchown(file.fileno(), -1, group)
        os.replace(partial, path)
    except OSError as error:
        raise WombatError(f"{path} cannot be written: {error}.") from None
