# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what the nodes of a host boot from: the work of the module node_config."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable

from ansible_collections.wombat.erlang.plugins.module_utils import (
    boot,
    configuration,
    held_files,
    node_environment,
    services,
    slot_epmd,
    systemd_unit,
    tls,
)
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_packages import package_release
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import (
    HostRelease,
    installed_release,
    is_installed,
)
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, load_nodes, node_folder, template
from ansible_collections.wombat.erlang.plugins.module_utils.own_files import configured, node_check, own_files
from ansible_collections.wombat.erlang.plugins.module_utils.placed import File, Folder, text_at
from ansible_collections.wombat.erlang.plugins.module_utils.runner import Run
from ansible_collections.wombat.erlang.plugins.module_utils.runners import Runners
from ansible_collections.wombat.erlang.plugins.module_utils.terms import sys_config

_NODE_NAME = re.compile(r"[A-Za-z0-9_-]+@[A-Za-z0-9_.:-]+\Z")
_FOLDER_NAME = re.compile(r"(?!current\Z)[A-Za-z0-9_][A-Za-z0-9_.+~@-]*\Z")
# The nodes' user can read files of theirs but not change them: root believes what they say.
_PRIVATE, _SHARED, _PUBLIC = 0o600, 0o640, 0o644
# With it on the code path a release reads members.config by application:load(wombat) and application:get_env/2.
_WOMBAT_APP = '{application,wombat,[{description,"Facts from wombat.erlang"},{vsn,"1"},{modules,[]},{env,[]}]}.\n'


def prepare(options: dict) -> Work:
    """The work of writing the nodes' files.

    :arg options: The options of the module node_config.
    :returns: Work whose result is C({changed, nodes: {name: {path, changed: [file, ...]}}}).
    :raises WombatError: An option is wrong, or a release is not installed.
    """
    root, user = os.path.abspath(options["root"]), options["user"]
    if user and os.geteuid() != 0:
        raise WombatError(f"Only root can make nodes run as {user}: set become for this task, or leave the user out.")
    host = _Host(root, user, _distribution(options["distribution"]), options["members"] or {})
    running = _running(root) if options.get("hold") else {}
    results: dict[str, dict] = {}
    missing: list[dict] = []
    switches: dict[str, str] = {}
    for settings in options["nodes"]:
        name, version = _check(settings, host.distribution, results), settings.get("version")
        node, run = running.get(name, (None, None))
        result: dict = {"path": node_folder(root, name), "changed": [], "upgrade": None}
        results[name] = result
        hot_from = settings.get("hot_from")
        if version and hot_from is not None and not is_installed(root, settings["release"], version):
            # In check mode what comes from an archive has not been installed.
            missing.append(settings)
            result["upgrade"] = node and held_files.expected(node, version, hot_from)
            continue
        wanted = host.node(settings)
        held = held_files.hold(node, run, settings["release"], wanted) if node and run else None
        if held and node:
            result["upgrade"] = held_files.upgrade(node, held)
            host.probed.update(held.files)
            wanted = {path: file for path, file in wanted.items() if path not in held.files}
        elif version:
            switches[settings["release"]] = version
        wanted[held_files.next_path(result["path"])] = held.as_file() if held else File(None, None)
        result["changed"] = [
            os.path.basename(path) for path, file in wanted.items() if not file.is_at(path, bool(user))
        ]
        host.files.update(wanted)
    for settings in options["nodes"]:
        if results[settings["name"]]["upgrade"]:
            switches.pop(settings["release"], None)  # it is switched when the nodes that run are upgraded
    files = {path: file for path, file in host.files.items() if not file.is_at(path, bool(user))}
    switches = {name: version for name, version in switches.items() if held_files.switches(root, name, version)}
    diff = [
        {"before_header": path, "after_header": path, "before": text_at(path), "after": file.content}
        for path, file in files.items()
        if isinstance(file.content, str) and not held_files.is_own(path) and path not in host.undiffed
    ]
    diff += [{"prepared": held_files.told(name, item["upgrade"])} for name, item in results.items() if item["upgrade"]]
    changed = bool(files or switches or missing) or configuration.pending(root)
    result = {"changed": changed, "nodes": results}

    def apply() -> dict:
        for settings in missing:
            installed_release(root, settings["release"], settings.get("version"))
        configuration.replace(root, host.folders, host.files, host.probed, bool(user), host.checks)
        for name, version in switches.items():
            held_files.switch(root, name, version)
        return result

    return Work(changed, result, diff, apply)


def _running(root: str) -> dict[str, tuple[Node, Run]]:
    """The nodes that run, whose files wait for an upgrade where they have to change."""
    try:
        nodes = load_nodes(root)
    except WombatError:
        return {}  # what cannot be read is written anew
    runs = Runners().find(nodes)
    return {node.name: (node, runs[node.name]) for node in nodes if node.name in runs}


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


class _Host:
    """The files and folders of all nodes that one call is about."""

    def __init__(self, root: str, user: str | None, distribution: boot.Distribution, members: dict) -> None:
        self.root = root
        self.user = user
        self.distribution = distribution
        self.members = members
        self.releases: dict[str, HostRelease] = {}
        self.checks: list[configuration.Check] = []
        self.undiffed: set[str] = set()
        self.own: dict[str, File] = {}
        self.probed: dict[str, File] = {}  # held files, which are checked now and put in place later
        self.folders: dict[str, Folder] = {code_path(root): Folder(0o755)}
        self.files: dict[str, File] = {
            os.path.join(code_path(root), "slot_epmd.beam"): File(slot_epmd.CODE, _PUBLIC),
            os.path.join(code_path(root), "wombat.app"): File(_WOMBAT_APP, _PUBLIC),
        }

    def node(self, settings: dict) -> dict[str, File]:
        """Add a node's folders; returns its files, with node.json as the last: a folder without it is no node."""
        name, family, release = settings["name"], settings["family"], self._release(settings)
        kind = settings["packages"][0].partition("=")[0] if settings["packages"] else release.kind
        service = services.describe(kind, settings["service"])
        user = (service.user or self.user) if self.user else None
        folder = node_folder(self.root, name)
        distribution = self.distribution._replace(tls=bool(settings.get("tls")))
        places = node_environment.places(self.root, settings, release, self.distribution)
        env = node_environment.environment(settings, service, places, self.distribution)
        own = own_files(settings, service, places, user)
        env.update(configured(service, places, own))
        configs = [os.path.join(folder, "node"), os.path.join(folder, "members")]
        arguments = (
            boot.release_arguments(release, env)
            + boot.family_arguments(settings["vm_args"] or [], f"vm_args of {name}")
            + boot.node_arguments(name, distribution, release, configs)
        )
        shared = boot.distribution_arguments(
            distribution, release.erts_version, code_path(self.root), tls.config_path(folder)
        )
        if release.kind == "package":
            # Its own tools are runtime systems too, which have to find the node and to speak as it does.
            flags = [env.get("ERL_AFLAGS"), *map(boot.render_words, shared)]
            env["ERL_AFLAGS"] = " ".join(filter(None, flags))
        else:
            arguments += shared
        cwd = places["data"] if release.kind == "package" else release.path
        start = {"argv": services.fill_all(service.start, places), "env": env, "cwd": cwd}
        if service.stop:
            start["stop"] = services.fill_all(service.stop, places)
        unit = systemd_unit.unit_path(settings["release"], name) if user and systemd_unit.manages() else None
        digests = {path: hashlib.sha256(file.data).hexdigest() for path, file in own.items()}
        node = Node(self.root, name, family, release, distribution, start, user, unit, digests)
        texts = {
            places["vm_args"]: boot.render_arguments(arguments),
            os.path.join(folder, "node.config"): sys_config(settings["config"] or {}),
            os.path.join(folder, "members.config"): sys_config(_told(settings, self.members)),
        }
        if distribution.tls:
            tls.require_ssl(release)
            texts[tls.config_path(folder)] = tls.config_text(folder)
        for file, text in (settings.get("home") or {}).items():
            if not _FOLDER_NAME.match(file.lstrip(".")):
                raise WombatError(f"home of {name} has {file!r}, which is no name of a file.")
            texts[os.path.join(places["home"], file)] = text
        files = dict(own)
        if user and unit:
            path = template(unit)
            systemd_unit.check_owner(path, self.root)
            epmd, stops = self.distribution.epmd, bool(service.stop)
            text = systemd_unit.template_text(self.root, settings["release"], user, epmd, stops)
            files[path] = File(text, _PUBLIC)
            files[systemd_unit.link_path(unit)] = File(path, None)
            digest = node.digest({**texts, path: text}.__getitem__)
            texts[os.path.join(folder, "start")] = systemd_unit.script_text(node, digest)
            if stops:
                texts[os.path.join(folder, "stop")] = systemd_unit.script_text(node, digest, "stop")
            if service.home:
                # For the package's own commands; what it made itself when it was installed nobody shares.
                files[os.path.join(service.home, ".erlang.cookie")] = File(node.cookie_file, None)
        texts[os.path.join(folder, "node.json")] = node.as_text()
        mode = _SHARED if user else _PRIVATE
        files.update((path, File(text, mode, user)) for path, text in texts.items())
        self._add_folders(places, user)
        for path in own:
            if self.own.setdefault(path, own[path]) != own[path]:
                raise WombatError(f"Two nodes of this host would have different files {path}: give each its own.")
        self.undiffed.update(path for path, given in zip(own, settings.get("files") or []) if not given["diff"])
        self.checks.append(node_check(node, service, places, settings.get("files") or [], list(files)))
        return files

    def _release(self, settings: dict) -> HostRelease:
        name, packages, version = settings["release"], settings["packages"], settings.get("version")
        if name not in self.releases:
            found = package_release(packages, name) if packages else installed_release(self.root, name, version)
            self.releases[name] = found
        return self.releases[name]

    def _add_folders(self, places: dict[str, str], user: str | None) -> None:
        mode = 0o750 if user else 0o755
        self.folders[places["folder"]] = Folder(mode, reader=user)
        self.folders[places["etc"]] = Folder(mode, reader=user)
        self.folders.update((places[name], Folder(mode, user)) for name in node_environment.FOLDERS)
        self.folders[places["home"]] = Folder(0o700, user)  # it holds a cookie, which nobody else needs to see


def _told(settings: dict, members: dict) -> dict:
    """What a node may be told while it runs: the environment of the application wombat, and settings of others."""
    told = dict(settings.get("told") or {})
    return {**told, "wombat": {**_members(settings["family"], members), **told.get("wombat", {})}}


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
