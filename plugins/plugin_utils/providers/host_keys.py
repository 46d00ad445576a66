# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How SSH host keys become known before the first login, and what Ansible and ssh are told of it. Pure.

inject: an instance gets a key of its own by cloud-init; its public half is a tag, so that every controller knows it.
console: what cloud-init shows on an instance's console. accept-new: nothing is known; the first login decides.
known: the operator's own known_hosts has it.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import shlex
import typing as t

import yaml

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Provider

CLOUD_CONFIG = "#cloud-config"
ED25519 = "ssh-ed25519"
# Before the 32 bytes of a public key: the length of the type, the type, the length of the key (RFC 4253, RFC 8709).
HEAD = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"
# Else a task that waits for a host that died would wait for ever.
ALIVE = ("ServerAliveInterval=10", "ServerAliveCountMax=3")
CONSOLE = re.compile(r"BEGIN SSH HOST KEY KEYS(.*?)END SSH HOST KEY KEYS", re.DOTALL)
KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp[0-9]+) (AAAA[A-Za-z0-9+/]+={0,2})")


@dataclasses.dataclass(frozen=True)
class HostKey:
    """A key pair in OpenSSH's own forms."""

    private: str = dataclasses.field(repr=False)
    public: str


def generate() -> HostKey:
    """A new ed25519 key pair."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return HostKey(private.decode(), public.decode())


def tag_of(public: str) -> str:
    """A public key in the small letters and digits that every cloud takes for a tag."""
    return base64.b32encode(base64.b64decode(public.split()[1])[len(HEAD) :]).decode().lower().rstrip("=")


def of_tag(tag: str) -> str:
    """The public key that a tag says; nothing where it says none."""
    if not re.fullmatch("[a-z2-7]{52}", tag):
        return ""
    return f"{ED25519} {base64.b64encode(HEAD + base64.b32decode(tag.upper() + '====')).decode()}"


def own(user_data: str | None) -> tuple[str, ...]:
    """The public host keys that the file's own user data gives to all instances."""
    keys = _config(user_data).get("ssh_keys")
    named = keys.items() if isinstance(keys, dict) else ()
    texts = [str(value) for name, value in named if str(name).endswith("_public")]
    return tuple(f"{match[1]} {match[2]}" for text in texts if (match := KEY.search(text)))


def merged(user_data: str | None, key: HostKey) -> str:
    """The file's user data with a host key in it, unless that has its own."""
    config = _config(user_data)
    config.setdefault("ssh_keys", {"ed25519_private": key.private, "ed25519_public": key.public})
    return f"{CLOUD_CONFIG}\n{yaml.safe_dump(config, sort_keys=False)}"


def takes(user_data: str | None) -> bool:
    """Tell whether a host key can be merged into the file's user data."""
    if not user_data:
        return True
    if user_data.split("\n", 1)[0].rstrip() != CLOUD_CONFIG:
        return False
    try:
        return isinstance(yaml.safe_load(user_data) or {}, dict)
    except yaml.YAMLError:
        return False


def _config(user_data: str | None) -> dict[str, t.Any]:
    return dict(yaml.safe_load(user_data or "") or {}) if takes(user_data) else {}


def on_console(text: str) -> tuple[str, ...]:
    """The public keys that cloud-init showed last on a console."""
    shown = CONSOLE.findall(text)
    return tuple(dict.fromkeys(f"{kind} {key}" for kind, key in KEY.findall(shown[-1]))) if shown else ()


def choose(spec: Provider, lacks: t.Mapping[str, str]) -> str:
    """The way of a provider: the file's, else the first one that it has the features for."""
    if "host_keys" in spec.ssh:
        return str(spec.ssh["host_keys"])
    if not lacks.get("user data") and takes(spec.user_data):
        return "inject"
    return "accept-new" if lacks.get("console output") else "console"


def settings(way: str, ssh: t.Mapping[str, t.Any], known_hosts: str) -> list[str]:
    """The settings of ssh for a way.

    :param known_hosts: the deployment's own file.
    """
    path = ssh.get("known_hosts") if way == "known" else known_hosts
    chosen = [f'UserKnownHostsFile="{path}"', "HashKnownHosts=no"] if path else []
    return [*chosen, f"StrictHostKeyChecking={'accept-new' if way == 'accept-new' else 'yes'}"]


def variables(way: str, ssh: t.Mapping[str, t.Any], known_hosts: str) -> dict[str, t.Any]:
    """What Ansible's connections are told."""
    words = [word for setting in (*settings(way, ssh, known_hosts), *ALIVE) for word in ("-o", setting)]
    return {"ansible_ssh_common_args": shlex.join(words), "ansible_host_key_checking": True}
