# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment file's data, validated into the model."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import placement
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_bootstrap import check_epmd
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_family import read_family
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_provider import read_provider
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_release import read_release
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_security import agree, read_authority
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_store import read_storage
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import NAME, NAME_MEANING, Section, suggestion

PLUGIN = "wombat.erlang.deployment"
# What the inventory plugin gives to Ansible's own code, which checks it.
CONSTRUCTED = ("compose", "groups", "keyed_groups", "strict", "use_extra_vars", "leading_separator")


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

    providers = {key: read_provider(key, section) for key, section in top.sections("providers").items()}
    if not providers:
        raise top.missing("providers", "name at least one provider")
    releases = {key: read_release(section, key, path_of) for key, section in top.sections("releases").items()}
    sections = top.sections("families")
    families = {key: read_family(section, key, releases, sections) for key, section in sections.items()}
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
    storage = read_storage(top.section("store")) if isinstance(top.take("store"), t.Mapping) else None
    store = path_of((None if storage else top.text("store")) or os.path.join(home, "store"))
    local = all(provider.driver == "local" for provider in providers.values())
    deployment = Deployment(
        file=file,
        name=name,
        store=store,
        storage=storage,
        ca=read_authority(top.section("ca"), path_of, store),
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
        families=agree(families, path_of, store, top.text("cookie_file")),
        budget=top.number("budget", 0, 1e9),
        template=template,
    )
    refusals.end()
    distribution.end()
    placement.validate(deployment.demands())
    check_epmd(deployment)
    for family in families.values():
        rules = family.placement.get("together") or []
        shares = any(rule.get("within") == "instance" for rule in ([rules] if isinstance(rules, t.Mapping) else rules))
        if shares and family.node_name and not deployment.epmd:
            # The port follows from the slot, and that from the name.
            raise WombatError(
                f"families.{family.name}.node_name cannot be set for a family that shares instances without epmd; "
                "leave it out"
            )
    for key in CONSTRUCTED:
        top.take(key)
    top.end()
    return deployment
