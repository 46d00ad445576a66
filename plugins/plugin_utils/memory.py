# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What providers refused lately, kept between runs, so that the next run does not ask for the same again.

A file in the store; it is no state: without it a run only asks once more. It counts for one text of the deployment
file, so that whoever mends the file need not wait; what may be mended elsewhere, as in the environment, is not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal

MENDABLE = ("credentials", "request")  # kinds of refusals that the operator ends, not time


class Memory:
    """The refusals of a deployment that still count."""

    def __init__(self, deployment: Deployment) -> None:
        self.path = os.path.join(deployment.store, "refusals.json")
        self.minutes = deployment.refusal_minutes
        with open(deployment.file, "rb") as stream:
            self.digest = hashlib.sha256(stream.read()).hexdigest()

    def recall(self) -> list[tuple[Refusal, float]]:
        """The refusals that still count, each with the time when it ends, in seconds since 1970."""
        try:
            with open(self.path, encoding="utf-8") as stream:
                kept = json.load(stream)
            if kept["digest"] != self.digest:
                return []
            return [
                (Refusal(entry["kind"], entry["text"], *entry["scope"]), entry["until"])
                for entry in kept["refusals"]
                if entry["until"] > time.time()
            ]
        except (OSError, ValueError, KeyError, TypeError):  # a run without memory only asks once more
            return []

    def keep(self, refusals: t.Sequence[Refusal]) -> None:
        """Add refusals to those that still count. A store that cannot be written keeps none."""
        refusals = [refusal for refusal in refusals if refusal.kind not in MENDABLE]
        now = time.time()
        kept = {refusal.scope: (refusal, until) for refusal, until in self.recall()}
        for refusal in refusals:
            kept[refusal.scope] = (refusal, now + 60 * self.minutes["quota" if refusal.kind == "quota" else "other"])
        entries = [
            {"kind": refusal.kind, "scope": list(refusal.scope), "text": refusal.text, "until": until}
            for refusal, until in kept.values()
        ]
        if not refusals:
            return
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            partial = f"{self.path}.{os.getpid()}"
            with open(partial, "w", encoding="utf-8") as stream:
                json.dump({"digest": self.digest, "refusals": entries}, stream, indent=1)
            os.replace(partial, self.path)
