# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a provider says is data, never a template; what the collection itself writes may be one."""

from __future__ import annotations

import typing as t

from ansible.utils.unsafe_proxy import wrap_var

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 trusts every text
    trust_as_template = str


def trusted(text: str) -> str:
    """Mark a text of the collection's own, so that Ansible templates it."""
    return trust_as_template(text)


def unsafe(value: t.Any) -> t.Any:
    """Mark all texts below `value` so that Ansible never templates them."""
    if isinstance(value, t.Mapping):
        return {key: unsafe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [unsafe(item) for item in value]
    return wrap_var(value) if isinstance(value, str) else value
