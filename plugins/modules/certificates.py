#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give the nodes of a host their certificates."""

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates
short_description: Give the nodes of a host their certificates for mutual TLS
version_added: 0.1.0
author: [The Wombat for Ansible contributors (@wombat-erlang)]
description:
  - Signs on the controller a certificate for every node of the host whose family has C(distribution.tls) and that lacks
    a fitting one, and brings it to the host with its key, as a file that only the nodes' user may read.
  - A certificate is made anew when less than 60 days of its year are left, or when another authority signs.
  - Running nodes take new certificates at once, for new connections. The ones that they have stay.
  - No key is in an option or a result. This is an action plugin with a module, which asks the host first; the
    authority is what the deployment file says, see M(wombat.erlang.secrets).
options:
  root:
    description: The instance's root folder.
    type: path
    required: true
  part:
    description: With V(trusted) only the authorities that the nodes trust are brought, before another one signs.
    type: str
    choices: [all, trusted]
    default: all
  renew:
    description: Whether certificates are made anew that would still do.
    type: bool
    default: false
  timeout:
    description: Seconds that the running nodes have together to take what is new.
    type: float
    default: 30
  src:
    description: The file on the host with what is new, which the action brings. Leave it out.
    type: path
attributes:
  check_mode: {support: full, description: Says which nodes would get something and signs nothing.}
  diff_mode: {support: none, description: Keys are not shown.}
seealso:
  - module: wombat.erlang.secrets
"""

EXAMPLES = r"""
- name: Give the nodes the certificates that they lack
  wombat.erlang.certificates:
    root: /srv/wombat
"""

RETURN = r"""
nodes:
  description: For each node with TLS, why it got something, or would in check mode; null where it did not.
  returned: success
  type: dict
  sample: {"kv1@192.0.2.10": "expires soon"}
trusted:
  description: What each node trusts. Only the action plugin sees this.
  returned: when the module runs without its action plugin
  type: dict
"""

import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.certificate_files import prepare
from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module

OPTIONS: dict[str, dict[str, t.Any]] = {
    "root": {"type": "path", "required": True},
    "part": {"type": "str", "choices": ["all", "trusted"], "default": "all"},
    "renew": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 30},
    "src": {"type": "path"},
}


def main() -> None:
    """Run the module."""
    run_module(OPTIONS, prepare)


if __name__ == "__main__":
    main()
