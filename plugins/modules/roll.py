#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: roll
short_description: Plan in which order the instances of a deployment are upgraded
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - Finds the instances whose running nodes have files waiting, as role P(wombat.erlang.release#role) registered it,
    and chooses how each is upgraded, by what the archives allow and the families permit.
  - Puts them into batches, each of one family and one domain, a canary first. A family never loses its majority,
    counted in nodes, by nodes that restart together or do not run, except where it is upgraded in full.
  - Prints for every node that is upgraded what will happen, in check mode for the others too, and fails with the reason
    where nothing that is permitted is possible. A node of which nobody knows whether it runs counts as one that does
    not, as where its host failed or C(--limit) leaves it out.
extends_documentation_fragment:
  - wombat.erlang.attributes
  - wombat.erlang.attributes.controller
options:
  method:
    description:
      - The method for all instances, instead of what C(families.NAME.upgrade.allow) in the deployment file permits.
      - V(hot) upgrades nodes while they run, V(rolling) restarts them batch by batch, V(full) all at once.
    type: str
    choices: [hot, rolling, full]
"""

EXAMPLES = r"""
- name: Put the instances in order
  wombat.erlang.roll:
    method: rolling
  register: roll
"""

RETURN = r"""
order:
  description: The instances to upgrade, in this order.
  returned: success
  type: list
  elements: str
serial:
  description: The sizes of the batches, as a play's C(serial).
  returned: success
  type: list
  elements: int
hosts:
  description: For each of them C(method), C(at_once), C(pause) in seconds, and the C(checks) by family.
  returned: success
  type: dict
"""
