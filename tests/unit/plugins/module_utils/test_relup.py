# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What relups say, as systools writes them."""

from __future__ import annotations

from ansible_collections.wombat.erlang.plugins.module_utils import relup

TEXT = """%% coding: utf-8
{"0.3.0",
 [{"0.2.0",[],
   [{load_object_code,{kv,"0.3.0",[kv,'odd]}"']}},
    point_of_no_return,
    {load,{kv,brutal_purge,brutal_purge}}]},
  {"0.1.0","from ]} the first",[restart_new_emulator,{suspend,[a]},restart_emulator]}],
 [{"0.2.0",[],[point_of_no_return]},
  {"0.0.9",[],[point_of_no_return]}]}.
"""


def test_only_ways_that_keep_the_runtime_system_count():
    assert relup.origins(TEXT) == ["0.2.0"]
    assert relup.leads(TEXT, "0.2.0", "0.3.0")
    assert relup.leads(TEXT, "0.3.0", "0.0.9")
    assert not relup.leads(TEXT, "0.1.0", "0.3.0")
    assert not relup.leads(TEXT, "0.2.0", "0.0.9")
    assert not relup.leads(TEXT, "0.0.9", "0.3.0")


def test_what_is_no_relup_leads_nowhere():
    for text in ("", "{", '{"1",[', '{"1",[]}.', "[]."):
        assert relup.origins(text) == []
        assert not relup.leads(text, "0", "1")
