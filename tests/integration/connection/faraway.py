# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to this machine that Ansible takes for one to a remote host."""

from __future__ import annotations

DOCUMENTATION = """
name: faraway
short_description: Reach this machine as if it were elsewhere
description:
  - Files really are copied. Each copy of an archive is written down in the file that E(FARAWAY_LOG) names, and cut to
    as many bytes as E(FARAWAY_CUT) says.
author: [The Wombat for Ansible contributors (@wombat-erlang)]
extends_documentation_fragment: [connection_pipelining]
"""

import os

from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    transport = "faraway"

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        if out_path.endswith(".tar.gz"):
            with open(os.environ["FARAWAY_LOG"], "a", encoding="utf-8") as log:
                log.write(f"{out_path}\n")
            if "FARAWAY_CUT" in os.environ:
                os.truncate(out_path, int(os.environ["FARAWAY_CUT"]))
