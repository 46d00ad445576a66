# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How hypothesis works in these tests: the same cases in every run, and none fails for a machine that is busy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("wombat", deadline=None, derandomize=True, database=None)
settings.load_profile("wombat")
