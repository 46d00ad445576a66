# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: controller
short_description: Load the deployment file strictly and name the host to work on
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - For the C(hosts) of a play on the controller. Ansible evaluates that keyword even when no host matches, so that a
    playbook whose first play
    begins with this lookup cannot end well while the deployment file is broken, or while C(--limit) leaves that play
    out.
options: {}
"""

EXAMPLES = r"""
- name: Begin a playbook on a deployment
  hosts: "{{ lookup('wombat.erlang.controller') }}"
  gather_facts: false
  tasks:
    - name: Load the deployment
      wombat.erlang.load:
"""

RETURN = r"""
_raw:
  description: V(localhost).
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.inventory.manager import split_host_pattern
from ansible.plugins.lookup import LookupBase

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import loader
from ansible_collections.wombat.erlang.plugins.plugin_utils.hosts import GONE


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[str]:
        variables = variables or {}
        try:
            path = loader.find(variables)
            loader.load(path, self._loader)
            require_inventory(path, variables)
            require_controller(variables.get("ansible_limit"))
        except WombatError as error:
            raise AnsibleLookupError(str(error)) from None
        return ["localhost"]


def require_inventory(path: str, variables: t.Mapping[str, t.Any]) -> None:
    """Refuse a file from which the inventory plugin made no inventory: plays would match no hosts and end well."""
    if path in loader.in_inventory(variables) and GONE not in (variables.get("groups") or {}):
        raise WombatError(f"{path}: Ansible made no inventory of it, as its warning above says; mend the file")


def require_controller(limit: str | None) -> None:
    """Refuse a --limit that leaves out the plays on the controller."""
    if not limit:
        return
    patterns = split_host_pattern(limit)
    for pattern in [pattern for pattern in patterns if pattern.startswith("@")]:
        try:
            with open(pattern[1:], encoding="utf-8") as stream:
                patterns += stream.read().split()
        except OSError as error:
            raise WombatError(f"--limit {pattern} cannot be read: {error.strerror}") from None
    if "localhost" not in patterns:
        raise WombatError(
            f"--limit {limit} leaves out the controller, which loads the file; write --limit '{limit},localhost'"
        )
