# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A family of the deployment file: what it may say, validated into the model."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Family, Release
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_bootstrap import read_bootstrap, read_neighbours
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_hooks import read_hooks
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_upgrade import read_upgrade
from ansible_collections.wombat.erlang.plugins.plugin_utils.ports import read_firewall
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import NAME_MEANING, Section, suggestion

# A family's name is followed by the slot in node names: with a digit at its end, web2's slot 1 and web's slot 21
# would be one name.
FAMILY_NAME = r"[a-z]([a-z0-9]*[a-z])?"
NODE_NAME = r"[a-z]([a-z0-9_]*[a-z_])?"


def read_family(
    section: Section, name: str, releases: t.Mapping[str, Release], families: t.Mapping[str, Section]
) -> Family:
    section.called(name, FAMILY_NAME, NAME_MEANING + " and last, as its nodes are numbered behind it")
    release = str(section.need("release"))
    if release not in releases:
        raise WombatError(
            f"{section.where('release')} names '{release}', which is not a release; {suggestion(release, releases)}"
        )
    links = read_neighbours(section, name, families)
    strategy, bootstrap = read_bootstrap(section.section("bootstrap"))
    distribution = section.section("distribution")
    node_name = section.text("node_name")
    if node_name is not None:
        # Digits at the end would say another slot than the node has.
        section.name("node_name", NODE_NAME, "small letters, digits and _, with no digit first or last")
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
    files = section.take("files", [])
    if not isinstance(files, list):
        raise section.wrong("files", files, "a list of files")
    for number, file in enumerate(files):
        check_file(Section(file, f"{section.where('files')}[{number}]"))
    family = Family(
        name=name,
        release=release,
        nodes=section.integer("nodes", 1),
        nodes_per_instance=per_instance,
        node_name=node_name,
        demand=section.mapping("demand"),
        placement=section.mapping("placement"),
        strategy=strategy,
        bootstrap=bootstrap,
        neighbours=tuple(links),
        links=links,
        config=section.mapping("config"),
        vm_args=vm_args,
        env=section.mapping("env"),
        tls=bool(distribution.flag("tls", False)),
        cookie=section.text("cookie_file") or "",
        upgrade=read_upgrade(section.section("upgrade")),
        hooks=read_hooks(section.section("hooks")),
        firewall=read_firewall(section.section("firewall")),
        files=files,
    )
    distribution.end()
    section.end()
    return family


def check_file(section: Section) -> None:
    """Refuse what is no file of a family; its texts are templated later."""
    for key in ("src", "dest"):
        section.need(key)
        section.text(key)
    mode = section.text("mode")
    if mode is not None and not re.fullmatch("0?[0-7]{3}", mode):
        raise section.wrong("mode", mode, "a mode in quotes such as '0640'")
    section.strings("validate")
    section.flag("diff")
    section.end()
