# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: node_settings
short_description: The settings of a host's nodes
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - For every node of the host that a task runs on, templates its family's C(config), C(vm_args), C(env) and C(files)
    from the deployment file, as the C(nodes) of M(wombat.erlang.node_config).
  - The templates may use C(node), C(slot), C(port), C(address), C(instance), C(provider), C(region) and C(zone),
    C(data_dir), C(etc_dir) and C(log_dir), folders of the node's own, C(members), the nodes of the family, and
    C(neighbours), the nodes of each neighbour by its name, besides extra variables and lookups.
  - C(cookie_file) is the file on the controller with the family's cookie, for configuration that must hold it itself.
  - What a neighbour is mapped to, by C(neighbours.NAME.as) with C(config), C(vm_args) and C(env), may also use
    C(nodes), the neighbour's nodes. Of this C(config) is told to running nodes without a restart.
options:
  root:
    description: The instance's root folder.
    type: str
    required: true
  versions:
    description:
      - For a release what M(wombat.erlang.release) says of its archive, of which C(version) and C(hot_from) are taken.
      - A release that is not in it runs in the version that C(current) names.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Write the boot files of this host's nodes
  wombat.erlang.node_config:
    root: /srv/wombat
    nodes: "{{ query('wombat.erlang.node_settings', root='/srv/wombat') }}"
    distribution: {epmd: false, port: 9100}
"""

RETURN = r"""
_raw:
  description:
    - The nodes, each with C(name), C(family), C(release), C(packages), C(service), C(slot), C(tls), C(config), C(told),
      C(vm_args), C(env), C(files) and C(home).
  type: list
  elements: dict
"""

import functools
import os
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.links import gateways
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import STRATEGIES
from ansible_collections.wombat.erlang.plugins.plugin_utils import loader
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.files import render


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        self.set_options(var_options=variables, direct=kwargs)
        host = variables or {}
        try:
            deployment = loader.load(loader.find(host), self._loader)
            return [self.settings(deployment, host, node) for node in host["wombat_nodes"]]
        except WombatError as error:
            raise AnsibleLookupError(str(error)) from None

    def settings(self, deployment: t.Any, host: t.Mapping[str, t.Any], node: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        family = deployment.families[node["family"]]
        folder = os.path.join(self.get_option("root"), "nodes", node["label"])
        known = {
            "node": node["name"],
            "slot": node["slot"],
            "port": node["port"],
            "address": host["wombat_address"],
            "instance": host["inventory_hostname"],
            "provider": host["wombat_provider"],
            "region": host["wombat_region"],
            "zone": host["wombat_zone"],
            "cookie_file": family.cookie,
            **{f"{part}_dir": os.path.join(folder, part) for part in ("data", "etc", "log")},
        }
        members = self.members(host)
        known["members"] = list(members.get(family.name, {}).get("nodes", ()))
        known["neighbours"] = {other: list(members.get(other, {}).get("nodes", ())) for other in family.neighbours}
        settings = deployment.settings(family.name, known)
        mapped = [
            deployment.mapped(family.name, other, {**known, "nodes": self.nodes(members.get(other), link["connect"])})
            for other, link in family.links.items()
        ]
        added = STRATEGIES[family.strategy].settings(known, self.family(host, family.name), dict(family.bootstrap))
        version = self.get_option("versions").get(family.release, {})
        return {
            "name": node["name"],
            "family": family.name,
            "release": family.release,
            "packages": list(deployment.releases[family.release].packages),
            "service": dict(deployment.releases[family.release].service),
            "version": version.get("version"),
            "hot_from": version.get("hot_from"),
            "slot": node["slot"],
            "tls": family.tls,
            # What the file says goes before what the strategy says.
            "config": _merged(added.config, settings["config"]),
            "told": _without(
                functools.reduce(_merged, [one["config"] for one in mapped], added.told), settings["config"]
            ),
            "vm_args": [*added.vm_args, *(line for one in mapped for line in one["vm_args"]), *settings["vm_args"]],
            "env": {**added.env, **{key: one["env"][key] for one in mapped for key in one["env"]}, **settings["env"]},
            "files": render(deployment, family.name, settings["files"], known, self._loader),
            "home": dict(added.home),
        }

    @staticmethod
    def members(host: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
        """What the loaded deployment says of the families' nodes; nothing where a play has not loaded it."""
        facts = host["hostvars"].raw_get("localhost").get("ansible_facts") or {}
        return facts.get("wombat", {}).get("members", {})

    @staticmethod
    def nodes(members: t.Mapping[str, t.Any] | None, connect: str) -> list[str]:
        """A neighbour's nodes: those that are met, its gateways where only these are."""
        known = members or {"nodes": (), "domains": {}}
        return gateways(known["nodes"], known["domains"]) if connect == "gateway" else list(known["nodes"])

    def family(self, host: t.Mapping[str, t.Any], name: str) -> Family:
        """A family as its strategy knows it."""
        members = self.members(host).get(name) or {"nodes": (), "leaving": (), "domains": {}}
        return Family(name, tuple(members["nodes"]), tuple(members["leaving"]), domains=dict(members["domains"]))


def _merged(first: t.Mapping[str, t.Any], then: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Settings by application; where both have a key it is the second's that counts."""
    return {app: {**first.get(app, {}), **then.get(app, {})} for app in {**first, **then}}


def _without(settings: t.Mapping[str, t.Any], others: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The settings whose keys the others do not have."""
    return {
        app: {key: value for key, value in keys.items() if key not in (others.get(app) or {})}
        for app, keys in settings.items()
    }
