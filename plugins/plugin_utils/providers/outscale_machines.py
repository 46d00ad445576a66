# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what Outscale tells of machines and images."""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import host_keys
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import TAG


def tags_in(thing: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in thing.get("Tags") or []}


def host_key_in(machine: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The tag of the host key that came with an instance: its user data say it, also while there are no tags yet."""
    try:
        user_data = base64.b64decode(machine.get("UserData") or "").decode()
    except ValueError:
        return {}
    keys = [key for key in host_keys.own(user_data) if key.startswith(host_keys.ED25519)]
    return {f"{TAG}hostkey": host_keys.tag_of(keys[0])} if keys else {}


def disk_of(image: t.Mapping[str, t.Any]) -> int:
    """The size of an image's greatest volume."""
    return max(
        [0, *((entry.get("Bsu") or {}).get("VolumeSize", 0) for entry in image.get("BlockDeviceMappings") or [])]
    )
