# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Release archives are told from everything else, and dangerous ones are refused."""

from __future__ import annotations

import gzip
import hashlib
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils import archive as archives
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.tests.unit.release_archives import link, mix, rel, relx, write


@pytest.mark.parametrize("folder", ["", "./", "kv/", "./kv-1.2.0/"])
def test_relx(tmp_path, folder):
    path = write(tmp_path / "a.tar.gz", relx(), folder)
    found = archives.inspect(path)
    assert (found.name, found.version, found.layout) == ("kv", "1.2.0", "relx")
    assert (found.erts_version, found.otp_release, found.erts_included) == ("13.1.5", 25, True)
    assert found.applications == {"kernel": "8.5.3", "stdlib": "4.2", "kv": "1.2.0"}
    content = (tmp_path / "a.tar.gz").read_bytes()
    assert (found.sha256, found.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert found.unpacked_size == sum(map(len, relx().values()))
    assert found.folder == folder.strip("./")


def test_relx_without_runtime_system(tmp_path):
    found = archives.inspect(write(tmp_path / "a.tar.gz", relx(included=False)))
    assert not found.erts_included
    assert found.otp_release == 25


def test_mix(tmp_path):
    found = archives.inspect(write(tmp_path / "a.tar.gz", mix()))
    assert (found.name, found.version, found.layout, found.erts_included) == ("shop", "1.2.0-rc.1", "mix", True)
    assert found.applications == {"kernel": "8.5.3", "elixir": "1.14.0", "shop": "1.2.0-rc.1"}


def test_quoted_and_latin1_applications(tmp_path):
    files = relx()
    text = rel("kv", "1.2.0", "13.1.5", {"'my-app'": "0.1", "kv": "1.2.0"}) + b"% caf\xe9\n"
    files["releases/1.2.0/kv.rel"] = text
    assert archives.inspect(write(tmp_path / "a.tar.gz", files)).applications == {"my-app": "0.1", "kv": "1.2.0"}


def test_as_dict_is_what_results_show(tmp_path):
    data = archives.inspect(write(tmp_path / "a.tar.gz", relx(), "kv/")).as_dict()
    assert set(data) == {
        *("name", "version", "layout", "erts_version", "otp_release", "erts_included"),
        *("applications", "sha256", "size", "unpacked_size", "hot_from"),
    }


def test_links_inside_are_fine(tmp_path):
    members = [link("bin/start", "kv"), link("lib/kv", "./kv-1.2.0"), link("bin/up/vm", "../../releases/1.2.0/vm.args")]
    members.append(link("bin/hard", "./bin/kv", tarfile.LNKTYPE))
    assert archives.inspect(write(tmp_path / "a.tar.gz", relx(), members=members)).name == "kv"


def test_links_inside_the_top_folder_are_fine(tmp_path):
    members = [link("kv/bin/start", "../bin/kv"), link("kv/bin/hard", "kv/bin/kv", tarfile.LNKTYPE)]
    assert archives.inspect(write(tmp_path / "a.tar.gz", relx(), "kv/", members)).name == "kv"


REFUSED = {
    "parent": (link("../evil", "", tarfile.REGTYPE), "outside its folder"),
    "parent inside": (link("bin/../../evil", "", tarfile.REGTYPE), "outside its folder"),
    "absolute": (link("/etc/evil", "", tarfile.REGTYPE), "outside its folder"),
    "device": (link("bin/null", "", tarfile.CHRTYPE), "a device"),
    "pipe": (link("bin/pipe", "", tarfile.FIFOTYPE), "a pipe"),
    "absolute link": (link("lib/x", "/etc/passwd"), "points outside"),
    "climbing link": (link("lib/x", "../../etc"), "points outside"),
    "link to the folder above": (link("up", ".."), "points outside"),
    "roundabout link": (link("lib/x", "kv-1.2.0/../../.."), "points outside"),
    "hard link outside": (link("lib/x", "../evil", tarfile.LNKTYPE), "points outside"),
    "absolute hard link": (link("lib/x", "/etc/passwd", tarfile.LNKTYPE), "points outside"),
    "hard link to nothing": (link("lib/x", "lib/y", tarfile.LNKTYPE), "points outside"),
}


@pytest.mark.parametrize("trap", REFUSED)
def test_dangerous_members_are_refused(tmp_path, trap):
    member, reason = REFUSED[trap]
    with pytest.raises(WombatError, match=reason):
        archives.inspect(write(tmp_path / "a.tar.gz", relx(), members=[member]))


def test_links_must_stay_in_the_top_folder(tmp_path):
    with pytest.raises(WombatError, match="points outside"):
        archives.inspect(write(tmp_path / "a.tar.gz", relx(), "kv/", [link("kv/up", "..")]))


def test_nothing_may_lie_under_a_link(tmp_path):
    members = [link("a/b/up", "../.."), link("a/b/up/out", "../..")]
    with pytest.raises(WombatError, match="under a link"):
        archives.inspect(write(tmp_path / "a.tar.gz", relx(), members=members))


def changed(**changes):
    """The files of a relx release with some replaced, None for removed; dots in a name stand for themselves."""
    files = {**relx(), **{name.replace("__", "/"): content for name, content in changes.items()}}
    return {name: content for name, content in files.items() if content is not None}


NOT_RELEASES = {
    "no start_erl.data": (changed(**{"releases__start_erl.data": None}), "start_erl.data is missing"),
    "nothing of Erlang": ({"README": b"hello"}, "is not an Erlang release"),
    "empty start_erl.data": (changed(**{"releases__start_erl.data": b""}), "must hold an ERTS version"),
    "no start script": (changed(bin__kv=None), "bin/kv for version 1.2.0 is missing"),
    "no .rel": (changed(**{"releases__1.2.0__kv.rel": None}), "releases/1.2.0/NAME.rel"),
    "unreadable .rel": (changed(**{"releases__1.2.0__kv.rel": b"nonsense"}), "NAME.rel"),
    "other version": (changed(**{"releases__start_erl.data": b"13.1.5 9.9"}), "NAME.rel for version 9.9"),
    "bad ERTS version": (changed(**{"releases__start_erl.data": b"x/.. 1.2.0"}), "not an ERTS version"),
    "two in one version": (
        changed(**{"bin__web": b"", "releases__1.2.0__web.rel": rel("web", "1.2.0", "13.1.5", {})}),
        "several releases \\(kv, web\\)",
    ),
    "two folders": ({**{f"kv/{k}": v for k, v in relx().items()}, "web/releases/start_erl.data": b""}, "several rel"),
    "stray file": ({**{f"kv/{k}": v for k, v in relx().items()}, "notes.txt": b""}, "'notes.txt' lies beside"),
    "too deep": ({f"opt/kv/{k}": v for k, v in relx().items()}, "start_erl.data is missing"),
    "hidden version": (relx(version=".1"), "version '.1' cannot name"),
    "reserved version": (relx(version="current"), "version 'current' cannot name"),
    "unfinished version": (relx(version="1.part-2"), "cannot name"),
}


@pytest.mark.parametrize("case", NOT_RELEASES)
def test_what_is_no_release_is_refused(tmp_path, case):
    files, reason = NOT_RELEASES[case]
    with pytest.raises(WombatError, match=reason):
        archives.inspect(write(tmp_path / "a.tar.gz", files))


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04", gzip.compress(b"hello", mtime=0), gzip.compress(b"", mtime=0)]
)
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(WombatError, match="is not a gzip-compressed tar"):
        archives.inspect(str(tmp_path / "a.tar.gz"))


def test_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(WombatError, match="Cannot read the archive .*: No such file or directory"):
        archives.inspect(str(tmp_path / "a.tar.gz"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a good archive."""
    path = tmp_path_factory.mktemp("whole") / "a.tar.gz"
    write(path, relx())
    return path.read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_every_truncation_is_refused(tmp_path, whole, share):
    (tmp_path / "a.tar.gz").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WombatError, match="truncated or damaged|is not a gzip-compressed tar"):
        archives.inspect(str(tmp_path / "a.tar.gz"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda tar: tar[: len(tar) // 2],  # Ends within a file.
        lambda tar: tar[:512] + tar[512 : 2 * 512 + 100],  # Ends within a header.
        lambda tar: tar[: 2 * 512] + b"x" * 512 + tar[3 * 512 :],  # A header overwritten, as tarfile overlooks it.
    ],
)
def test_damage_inside_an_intact_gzip_is_refused(tmp_path, whole, damage):
    tar = gzip.decompress(whole)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(damage(tar)))
    with pytest.raises(WombatError, match="truncated or damaged"):
        archives.inspect(str(tmp_path / "a.tar.gz"))


def test_trailing_garbage_is_refused(tmp_path, whole):
    (tmp_path / "a.tar.gz").write_bytes(whole + b"garbage")
    with pytest.raises(WombatError, match="truncated or damaged"):
        archives.inspect(str(tmp_path / "a.tar.gz"))


@pytest.mark.parametrize(
    ("erts", "otp"),
    [
        *(("5.10.4", 16), ("6.4", 17), ("9.3.3", 20), ("10.0", 21), ("10.3.5.19", 21), ("10.4", 22), ("10.7.2", 22)),
        *(("11.0", 23), ("12.3.2", 24), ("13.1.5", 25), ("15.2", 27), ("16.0-rc1", 28)),
    ],
)
def test_otp_release(erts, otp):
    assert archives.otp_release(erts) == otp


@pytest.mark.parametrize("text", ["", "sha256:", "md5:" + "0" * 32, "0" * 63, "sha256:" + "g" * 64])
def test_bad_checksums(text):
    with pytest.raises(WombatError, match="64 hexadecimal digits"):
        archives.parse_checksum(text)


def test_checksums():
    assert archives.parse_checksum("sha256:" + "A" * 64) == archives.parse_checksum(" " + "a" * 64) == "a" * 64


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"sha256": "0" * 64}, "has the checksum sha256:.* instead of sha256:0000"),
        ({"name": "web"}, "holds kv 1.2.0, but release web"),
        ({"version": "2"}, "holds kv 1.2.0, but version 2"),
    ],
)
def test_expect(tmp_path, wanted, reason):
    found = archives.inspect(write(tmp_path / "a.tar.gz", relx()))
    archives.expect(found, "a.tar.gz", "kv", "1.2.0", found.sha256)
    with pytest.raises(WombatError, match=reason):
        archives.expect(found, "a.tar.gz", **wanted)
