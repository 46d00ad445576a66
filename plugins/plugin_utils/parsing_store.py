# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of the deployment file, where it is object storage."""

from __future__ import annotations

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Storage
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section

CONTAINER = "[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]"


def read_storage(section: Section) -> Storage:
    storage = Storage(
        driver=str(section.need("driver")),
        container=section.name("container", CONTAINER, "a container's name, small letters, digits, '.', '_' and '-'"),
        credentials=section.mapping("credentials", secret=True),
        options=section.mapping("options", secret=True),
        expiry=section.integer("expiry", 900, 60, 604_800),
    )
    section.end()
    return storage
