# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release archives for tests, with the files that rebar3 3.19 and mix 1.14 put into theirs."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path

EXECUTABLE = Path("/bin/sh").read_bytes()  # One that certainly runs on this host.


def rel(name, version, erts, applications):
    """The text of a .rel file."""
    listed = ",".join(f'{{{app},"{vsn}"}}' for app, vsn in applications.items())
    return f'%% coding: utf-8\n{{release,{{"{name}","{version}"}},\n {{erts,"{erts}"}},\n [{listed}]}}.\n'.encode()


def relx(name="kv", version="1.2.0", erts="13.1.5", included=True, beam=EXECUTABLE):
    """The files of a relx release, {name: content}."""
    applications = {"kernel": "8.5.3", "stdlib": "4.2", name: version}
    files = {
        f"bin/{name}": b"#!/bin/sh\n",
        f"bin/{name}-{version}": b"#!/bin/sh\n",
        "bin/nodetool": b"#!/usr/bin/env escript\n",
        "releases/start_erl.data": f"{erts} {version}".encode(),
        "releases/RELEASES": b"[].",
        f"releases/{name}.rel": rel(name, version, erts, applications),
        f"releases/{version}/{name}.rel": rel(name, version, erts, applications),
        f"releases/{version}/vm.args": b"-name kv@127.0.0.1\n",
        f"releases/{version}/sys.config": b"[].\n",
        f"releases/{version}/start.boot": b"boot",
        f"lib/{name}-{version}/ebin/{name}.app": b"app",
    }
    if included:
        files.update({f"erts-{erts}/bin/beam.smp": beam, f"erts-{erts}/bin/erl": b"#!/bin/sh\n"})
    return files


def mix(name="shop", version="1.2.0-rc.1", erts="13.1.5"):
    """The files of a mix release, {name: content}."""
    applications = {"kernel": "8.5.3", "elixir": "1.14.0", name: version}
    return {
        f"bin/{name}": b"#!/bin/sh\n",
        f"bin/{name}.bat": b"rem\n",
        "releases/COOKIE": b"secret",
        "releases/start_erl.data": f"{erts} {version}".encode(),
        f"releases/{version}/{name}.rel": rel(name, version, erts, applications),
        f"releases/{version}/env.sh": b"#!/bin/sh\n",
        f"releases/{version}/vm.args": b"",
        f"releases/{version}/remote.vm.args": b"",
        f"releases/{version}/sys.config": b"[].\n",
        f"releases/{version}/elixir": b"#!/bin/sh\n",
        f"lib/{name}-{version}/ebin/{name}.app": b"app",
        f"erts-{erts}/bin/beam.smp": EXECUTABLE,
    }


def link(name, target, kind=tarfile.SYMTYPE):
    """A member that is a link, or of another kind without content."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def write(path, files, folder="", members=(), mode=0o644):
    """Write an archive of the files, below a folder inside it, then of the members; return its path as text."""
    # Without a time of its own in the header, equal files give equal archives.
    with gzip.GzipFile(path, "wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(folder + name)
            member.size, member.mode = len(content), mode
            tar.addfile(member, io.BytesIO(content))
        for member in members:
            tar.addfile(member)
    return str(path)


def elf(machine, loader=""):
    """A 64-bit little-endian ELF file that holds its header and, with a loader, the segment that names it."""
    name = loader.encode() + b"\0"
    segment = struct.pack("<IIQQQQQQ", 3, 4, 120, 0, 0, len(name), len(name), 1)
    header = struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 1 if loader else 0, 0, 0, 0)
    return b"\x7fELF\x02\x01\x01" + bytes(9) + header + segment + name
