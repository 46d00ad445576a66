# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the contract tests import what lies beside them."""

from __future__ import annotations

import pathlib
import sys

import pytest

pytest.register_assert_rewrite("case", "cases", "wire")
sys.path.insert(0, str(pathlib.Path(__file__).parent))
