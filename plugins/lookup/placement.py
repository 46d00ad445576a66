# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: placement
short_description: Where the nodes of a deployment would go now
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - Asks all providers of the deployment for their offers and instances and places the families on them, changing
    nothing.
  - Returns what P(wombat.erlang.place#filter) returns, and as C(existing) the instances that run now.
  - What a provider refused lately is left out, as a deploy would do.
seealso:
  - plugin: wombat.erlang.place
    plugin_type: filter
  - plugin: wombat.erlang.explain
    plugin_type: filter
options: {}
"""

EXAMPLES = r"""
- name: Explain where every node would go
  ansible.builtin.debug:
    msg: "{{ lookup('wombat.erlang.placement') | wombat.erlang.explain }}"
"""

RETURN = r"""
_raw:
  description: The placement, a list of one mapping.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import loader, planning, reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.hosts import UNREACHABLE
from ansible_collections.wombat.erlang.plugins.plugin_utils.memory import Memory
from ansible_collections.wombat.erlang.plugins.plugin_utils.unsafe import unsafe


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        try:
            deployment = loader.load(loader.find(variables or {}), self._loader)
            silent = (variables or {}).get("groups", {}).get(UNREACHABLE, ())
            seen = reconcile.observe(reconcile.open_providers(deployment), silent)
            remembered = [refusal for refusal, _until in Memory(deployment).recall()]
            plan = planning.make_plan(deployment, seen, run="", refusals=remembered)
            return [unsafe({**plan.result, "existing": list(plan.existing)})]
        except WombatError as error:
            raise AnsibleLookupError(str(error)) from None
