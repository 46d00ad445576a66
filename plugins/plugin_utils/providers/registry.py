# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which driver is opened by which adapter. A new provider is one adapter file and one line here."""

from __future__ import annotations

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
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.azure_arm import AzureAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Adapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloudstack import (
    CloudStackAdapter,
    ExoscaleAdapter,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.digitalocean import DigitalOceanAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.ec2 import EC2Adapter, EucalyptusAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.gce import GCEAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.generic import GenericAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.hosts import HostsAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.linode import LinodeAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.local import LocalAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.opennebula import OpenNebulaAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.openstack import (
    OpenStackAdapter,
    RackspaceAdapter,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.outscale import OutscaleAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.vultr import VultrAdapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import suggestion

ADAPTERS: dict[str, type[Adapter]] = {
    "azure_arm": AzureAdapter,
    "cloudstack": CloudStackAdapter,
    "digitalocean": DigitalOceanAdapter,
    "ec2": EC2Adapter,
    "eucalyptus": EucalyptusAdapter,
    "exoscale": ExoscaleAdapter,
    "gce": GCEAdapter,
    "hosts": HostsAdapter,
    "linode": LinodeAdapter,
    "local": LocalAdapter,
    "opennebula": OpenNebulaAdapter,
    "openstack": OpenStackAdapter,
    "outscale": OutscaleAdapter,
    "rackspace": RackspaceAdapter,
    "vultr": VultrAdapter,
}
UNUSABLE = ("dummy",)  # drivers of libcloud that are no clouds
DRIVERS = "ansible_collections.wombat.erlang.plugins.plugin_utils.drivers"
OUR_DRIVERS = {"hosts": (f"{DRIVERS}.hosts", "HostsNodeDriver"), "local": (f"{DRIVERS}.local", "LocalNodeDriver")}


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
    adapter = adapter_of(driver)
    if adapter is None:
        raise WombatError(
            f"{deployment.file}: providers.{name}.driver '{driver}' is no driver of libcloud; "
            f"{suggestion(driver, supported())}"
        )
    return adapter(deployment, name)


def adapter_of(driver: str) -> type[Adapter] | None:
    """The adapter of a driver: its own, else the one for whatever libcloud or a dotted path has; None for neither."""
    if driver in ADAPTERS:
        return ADAPTERS[driver]
    return GenericAdapter if "." in driver or driver in supported() else None


def supported() -> list[str]:
    """The names of the drivers that a file may name besides dotted paths, sorted."""
    return sorted({*ADAPTERS, *(str(name) for name in libcloud_providers.DRIVERS if name not in UNUSABLE)})
