# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the providers is what the adapters say."""

from __future__ import annotations

import importlib.util
import pathlib

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import FEATURES
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.registry import ADAPTERS

TOOL = pathlib.Path(__file__).parents[4] / "tests" / "tools" / "provider_docs.py"


def test_page_is_what_the_adapters_say():
    spec = importlib.util.spec_from_file_location("provider_docs", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run make docs-providers, and look at what it changed"


def test_adapters_lack_known_features_only_and_say_why():
    for driver, adapter in ADAPTERS.items():
        assert not set(adapter.lacks) - set(FEATURES), driver
        assert all(adapter.lacks.values()), driver
