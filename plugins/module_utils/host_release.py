# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies unpacked in a release's folder: relx or mix, its version, its runtime system."""

from __future__ import annotations

import glob
import os
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

# OTP 27.2, where flags of the distribution became parameters of the application kernel.
FIRST_KERNEL_PARAMETERS = (15, 2)
_OTP_MINUS_ERTS = 12


class HostRelease(NamedTuple):
    """One version of a release on this host."""

    name: str  # the release's own name, which its start script has
    version: str
    kind: str  # relx | mix
    path: str  # the folder that holds bin/ and releases/
    erts_version: str  # as in releases/start_erl.data, for example 13.1.5
    erts: str | None  # the runtime system's folder, None where the release has none of its own

    @property
    def version_path(self) -> str:
        """The folder of vm.args and the boot scripts."""
        return os.path.join(self.path, "releases", self.version)

    @property
    def otp_release(self) -> int:
        """The major release of OTP, for example 25."""
        return erts_numbers(self.erts_version)[0] + _OTP_MINUS_ERTS


def erts_numbers(erts_version: str) -> tuple[int, ...]:
    """C(13.1.5) as C((13, 1, 5)), for comparing; whatever is no number ends it."""
    numbers = []
    for part in erts_version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def installed_release(root: str, name: str, version: str | None = None) -> HostRelease:
    """A version of release C(name) under the instance's C(root), or the C(current) one; raises WombatError."""
    folder = os.path.join(root, "releases", name, version or "current")
    if not os.path.isdir(folder):
        there = [
            entry for entry in sorted(glob.glob(os.path.join(os.path.dirname(folder), "*"))) if os.path.isdir(entry)
        ]
        names = ", ".join(os.path.basename(entry) for entry in there if not os.path.islink(entry))
        raise WombatError(
            f"Release {name} is not installed under {root}: {folder} is missing; "
            + (f"there are the versions {names}." if names else "install it first.")
        )
    return read_release(os.path.realpath(folder), name)


def is_installed(root: str, name: str, version: str | None = None) -> bool:
    """Whether a version of a release is under the instance's C(root)."""
    return os.path.isdir(os.path.join(root, "releases", name, version or "current"))


def read_release(path: str, name: str) -> HostRelease:
    """Read an unpacked release.

    :arg name: What the deployment calls it; preferred where C(bin) has a script of that name.
    :returns: Its HostRelease.
    :raises WombatError: It is not laid out as relx or mix lay out a release.
    """
    data = os.path.join(path, "releases", "start_erl.data")
    try:
        with open(data, encoding="utf-8") as file:
            erts_version, version = file.read().split()
    except (OSError, ValueError):
        raise WombatError(
            f"{path} is not an Erlang release: {data} must hold the versions of the runtime system and of the release."
        ) from None
    if not erts_numbers(erts_version):
        raise WombatError(f"{data} names {erts_version} as version of the runtime system, which is none.")
    version_path = os.path.join(path, "releases", version)
    own_name = _own_name(path, version_path, name)
    kind = "mix" if os.path.exists(os.path.join(version_path, "elixir")) else "relx"
    erts = os.path.join(path, "erts-" + erts_version)
    return HostRelease(own_name, version, kind, path, erts_version, erts if os.path.isdir(erts) else None)


def _own_name(path: str, version_path: str, name: str) -> str:
    """The name that the release's start script has."""
    names = [name]
    if os.path.isdir(version_path):
        names += sorted(file[: -len(".rel")] for file in os.listdir(version_path) if file.endswith(".rel"))
    for candidate in names:
        if os.path.isfile(os.path.join(path, "bin", candidate)):
            return candidate
    raise WombatError(f"{path} has no start script bin/{name}: only releases with relx's or mix's own can be run.")
