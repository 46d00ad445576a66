# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which driver is opened by which adapter. A new provider is one adapter file and one line here."""

from __future__ import annotations

import typing as t

try:
    from libcloud.compute import providers as libcloud_providers

    LIBCLOUD_MISSING = ""
except ImportError:
    LIBCLOUD_MISSING = (
        "the Python package apache-libcloud is missing on the controller; "
        "install it with: python3 -m pip install apache-libcloud"
    )

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Adapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.local import LocalAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import suggestion

ADAPTERS: dict[str, type[Adapter]] = {"local": LocalAdapter}
OUR_DRIVERS = {"local": ("ansible_collections.wombat.erlang.plugins.plugin_utils.drivers.local", "LocalNodeDriver")}


def register_drivers() -> None:
    """Register our own drivers with libcloud, as any third party does; once a process."""
    for name, (module, driver) in OUR_DRIVERS.items():
        if name not in libcloud_providers.DRIVERS:
            libcloud_providers.set_driver(name, module, driver)


def open_provider(deployment: Deployment, name: str) -> Adapter:
    """Open a provider of a deployment.

    :raises WombatError: when its driver is not supported, or its options are wrong.
    """
    if LIBCLOUD_MISSING:
        raise WombatError(LIBCLOUD_MISSING)
    register_drivers()
    driver = deployment.providers[name].driver
    if driver not in ADAPTERS:
        raise WombatError(
            f"{deployment.file}: providers.{name}.driver '{driver}' is not supported; {suggestion(driver, ADAPTERS)}"
        )
    return ADAPTERS[driver](deployment, name)


def supported() -> list[str]:
    """The names of the supported drivers, sorted."""
    return sorted(ADAPTERS)


def connection_of(deployment: Deployment, name: str) -> dict[str, t.Any]:
    """The connection variables of a provider's hosts, without opening it."""
    spec = deployment.providers[name]
    return ADAPTERS[spec.driver].connection(spec) if spec.driver in ADAPTERS else {}
