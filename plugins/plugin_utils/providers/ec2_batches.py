# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many instances of EC2 by one request.

All get the same tags. One of these has the ids of all names, and an instance's place in the request says which is its
own: so it is known from its first moment, also where the run that asked for it was killed right then. Its tag Name,
which people see, comes afterwards.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import TAG, Request
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.cloud import CloudAdapter

IDS = f"{TAG}ids"
LONGEST = 256  # characters of a tag's value


class EC2Batches(CloudAdapter):
    """The part of the adapter that creates many at once."""

    at_once: t.ClassVar[int] = (LONGEST + 1) // len("a1b2c3 ")

    def launch(self, driver: t.Any, arguments: dict[str, t.Any], requests: t.Sequence[Request]) -> dict[str, t.Any]:
        """EC2 may create fewer than it is asked for, but not none. The client token of the first is that of all."""
        if len(requests) == 1:
            return super().launch(driver, arguments, requests)
        ids = " ".join(request.name.rpartition("-")[2] for request in requests)
        asked = {
            **arguments,
            "name": requests[0].name.rpartition("-")[0],
            "ex_mincount": 1,
            "ex_maxcount": len(requests),
            "ex_metadata": {**arguments["ex_metadata"], IDS: ids},
        }
        made = driver.create_node(**asked)
        return {self.named(node).name: node for node in (made if isinstance(made, list) else [made])}

    @staticmethod
    def named(node: t.Any) -> t.Any:
        """A node with the name of its own, where its tag Name is still that of all in its request."""
        tags, place = node.extra.get("tags") or {}, node.extra.get("launch_index")
        ids = str(tags.get(IDS, "")).split()
        common = f"{tags.get(TAG + 'deployment')}-{tags.get(TAG + 'family')}"
        if node.name == common and place is not None and place < len(ids):
            node.name = f"{common}-{ids[place]}"
        return node

    def label(self: t.Any, driver: t.Any, node: t.Any, request: Request) -> None:
        """Tell people the name; where that fails, or a run is killed before, we know it all the same."""
        if IDS in node.extra.get("tags", {}) and not self.stop.is_set():
            with contextlib.suppress(Exception):
                self.set_tags(driver, node, {"Name": request.name})
