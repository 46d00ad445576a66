# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs that are signed as the clouds' own libraries sign them."""

from __future__ import annotations

import datetime
import time
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from libcloud.common.google import GoogleOAuth2Credential

from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.object_store import ObjectStore

NOW = time.struct_time((2026, 12, 1, 2, 0, 0, 1, 335, 0))
P = int(
    "f1ce4e625796f97fbddf1bc91427c652fa803af2974fb6099ddc2107e17e5b6b723e6dd8c8a51f5abf1d6afd84dac892"
    "956a0726264370f1e47001116d44e8a9",
    16,
)
Q = int(
    "c159e106aef4614a74debe2b2f6286a85097016a8e7e7bdeb72f22992b6109150c7ee424e8e4d58901265ee01c30ad62"
    "b6b725dfa6f149e81abac429b179ba1d",
    16,
)
# What google-cloud-storage 3 gives for this account, object and time with this key.
GOOGLE = (
    "https://storage.googleapis.com/releases/kv-0.1.0.tar.gz?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Cre"
    "dential=wombat%40shop.iam.gserviceaccount.com%2F20261201%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Dat"
    "e=20261201T020000Z&X-Goog-Expires=900&X-Goog-SignedHeaders=host&X-Goog-Signature=1a2b0934dfdf0dd9147"
    "f79f99cb4927cb0d5cff55b73bdabade5f1e20e6ec8efc38cf0a0e8332c5ec97afd7b6990e8e14479334a4217d0180b2a3db"
    "fda8eec3357c9741773096c4c41cdbd39a4696253582ca3af6e1203e2ed1ce4282da7d68d8ca03de69e3e511ca19e7a2ac5a"
    "c9886ebbde471f8940335ea80fdde9c3718d4"
)


@pytest.fixture
def clock(monkeypatch):
    """Both signers, ours and Amazon's, live at one time."""
    monkeypatch.setattr(time, "gmtime", lambda *_seconds: NOW)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: datetime.datetime(*NOW[:6], tzinfo=datetime.UTC))


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        ("s3", {"region": "eu-north-1"}),
        ("s3", {"token": "session/token=="}),
        ("minio", {"host": "minio.example", "port": 9000, "secure": False}),
        ("digitalocean_spaces", {"region": "ams3"}),
    ],
)
def test_amazons_own_signer_signs_alike(clock, driver, options):
    store = ObjectStore(driver, "releases", {"key": "AKIDEXAMPLE", "secret": "wJalr/XUtn"}, options, expiry=900)
    url = store.url("kv-1.0.0+build.tar.gz")
    asked = dict(parse_qsl(urlsplit(url).query))
    request = AWSRequest("GET", url.partition("?")[0])
    region = asked["X-Amz-Credential"].split("/")[2]
    S3SigV4QueryAuth(
        Credentials("AKIDEXAMPLE", "wJalr/XUtn", options.get("token")), "s3", region, expires=900
    ).add_auth(request)
    assert dict(parse_qsl(urlsplit(request.url).query)) == asked
    assert ":443" not in url
    assert ("minio.example:9000/" in url) == (driver == "minio")


def test_googles_own_library_signs_alike(clock, monkeypatch):
    monkeypatch.setattr(GoogleOAuth2Credential, "_get_token_from_file", lambda self: {"access_token": "t"})
    numbers = rsa.RSAPrivateNumbers(
        P,
        Q,
        (d := pow(65537, -1, (P - 1) * (Q - 1))),
        rsa.rsa_crt_dmp1(d, P),
        rsa.rsa_crt_dmq1(d, Q),
        rsa.rsa_crt_iqmp(P, Q),
        rsa.RSAPublicNumbers(65537, P * Q),
    )
    pem = numbers.private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {"key": "wombat@shop.iam.gserviceaccount.com", "secret": pem.decode()}
    assert ObjectStore("google_storage", "releases", account, {}).url("kv-0.1.0.tar.gz") == GOOGLE


def test_who_has_no_key_to_sign_with_gives_no_url(monkeypatch):
    monkeypatch.setattr(GoogleOAuth2Credential, "_get_token_from_file", lambda self: {"access_token": "t"})
    credentials = {"key": "12.apps.googleusercontent.com", "secret": "x"}
    store = ObjectStore("google_storage", "releases", credentials, {})
    assert store.url("kv-0.1.0.tar.gz") is None
