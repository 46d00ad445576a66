# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_rules
short_description: Which ports of a host are open to whom
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - For the host that a task runs on, the ports of its nodes, and of epmd where the deployment uses it, open to the
    nodes of their families, of their neighbours, and of families that have them as neighbours.
  - And what the families say in C(firewall.allow) of the deployment file.
options:
  leaving:
    description: Whether nodes that are about to leave count.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Close the ports of this host's nodes to others
  wombat.erlang.firewall:
    rules: "{{ query('wombat.erlang.firewall_rules') }}"
"""

RETURN = r"""
_raw:
  description: The rules, as O(wombat.erlang.firewall#module:rules) takes them.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import loader
from ansible_collections.wombat.erlang.plugins.plugin_utils.hosts import members_of
from ansible_collections.wombat.erlang.plugins.plugin_utils.ports import rules_of


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        self.set_options(var_options=variables, direct=kwargs)
        host = variables or {}
        kinds = ("nodes", "leaving") if self.get_option("leaving") else ("nodes",)
        try:
            deployment = loader.load(loader.find(host), self._loader)
            members = {
                family: [name for kind in kinds for name in known[kind]]
                for family, known in members_of(deployment.families, host).items()
            }
            return rules_of(deployment, host["wombat_nodes"], members)
        except WombatError as error:
            raise AnsibleLookupError(str(error)) from None
