# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs by which anybody can fetch one object for a while, signed here.

libcloud signs Azure's only. Its URLs for S3 sign a host without its port and leave a session's token out, so that MinIO
and temporary credentials are refused; those for Swift have SHA-1, which Swift no longer takes; for Google it has none.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
import typing as t
from urllib.parse import quote, urlencode, urlsplit

try:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from libcloud.common.google import GoogleAuthType
    from libcloud.storage.base import Container, Object, StorageDriver
    from libcloud.storage.drivers.azure_blobs import AzureBlobsActiveDirectoryConnection, AzureBlobsStorageDriver
    from libcloud.storage.drivers.cloudfiles import OpenStackSwiftStorageDriver
    from libcloud.storage.drivers.google_storage import GoogleStorageDriver
    from libcloud.storage.drivers.s3 import BaseS3StorageDriver
except ImportError:  # told when a store is opened
    pass

_KEY = "-Meta-Temp-URL-Key"


def signed_url(driver: StorageDriver, container: str, name: str, seconds: int) -> str | None:
    """A URL of an object, good for some seconds from now; None where nothing can sign one."""
    if isinstance(driver, OpenStackSwiftStorageDriver):
        return _swift(driver, container, name, seconds)
    if isinstance(driver, GoogleStorageDriver):
        connection = driver.connection
        if connection.auth_type == GoogleAuthType.GCS_S3:
            return _signature_4(driver, container, name, seconds, _hashed("auto", driver.secret), "auto")
        if connection.auth_type == GoogleAuthType.SA:
            return _signature_4(driver, container, name, seconds, _by_account(connection), "auto", "goog")
        return None
    if isinstance(driver, BaseS3StorageDriver):
        region = driver.region or "us-east-1"
        return _signature_4(driver, container, name, seconds, _hashed(region, driver.secret), region)
    if isinstance(driver, AzureBlobsStorageDriver):
        if isinstance(driver.connection, AzureBlobsActiveDirectoryConnection):
            return None  # a user of a directory has no key to sign with
        blob = Object(name, 0, "", {}, {}, Container(container, {}, driver), driver)
        return driver.get_object_cdn_url(blob, ex_expiry=seconds / 3600)
    return None


def make_key(driver: StorageDriver, container: str) -> None:
    """Give a container of Swift the key that signs its URLs, where neither it nor its account has one."""
    if isinstance(driver, OpenStackSwiftStorageDriver) and not _swift_key(driver, container):
        headers = {f"X-Container{_KEY}": secrets.token_hex(32)}
        driver.connection.request(f"/{quote(container)}", method="POST", headers=headers)


def _swift(driver: StorageDriver, container: str, name: str, seconds: int) -> str | None:
    key = _swift_key(driver, container)
    if not key:
        return None
    base = urlsplit(driver.connection.get_endpoint())
    path = f"{base.path}/{container}/{name}"
    expires = int(time.time()) + seconds
    signature = hmac.new(key.encode(), f"GET\n{expires}\n{path}".encode(), hashlib.sha256).hexdigest()
    return f"{base.scheme}://{base.netloc}{quote(path)}?temp_url_sig={signature}&temp_url_expires={expires}"


def _swift_key(driver: StorageDriver, container: str) -> str | None:
    """The key of a container, or of the whole account, which only their owner is told."""
    for path, of in ((f"/{quote(container)}", "X-Container"), ("", "X-Account")):
        key = driver.connection.request(path, method="HEAD").headers.get(f"{of}{_KEY}".lower())
        if key:
            return key
    return None


def _signature_4(
    driver: StorageDriver,
    container: str,
    name: str,
    seconds: int,
    sign: t.Callable[[str, str], str],
    region: str,
    vendor: str = "amz",
) -> str:
    """Amazon's signature version 4 in a query, which Google has under names of its own.

    :param sign: gives the signature of a text, which is made on a day.
    """
    connection = driver.connection
    port = "" if connection.port == (443 if driver.secure else 80) else f":{connection.port}"
    host, path = f"{connection.host}{port}", quote(f"/{container}/{name}")
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    service, algorithm, request = {
        "amz": ("s3", "AWS4-HMAC-SHA256", "aws4_request"),
        "goog": ("storage", "GOOG4-RSA-SHA256", "goog4_request"),
    }[vendor]
    scope = f"{now[:8]}/{region}/{service}/{request}"
    prefix = f"X-{vendor.title()}-"
    query = {
        f"{prefix}Algorithm": algorithm,
        f"{prefix}Credential": f"{driver.key}/{scope}",
        f"{prefix}Date": now,
        f"{prefix}Expires": str(seconds),
        f"{prefix}SignedHeaders": "host",
    }
    if getattr(driver, "token", None):
        query[f"{prefix}Security-Token"] = driver.token
    text = urlencode(sorted(query.items()), quote_via=quote, safe="")
    asked = f"GET\n{path}\n{text}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    signed = sign(now[:8], f"{algorithm}\n{now}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}")
    return f"{'https' if driver.secure else 'http'}://{host}{path}?{text}&{prefix}Signature={signed}"


def _hashed(region: str, secret: str) -> t.Callable[[str, str], str]:
    """Signs with a secret."""

    def sign(day: str, text: str) -> str:
        key = f"AWS4{secret}".encode()
        for part in (day, region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    return sign


def _by_account(connection: t.Any) -> t.Callable[[str, str], str]:
    """Signs with the private key of a service account."""

    def sign(day: str, text: str) -> str:
        pem = connection.oauth2_credential.oauth2_conn.key
        key = t.cast(RSAPrivateKey, serialization.load_pem_private_key(pem.encode(), password=None))
        return key.sign(text.encode(), PKCS1v15(), hashes.SHA256()).hex()

    return sign
