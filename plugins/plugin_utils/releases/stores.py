# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the store that a deployment or a task names: a folder, or object storage."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_store import read_storage
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.object_store import ObjectStore
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.store import DirectoryStore
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section

Store = DirectoryStore | ObjectStore


def open_store(deployment: Deployment) -> Store:
    """The deployment's store; its credentials are templated now."""
    spec = deployment.storage
    if spec is None:
        return DirectoryStore(deployment.store)
    credentials = deployment.template(spec.credentials, "store.credentials", secret=True)
    options = deployment.template(spec.options, "store.options", secret=True)
    cache = os.path.join(deployment.store, "fetched")
    return ObjectStore(spec.driver, spec.container, credentials, options, spec.expiry, cache)


def store_of(value: t.Any, path_of: t.Callable[[str], str]) -> Store:
    """The store that a task's option names: a path, or a mapping as in a deployment file.

    :param path_of: gives the absolute path of a relative one.
    """
    if isinstance(value, str):
        return DirectoryStore(path_of(value))
    if not isinstance(value, t.Mapping):
        raise WombatError("store must be a path, or a mapping with driver and container.")
    spec = read_storage(Section(value, "store"))
    return ObjectStore(spec.driver, spec.container, spec.credentials, spec.options, spec.expiry)
