# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authority that signs the certificates of nodes, on the controller; and its own change without an outage.

The deployment's own authority is a folder with one folder for each pair of `certificate.pem` and `key.pem`, and a link
`current` to the pair that signs; all of them are trusted. Each step of a change is one rename, so that a killed run
leaves a state that the next one goes on from.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import ipaddress
import os
import shutil
import tempfile
import typing as t

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:  # told when it is needed
    x509 = None  # type: ignore[assignment]

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

AUTHORITY_DAYS = 3650
NODE_DAYS = 365
RENEW_DAYS = 60  # a certificate with less than this left is made anew
# Clocks of hosts may be behind the controller's.
SKEW = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Authority:
    """What signs certificates, and what nodes trust."""

    certificate: t.Any
    key: t.Any = dataclasses.field(repr=False)
    trusted: str  # PEM

    def issue(self, name: str) -> str:
        """A certificate and its key for the node of this name, both PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, self.certificate.subject, key, NODE_DAYS)
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(_alternative_names(name)), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.certificate.public_key()), critical=False
            )
            .sign(self.key, None if isinstance(self.key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
        )
        return _pem(certificate) + _key_pem(key)

    def refuses(self, text: str | None, name: str) -> str | None:
        """Why the certificate that a node has is to be made anew; None where it is not."""
        if not text:
            return "is missing"
        try:
            certificate = x509.load_pem_x509_certificate(text.encode())
            certificate.verify_directly_issued_by(self.certificate)
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return "is not of this authority"
        if list(names) != _alternative_names(name):
            return "is for another address"
        if certificate.not_valid_after_utc - _now() < datetime.timedelta(days=RENEW_DAYS):
            return "expires soon"
        return None


def read_pair(certificate: str, key: str, read: t.Callable[[str], bytes], trusted: str | None = None) -> Authority:
    """Read an authority from the paths of its PEM files.

    :param read: gives a file's content, decrypted where Ansible Vault encrypted it.
    :param trusted: what nodes trust; None means all certificates in the first file.
    :raises WombatError: naming the file that is wrong, never its content.
    """
    require_library()
    try:
        chain = x509.load_pem_x509_certificates(read(certificate))
    except ValueError:
        raise WombatError(f"{certificate} holds no certificate in PEM format; give the authority's") from None
    try:
        loaded = serialization.load_pem_private_key(read(key), password=None)
    except (ValueError, TypeError):
        raise WombatError(
            f"{key} holds no private key in PEM format without a passphrase; give the authority's"
        ) from None
    signer = chain[0]
    if signer.public_key() != loaded.public_key():
        raise WombatError(f"{key} is not the key of the first certificate in {certificate}; give the pair that signs")
    try:
        able = signer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        able = False
    if not able:
        raise WombatError(f"{certificate} is no authority's certificate, as it may not sign others; give one that may")
    if signer.not_valid_after_utc <= _now():
        raise WombatError(f"{certificate} has expired on {signer.not_valid_after_utc:%Y-%m-%d}; change the authority")
    return Authority(signer, loaded, trusted or "".join(_pem(one) for one in chain))


class OwnAuthority:
    """The deployment's own authority, in a folder."""

    def __init__(self, folder: str, name: str) -> None:
        self.folder, self.name = folder, name

    def read(self, read: t.Callable[[str], bytes]) -> Authority:
        """The pair that signs, with all that are trusted."""
        if not self.exists():
            raise WombatError(f"{self.folder} has no authority yet; make it with wombat.erlang.secrets")
        trusted = "".join(read(os.path.join(pair, "certificate.pem")).decode() for pair in self._pairs())
        current = os.path.join(self.folder, "current")
        return read_pair(f"{current}/certificate.pem", f"{current}/key.pem", read, trusted)

    def exists(self) -> bool:
        return os.path.exists(os.path.join(self.folder, "current", "key.pem"))

    def step(self, state: str) -> None:
        """Make the first pair, or take a step of a change, by the name that M(wombat.erlang.secrets) has for it."""
        steps = {
            "present": self.make,
            "next_authority": self.prepare,
            "new_authority": self.switch,
            "one_authority": self.settle,
        }
        try:
            steps[state]()
        except OSError as error:
            raise WombatError(f"The authority in {self.folder} cannot be written: {error.strerror}") from None

    def make(self) -> None:
        """Make the first pair; where another run is faster, theirs stays."""
        pair = (self._pairs() or [self._new_pair()])[0]
        with contextlib.suppress(FileExistsError):
            os.symlink(os.path.basename(pair), os.path.join(self.folder, "current"))

    def prepare(self) -> None:
        """Begin a change: make the next pair, which is trusted but does not sign. Goes on with one that was begun."""
        if len(self._pairs()) < 2:
            self._new_pair()

    def switch(self) -> None:
        """Let the newest pair sign."""
        link = os.path.join(self.folder, "current")
        with contextlib.suppress(FileNotFoundError):
            os.remove(link + ".new")
        os.symlink(os.path.basename(self._pairs()[-1]), link + ".new")
        os.replace(link + ".new", link)

    def settle(self) -> None:
        """End a change: forget every pair that does not sign."""
        current = os.path.realpath(os.path.join(self.folder, "current"))
        for pair in self._pairs():
            if os.path.realpath(pair) != current:
                shutil.rmtree(pair)

    def _pairs(self) -> list[str]:
        """The folders of complete pairs, oldest first."""
        with contextlib.suppress(FileNotFoundError):
            names = [name for name in os.listdir(self.folder) if name.isdigit()]
            return [os.path.join(self.folder, name) for name in sorted(names, key=int)]
        return []

    def _new_pair(self) -> str:
        require_library()
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Wombat deployment {self.name}")])
        usage = dict.fromkeys(
            ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
        )
        certificate = (
            _builder(subject, subject, key, AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False),
                critical=True,
            )
            .sign(key, hashes.SHA256())
        )
        numbers = [int(os.path.basename(pair)) for pair in self._pairs()]
        pair = os.path.join(self.folder, str(max(numbers, default=0) + 1))
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".new-") as partial:
            ready = os.path.join(partial, "pair")
            os.mkdir(ready, 0o700)
            for file, text in (("certificate.pem", _pem(certificate)), ("key.pem", _key_pem(key))):
                handle = os.open(os.path.join(ready, file), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
                with os.fdopen(handle, "w", encoding="ascii") as stream:
                    stream.write(text)
            with contextlib.suppress(OSError):  # another run was faster
                os.rename(ready, pair)
        return pair


def require_library() -> None:
    if x509 is None:
        raise WombatError(
            "certificates need the Python library cryptography; install the collection's requirements.txt"
        )


def _builder(subject: t.Any, issuer: t.Any, key: t.Any, days: int) -> t.Any:
    if isinstance(subject, str):  # a common name has at most 64 characters; names that count are the alternative ones
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject[:64])])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - SKEW)
        .not_valid_after(_now() + datetime.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _alternative_names(name: str) -> list[t.Any]:
    """What a certificate says of a node: its host part, an address also as a name, as OTP 25 compares it as text."""
    host = name.partition("@")[2]
    names: list[t.Any] = [x509.DNSName(host)]
    with contextlib.suppress(ValueError):
        names.append(x509.IPAddress(ipaddress.ip_address(host)))
    return names


def _pem(certificate: t.Any) -> str:
    return str(certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"))


def _key_pem(key: t.Any) -> str:
    private = serialization.PrivateFormat.PKCS8
    return str(key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()).decode("ascii"))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
