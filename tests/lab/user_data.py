# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host of the lab takes of cloud-init's user data: `#cloud-config` with `ssh_authorized_keys` and `ssh_keys`."""

from __future__ import annotations

import re
import typing as t

import yaml

FIRST_LINE = "#cloud-config"
TAKEN = "ssh_authorized_keys (a list) and ssh_keys (<type>_private and <type>_public)"


def read(text: str | None) -> dict[str, t.Any]:
    """Who may log in to a host and what it proves itself by.

    :param text: user data, or None.
    :return: `authorized_keys`, a list, and `host_keys`, type -> private, public.
    :raises ValueError: for what the lab's hosts do not take, without the text of any key.
    """
    if not text:
        return {"authorized_keys": [], "host_keys": {}}
    if text.split("\n", 1)[0].rstrip() != FIRST_LINE:
        raise ValueError(f"user data must begin with the line {FIRST_LINE}")
    try:
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        raise ValueError("user data is no YAML") from None
    if not isinstance(data, dict) or set(data) - {"ssh_authorized_keys", "ssh_keys"}:
        raise ValueError(f"of user data, hosts of the lab take {TAKEN} only")
    authorized, keys = data.get("ssh_authorized_keys") or [], data.get("ssh_keys") or {}
    if not isinstance(authorized, list) or not all(isinstance(key, str) for key in authorized):
        raise ValueError(f"ssh_authorized_keys is no list of keys; hosts of the lab take {TAKEN}")
    halves: dict[str, dict[str, str]] = {}
    for name, key in keys.items() if isinstance(keys, dict) else [("ssh_keys", keys)]:
        match = re.fullmatch(r"(rsa|ecdsa|ed25519)_(private|public)", str(name))
        if not match or not isinstance(key, str):
            raise ValueError(f"ssh_keys has {name}; hosts of the lab take {TAKEN}")
        halves.setdefault(match[1], {})[match[2]] = key
    for kind, half in halves.items():
        if set(half) != {"private", "public"}:
            raise ValueError(f"ssh_keys has one half of the {kind} key; hosts of the lab take {TAKEN}")
    return {"authorized_keys": authorized, "host_keys": halves}
