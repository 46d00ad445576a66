#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: load
short_description: Load the deployment file strictly
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - Reads and validates the deployment file of the run and fails with one sentence when anything in it is wrong.
  - The file is the variable C(wombat_file) if it is set, else the one C(*.wombat.yml) among the inventory sources.
  - The variable C(wombat_scale), such as V(kv=5,web=2), goes before the numbers of nodes in the file.
  - Sets the fact C(ansible_facts.wombat), which plays work with. It holds no credentials.
extends_documentation_fragment:
  - wombat.erlang.attributes
  - wombat.erlang.attributes.controller
"""

EXAMPLES = r"""
- name: Load the deployment
  wombat.erlang.load:
"""

RETURN = r"""
ansible_facts:
  description: Facts that are set.
  returned: success
  type: dict
  contains:
    wombat:
      description: >-
        The deployment, with C(file), C(name), C(run) (the id of this run), C(store) (the path of its
        file), C(distribution), C(on_shortfall), C(providers), C(releases),
        C(families), C(members), for each family its C(nodes) that the inventory knows and its C(neighbours)' nodes,
        C(shrinking), the groups of the families that have more nodes than they are to have,
        C(waves), lists of families in the order in which they start, and C(order), the same as sentences.
      type: dict
      returned: success
"""
