#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: provider_info
short_description: Check the providers of a deployment and list what they offer
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - Opens every provider of the deployment file, which checks its credentials, and returns the profile of each of its
    domains.
extends_documentation_fragment:
  - wombat.erlang.attributes
  - wombat.erlang.attributes.controller
"""

EXAMPLES = r"""
- name: Ask the providers
  wombat.erlang.provider_info:
  register: asked

- name: Stop when a provider cannot be used
  ansible.builtin.assert:
    that: asked.providers.values() | map(attribute='available') is all
"""

RETURN = r"""
providers:
  description: The providers by name.
  returned: success
  type: dict
  contains:
    driver:
      description: The name of its libcloud driver.
      type: str
      returned: success
    available:
      description: Whether it answered.
      type: bool
      returned: success
    reason:
      description: Why not, in one sentence.
      type: str
      returned: success
    features:
      description: What it can do.
      type: list
      elements: str
      returned: success
    unsupported:
      description: What it cannot do, and why.
      type: dict
      returned: success
    instances:
      description: How many instances of this deployment it runs.
      type: int
      returned: success
    domains:
      description: >-
        The profile of each domain, with geography, C(labels), C(sizes) (memory in MiB, disk in GiB, price an hour),
        C(images) and C(quota) (C(limit) and C(left), by domain and
        by provider).
      type: list
      elements: dict
      returned: success
supported_drivers:
  description: The names of all drivers that a deployment file may use.
  returned: success
  type: list
  elements: str
lines:
  description: All of it as text, a table of the domains first.
  returned: success
  type: list
  elements: str
"""
