# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment file's data, validated into the model."""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import placement
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import (
    Deployment,
    Family,
    Geography,
    Provider,
    Release,
)
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section, suggestion

PLUGIN = "wombat.erlang.deployment"
# What the inventory plugin gives to Ansible's own code, which checks it.
CONSTRUCTED = ("compose", "groups", "keyed_groups", "strict", "use_extra_vars", "leading_separator")
NAME = r"[a-z][a-z0-9]*"
NAME_MEANING = "small letters and digits, a letter first"
# A family's name is followed by the slot in node names: with a digit at its end, web2's slot 1 and web's slot 21
# would be one name.
FAMILY_NAME = r"[a-z]([a-z0-9]*[a-z])?"
NODE_NAME = r"[a-z]([a-z0-9_]*[a-z_])?"
STRATEGIES = ("mesh", "none")


def parse(
    data: object, file: str, template: t.Callable[..., t.Any], scale: t.Mapping[str, t.Any] | None = None
) -> Deployment:
    """Validate a deployment file's data.

    :param data: the file's data; all but `credentials`, `options` and the families' node settings is templated already.
    :param file: the file's absolute path; relative paths in it start at its folder.
    :param template: `template(value, path, variables={}, secret=False)` for what is templated later.
    :param scale: numbers of nodes by family that go before the file's own.
    :raises WombatError: one sentence with the key's path, without the file's name.
    """
    top = Section(data)
    if top.need("plugin") != PLUGIN:
        raise WombatError(f"plugin must be '{PLUGIN}', but is '{top.data['plugin']}'")
    name = top.name("name", NAME, f"a name of {NAME_MEANING}")
    folder = os.path.dirname(file)

    def path_of(value: str) -> str:
        return os.path.normpath(os.path.join(folder, os.path.expanduser(value)))

    providers = {key: _provider(key, section) for key, section in top.sections("providers").items()}
    if not providers:
        raise top.missing("providers", "name at least one provider")
    releases = {}
    for key, section in top.sections("releases").items():
        _check_name(section, key, NAME, NAME_MEANING)
        archive = section.text("archive")
        if not archive:
            raise section.missing("archive", "give the path of the release archive")
        releases[key] = Release(name=key, archive=path_of(archive), checksum=section.text("checksum"))
        section.end()
    sections = top.sections("families")
    families = {key: _family(section, key, releases, sections) for key, section in sections.items()}
    if not families:
        raise top.missing("families", "name at least one family")
    for key, nodes in (scale or {}).items():
        if key not in families:
            raise WombatError(f"wombat_scale names '{key}', which is not a family; {suggestion(key, families)}")
        number = Section({key: nodes}, "wombat_scale")
        number.need(key)
        families[key] = dataclasses.replace(families[key], nodes=number.integer(key, 0))

    distribution = top.section("distribution")
    refusals = top.section("refusals")
    home = os.path.join(os.path.expanduser("~"), ".wombat", name)
    store = path_of(top.text("store") or os.path.join(home, "store"))
    local = all(provider.driver == "local" for provider in providers.values())
    deployment = Deployment(
        file=file,
        name=name,
        store=store,
        cookie=path_of(top.text("cookie_file") or os.path.join(store, "cookie")),
        # Several stock epmds cannot share one machine, and local instances do.
        epmd=bool(distribution.flag("epmd", not local)),
        port=distribution.integer("port", 9100, 1024, 65000),
        refusal_minutes={
            "quota": refusals.integer("quota_minutes", 60),
            "other": refusals.integer("minutes", 10),
        },
        on_shortfall=top.choice("on_shortfall", ("fail", "continue"), "fail"),
        insecure=bool(top.flag("insecure", False)),
        providers=providers,
        releases=releases,
        families=families,
        budget=top.number("budget", 0, 1e9),
        template=template,
    )
    refusals.end()
    distribution.end()
    placement.validate(deployment.demands())
    for family in families.values():
        rules = family.placement.get("together") or []
        if any(rule.get("within") == "instance" for rule in ([rules] if isinstance(rules, t.Mapping) else rules)):
            raise WombatError(
                f"families.{family.name}.placement.together cannot be deployed within an instance yet, only placed by "
                "the filter place; use within: zone"
            )
    for key in CONSTRUCTED:
        top.take(key)
    top.end()
    return deployment


def _check_name(section: Section, name: str, pattern: str, meaning: str) -> None:
    if not re.fullmatch(pattern, name):
        raise WombatError(f"{section.path} must have a name of {meaning}")


def _provider(name: str, section: Section) -> Provider:
    _check_name(section, name, NAME, NAME_MEANING)
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
        sizes=section.strings("sizes"),
        networks=section.strings("networks"),
        security_groups=section.strings("security_groups"),
        user_data=section.text("user_data"),
    )
    for part in (ssh, image, section):
        part.end()
    return provider


def _ssh(section: Section) -> dict[str, t.Any]:
    ssh: dict[str, t.Any] = {key: value for key in ("user", "key_file", "key_name") if (value := section.text(key))}
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


def _family(
    section: Section, name: str, releases: t.Mapping[str, Release], families: t.Mapping[str, Section]
) -> Family:
    _check_name(section, name, FAMILY_NAME, NAME_MEANING + " and last, as its nodes are numbered behind it")
    release = str(section.need("release"))
    if release not in releases:
        raise WombatError(
            f"{section.where('release')} names '{release}', which is not a release; {suggestion(release, releases)}"
        )
    neighbours = section.strings("neighbours")
    for neighbour in neighbours:
        if neighbour not in families:
            others = [other for other in families if other != name]
            raise WombatError(
                f"{section.where('neighbours')} names '{neighbour}', which is not a family; "
                f"{suggestion(neighbour, others)}"
            )
        if neighbour == name:
            raise WombatError(f"{section.where('neighbours')} names the family itself; list other families only")
    bootstrap = section.section("bootstrap")
    node_name = section.text("node_name")
    if node_name is not None:
        # Digits at the end would say another slot than the node has.
        section.name(
            "node_name", r"[a-z]([a-z0-9_]*[a-z_])?", "small letters, digits and _, with no digit first or last"
        )
    per_instance = section.take("nodes_per_instance", 1)
    if not isinstance(per_instance, t.Mapping):
        per_instance = section.integer("nodes_per_instance", 1, 1, 1000)
    if node_name and per_instance != 1:
        raise WombatError(
            f"{section.where('node_name')} gives every node of an instance one name; "
            "leave it out or set nodes_per_instance to 1"
        )
    vm_args = section.take("vm_args", [])
    if not isinstance(vm_args, list):
        raise section.wrong("vm_args", vm_args, "a list of lines")
    family = Family(
        name=name,
        release=release,
        nodes=section.integer("nodes", 1),
        nodes_per_instance=per_instance,
        node_name=node_name,
        demand=section.mapping("demand"),
        placement=section.mapping("placement"),
        strategy=bootstrap.choice("strategy", STRATEGIES, "mesh"),
        neighbours=neighbours,
        config=section.mapping("config"),
        vm_args=vm_args,
        env=section.mapping("env"),
    )
    bootstrap.end()
    section.end()
    return family
