# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: offers
short_description: What the providers of a deployment offer now
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - Asks all providers of the deployment and returns one mapping for each size in each domain, as
    P(wombat.erlang.place#filter) takes them.
options: {}
"""

EXAMPLES = r"""
- name: Show the cheapest offer with a known price
  ansible.builtin.debug:
    msg: "{{ query('wombat.erlang.offers') | rejectattr('price', 'none') | sort(attribute='price') | first }}"
"""

RETURN = r"""
_raw:
  description: The offers.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import loader, reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.unsafe import unsafe


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        try:
            deployment = loader.load(loader.find(variables or {}), self._loader)
            return unsafe(reconcile.observe(reconcile.open_providers(deployment)).offers())
        except WombatError as error:
            raise AnsibleLookupError(str(error)) from None
