# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the texts about a node may name, and the environment that it starts in."""

from __future__ import annotations

import os
import platform
import re

from ansible_collections.wombat.erlang.plugins.module_utils import boot, services
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import node_folder

FOLDERS = ("log", "data", "tmp")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def places(root: str, settings: dict, release: HostRelease, distribution: boot.Distribution) -> dict[str, str]:
    """What the texts of a service may name."""
    name = settings["name"]
    folder = node_folder(root, name)
    return {
        "root": root,
        "release": release.path,
        "name": release.name,
        "version": release.version,
        "node": name,
        "label": boot.label(name),
        "address": boot.address(name),
        "slot": str(boot.slot(name)),
        "port": str(distribution.port + boot.slot(name)) if distribution.port is not None else "",
        "long": str(boot.name_arguments(name)[0][0] == "-name").lower(),
        "machine": platform.machine(),
        "folder": folder,
        "home": os.path.join(root, "home", settings["family"]),
        "vm_args": os.path.join(folder, "vm.args"),
        **{part: os.path.join(folder, part) for part in ("etc", *FOLDERS)},
    }


def environment(
    settings: dict, service: services.Service, places: dict[str, str], distribution: boot.Distribution
) -> dict[str, str]:
    """The whole environment of a node: nothing of the session that starts it, so that every start is the same."""
    env = {
        "PATH": _PATH,
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "ERL_CRASH_DUMP": os.path.join(places["log"], "erl_crash.dump"),
    }
    own = dict(service.env)
    if not distribution.epmd:
        own.update(service.without_epmd)
    filled = {key: services.fill(value, places) for key, value in own.items()}
    for key, value in (settings["env"] or {}).items():
        if not _VARIABLE_NAME.match(key):
            raise WombatError(f"env of {settings['name']} has {key!r}, which is no name of an environment variable.")
        env[key] = str(value)
    env.update((key, value) for key, value in filled.items() if value)
    env.update(
        HOME=places["home"],
        # Who looks for the processes of an instance or a node finds them by these.
        WOMBAT_INSTANCE=places["root"],
        WOMBAT_NODE=settings["name"],
        WOMBAT_DATA=places["data"],
    )
    if settings["packages"]:
        env["WOMBAT_VERSION"] = places["version"]  # a running node of another one is outdated
    return env
