# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import typing as t


def node_rows(hostvars: t.Mapping[str, t.Any], hosts: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """One row a node of the hosts, for a table, from what the module node said (`wombat_status`)."""
    rows = []
    for host in hosts:
        variables = hostvars[host]
        said = variables.get("wombat_status") or {}
        answers = said.get("nodes") or {}
        for node in variables.get("wombat_nodes") or ():
            answer = answers.get(node["name"], {})
            state = (
                "running" if answer.get("alive") else "unreachable" if said.get("unreachable") or not said else "down"
            )
            if "wombat_retiring" in variables.get("group_names", ()):
                state += ", draining"
            uptime, memory = answer.get("uptime"), answer.get("memory")
            rows.append(
                {
                    "node": node["name"],
                    "state": state,
                    "domain": variables.get("wombat_domain"),
                    "instance": host,
                    "release": answer.get("release_version"),
                    "otp": answer.get("otp_release"),
                    "pid": answer.get("pid"),
                    "uptime": None if uptime is None else str(datetime.timedelta(seconds=int(uptime))),
                    "memory": None if memory is None else f"{memory / 2**20:.0f} MiB",
                    "processes": answer.get("processes"),
                    "connected": None if answer.get("connected") is None else len(answer["connected"]),
                }
            )
    return sorted(rows, key=lambda row: (row["node"], row["instance"]))


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"node_rows": node_rows}
