# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what the nodes of a host boot from: the work of the module node_config."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils import accounts, boot, slot_epmd, systemd_unit
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease, current_release
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import (
    Node,
    node_folder,
    read_text,
    template,
    write_file,
)
from ansible_collections.wombat.erlang.plugins.module_utils.terms import sys_config

_NODE_NAME = re.compile(r"[A-Za-z0-9_-]+@[A-Za-z0-9_.:-]+\Z")
_FOLDER_NAME = re.compile(r"(?!current\Z)[A-Za-z0-9_][A-Za-z0-9_.+~@-]*\Z")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_FOLDERS = ("log", "data", "tmp")
# The nodes' user can read files of theirs but not change them: root believes what they say.
_PRIVATE, _SHARED, _PUBLIC = 0o600, 0o640, 0o644
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# With it on the code path a release reads members.config by application:load(wombat) and application:get_env/2.
_WOMBAT_APP = '{application,wombat,[{description,"Facts from wombat.erlang"},{vsn,"1"},{modules,[]},{env,[]}]}.\n'


class _File(NamedTuple):
    """What is to be at a path."""

    content: str | bytes
    mode: int | None  # with _SHARED the nodes' user may read it too; None makes it a symbolic link to the content


def prepare(options: dict) -> Work:
    """The work of writing the nodes' files.

    :arg options: The options of the module node_config.
    :returns: Work whose result is C({changed, nodes: {name: {path, changed: [file, ...]}}}).
    :raises WombatError: An option is wrong, or a release is not installed.
    """
    root, user = os.path.abspath(options["root"]), options["user"]
    if user and os.geteuid() != 0:
        raise WombatError(f"Only root can make nodes run as {user}: set become for this task, or leave the user out.")
    distribution = _distribution(options["distribution"])
    releases: dict[str, HostRelease] = {}
    code = code_path(root)
    files = {
        os.path.join(code, "slot_epmd.beam"): _File(slot_epmd.CODE, _PUBLIC),
        os.path.join(code, "wombat.app"): _File(_WOMBAT_APP, _PUBLIC),
    }
    results: dict[str, dict] = {}
    for settings in options["nodes"]:
        name = _check(settings, distribution, results)
        release = settings["release"]
        if release not in releases:
            releases[release] = current_release(root, release)
        wanted = _node_files(root, user, settings, releases[release], distribution, options["members"] or {})
        changed = [os.path.basename(path) for path, file in wanted.items() if not _holds(path, file, user)]
        results[name] = {"path": node_folder(root, name), "changed": changed}
        files.update(wanted)
    files = {path: file for path, file in files.items() if not _holds(path, file, user)}
    diff = [
        {"before_header": path, "after_header": path, "before": _text(path), "after": file.content}
        for path, file in files.items()
        if isinstance(file.content, str)
    ]
    result = {"changed": bool(files), "nodes": results}
    homes = [os.path.join(root, "home", settings["family"]) for settings in options["nodes"]]
    return Work(bool(files), result, diff, lambda: _write(root, user, files, result, homes))


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
    root: str, user: str | None, settings: dict, release: HostRelease, distribution: boot.Distribution, members: dict
) -> dict[str, _File]:
    """Every file of a node, with node.json as the last: a folder without it is no node."""
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
    unit = systemd_unit.unit_path(settings["release"], name) if user and systemd_unit.manages() else None
    node = Node(root, name, family, release, distribution, start, user, unit)
    texts = {
        os.path.join(folder, "vm.args"): boot.render_arguments(arguments),
        os.path.join(folder, "node.config"): sys_config(settings["config"] or {}),
        os.path.join(folder, "members.config"): sys_config({"wombat": _members(family, members)}),
    }
    units: dict[str, _File] = {}
    if user and unit:
        path = template(unit)
        systemd_unit.check_owner(path, root)
        units[path] = _File(systemd_unit.template_text(root, settings["release"], user, distribution.epmd), _PUBLIC)
        units[systemd_unit.link_path(unit)] = _File(path, None)
        digest = node.digest({**texts, path: str(units[path].content)}.__getitem__)
        texts[os.path.join(folder, "start")] = systemd_unit.script_text(node, digest)
    texts[os.path.join(folder, "node.json")] = node.as_text()
    mode = _SHARED if user else _PRIVATE
    return {**units, **{path: _File(text, mode) for path, text in texts.items()}}


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
    for key, value in (settings["env"] or {}).items():
        if not _VARIABLE_NAME.match(key):
            raise WombatError(f"env of {settings['name']} has {key!r}, which is no name of an environment variable.")
        env[key] = str(value)
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


def _text(path: str) -> str:
    return os.readlink(path) if os.path.islink(path) else read_text(path)


def _holds(path: str, wanted: _File, user: str | None) -> bool:
    """Whether this is what a path holds already, with the right access where the nodes have a user of their own."""
    try:
        if wanted.mode is None or os.path.islink(path):
            return wanted.mode is None and os.readlink(path) == wanted.content
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if user and stat.S_IMODE(status.st_mode) != wanted.mode:
                return False
            if user and wanted.mode == _SHARED and status.st_gid != accounts.account(user).pw_gid:
                return False
            return file.read() == _bytes(wanted.content)
    except OSError:
        return False


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


def _write(root: str, user: str | None, files: dict[str, _File], result: dict, homes: list[str]) -> dict:
    uid, gid = accounts.account(user)[2:4] if user else (-1, -1)
    _make_folder(code_path(root), 0o755, -1, -1)
    for item in result["nodes"].values():
        _make_folder(item["path"], 0o750 if user else 0o755, -1, gid)
        for name in _FOLDERS:
            _make_folder(os.path.join(item["path"], name), 0o750 if user else 0o755, uid, gid)
    for home in homes:
        _make_folder(home, 0o700, uid, gid)  # it holds a cookie, which nobody else needs to see
    for path, file in files.items():
        _put(path, file, gid)
    return result


def _make_folder(path: str, mode: int, uid: int, gid: int) -> None:
    try:
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        os.chown(path, uid, gid)
    except OSError as error:
        raise WombatError(f"{path} cannot be made: {error}.") from None


def _put(path: str, file: _File, gid: int) -> None:
    if file.mode is not None:
        write_file(path, file.content, file.mode, gid if file.mode == _SHARED else -1)
        return
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.remove(path)
        os.symlink(file.content, path)
    except OSError as error:
        raise WombatError(f"{path} cannot be made: {error}.") from None
