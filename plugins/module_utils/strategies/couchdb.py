# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CouchDB 3, by its HTTP interface; equal UUIDs, secrets and administrators come by the family's files."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Strategy, View

_LIMIT = 60


class CouchDB(Strategy):
    """CouchDB. A node leaves only when no database has shards on it."""

    NAME = "couchdb"
    OPTIONS = {
        "port": {"type": "int", "default": 5984, "description": "The port of the HTTP interface."},
        "curl_config": {
            "type": "path",
            "default": "/etc/wombat/couchdb.curl",
            "description": "A file on every host that names the administrator, as curl reads it: C(user = "
            '"admin:secret"). So no command line shows it.',
        },
    }
    PACE = 1
    TIMEOUT = 300.0

    def question(self, name: str) -> str | None:
        """It is asked by HTTP."""
        return None

    def views(self, names: list[str]) -> dict[str, View]:
        """What C(_membership) and C(_cluster_setup) say."""
        return {name: view(self._get(name, "_membership"), self._get(name, "_cluster_setup")) for name in names}

    def unsafe(self, views: dict[str, View]) -> list[str]:
        """All data are lost with the last member."""
        return [] if self.family.wanted or not self.family.leaving else ["No member would be left: keep one."]

    def join(self, names: list[str]) -> dict[str, str]:
        """Add the node to the nodes of the seed, in the seed's own words where that fails."""
        said = {}
        for name in names:
            answer = self._ask(name, self.family.seeds[name], "PUT", f"_node/_local/_nodes/{quote(name)}", {})
            if not answer.get("ok") and answer.get("error") != "conflict":
                said[name] = words(answer)
        return said

    def finish(self, name: str) -> bool:
        """Finish the cluster once, which makes its system databases."""
        if self._get(name, "_cluster_setup").get("state") == "cluster_finished":
            return False
        answer = self._ask(name, name, "POST", "_cluster_setup", {"action": "finish_cluster"})
        if not answer.get("ok") and "already finished" not in str(answer.get("reason")):
            raise WombatError(f"The cluster at {name} cannot be finished: {words(answer)}.")
        return bool(answer.get("ok"))

    def forget(self, name: str, dead: tuple[str, ...]) -> None:
        """Remove the dead from the list of nodes."""
        for node in dead:
            said = self._remove(name, name, node)
            if said:
                raise WombatError(f"Node {name} does not forget {node}: {said}.")

    def leave(self, name: str) -> str | None:
        """Leave through a node that stays, where no shard is left behind."""
        databases = self._get(name, "_all_dbs")
        if not isinstance(databases, list):
            return words(databases)
        for database in databases:
            shards = self._get(name, f"{quote(database, safe='')}/_shards").get("shards")
            if shards is None or any(name in nodes for nodes in shards.values()):
                return f"database {database} has shards on it: move them first, as CouchDB's manual tells"
        stays = [node for node in self.family.wanted if node in self.views([name])[name].up]
        return self._remove(name, stays[0], name) if stays else "no node that stays is up"

    def _remove(self, name: str, at: str, node: str) -> str | None:
        path = f"_node/_local/_nodes/{quote(node)}"
        known = self._ask(name, at, "GET", path)
        if known.get("error") == "not_found":
            return None
        answer = self._ask(name, at, "DELETE", f"{path}?rev={known.get('_rev')}")
        return None if answer.get("ok") else words(answer)

    def _get(self, name: str, path: str) -> Any:
        return self._ask(name, name, "GET", path)

    def _ask(self, name: str, at: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the node C(at) from the host of the node C(name); a failure is an answer with C(error)."""
        url = f"http://{at.partition('@')[2]}:{self.options['port']}/{path}"
        command = ["curl", "--silent", "--show-error", "--config", self.options["curl_config"], "--request", method]
        if body is not None:
            command += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
        code, text = self.console.run(name, [*command, url], limit=_LIMIT)
        try:
            return json.loads(text)
        except ValueError:
            return {"error": f"curl ended with {code}", "reason": " ".join(text.split())[:300]}


def view(membership: Any, setup: Any) -> View:
    """What the answers to C(_membership) and C(_cluster_setup) say: known nodes are up where all see them."""
    if "cluster_nodes" not in membership:
        return View(error=words(membership))
    members, seen = membership["cluster_nodes"], membership["all_nodes"]
    pending = (
        [] if len(members) == 1 or setup.get("state") == "cluster_finished" else ["has a cluster not finished yet"]
    )
    return View(tuple(sorted(members)), tuple(sorted(set(members) & set(seen))), tuple(pending))


def words(answer: Any) -> str:
    """What CouchDB says, as the end of a sentence."""
    return f"CouchDB says: {answer.get('error')}, {str(answer.get('reason')).rstrip('.')}"
