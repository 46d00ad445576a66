# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what the nodes of a host boot from: the work of the module node_config."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from ansible_collections.wombat.erlang.plugins.module_utils import boot, slot_epmd
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease, current_release
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, node_folder, read_text, write_file
from ansible_collections.wombat.erlang.plugins.module_utils.terms import sys_config

_NODE_NAME = re.compile(r"[A-Za-z0-9_-]+@[A-Za-z0-9_.:-]+\Z")
_FOLDER_NAME = re.compile(r"(?!current\Z)[A-Za-z0-9_][A-Za-z0-9_.+~@-]*\Z")
_FOLDERS = ("log", "data", "tmp")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# With it on the code path a release reads members.config by application:load(wombat) and application:get_env/2.
_WOMBAT_APP = '{application,wombat,[{description,"Facts from wombat.erlang"},{vsn,"1"},{modules,[]},{env,[]}]}.\n'


def prepare(options: dict) -> Work:
    """The work of writing the nodes' files.

    :arg options: The options of the module node_config.
    :returns: Work whose result is C({changed, nodes: {name: {path, changed: [file, ...]}}}).
    :raises WombatError: An option is wrong, or a release is not installed.
    """
    root = os.path.abspath(options["root"])
    distribution = _distribution(options["distribution"])
    releases: dict[str, HostRelease] = {}
    files: dict[str, str | bytes] = {}
    results: dict[str, dict] = {}
    code = code_path(root)
    shared: dict[str, str | bytes] = {
        os.path.join(code, "slot_epmd.beam"): slot_epmd.CODE,
        os.path.join(code, "wombat.app"): _WOMBAT_APP,
    }
    for settings in options["nodes"]:
        name = _check(settings, distribution, results)
        release = settings["release"]
        if release not in releases:
            releases[release] = current_release(root, release)
        texts = _node_files(root, settings, releases[release], distribution, options["members"] or {})
        folder = node_folder(root, name)
        wanted = {os.path.join(folder, file): text for file, text in texts.items()}
        stale = [path for path, text in wanted.items() if read_text(path) != text]
        results[name] = {"path": folder, "changed": [os.path.basename(path) for path in stale]}
        files.update((path, wanted[path]) for path in stale)
    files = {**{path: content for path, content in shared.items() if not _holds(path, content)}, **files}
    diff = [
        {"before_header": path, "after_header": path, "before": read_text(path), "after": text}
        for path, text in files.items()
        if isinstance(text, str)
    ]
    result = {"changed": bool(files), "nodes": results}
    homes = [os.path.join(root, "home", settings["family"]) for settings in options["nodes"]]
    return Work(bool(files), result, diff, lambda: _write(root, files, result, homes))


def code_path(root: str) -> str:
    """The folder of what nodes load from us: the module that replaces epmd, and the application wombat."""
    return os.path.join(root, "lib", "wombat", "ebin")


def _distribution(options: dict) -> boot.Distribution:
    distribution = boot.Distribution(options["epmd"], options["port"])
    if not distribution.epmd and distribution.port is None:
        raise WombatError("distribution.port is missing: without epmd a node listens on this port plus its slot.")
    return distribution


def _check(settings: dict, distribution: boot.Distribution, seen: Iterable[str]) -> str:
    """The node's name, when its settings can be used."""
    name, number = settings["name"], settings["slot"]
    if not _NODE_NAME.match(name):
        raise WombatError(f"{name!r} is no node name: write it like kv1@192.0.2.10.")
    if boot.label(name) in (boot.label(other) for other in seen):
        raise WombatError(f"Two nodes of this host are called {boot.label(name)}: give one another slot or name.")
    if number is not None and number != boot.slot(name) and distribution.port is not None:
        raise WombatError(
            f"Node {name} has slot {number}, but others look for it at {boot.slot(name)}: end its name with its slot."
        )
    for other in seen if distribution.port is not None else ():
        if boot.slot(other) == boot.slot(name):
            raise WombatError(f"{other} and {name} would listen on one port: end their names with different slots.")
    for option in ("family", "release"):
        if not _FOLDER_NAME.match(settings[option]):
            raise WombatError(f"The {option} {settings[option]!r} of {name} cannot be a folder's name.")
    return name


def _node_files(
    root: str, settings: dict, release: HostRelease, distribution: boot.Distribution, members: dict
) -> dict[str, str]:
    """The text of every file of a node, with node.json as the last: a folder without it is no node."""
    name, family = settings["name"], settings["family"]
    folder = node_folder(root, name)
    env = _environment(root, folder, settings, release, distribution)
    configs = [os.path.join(folder, "node"), os.path.join(folder, "members")]
    arguments = (
        boot.release_arguments(release, env)
        + boot.family_arguments(settings["vm_args"] or [], f"vm_args of {name}")
        + boot.node_arguments(name, distribution, release, code_path(root), configs)
    )
    command = "foreground" if release.kind == "relx" else "start"
    start = {"argv": [os.path.join(release.path, "bin", release.name), command], "env": env, "cwd": release.path}
    return {
        "vm.args": boot.render_arguments(arguments),
        "node.config": sys_config(settings["config"] or {}),
        "members.config": sys_config({"wombat": _members(family, members)}),
        "node.json": Node(root, name, family, release, distribution, start).as_text(),
    }


def _environment(
    root: str, folder: str, settings: dict, release: HostRelease, distribution: boot.Distribution
) -> dict[str, str]:
    """The whole environment of a node: nothing of the session that starts it, so that every start is the same."""
    env = {
        "PATH": _PATH,
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "ERL_CRASH_DUMP": os.path.join(folder, "log", "erl_crash.dump"),
    }
    env.update((key, str(value)) for key, value in (settings["env"] or {}).items())
    env.update(
        HOME=os.path.join(root, "home", settings["family"]),
        # Who looks for the processes of an instance or a node finds them by these.
        WOMBAT_INSTANCE=root,
        WOMBAT_NODE=settings["name"],
        WOMBAT_DATA=os.path.join(folder, "data"),
    )
    arguments, scratch = os.path.join(folder, "vm.args"), os.path.join(folder, "tmp")
    if release.kind == "mix":
        env.update(
            RELEASE_VM_ARGS=arguments,
            RELEASE_TMP=scratch,
            RELEASE_NODE=settings["name"],
            RELEASE_DISTRIBUTION="none",  # the name is in vm.args
            RELEASE_COOKIE="in_the_cookie_file",
        )
    else:
        env.update(VMARGS_PATH=arguments, RELX_OUT_FILE_PATH=scratch, RUNNER_LOG_DIR=os.path.join(folder, "log"))
    if not distribution.epmd:
        # In embedded mode nothing loads a module that the boot script does not name.
        env["RELEASE_MODE" if release.kind == "mix" else "CODE_LOADING_MODE"] = "interactive"
    return env


def _members(family: str, members: dict) -> dict:
    """The environment of the application wombat: the family, its nodes, and those of its neighbours."""
    try:
        mine = members.get(family) or {}
        neighbours = sorted((mine.get("neighbours") or {}).items())
        return {
            "family": {"$atom": family},
            "nodes": _atoms(mine.get("nodes")),
            "neighbours": [{"$tuple": [{"$atom": other}, _atoms(nodes)]} for other, nodes in neighbours],
        }
    except (AttributeError, TypeError):
        raise WombatError(
            f"members.{family} must be like {{nodes: [names], neighbours: {{family: [names]}}}}: it has another shape."
        ) from None


def _atoms(names: list[str] | None) -> list[dict]:
    return [{"$atom": name} for name in sorted(names or [])]


def _holds(path: str, content: str | bytes) -> bool:
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        with open(path, "rb") as file:
            return file.read() == data
    except OSError:
        return False


def _write(root: str, files: dict[str, str | bytes], result: dict, homes: list[str]) -> dict:
    folders = [os.path.join(item["path"], name) for item in result["nodes"].values() for name in _FOLDERS]
    for folder in [code_path(root), *folders, *homes]:
        try:
            # A home holds a cookie, which nobody else needs to see.
            os.makedirs(folder, mode=0o700 if folder in homes else 0o755, exist_ok=True)
        except OSError as error:
            raise WombatError(f"{folder} cannot be made: {error}.") from None
    for path, content in files.items():
        write_file(path, content)
    return result
