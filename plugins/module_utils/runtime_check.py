# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Can this host run the release? Looks at the runtime system inside it, or for one on the host."""

from __future__ import annotations

import os
import platform
import re
import shutil
import struct
import subprocess
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.archive import Archive, otp_release
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

# ELF e_machine numbers, and which of them a machine runs: a 64-bit one its 32-bit kin too, given their loader.
_ELF_NAMES = {
    3: "i386",
    20: "ppc",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    243: "riscv64",
    258: "loongarch64",
}
_RUNS = {
    "x86_64": {62, 3},
    "amd64": {62, 3},
    "i386": {3},
    "i586": {3},
    "i686": {3},
    "aarch64": {183, 40},
    "arm64": {183, 40},
    "armv6l": {40},
    "armv7l": {40},
    "armv8l": {40},
    "ppc64": {21, 20},
    "ppc64le": {21},
    "s390x": {22},
    "riscv64": {243},
    "loongarch64": {258},
}
_PT_INTERP = 3
_ERTS_VERSION = "io:put_chars(erlang:system_info(version)), halt()."


def check_runtime(folder: str, archive: Archive) -> str:
    """Return the path of the `erl` that the release unpacked in `folder` will run on.

    Raises WombatError when the runtime system in the release cannot run here, or when it has none and the host offers
    none of the same OTP release.
    """
    if archive.erts_included:
        directory = os.path.join(folder, f"erts-{archive.erts_version}", "bin")
        _check_executable(_emulator(directory), f"{archive.name} {archive.version}")
        return os.path.join(directory, "erl")
    return _host_runtime(archive)


def _emulator(directory: str) -> str:
    """Return the emulator's path: beam.smp, or beam in releases older than OTP 21."""
    smp = os.path.join(directory, "beam.smp")
    return smp if os.path.exists(smp) else os.path.join(directory, "beam")


def _check_executable(path: str, release: str) -> None:
    if platform.system() not in ("Linux", "FreeBSD"):
        return  # Other systems have executables of other formats.
    host = platform.machine()
    try:
        with open(path, "rb") as stream:
            machine, loader = _elf(stream)
    except (OSError, ValueError, struct.error) as error:
        raise WombatError(
            f"The runtime system in {release} cannot run here: {os.path.basename(path)} is not an ELF executable; "
            f"build the release on {host} Linux."
        ) from error
    known = _RUNS.get(host.lower())
    if known is not None and machine not in known:
        built = _ELF_NAMES.get(machine, f"machine {machine}")
        raise WombatError(
            f"The runtime system in {release} was built for {built} but this host is {host}: build the release for "
            f"{host} or place the family on {built}."
        )
    if loader and not os.path.exists(loader):
        raise WombatError(
            f"The runtime system in {release} needs the dynamic loader {loader}, which this host lacks: build the "
            "release for this host's C library."
        )


def _elf(stream: t.BinaryIO) -> tuple[int, str]:
    """Return (e_machine, path of the dynamic loader or '') of an ELF file; raises ValueError when it is none."""
    ident = stream.read(16)
    if ident[:4] != b"\x7fELF" or len(ident) < 16:
        raise ValueError("not ELF")
    wide, order = ident[4] == 2, "<" if ident[5] == 1 else ">"
    header = stream.read(48 if wide else 36)
    fields = struct.unpack(order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"), header)
    machine, table, entry_size, entries = fields[1], fields[4], fields[8], fields[9]
    for index in range(entries):
        stream.seek(table + index * entry_size)
        entry = stream.read(entry_size)
        if struct.unpack_from(order + "I", entry)[0] == _PT_INTERP:
            word, places = ("Q", (8, 32)) if wide else ("I", (4, 16))
            offset, size = (struct.unpack_from(order + word, entry, place)[0] for place in places)
            stream.seek(offset)
            return machine, stream.read(size).rstrip(b"\0").decode("ascii", "replace")
    return machine, ""


def host_erl(needed: str) -> tuple[str, str]:
    """Return the path of the host's own `erl` and the version of its runtime system.

    needed begins the sentence of the WombatError that is raised where the host has none that works.
    """
    erl = shutil.which("erl", path=os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/local/bin")
    if erl is None:
        raise WombatError(
            f"{needed}, but no erl is on the PATH of this host: install that Erlang/OTP, or build the release with "
            "include_erts."
        )
    try:
        done = subprocess.run(
            [erl, "-noinput", "-boot", "no_dot_erlang", "-eval", _ERTS_VERSION],
            env=dict(os.environ, HOME=os.environ.get("HOME", "/")),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=30,
            check=False,
        )
        found = done.stdout.decode("utf-8", "replace").strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WombatError(f"{needed}, but {erl} does not start ({error}): mend or reinstall it.") from error
    if not re.match(r"\d+(\.\d+)*\Z", found):
        raise WombatError(f"{needed}, but {erl} is not usable: {found[:200]}: mend or reinstall it.")
    return erl, found


def _host_runtime(archive: Archive) -> str:
    """Return the host's own `erl` of the archive's OTP release."""
    wanted = archive.otp_release
    needed = f"{archive.name} {archive.version} has no runtime system of its own and needs Erlang/OTP {wanted}"
    erl, erts_version = host_erl(needed)
    if otp_release(erts_version) != wanted:
        raise WombatError(
            f"{needed}, but {erl} is Erlang/OTP {otp_release(erts_version)}: install Erlang/OTP {wanted}, or build "
            "the release with include_erts."
        )
    return erl
