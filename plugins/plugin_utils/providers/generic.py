# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any libcloud driver that has no adapter of its own, a third party's by its dotted path too, as far as it goes."""

from __future__ import annotations

import inspect
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import opening
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Place
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter


class GenericAdapter(CloudAdapter):
    """Nobody knows whether the tags of an unknown driver come back, so that the name is enough."""

    owned_by_name = True

    def missing(self) -> t.Mapping[str, str]:
        return opening.lacks(self.driver_class)

    def locations(self, scope: str) -> list[Place]:
        """One place where create_node cannot be told another."""
        driver: t.Any = self.driver_class
        if "location" in inspect.signature(driver.create_node).parameters:
            return super().locations(scope)
        return [Place("default", "default")]
