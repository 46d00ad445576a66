# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider of the deployment file: what it may say, validated into the model."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Geography, Provider
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import NAME, NAME_MEANING, Section

HOST_KEYS = ("inject", "console", "accept-new", "known")  # how the keys of SSH hosts become known


def read_provider(name: str, section: Section) -> Provider:
    section.called(name, NAME, NAME_MEANING)
    ssh = section.section("ssh")
    image = section.section("image")
    provider = Provider(
        name=name,
        driver=section.name("driver", r"[A-Za-z0-9_.]+", "the name of a libcloud compute driver"),
        credentials=section.mapping("credentials", secret=True),
        options=section.mapping("options", secret=True),
        labels=section.strings("labels"),
        regions=section.strings("regions"),
        domains={key: _geography(key, entry) for key, entry in section.sections("domains").items()},
        image={
            **{key: value for key in ("name", "id") if (value := image.text(key))},
            "properties": image.mapping("properties"),
        },
        ssh=_ssh(ssh),
        address=section.text("address", "private") or "private",
        parallel=section.integer("parallel", 10, 1, 1000),
        rate=section.number("rate", 0.01, 1000) or 10.0,
        attempts=section.integer("attempts", 6, 1, 100),
        sizes=section.strings("sizes"),
        networks=section.strings("networks"),
        security_groups=section.strings("security_groups"),
        user_data=section.text("user_data"),
        firewall=bool(section.flag("firewall", False)),
    )
    for part in (ssh, image, section):
        part.end()
    return provider


def _ssh(section: Section) -> dict[str, t.Any]:
    texts = ("user", "key_file", "key_name", "known_hosts")
    ssh: dict[str, t.Any] = {key: value for key in texts if (value := section.text(key))}
    if section.take("host_keys") is not None:
        ssh["host_keys"] = section.choice("host_keys", HOST_KEYS, "")
    if section.take("port") is not None:
        ssh["port"] = section.integer("port", 22, 1, 65535)
    return ssh


def _geography(name: str, section: Section) -> Geography:
    if not 1 <= len(name.split("/")) <= 2 or not all(name.split("/")):
        raise WombatError(f"{section.path} must be named 'region/zone' or 'region'")
    quota = read_quota(section.section("quota"))
    if quota and "/" not in name:
        raise WombatError(f"{section.where('quota')} belongs to a zone; write it at '{name}/zone'")
    geography = Geography(
        country=section.text("country"),
        continent=section.text("continent"),
        city=section.text("city"),
        latitude=section.number("latitude", -90, 90),
        longitude=section.number("longitude", -180, 180),
        labels=section.strings("labels"),
        quota=quota,
    )
    section.end()
    return geography


def read_quota(section: Section) -> dict[str, float]:
    """A quota's limits: `instances`, `vcpus`, `memory` (MiB); a missing key is unlimited."""
    limits = {key: section.integer(key, 0) for key in ("instances", "vcpus") if section.data.get(key) is not None}
    quota: dict[str, float] = dict(limits)
    memory = section.memory("memory")
    if memory is not None:
        quota["memory"] = memory
    section.take("instances")
    section.take("vcpus")
    section.end()
    return quota
