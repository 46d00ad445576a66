# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens libcloud drivers: which class, with which arguments, and what it can do by the look of its methods."""

from __future__ import annotations

import importlib
import inspect
import os
import re
import typing as t

try:
    from libcloud.common.base import Connection
    from libcloud.compute.base import NodeDriver
    from libcloud.compute.providers import get_driver
except ImportError:  # said by the registry, before anything here is called
    NodeDriver = Connection = object

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Provider
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import host_keys
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import suggestion

# What drivers call the arguments of create_node for one and the same thing.
CONVENTIONS = {
    "client token": ("ex_clienttoken", "ex_client_token"),
    "user data": ("ex_userdata", "ex_user_data", "ex_customdata", "cloud_init"),
    "ssh key": ("ex_keyname", "ex_key_name", "ex_keypair_name"),
    "security groups": ("ex_security_groups",),
    "tags": ("ex_metadata", "ex_tags"),
}
# What drivers call the reading of a console.
CONSOLE = ("ex_get_console_output", "ex_get_serial_output", "ex_read_console_output_node")
# The arguments of constructors that say together who asks: with a secret of the file, none is of the environment.
IDENTITY = {"user_id", "key", "secret", "token"}
NO_ARGUMENT = "the driver's create_node takes nothing for it"
# What the file may ask of a provider -> the feature that it needs.
ASKED = {
    "firewall": "firewall rules",
    "networks": "network",
    "security_groups": "security groups",
    "user_data": "user data",
}


def driver_class(name: str, path: str) -> type:
    """The class of a driver.

    :param name: libcloud's name of it, or a dotted path to a class.
    :param path: where the name stands, for errors.
    :raises WombatError: when there is none.
    """
    module, dot, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute) if dot else get_driver(name)
    except ImportError as error:
        raise WombatError(f"{path} '{name}' cannot be imported: {error}; install it on the controller") from None
    except Exception as error:  # libcloud raises bare exceptions for drivers that are no more
        raise WombatError(f"{path} '{name}' is no driver: {error}") from None
    if not (isinstance(found, type) and issubclass(found, NodeDriver)):
        raise WombatError(f"{path} '{name}' is not a class that derives from libcloud's NodeDriver")
    return found


def arguments(adapter: t.Any) -> dict[str, t.Any]:
    """The arguments of a driver's constructor: the file's, else those of the environment's variables.

    Secrets of both are never mixed: only where the file gives none, the environment's go with whom the file names.

    :raises WombatError: naming what is missing or not known, never a value.
    """
    path = f"{adapter.deployment.file}: providers.{adapter.spec.name}"
    given = {**adapter.options, **adapter.credentials}
    known = set()
    open_end = False
    for method in (adapter.driver_class.__new__, adapter.driver_class.__init__):
        for name, parameter in inspect.signature(method).parameters.items():
            if parameter.kind == parameter.VAR_KEYWORD:
                open_end = open_end or method is not object.__new__
            elif parameter.kind != parameter.VAR_POSITIONAL:
                known.add(name)
    if not open_end:
        for part, values in (("credentials", adapter.credentials), ("options", adapter.options)):
            for name in values:
                if name not in known:
                    raise WombatError(
                        f"{path}.{part}.{name} is not an argument of driver {adapter.spec.driver}; "
                        f"{suggestion(name, known - {'self', 'cls'})}"
                    )
    found = {name: value for name, value in adapter.from_environment().items() if value not in (None, "")}
    secrets = {"token", "secret" if "secret" in adapter.environment else "key"}  # what else says who asks is a name
    written = [name for name in sorted(IDENTITY) if given.get(name) not in (None, "")]
    own = [name for name in written if name in secrets]
    for name in written if not own and not secrets.isdisjoint(found) else ():
        if found.get(name, given[name]) != given[name]:
            variable = next(one for one in adapter.environment[name] if os.environ.get(one))
            raise WombatError(
                f"{path} has another {name} than the environment's variable {variable} says, so that the secret "
                "beside that is not taken; write the secret here, too, or let both say the same"
            )
    for name, value in found.items():
        if given.get(name) in (None, "") and not (own and name in IDENTITY):
            given[name] = value
    for name in adapter.needed:
        if all(given.get(one) in (None, "") for one in name.split("|")):
            variables = adapter.environment.get(name.partition("|")[0], ())
            hint = f", or set the environment's variable {variables[0]}" if variables else ""
            if own and name in IDENTITY:
                hint = f"; the environment's is not taken beside the file's {own[0]}"
            raise WombatError(f"{path} lacks {name.replace('|', ' or ')}; write it under credentials or options{hint}")
    return {name: value for name, value in given.items() if value is not None}


def from_environment(variables: t.Iterable[str]) -> str:
    """The value of the first of some environment variables that has one, or nothing."""
    return next((os.environ[variable] for variable in variables if os.environ.get(variable)), "")


def public_key(spec: Provider) -> str:
    """The public half of `ssh.key_file`, from the file beside it; nothing where there is none."""
    try:
        with open(os.path.expanduser(f"{spec.ssh['key_file']}.pub"), encoding="utf-8") as file:
            return file.read().strip()
    except (KeyError, OSError):
        return ""


def connections(driver: t.Any) -> list[t.Any]:
    """The connections of a driver object, each once."""
    found = {id(value): value for value in vars(driver).values() if isinstance(value, Connection)}
    return list(found.values())


def overrides(driver: t.Any, method: str) -> bool:
    """Tell whether a driver has a method of its own, for libcloud's base class has one for all that only fails."""
    own = getattr(driver if isinstance(driver, type) else type(driver), method, None)
    return own is not None and own is not getattr(NodeDriver, method, None)


def lacks(driver: t.Any) -> dict[str, str]:
    """What a driver has not, by the look of its methods: feature -> why."""
    parameters = inspect.signature(driver.create_node).parameters
    missing = {
        feature: NO_ARGUMENT for feature, names in CONVENTIONS.items() if not any(name in parameters for name in names)
    }
    for feature, methods in (
        ("create", ("create_node", "destroy_node")),
        ("start and stop", ("start_node", "stop_node")),
        ("reboot", ("reboot_node",)),
        ("images by id", ("get_image",)),
    ):
        absent = [method for method in methods if not overrides(driver, method)]
        if absent:
            missing[feature] = f"the driver has no {' and no '.join(absent)}"
    if not console_call(driver):
        missing["console output"] = "the driver has no call for it"
    return {
        **missing,
        "draining": "drivers have no common way to write tags later",
        "firewall rules": "drivers have no common way to write them",
        "network": "drivers have no common way to choose one",
        "filtered listing": "libcloud's list_nodes lists all",
        "quota": "libcloud has no call for it that drivers share",
    }


def console_call(driver: t.Any) -> str | None:
    """The name of a driver's method that reads a console."""
    return next((name for name in CONSOLE if hasattr(driver, name)), None)


def conventional(adapter: t.Any, tags: t.Mapping[str, str], request: Request) -> dict[str, t.Any]:
    """The arguments of create_node that a driver has by convention, with what the file wants of them."""
    wanted = {
        "client token": request.token,
        "user data": adapter.user_data(request),
        "ssh key": adapter.spec.ssh.get("key_name"),
        "security groups": list(adapter.spec.security_groups),
        "tags": dict(tags),
    }
    create_node = adapter.driver_class.create_node
    parameters = inspect.signature(create_node).parameters
    chosen: dict[str, t.Any] = {}
    for feature, value in wanted.items():
        name = next((name for name in CONVENTIONS[feature] if name in parameters), None)
        if name and value:
            chosen[name] = value
    # libcloud's types are in its docstrings: where tags are a list, they are texts.
    listed = [
        name for name in CONVENTIONS["tags"] if re.search(rf":type\s+{name}: *``list``", create_node.__doc__ or "")
    ]
    for name in chosen.keys() & set(listed):
        chosen[name] = [f"{key}:{value}" for key, value in tags.items()]
    return chosen


def check(adapter: t.Any) -> None:
    """Refuse what the file asks of a provider that has not the feature for it, before anything is created."""
    spec = adapter.spec
    path = f"{adapter.deployment.file}: providers.{spec.name}"
    features = adapter.features
    asked = {key: feature for key, feature in ASKED.items() if getattr(spec, key)}
    if "key_name" in spec.ssh:
        asked["ssh.key_name"] = "ssh key"
    if adapter.way in ("inject", "console"):
        asked["ssh.host_keys"] = "user data" if adapter.way == "inject" else "console output"
    for key, feature in asked.items():
        if features[feature]:
            raise WombatError(f"{path}.{key} cannot be had of driver {spec.driver}: {features[feature]}; leave it out")
    if adapter.way == "inject" and not host_keys.takes(spec.user_data):
        raise WombatError(
            f"{path}.ssh.host_keys cannot be inject, for user_data is no #cloud-config; use console or accept-new"
        )
    if features["create"]:
        raise WombatError(f"{path}.driver {spec.driver} is of no use here: {features['create']}; use another")
    if not spec.image.get("id") and not spec.image.get("name") and not spec.image.get("properties"):
        raise WombatError(f"{path}.image is missing; say what instances are made of, by name, id or properties")
    if adapter.one_network and spec.address not in ("private", "public", *spec.networks):
        raise WombatError(f"{path}.address must be private, public or one of networks, not '{spec.address}'")
    if not adapter.scopes():
        raise WombatError(f"{path}.regions is missing; name at least one region")
    for family in adapter.deployment.families.values() if not adapter.keeps_tags else ():
        if not isinstance(family.nodes_per_instance, int):
            raise WombatError(
                f"{path}: driver {spec.driver} keeps no tags, "
                f"so families.{family.name}.nodes_per_instance must be one number"
            )
