# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a family and its nodes have in the folder of a release stays when another build or version is unpacked."""

from __future__ import annotations

import base64
import shutil
import tarfile
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import archive as archives
from ansible_collections.wombat.erlang.plugins.module_utils import release_folder
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError


def _changed(archive, folder, version):
    """The release in an archive with another file, as another build or version of it."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder)  # our own; Debian's Python has no filter yet
    (folder / "share").mkdir()
    (folder / "share/other").write_text("")
    if version != "1.0.0":
        data = folder / "releases/start_erl.data"
        data.write_text(data.read_text().replace("1.0.0", version))
        (folder / "releases/1.0.0").rename(folder / "releases" / version)
        described = folder / "releases" / version / "probe.rel"
        described.write_text(described.read_text().replace('"probe","1.0.0"', f'"probe","{version}"'))
    path = folder.with_suffix(".tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder, ".")
    return path


def test_neither_another_build_nor_another_version_touches_the_files_of_a_family_or_data(make_host, archive, tmp_path):
    host = make_host()
    shutil.rmtree(host.root / "releases")
    other, newer = (_changed(archive, tmp_path / version, version) for version in ("1.0.0", "1.1.0+build.2"))

    def install(path, force=False):
        found = archives.inspect(str(path))
        names = (str(host.root), "probe", found.version, found.sha256, str(path))
        return release_folder.prepare(*names, keep=3, switch=False, force=force).apply()

    install(archive)
    (host.root / "releases/probe/current").symlink_to("1.0.0")
    content = base64.b64encode(b"mine = 1\n").decode()
    files = [{"dest": "etc/probe.conf", "content": content, "mode": "0644"}]
    host.configure("kv1", files=files)
    host.nodes(names=["kv1"])
    folder = host.root / "releases/probe/1.0.0"
    # Where it is told to keep its data, and beside the release, in the folder that it runs in.
    write = f'[file:write_file(F, <<"kept">>) || F <- [filename:join(os:getenv("WOMBAT_DATA"), "d"), "{folder}/ring"]]'
    assert host.value(write, "kv1") == ["ok", "ok"]
    with pytest.raises(WombatError, match="cannot be replaced while a process runs from it"):
        install(other, force=True)
    host.nodes("stopped", ["kv1"])
    for path in (other, newer):
        share = Path(install(path, force=True)["path"], "share/other")
        assert share.exists()
        assert (folder / "etc/probe.conf").read_text() == "mine = 1\n"
        assert (folder / "ring").read_text() == "kept"
        assert (host.root / "nodes/kv1/data/d").read_text() == "kept"
    assert not host.configure("kv1", files=files)["changed"]
    host.nodes(names=["kv1"])
