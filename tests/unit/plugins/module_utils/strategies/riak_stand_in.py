# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in of `riak` for tests: clusters that obey the behaviour recorded on a real Riak 3.2, its traps included.

Almost every failure has return code 0. Time passes by commands: each one, wherever it runs, is one tick. As a program
it keeps its clusters in the file $RIAK_STAND_IN and is the node $RIAK_NODE: `riak admin cluster join riak@192.0.2.10`.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys

STARTING, CONVERGING, HANDOFF, TRANSFERS = 2, 1, 3, 2  # ticks that each takes


class Hangs(Exception):
    """A command that would wait for ever."""


class StandIn:
    """All nodes and clusters; its whole state is plain data."""

    def __init__(self, state: dict | None = None) -> None:
        self.state = state or {"nodes": {}, "clusters": {}, "made": 0}
        self.nodes, self.clusters = self.state["nodes"], self.state["clusters"]

    # What happens to nodes.

    def boot(self, name: str, ring_size: int = 64, cookie: str = "ours") -> None:
        """Start a node; one that never ran, was wiped or has left is a cluster of its own."""
        node = self.nodes.setdefault(name, {"cluster": None})
        if node["cluster"] is None:
            self.state["made"] += 1
            node["cluster"] = f"{name} {self.state['made']}"
            self.clusters[node["cluster"]] = {
                "claimant": name,
                "members": {name: {"status": "valid", "location": None}},
                "staged": {},
                "plan": None,
                "converging": 0,
                "handoff": 0,
                "transfers": 0,
            }
        node.update(vm="up", starting=STARTING, ring_size=ring_size, cookie=cookie)

    def kill(self, name: str) -> None:
        """End a node's process; its data stay."""
        self.nodes[name]["vm"] = "down"

    def freeze(self, name: str) -> None:
        """Stop a node's process without ending it."""
        self.nodes[name]["vm"] = "frozen"

    def cut(self, name: str) -> None:
        """Unplug a node's network: nobody refuses a connection to it, so that some commands take it for up."""
        self.nodes[name]["vm"] = "cut"

    def wipe(self, name: str) -> None:
        """Lose a node's data; its cluster still has its name."""
        self.nodes[name].update(vm="down", cluster=None)

    # What an operator sees.

    def run(self, name: str, *words: str) -> tuple[int, str]:
        """The return code and text of `riak WORDS` on a node.

        :raises Hangs: when the real command never returned.
        """
        self._tick()
        node = self.nodes.get(name, {"vm": "down"})
        if words == ("ping",):
            return (0, "pong\n") if node["vm"] == "up" else (1, f"Node '{name}' is not responding to pings.\n")
        if words[:1] != ("admin",):
            raise AssertionError(f"the stand-in does not know: riak {' '.join(words)}")
        if node["vm"] == "frozen":
            raise Hangs
        if node["vm"] == "down":
            return 1, f"Node '{name}' is not responding to pings.\n"
        verbs = words[1:3] if words[1] == "cluster" else words[1:2]
        method = getattr(self, "_" + "_".join(verbs).replace("-", "_"), None)
        if method is None:
            return 1, "Usage: riak admin { cluster | ringready | transfers | down | member-status | ring-status }\n"
        code, text = method(name, self.clusters[node["cluster"]], *words[1 + len(verbs) :])
        return code, text + ("" if code else "ok\n")

    def _tick(self) -> None:
        for node in self.nodes.values():
            node["starting"] = max(0, node.get("starting", 0) - 1)
        for cluster in self.clusters.values():
            if not self._alive(cluster):
                continue
            for phase in ("converging", "handoff", "transfers"):
                if cluster[phase]:
                    cluster[phase] -= 1
                    break
            else:
                self._finish(cluster)

    def _finish(self, cluster: dict) -> None:
        """Leavers whose data are elsewhere drop off the list, and their VM exits by itself."""
        for name in [name for name, one in cluster["members"].items() if one["status"] == "leaving"]:
            self._drop(cluster, name)
            self.nodes[name].update(vm="down", cluster=None)

    def _drop(self, cluster: dict, name: str) -> None:
        del cluster["members"][name]
        if cluster["claimant"] == name and cluster["members"]:
            cluster["claimant"] = min(cluster["members"])

    def _up(self, name: str) -> bool:
        return self.nodes[name]["vm"] == "up"

    def _alive(self, cluster: dict) -> bool:
        """Whether the cluster can move on: everybody who counts is up."""
        return all(self._up(name) for name, one in cluster["members"].items() if one["status"] != "down")

    def _converged(self, cluster: dict) -> bool:
        return not cluster["converging"]  # which waits for members that are down, as time does

    @staticmethod
    def _changes(cluster: dict) -> list:
        """What a commit would do: each node's staged change, and everybody's joins."""
        joins = [[name, "join", None] for name, one in cluster["members"].items() if one["status"] == "joining"]
        return sorted(joins + [[name, *change] for name, change in cluster["staged"].items()], key=str)

    def _claimant_down(self, name: str, cluster: dict) -> tuple[int, str] | None:
        if self._up(cluster["claimant"]):
            return None
        call = f"{{gen_server,call,[{{riak_core_claimant,'{cluster['claimant']}'}},plan,infinity]}}"
        return 1, f"RPC to '{name}' failed: {{'EXIT', {{{{nodedown,'{cluster['claimant']}'}},{call}}}}}\n"

    # The commands.

    def _cluster_join(self, name: str, cluster: dict, seed: str) -> tuple[int, str]:
        mine, other = self.nodes[name], self.nodes.get(seed, {"vm": "down"})
        if seed == name:
            return 0, "Failed: This node cannot join itself in a cluster\n"
        if other["vm"] != "up" or other["cookie"] != mine["cookie"]:
            return 0, f"Node {seed} is not reachable!\n"
        if mine["starting"]:
            return 0, "Join failed. Try again in a few moments.\n"
        if len(cluster["members"]) > 1:
            return 0, "Failed: This node is already a member of a cluster\n"
        if mine["ring_size"] != other["ring_size"]:
            return 0, f"Failed: {seed} has a different ring_creation_size\n"
        theirs = self.clusters[other["cluster"]]
        theirs["members"][name] = {"status": "joining", "location": None}
        theirs["converging"] = CONVERGING
        mine["cluster"] = other["cluster"]
        return 0, f"Success: staged join request for '{name}' to '{seed}'\n"

    def _cluster_leave(self, name: str, cluster: dict, leaver: str | None = None) -> tuple[int, str]:
        leaver = leaver or name
        down = self._claimant_down(name, cluster)
        if down:
            return down
        if leaver not in cluster["members"]:
            return 0, f"Failed: '{leaver}' is not a member of the cluster.\n"
        if len(cluster["members"]) == 1:
            return 0, f"Failed: '{leaver}' is the only member.\n"
        if cluster["members"][leaver]["status"] == "leaving":
            return 0, f"'{leaver}' is already in the process of leaving the cluster.\n"
        cluster["staged"][leaver] = ["leave", None]
        return 0, f"Success: staged leave request for '{leaver}'\n"

    def _cluster_force_remove(self, name: str, cluster: dict, dead: str) -> tuple[int, str]:
        down = self._claimant_down(name, cluster)
        if down:
            return down
        if dead == cluster["claimant"]:
            return 0, f"Failed: '{dead}' is the claimant (see: riak-admin ring_status).\n"
        if dead not in cluster["members"]:
            return 0, f"Failed: '{dead}' is not a member of the cluster.\n"
        cluster["staged"][dead] = ["force-remove", None]
        return 0, f"Success: staged remove request for '{dead}'\n"

    def _cluster_location(self, name: str, cluster: dict, place: str, *flag: str) -> tuple[int, str]:
        node = "=".join(flag).partition("--node=")[2] or name
        down = self._claimant_down(name, cluster)
        if down:
            return down
        if node not in cluster["members"]:
            return 0, f"Invalid node name: {node}\n"
        cluster["staged"][node] = ["set-location", place]  # in the place of what else was staged for the node
        return 0, f"Success: staged changing location of node '{node}' to {place}\n"

    def _cluster_plan(self, name: str, cluster: dict) -> tuple[int, str]:
        down = self._claimant_down(name, cluster)
        if down:
            return down
        if not self._converged(cluster):
            text = "Cannot plan until cluster state has converged.\nCheck 'Ring Ready' in 'riak-admin ring_status'\n"
            return 0, text
        changes = self._changes(cluster)
        if not changes:
            return 0, "There are no staged changes\n"
        cluster["plan"] = changes
        lines = [f"{action:<15}'{node}'{' to ' + place if place else ''}" for node, action, place in changes]
        head = f"{' Staged Changes ':=^79}\nAction         Details(s)\n{'-' * 79}\n"
        return 0, head + "\n".join(lines) + f"\n{'-' * 79}\n\n"

    def _cluster_commit(self, name: str, cluster: dict) -> tuple[int, str]:
        down = self._claimant_down(name, cluster)
        if down:
            return down
        changes = self._changes(cluster)
        if not changes or cluster["plan"] is None:
            return 0, "You must verify the plan with 'riak-admin cluster plan' before committing\n"
        if cluster["plan"] != changes:
            cluster["plan"] = None
            return 0, "The plan has changed. Verify with 'riak-admin cluster plan' before committing\n"
        if not self._converged(cluster):
            return 0, "Cannot commit until cluster state has converged.\n"
        for node, action, place in changes:
            if action == "join":
                cluster["members"][node]["status"] = "valid"
            elif action == "leave":
                cluster["members"][node]["status"] = "leaving"
            elif action == "set-location":
                cluster["members"][node]["location"] = place
            else:
                self._drop(cluster, node)
        cluster.update(staged={}, plan=None, converging=CONVERGING, handoff=HANDOFF, transfers=TRANSFERS)
        cluster["commits"] = cluster.get("commits", 0) + 1
        return 0, "Cluster changes committed\n"

    def _down(self, name: str, cluster: dict, other: str) -> tuple[int, str]:
        if other not in cluster["members"]:
            return 0, f"Failed: '{other}' is not a member of the cluster.\n"
        if self._up(other):
            return 0, f"Failed: {other} is up\n"
        cluster["members"][other]["status"] = "down"
        if cluster["claimant"] == other:
            cluster.update(claimant=name, staged={}, plan=None)
        return 0, f"Success: '{other}' marked as down\n"

    def _ringready(self, name: str, cluster: dict) -> tuple[int, str]:
        self._hang_with_frozen(cluster)
        down = [one for one in cluster["members"] if not self._up(one)]
        if down:
            return 0, f"FALSE {_atoms(down)} down.  All nodes need to be up to check.\n"
        if cluster["converging"] and len(cluster["members"]) > 1:
            first, second = sorted(cluster["members"])[:2]
            return 0, f"FALSE Node '{first}' and '{second}' list different partition owners\n"
        return 0, f"TRUE All nodes agree on the ring {_atoms(cluster['members'])}\n"

    def _transfers(self, name: str, cluster: dict) -> tuple[int, str]:
        self._hang_with_frozen(cluster)
        down = [one for one in cluster["members"] if not self._up(one)]
        text = f"Nodes {_atoms(down)} are currently down.\n" if down else ""
        busy = cluster["converging"] or cluster["handoff"] or cluster["transfers"]
        text += f"'{name}' waiting to handoff 5 partitions\n" if busy else "No transfers active\n"
        return 0, text + "\nActive Transfers:\n\n\n"

    def _hang_with_frozen(self, cluster: dict) -> None:
        if any(self.nodes[one]["vm"] == "frozen" for one in cluster["members"]):
            raise Hangs

    def _ring_status(self, name: str, cluster: dict) -> tuple[int, str]:
        claimed = self._up(cluster["claimant"])
        ready = str(self._converged(cluster)).lower() if claimed else "unknown"
        pending = cluster["converging"] or cluster["handoff"]
        down = [
            one
            for one, member in cluster["members"].items()
            if self.nodes[one]["vm"] not in ("up", "cut") and member["status"] != "down"
        ]
        unreachable = f"The following nodes are unreachable: {_atoms(down)}\n\nWARNING: The cluster state will not"
        return 0, (
            f"{' Claimant ':=^79}\nClaimant:  '{cluster['claimant']}'\nStatus:     {'up' if claimed else 'down'}\n"
            f"Ring Ready: {ready}\n\n{' Ownership Handoff ':=^79}\n"
            + (f"Owner:      {name}\nNext Owner: {name}\n\n" if pending else "No pending changes.\n\n")
            + f"{' Unreachable Nodes ':=^79}\n"
            + (f"{unreachable} converge until all nodes\nare up.\n" if down else "All nodes are up and reachable\n\n")
        )

    def _member_status(self, name: str, cluster: dict) -> tuple[int, str]:
        share = 100 / max(1, sum(one["status"] == "valid" for one in cluster["members"].values()))
        lines = []
        for node, one in sorted(cluster["members"].items(), key=lambda item: (item[1]["status"], item[0])):
            part = share if one["status"] == "valid" else 0.0
            place = f" ({one['location']})" if one["location"] else ""
            lines.append(f"{one['status']:<8}  {part:5.1f}%      --      {node}{place}\n")
        counts = dict.fromkeys(("valid", "leaving", "exiting", "joining", "down"), 0)
        for one in cluster["members"].values():
            counts[one["status"]] += 1
        total = " / ".join(f"{status.capitalize()}:{number}" for status, number in counts.items())
        rule = "-" * 79 + "\n"
        head = f"{' Membership ':=^79}\nStatus     Ring    Pending    Node\n{rule}"
        return 0, head + "".join(lines) + rule + total + "\n"


def _atoms(names) -> str:
    # Erlang breaks long lists over lines.
    return "[" + ",\n ".join(f"'{name}'" for name in sorted(names)) + "]"


def main() -> int:
    """Run one command on the clusters of the file."""
    with open(os.environ["RIAK_STAND_IN"], "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        riak = StandIn(json.loads(file.read() or "null"))
        try:
            code, text = riak.run(os.environ["RIAK_NODE"], *sys.argv[1:])
        except Hangs:
            code, text = None, ""
        file.seek(0)
        file.truncate()
        file.write(json.dumps(riak.state))
    if code is None:
        signal.pause()
    sys.stdout.write(text)
    return int(code or 0)


if __name__ == "__main__":
    sys.exit(main())
