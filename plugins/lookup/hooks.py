# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: hooks
short_description: What the families of a host have for an event
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - The hooks of C(families.NAME.hooks) in the deployment file for one event, for every family that has nodes on the
    host that a task runs on. Role P(wombat.erlang.hooks#role) runs them.
options:
  _terms:
    description: The event, such as V(before_stop).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show what runs before a node of this host stops
  ansible.builtin.debug:
    msg: "{{ query('wombat.erlang.hooks', 'before_stop') }}"
"""

RETURN = r"""
_raw:
  description: The hooks in order, each with C(family), C(nodes) (names) and one of C(command), C(tasks) and C(call).
  type: list
  elements: dict
"""

import os
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        host = variables or {}
        deployment = host["hostvars"]["localhost"].get("ansible_facts", {}).get("wombat")
        if not deployment:
            raise AnsibleLookupError("The deployment is not loaded: run wombat.erlang.load on localhost first.")
        families: dict[str, list[str]] = {}
        for node in host.get("wombat_nodes") or ():
            families.setdefault(node["family"], []).append(str(node["name"]))
        return [
            self.hook(deployment, family, nodes, hook)
            for event in terms
            for family, nodes in families.items()
            for hook in deployment["families"].get(family, {}).get("hooks", {}).get(event, ())
        ]

    @staticmethod
    def hook(
        deployment: t.Mapping[str, t.Any], family: str, nodes: list[str], hook: t.Mapping[str, t.Any]
    ) -> dict[str, t.Any]:
        found = {"family": family, "nodes": nodes, **hook}
        if "tasks" in hook:
            found["tasks"] = os.path.join(os.path.dirname(deployment["file"]), os.path.expanduser(hook["tasks"]))
        return found
