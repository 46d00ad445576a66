#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: instances
short_description: Create and destroy the instances of a deployment
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - Observes all providers of the deployment, places the nodes that are missing, and creates instances for them, in
    parallel.
  - What a provider refuses leaves the offers, and only the rest is placed again.
  - An instance that somebody stopped is started, where its driver can.
  - A provider that cannot be observed makes its instances unknown, not absent. Meanwhile no family grows that
    may be there, and the run says so.
  - Instances that do not carry the deployment's name and tags are never touched.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows the plan as lines, C(+) for an instance to be created and C(-) for one to be retired.
  action:
    support: full
extends_documentation_fragment:
  - wombat.erlang.attributes
options:
  state:
    description:
      - With V(present) missing instances are created. Nothing is destroyed but what this run itself created too much,
        when two runs met, and of instances with one name, as when somebody copied one, all but the oldest. Where none
        is known to be the oldest, the run fails before it does anything.
      - With V(draining) the instances in O(names) are marked by a tag as such that are to go, before their nodes leave.
        Whatever the deployment file asks for later, they go, and a run that follows one that was killed goes on with
        them. Where the driver cannot write tags later, nothing is marked, and which instances are too many is found
        out anew by each run.
      - With V(retired) the instances in O(names) are destroyed, if they are the deployment's. Their nodes must have
        left before.
      - With V(absent) all instances of the deployment are destroyed.
    type: str
    choices: [present, draining, retired, absent]
    default: present
  names:
    description: Names of instances, for O(state=draining) and O(state=retired).
    type: list
    elements: str
    default: []
  run:
    description: The id of this run. Names of new instances are made from it, so that a retry asks for the same ones.
    type: str
    required: true
  deadline:
    description: Seconds after which no further instance is asked for. What was created is returned.
    type: int
    default: 1800
"""

EXAMPLES = r"""
- name: Create what is missing
  wombat.erlang.instances:
    run: "{{ ansible_facts.wombat.run }}"
  register: grown

- name: Mark what is too much, before its nodes leave
  wombat.erlang.instances:
    state: draining
    names: "{{ grown.surplus }}"
    run: "{{ ansible_facts.wombat.run }}"

- name: Destroy what is too much, after its nodes have left
  wombat.erlang.instances:
    state: retired
    names: "{{ grown.surplus }}"
    run: "{{ ansible_facts.wombat.run }}"
"""

RETURN = r"""
hosts:
  description: >-
    The instances that exist now, each with C(name), C(groups) and C(variables), as M(ansible.builtin.add_host)
    takes them. An instance that only the inventory still has
    is in the group C(wombat_gone), one that is too many or drains in C(wombat_retiring).
  returned: O(state=present)
  type: list
  elements: dict
unlisted:
  description: Those of RV(hosts) that the inventory does not have yet, or not in all their groups.
  returned: O(state=present)
  type: list
  elements: dict
created:
  description: Names of the instances that were created.
  returned: O(state=present)
  type: list
  elements: str
started:
  description: Names of the instances that somebody had stopped, and that were started.
  returned: O(state=present)
  type: list
  elements: str
surplus:
  description: Names of the instances that are too many.
  returned: O(state=present)
  type: list
  elements: str
refusals:
  description: What providers refused, with C(kind), C(scope) and C(text).
  returned: O(state=present)
  type: list
  elements: dict
unknown:
  description: The providers that could not be observed, with the reason.
  returned: O(state=present)
  type: dict
shortfall:
  description: How many nodes could not be placed, by family.
  returned: O(state=present)
  type: dict
explanation:
  description: Why there is a shortfall, as lines of text.
  returned: O(state=present)
  type: list
  elements: str
placement:
  description: The placement, as P(wombat.erlang.place#filter) returns it.
  returned: O(state=present)
  type: dict
destroyed:
  description: Names of the instances that were destroyed.
  returned: O(state=retired) or O(state=absent)
  type: list
  elements: str
"""
