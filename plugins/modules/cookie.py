#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put the cookies of families in place."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cookie
short_description: Put the cookies of the families of a host in place
version_added: 0.1.0
author: [The Wombat for Ansible contributors (@wombat-erlang)]
description:
  - Brings the cookies of the families whose nodes are on the host to it, as files that only the nodes' user may read.
  - Nodes that run with another cookie get the new one at once. They keep their connections; new ones need the same
    cookie on both sides.
  - What a killed run leaves behind is mended by the next.
  - No cookie is in an option or a result. This is an action plugin with a module; the cookies are the files that the
    deployment file names, see M(wombat.erlang.secrets).
options:
  root:
    description: The instance's root folder.
    type: path
    required: true
  timeout:
    description: Seconds that the running nodes have together to take a cookie.
    type: float
    default: 30
  made:
    description:
      - The RV(wombat.erlang.secrets#module:files) that M(wombat.erlang.secrets) has made in this run. In check mode
        they are what they were, and a host that would get one of them counts as changed.
    type: list
    elements: path
  src:
    description: The file on the host with the cookies, which the action brings. Leave it out.
    type: path
attributes:
  check_mode: {support: full, description: Says which files would change and changes nothing.}
  diff_mode: {support: none, description: Cookies are not shown.}
seealso:
  - module: wombat.erlang.secrets
"""

EXAMPLES = r"""
- name: Put the cookies in place
  wombat.erlang.cookie:
    root: /srv/wombat
"""

RETURN = r"""
files:
  description: The files that differed.
  returned: success
  type: list
  elements: str
  sample: [/srv/wombat/home/kv/.erlang.cookie]
nodes:
  description: The running nodes that got a new cookie.
  returned: success
  type: list
  elements: str
  sample: [kv1@192.0.2.10]
"""

import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.cookies import prepare
from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module

OPTIONS: dict[str, dict[str, t.Any]] = {
    "root": {"type": "path", "required": True},
    "timeout": {"type": "float", "default": 30},
    "made": {"type": "list", "elements": "path"},
    "src": {"type": "path"},
}


def main() -> None:
    """Run the module."""
    run_module(OPTIONS, prepare)


if __name__ == "__main__":
    main()
