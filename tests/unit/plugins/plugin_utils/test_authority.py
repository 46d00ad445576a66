# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate authority of a deployment: what it signs, what it refuses, and its change step by step."""

from __future__ import annotations

import datetime
import os
import subprocess

import pytest
from cryptography import x509

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import authority
from ansible_collections.wombat.erlang.plugins.plugin_utils.authority import OwnAuthority, read_pair

NAME = "kv1@192.0.2.10"


def read(path):
    with open(path, "rb") as file:
        return file.read()


@pytest.fixture
def own(tmp_path):
    made = OwnAuthority(str(tmp_path / "store/ca"), "shop")
    made.make()
    return made


def test_a_certificate_is_for_its_node_alone_and_openssl_agrees(own, tmp_path):
    signer = own.read(read)
    text = signer.issue(NAME)
    assert signer.refuses(text, NAME) is None
    assert signer.refuses(text, "kv2@192.0.2.10") is None  # its slot is no part of what others verify
    assert signer.refuses(text, "kv1@192.0.2.11") == "is for another address"
    assert signer.refuses(None, NAME) == "is missing"
    assert signer.refuses("nonsense", NAME) == "is not of this authority"
    (tmp_path / "node.pem").write_text(text)
    (tmp_path / "ca.pem").write_text(signer.trusted)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_ip", "192.0.2.10"]
    command += ["-CAfile", tmp_path / "ca.pem", tmp_path / "node.pem"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_host_name_is_a_name_and_a_long_node_name_no_obstacle(own):
    text = own.read(read).issue("k" * 70 + "@kv.example")
    names = x509.load_pem_x509_certificate(text.encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert list(names.value) == [x509.DNSName("kv.example")]


def test_what_expires_soon_is_refused_and_so_is_an_authority_that_has(own, monkeypatch):
    signer = own.read(read)
    text = signer.issue(NAME)
    now = datetime.datetime.now(datetime.UTC)
    for days, refused in ((300, None), (310, "expires soon")):
        monkeypatch.setattr(authority, "_now", lambda days=days: now + datetime.timedelta(days=days))
        assert signer.refuses(text, NAME) == refused
    monkeypatch.setattr(authority, "_now", lambda: now + datetime.timedelta(days=3651))
    with pytest.raises(WombatError, match="has expired on"):
        own.read(read)


def test_keys_are_their_owners_alone_and_are_never_shown(own):
    modes = {
        name: os.stat(os.path.join(folder, name)).st_mode & 0o777
        for folder, _folders, names in os.walk(own.folder)
        for name in names
        if name == "key.pem"
    }
    assert modes == {"key.pem": 0o400}
    assert os.stat(own.folder).st_mode & 0o777 == 0o700
    assert "key" not in repr(own.read(read))


def test_a_change_trusts_both_until_it_settles_and_goes_on_wherever_it_was_killed(own):
    former = own.read(read)
    certificate = former.issue(NAME)
    for _again in range(2):
        own.prepare()
        between = own.read(read)
        assert between.certificate == former.certificate
        assert between.trusted.count("BEGIN") == 2
    assert between.refuses(certificate, NAME) is None
    for _again in range(2):
        own.switch()
        own.prepare()  # a change that was killed here is not begun anew
        after = own.read(read)
        assert after.refuses(certificate, NAME) == "is not of this authority"
        assert (after.trusted, after.trusted.startswith(former.trusted)) == (between.trusted, True)
    for _again in range(2):
        own.settle()
        assert own.read(read).trusted == after.trusted.removeprefix(former.trusted)
    own.make()
    assert own.read(read).certificate == after.certificate


@pytest.mark.parametrize("state", ["present", "next_authority"])
def test_a_folder_that_cannot_be_written_is_told(tmp_path, state):
    (tmp_path / "file").write_text("")
    with pytest.raises(WombatError, match=r"The authority in .*/file/ca cannot be written: Not a directory"):
        OwnAuthority(str(tmp_path / "file/ca"), "shop").step(state)


def test_an_authority_that_is_missing_is_told(tmp_path):
    with pytest.raises(WombatError, match="has no authority yet"):
        OwnAuthority(str(tmp_path / "ca"), "shop").read(read)


@pytest.mark.parametrize("algorithm", ["rsa:2048", "ed25519"])
def test_an_existing_authority_signs_and_all_of_its_file_is_trusted(own, tmp_path, algorithm):
    paths = [tmp_path / "corporate.pem", tmp_path / "corporate.key"]
    command = ["openssl", "req", "-x509", "-newkey", algorithm, "-nodes", "-subj", "/CN=Corporate", "-days", "99"]
    subprocess.run([*command, "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    former = own.read(read)
    with open(paths[0], "a") as file:
        file.write(former.trusted)
    signer = read_pair(*map(str, paths), read)
    assert signer.trusted.count("BEGIN") == 2
    assert signer.refuses(signer.issue(NAME), NAME) is None
    assert signer.refuses(former.issue(NAME), NAME) == "is not of this authority"


@pytest.mark.parametrize(
    ("certificate", "key", "sentence"),
    [
        ("nothing", "right", "nothing.pem holds no certificate in PEM format"),
        ("right", "nothing", "nothing.key holds no private key in PEM format without a passphrase"),
        ("right", "locked", "locked.key holds no private key in PEM format without a passphrase"),
        ("right", "node", "node.key is not the key of the first certificate in"),
        ("node", "node", "node.pem is no authority's certificate"),
    ],
)
def test_files_that_are_no_authority_are_named(own, tmp_path, certificate, key, sentence):
    text = own.read(read).issue(NAME)
    for name in ("nothing.pem", "nothing.key"):
        (tmp_path / name).write_text("-----BEGIN SECRET-----")
    for name in ("node.pem", "node.key"):
        (tmp_path / name).write_text(text)
    (tmp_path / "right.pem").write_bytes(read(f"{own.folder}/current/certificate.pem"))
    (tmp_path / "right.key").write_bytes(read(f"{own.folder}/current/key.pem"))
    lock = ["openssl", "pkey", "-aes256", "-passout", "pass:x", "-in", tmp_path / "right.key"]
    subprocess.run([*lock, "-out", tmp_path / "locked.key"], check=True, capture_output=True)
    with pytest.raises(WombatError) as failure:
        read_pair(str(tmp_path / f"{certificate}.pem"), str(tmp_path / f"{key}.key"), read)
    assert sentence in str(failure.value)
    assert "SECRET" not in str(failure.value)
