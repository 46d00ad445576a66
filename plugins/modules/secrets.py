#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the cookies and the certificate authority of a deployment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secrets
short_description: Make the cookies and the certificate authority of a deployment
version_added: 0.1.0
author: [The Wombat for Ansible contributors (@wombat-erlang)]
description:
  - Makes on the controller what the deployment file wants and what is missing, a cookie for each group of neighbours
    and, where a family has C(distribution.tls), the deployment's own certificate authority, or begins and ends the
    change of them.
  - No secret is in an option or a result. M(wombat.erlang.cookie) and M(wombat.erlang.certificates)
    bring them to hosts.
  - This is an action plugin; it never connects to a host.
options:
  state:
    description:
      - V(present) makes what is missing.
      - V(new_cookie) replaces the cookies of O(families), and so of their neighbours.
      - >-
        The others change the deployment's own authority, one after the other, with M(wombat.erlang.certificates)
        between them. V(next_authority) makes the next one, which nodes are to trust; V(new_authority) lets it sign;
        V(one_authority) forgets the former. They do nothing where the file names an existing authority.
    type: str
    choices: [present, new_cookie, next_authority, new_authority, one_authority]
    default: present
  families:
    description: The families whose cookies are meant, by default all.
    type: list
    elements: str
extends_documentation_fragment:
  - wombat.erlang.attributes
  - wombat.erlang.attributes.controller
seealso:
  - module: wombat.erlang.cookie
  - module: wombat.erlang.certificates
"""

EXAMPLES = r"""
- name: Make the cookies and the authority that are missing
  wombat.erlang.secrets:

- name: Make a new cookie for the family kv and its neighbours
  wombat.erlang.secrets:
    state: new_cookie
    families: [kv]
"""

RETURN = r"""
files:
  description: The paths on the controller of what was made.
  returned: success
  type: list
  elements: str
  sample: [/home/me/.wombat/shop/store/cookies/kv]
"""
