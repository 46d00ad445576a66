# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files by which a family configures its release: where they go, how the release finds them, what checks them."""

from __future__ import annotations

import base64
import os

from ansible_collections.wombat.erlang.plugins.module_utils.configuration import Check
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node
from ansible_collections.wombat.erlang.plugins.module_utils.placed import File
from ansible_collections.wombat.erlang.plugins.module_utils.services import Service, fill, fill_all


def own_files(settings: dict, service: Service, places: dict[str, str], user: str | None) -> dict[str, File]:
    """The files that a node's settings name, by their paths; raises WombatError for one that would lie elsewhere."""
    files = {}
    for given in settings.get("files") or []:
        base = fill(service.files, places)
        path = os.path.normpath(os.path.join(base, given["dest"]))
        if not any(path.startswith(folder + os.sep) for folder in (base, places["etc"], places["release"])):
            raise WombatError(
                f"The file {given['dest']} of {settings['name']} would be written outside {base} and {places['etc']}."
            )
        try:
            mode = int(given["mode"], 8)
        except ValueError:
            raise WombatError(f"The mode {given['mode']!r} of {given['dest']} is none: write it like 0640.") from None
        files[path] = File(base64.b64decode(given["content"]).decode("utf-8"), mode, user)
    return files


def configured(service: Service, places: dict[str, str], files: dict[str, File]) -> dict[str, str]:
    """The variables by which the release finds those files that it would look for elsewhere."""
    paths = {name: os.path.join(places["etc"], name) for name in service.configuration}
    return {service.configuration[name]: path for name, path in paths.items() if path in files}


def node_check(node: Node, service: Service, places: dict[str, str], given: list[dict], paths: list[str]) -> Check:
    """What has to hold when one of a node's files has changed.

    :arg given: The files as the node's settings name them.
    """
    commands = [fill_all(command["validate"], places) for command in given if command["validate"]]
    if service.validate:
        commands.insert(0, fill_all(service.validate, places))
    else:
        commands[:0] = _cuttlefish(node, places)
    terms = [path for path in node.files if path.endswith(".config")]
    terms += [path for path in [os.path.join(node.release.version_path, "sys.config")] if os.path.isfile(path)]
    unique = [command for index, command in enumerate(commands) if command not in commands[:index]]
    # What only running nodes are told cannot break a start.
    return Check(node, [path for path in paths if os.path.basename(path) != "members.config"], unique, terms)


def _cuttlefish(node: Node, places: dict[str, str]) -> list[list[str]]:
    """The check of releases that have Cuttlefish, as Riak, where the node has such a file.

    Their own chkconfig writes into the release, which belongs to root, and keeps to itself what is wrong.
    """
    release = node.release.path
    program, schema, etc = (
        os.path.join(release, *path) for path in (("bin", "cuttlefish"), ("share", "schema"), ("etc",))
    )
    escript = os.path.join(node.release.erts, "bin", "escript") if node.release.erts else "escript"
    folders = ["-e", etc, "-d", os.path.join(places["tmp"], "generated.conf"), "-s", schema]
    if not (os.path.isfile(program) and os.path.isdir(schema)):
        return []
    return [
        [escript, program, *folders, "-c", path]
        for path in node.files
        if path.endswith(".conf") and os.path.dirname(path) == etc
    ]
