# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases that come as Debian packages: their own services stay masked, for their nodes are units of ours."""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.runtime_check import host_erl

# As apt takes it: a name, and the one version that will do.
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+(=[A-Za-z0-9.+:~-]+)?\Z")
_UNITS = "/etc/systemd/system"
_UNIT_FILE = re.compile(r"(/usr)?/lib/systemd/system/[^/]+\.(service|socket)\Z")
_OPTIONS = ["-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
_KEEP = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"]


def prepare(packages: list[str], name: str) -> Work:
    """The work of installing the packages that are a release, without starting what they bring.

    :arg packages: Names, or names with a version as C(rabbitmq-server=3.10.8-1); the first is the release's own.
    :arg name: What the deployment calls the release.
    :raises WombatError: This host has no dpkg, or a package no such name.
    """
    installed = versions(packages)
    missing = [package for package in packages if not _is_there(package, installed)]
    units = [unit for unit in _units(packages, installed) if not _masked(unit)]
    after = {**installed, **{_name(package): package.partition("=")[2] or "newest" for package in missing}}
    diff = [{"before": _lines(installed), "after": _lines(after)}] if missing else []

    def apply() -> dict[str, Any]:
        _mask(units)
        if missing:
            _install(missing)
            _mask([unit for unit in _units(packages, versions(packages)) if not _masked(unit)])
        return _result(packages, name, versions(packages), bool(missing), bool(missing or units))

    preview = _result(packages, name, after, bool(missing), bool(missing or units))
    return Work(bool(missing or units), preview, diff, apply if missing or units else None)


def versions(packages: list[str]) -> dict[str, str]:
    """The versions of those packages that are installed; raises WombatError."""
    for package in packages:
        if not _PACKAGE.match(package):
            raise WombatError(f"{package!r} names no Debian package: write it like rabbitmq-server.")
    form = "--showformat=${Package} ${db:Status-Status} ${Version}\\n"
    lines = _run(["dpkg-query", "--show", form, *map(_name, packages)], check=False)[1].splitlines()
    found = [line.split() for line in lines]
    return {words[0]: words[2] for words in found if len(words) == 3 and words[1] == "installed"}


def package_release(packages: list[str], name: str) -> HostRelease:
    """The release that installed packages are; raises WombatError where one is missing."""
    installed = versions(packages)
    missing = [package for package in packages if not _is_there(package, installed)]
    if missing:
        raise WombatError(f"Release {name} is not installed: package {missing[0]} is missing; install it first.")
    erl, erts_version = host_erl(f"Release {name}, package {packages[0]}, needs an Erlang/OTP")
    path = os.path.dirname(os.path.dirname(os.path.realpath(erl)))
    return HostRelease(name, installed[_name(packages[0])], "package", path, erts_version, None)


def _result(packages: list[str], name: str, found: dict[str, str], installed: bool, changed: bool) -> dict[str, Any]:
    version = found.get(_name(packages[0]), "")
    result = {"changed": changed, "installed": installed, "pruned": [], "versions": [version], "current": version}
    return {**result, "path": "/usr", "release": {"name": name, "version": version, "layout": "package"}}


def _name(package: str) -> str:
    return package.partition("=")[0]


def _is_there(package: str, installed: dict[str, str]) -> bool:
    name, _sign, version = package.partition("=")
    return name in installed and version in ("", installed[name])


def _units(packages: list[str], installed: dict[str, str]) -> list[str]:
    """The units of the packages: what they list once they are there, before that the one of their name."""
    if not os.path.isdir("/run/systemd/system"):
        return []
    units = {f"{_name(package)}.service" for package in packages}
    there = [_name(package) for package in packages if _name(package) in installed]
    listed = _run(["dpkg-query", "--listfiles", *there])[1].splitlines() if there else []
    units.update(os.path.basename(path) for path in listed if _UNIT_FILE.match(path))
    return sorted(units)


def _masked(unit: str) -> bool:
    path = os.path.join(_UNITS, unit)
    return os.path.islink(path) and os.readlink(path) == os.devnull


def _mask(units: list[str]) -> None:
    """Stop units and keep them from starting; those that do not exist yet too."""
    if units:
        _run(["systemctl", "stop", *units], check=False)
        _run(["systemctl", "mask", *units])


def _install(packages: list[str]) -> None:
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")
    pinned = ["--allow-downgrades"] if any("=" in package for package in packages) else []
    command = ["apt-get", "install", *_OPTIONS, *_KEEP, *pinned, *packages]
    # The lists of a new host are missing or old; those of others need not be asked for every time.
    if _run(command, env, check=False)[0] != 0:
        _run(["apt-get", "update", "-q"], env, check=False)
        _run(command, env)


def _run(command: list[str], env: dict[str, str] | None = None, check: bool = True) -> tuple[int, str]:
    """Run a program; returns its code and what it printed. Raises WombatError when it fails and C(check) is set."""
    try:
        done = subprocess.run(
            command,
            env=env or dict(os.environ, LC_ALL="C.UTF-8"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise WombatError(f"{command[0]} cannot be run ({error}): packages can be releases on Debian only.") from None
    if check and done.returncode != 0:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
        reasons = [line for line in said if line.startswith("E:")] or said[-1:]
        raise WombatError(f"'{' '.join(command[:2])}' failed for {command[-1]}: {' '.join(reasons)[:500]}.")
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _lines(found: dict[str, str]) -> str:
    return "".join(f"{name} {version}\n" for name, version in sorted(found.items()))
