# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release archive holds: one pass over the file lists it, checks it and hashes it; nothing is written."""

from __future__ import annotations

import gzip
import hashlib
import re
import tarfile
import typing as t
import zlib
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from ansible_collections.wombat.erlang.plugins.module_utils import relup
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

# Names and versions become parts of paths: no separator, nothing hidden, none of the folder's own words.
PATH_PART = re.compile(r"(?!.*\.part-)(?!current\Z)[A-Za-z0-9_][A-Za-z0-9_.+~@-]*\Z")
_TEXTS = re.compile(r"(?:[^/]+/)?releases/(?:start_erl\.data|[^/]+/(?:[^/]+\.rel|relup))\Z")
_TEXT_LIMIT = 1 << 20
_REL_HEAD = re.compile(r'\{\s*release\s*,\s*\{\s*"([^"]+)"\s*,\s*"([^"]+)"\s*\}\s*,\s*\{\s*erts\s*,\s*"[^"]+"\s*\}')
_REL_APPLICATION = re.compile(r"""\{\s*(?:'([^']+)'|([a-z][A-Za-z0-9_@]*))\s*,\s*"([^"]+)\"""")


@dataclass(frozen=True)
class Archive:
    """A release archive that passed every check.

    layout is 'relx' or 'mix'; applications maps names to versions; sha256 is the hexadecimal digest and size the
    bytes of the file; unpacked_size is the bytes of its members; folder is the one top folder inside the archive, ''
    when it has none; hot_from are the versions from which its relup upgrades running nodes.
    """

    name: str
    version: str
    layout: str
    erts_version: str
    otp_release: int
    erts_included: bool
    applications: dict[str, str]
    sha256: str
    size: int
    unpacked_size: int
    folder: str
    hot_from: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, t.Any]:
        """Return the archive as plain data for a result (without the folder, a detail of unpacking)."""
        data = asdict(self)
        del data["folder"]
        return data


class _Digest:
    """A readable file that hashes and counts what is read from it."""

    def __init__(self, stream: t.BinaryIO) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._sha256.update(data)
        self.size += len(data)
        return data

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()


@contextmanager
def reading(stream: t.BinaryIO, path: str) -> t.Iterator[tuple[tarfile.TarFile, _Digest]]:
    """Yield (tarfile, digest) for the archive in the binary file `stream`; `path` is its name in errors.

    After the block the whole file has been read: the digest is complete and gzip's own check has passed.
    Raises WombatError for anything that is not a whole gzip-compressed tar.
    """
    digest = _Digest(stream)
    opened = False
    try:
        with gzip.GzipFile(fileobj=t.cast(t.BinaryIO, digest), mode="rb") as plain, tarfile.open(
            fileobj=plain, mode="r:"
        ) as tar:
            opened = True
            yield tar, digest
            clean = True
            for block in iter(lambda: plain.read(1 << 20), b""):
                clean = clean and not block.strip(b"\0")
            # tarfile takes a broken header in the middle for the end: data behind it or half a block gives it away.
            if not clean or plain.tell() % tarfile.BLOCKSIZE:
                raise tarfile.ReadError("a broken header")
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        if opened or isinstance(error, (EOFError, zlib.error)) and digest.size:
            raise WombatError(
                f"The archive {path} is truncated or damaged ({error}): build or copy it again."
            ) from error
        raise WombatError(
            f"{path} is not a gzip-compressed tar: give the .tar.gz that rebar3 tar or mix release made."
        ) from error


def inspect(path: str) -> Archive:
    """Return what the release archive at `path` holds.

    Raises WombatError when the file cannot be read, is no whole gzip-compressed tar, holds no release or several, or
    has members that would reach outside the folder it is unpacked into.
    """
    try:
        with open(path, "rb") as stream:
            return inspect_stream(stream, path)
    except OSError as error:
        raise WombatError(f"Cannot read the archive {path}: {error.strerror}.") from error


def inspect_stream(stream: t.BinaryIO, path: str) -> Archive:
    """Return what the release archive in the binary file `stream` holds; like `inspect`."""
    files: set[str] = set()
    names: set[str] = set()
    links: dict[str, tarfile.TarInfo] = {}
    texts: dict[str, str] = {}
    unpacked = 0
    with reading(stream, path) as (tar, digest):
        for member in tar:
            name = member_name(member, path)
            names.add(name)
            if member.isfile():
                files.add(name)
                unpacked += member.size
                if _TEXTS.match(name) and member.size <= _TEXT_LIMIT:
                    texts[name] = _decoded(t.cast(t.BinaryIO, tar.extractfile(member)).read())
            elif member.issym() or member.islnk():
                links[name] = member
    folder = _top_folder(files, names, path)
    _check_links(links, names, files, folder, path)
    prefix = folder + "/" if folder else ""
    content = {name[len(prefix) :] for name in files | set(links) if name.startswith(prefix)}
    texts = {name[len(prefix) :]: text for name, text in texts.items() if name.startswith(prefix)}
    start = texts.get("releases/start_erl.data", "").split()
    if len(start) != 2:
        raise WombatError(
            f"{path} is not a usable release: releases/start_erl.data must hold an ERTS version and a release version."
        )
    erts_version, version = start
    name, applications = _release_file(texts, content, version, path)
    for part, value in (("name", name), ("version", version)):
        if not PATH_PART.match(value):
            raise WombatError(
                f"{path}: the release's {part} {value!r} cannot name a folder: use letters, digits and '_.+~@-' only."
            )
    mix = {"releases/COOKIE", f"releases/{version}/env.sh", f"releases/{version}/remote.vm.args"}
    return Archive(
        name=name,
        version=version,
        layout="mix" if mix & content else "relx",
        erts_version=erts_version,
        otp_release=otp_release(erts_version),
        erts_included=any(entry.startswith(f"erts-{erts_version}/bin/") for entry in content),
        applications=applications,
        sha256=digest.sha256,
        size=digest.size,
        unpacked_size=unpacked,
        folder=folder,
        hot_from=relup.origins(texts.get(f"releases/{version}/relup", "")),
    )


def member_name(member: tarfile.TarInfo, path: str) -> str:
    """Return the member's path inside the archive in its plain form ('' for the root itself).

    Raises WombatError for names that leave the archive's folder and for kinds that no release needs.
    """
    parts = [part for part in member.name.split("/") if part not in ("", ".")]
    if member.name.startswith("/") or ".." in parts:
        raise WombatError(
            f"The archive {path} is refused: its member {member.name!r} would be written outside its folder."
        )
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise WombatError(
            f"The archive {path} is refused: its member {member.name!r} is a device, a pipe or of an unknown kind."
        )
    return "/".join(parts)


def otp_release(erts_version: str) -> int:
    """Return the Erlang/OTP release of an ERTS version: 13.1.5 -> 25. Raises WombatError when it is no version."""
    found = re.match(r"(\d+)(?:\.(\d+))?(?:[.-][A-Za-z0-9]+)*\Z", erts_version)
    if not found:
        raise WombatError(f"{erts_version!r} is not an ERTS version like 13.1.5.")
    major, minor = int(found.group(1)), int(found.group(2) or 0)
    # ERTS 10 served two releases (21, and 22 from 10.4 on), which is why the distance is not the same everywhere.
    return major + 12 if (major, minor) >= (10, 4) else major + 11


def parse_checksum(text: str) -> str:
    """Return the hexadecimal digest of 'sha256:...' or of a bare SHA-256; raises WombatError for anything else."""
    digest = text.strip().lower()
    digest = digest[len("sha256:") :] if digest.startswith("sha256:") else digest
    if not re.match(r"[0-9a-f]{64}\Z", digest):
        raise WombatError(f"The checksum {text!r} is not of the form sha256: followed by 64 hexadecimal digits.")
    return digest


def expect(
    archive: Archive, path: str, name: str | None = None, version: str | None = None, sha256: str | None = None
) -> None:
    """Raise WombatError when the archive at `path` is not the one that was asked for; None means any."""
    if sha256 and sha256 != archive.sha256:
        raise WombatError(
            f"The archive {path} has the checksum sha256:{archive.sha256} instead of sha256:{sha256}: it was "
            "changed or damaged on its way."
        )
    for word, wanted, found in (("release", name, archive.name), ("version", version, archive.version)):
        if wanted and wanted != found:
            raise WombatError(
                f"The archive {path} holds {archive.name} {archive.version}, but {word} {wanted} was asked for."
            )


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _top_folder(files: set[str], names: set[str], path: str) -> str:
    """Return the one top folder to strip ('' for a flat archive)."""
    marks = sorted(name for name in files if _TEXTS.match(name) and name.endswith("releases/start_erl.data"))
    if not marks:
        raise WombatError(
            f"{path} is not an Erlang release: releases/start_erl.data is missing (rebar3 tar and mix release with "
            "the :tar step make one)."
        )
    if len(marks) > 1:
        raise WombatError(f"{path} holds several releases ({', '.join(marks)}): give one archive per release.")
    folder = marks[0][: -len("releases/start_erl.data")].rstrip("/")
    stray = sorted(name for name in names if name and folder and name != folder and not name.startswith(folder + "/"))
    if stray:
        raise WombatError(f"{path} is not a usable release: {stray[0]!r} lies beside its top folder {folder!r}.")
    return folder


def _check_links(links: dict[str, tarfile.TarInfo], names: set[str], files: set[str], folder: str, path: str) -> None:
    """Refuse links that leave the folder.

    Nothing may lie under a link and '..' may only lead, so that where a target leads can be told from its text.
    """
    for name, member in links.items():
        target = member.linkname
        parts = [part for part in target.split("/") if part not in ("", ".")]
        ups = len(parts) - len([part for part in parts if part != ".."])
        inside = name.split("/")[1 if folder else 0 :]
        if member.islnk():
            safe = not ups and not target.startswith("/") and "/".join(parts) in files
        else:
            safe = not target.startswith("/") and ".." not in parts[ups:] and ups < len(inside)
        if not safe:
            raise WombatError(
                f"The archive {path} is refused: its link {name!r} points outside the release, to {target!r} "
                "(a development build links to its sources: build with dev_mode false)."
            )
    for name in names:
        parts = name.split("/")
        if any("/".join(parts[:depth]) in links for depth in range(1, len(parts))):
            raise WombatError(f"The archive {path} is refused: its member {name!r} lies under a link.")


def _release_file(texts: dict[str, str], content: set[str], version: str, path: str) -> tuple[str, dict[str, str]]:
    """Return (name, applications) from the .rel file of the version that start_erl.data names."""
    found: dict[str, dict[str, str]] = {}
    for entry, text in texts.items():
        head = _REL_HEAD.search(text)
        if entry.startswith(f"releases/{version}/") and head and head.group(2) == version:
            found[head.group(1)] = {
                quoted or plain: vsn for quoted, plain, vsn in _REL_APPLICATION.findall(text, head.end())
            }
    startable = sorted(name for name in found if f"bin/{name}" in content)
    if len(startable) > 1:
        raise WombatError(f"{path} holds several releases ({', '.join(startable)}): give one archive per release.")
    if not startable:
        missing = f"bin/{sorted(found)[0]}" if found else f"releases/{version}/NAME.rel"
        raise WombatError(f"{path} is not a usable release: {missing} for version {version} is missing.")
    return startable[0], found[startable[0]]
