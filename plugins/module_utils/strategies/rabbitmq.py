# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RabbitMQ 3.8 and later: joins by its own commands, quorum queues grown after and shrunk before a node leaves."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, Settings, Strategy, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Ran

# What cluster_status shows, and known with the application stopped too, as in a minority that pauses.
_STATUS = """begin
    Known = code:ensure_loaded(rabbit_db_cluster) =:= {{module, rabbit_db_cluster}} andalso
        erlang:function_exported(rabbit_db_cluster, cli_cluster_status, 0),
    Status = case Known of true -> rabbit_db_cluster:cli_cluster_status(); false -> rabbit_mnesia:status() end,
    {{lists:append([Nodes || {{_Type, Nodes}} <- proplists:get_value(nodes, Status, [])]),
      proplists:get_value(running_nodes, Status, []), proplists:get_value(partitions, Status, []), {queues}}}
end"""
# For classic queues the members are those whose mirrors have all; RabbitMQ 4 has no mirrors.
_QUEUES = """[begin
    {resource, Vhost, queue, Name} = amqqueue:get_name(Queue),
    Type = amqqueue:get_type(Queue),
    Told = fun(Key) -> try rabbit_amqqueue:info(Queue, [Key]) of [{_, V}] -> V; _ -> '' catch _:_ -> '' end end,
    List = fun(Value) when is_list(Value) -> Value; (_) -> [] end,
    Mirrors = try [node(Pid) || Pid <- amqqueue:get_sync_slave_pids(Queue)] catch _:_ -> [] end,
    case Type of
        rabbit_classic_queue ->
            Home = [amqqueue:qnode(Queue) | Mirrors],
            {Type, Vhost, Name, Home, Home, Told(messages) =/= 0};
        _ ->
            {Type, Vhost, Name, List(Told(members)), List(Told(online)), true}
    end
end || Queue <- rabbit_amqqueue:list()]"""
_CLASSIC, _QUORUM = "rabbit_classic_queue", "rabbit_quorum_queue"
# One command, so that whoever is killed does not leave a stopped application behind.
_JOIN = '"$0" stop_app && { "$0" reset && "$0" join_cluster "$1"; code=$?; "$0" start_app && exit $code; }'
_LEAVE = '"$0" stop_app && { "$0" reset; code=$?; "$0" start_app && exit $code; }'
_FOLDERS = ("/usr/lib/rabbitmq/bin", "/usr/sbin", "/usr/local/sbin")
_LIMIT = 300
_AT_ONCE = 50  # queues in one command


class Queue(NamedTuple):
    """A queue that is on some nodes."""

    type: str
    vhost: str
    name: str
    members: tuple[str, ...]  # where it has replicas
    online: tuple[str, ...]  # those of them that run
    holds: bool  # whether messages can be lost with it

    @property
    def text(self) -> str:
        """How it is called in sentences."""
        return f"queue {self.name} of vhost {self.vhost}"


class RabbitMQ(Strategy):
    """RabbitMQ. Joining wipes the joiner, so a node whose queues hold messages is never made to join."""

    NAME = "rabbitmq"
    OPTIONS = {
        "quorum_members": {
            "type": "int",
            "default": 5,
            "description": "How many members each quorum queue is to have; fewer where the family has fewer nodes.",
        },
        "partition_handling": {
            "type": "str",
            "choices": ["pause_minority", "autoheal", "ignore"],
            "default": "pause_minority",
            "description": "What nodes do when the network parts them (C(cluster_partition_handling)).",
        },
    }
    PACE = 1
    TIMEOUT = 300

    @classmethod
    def settings(cls, node: dict[str, Any], family: Family, options: dict[str, Any]) -> Settings:
        """How the nodes heal after the network was cut."""
        handling = {"$atom": options["partition_handling"]}
        return Settings(config={"rabbit": {"cluster_partition_handling": handling}})

    # Asking.

    def question(self, name: str) -> str | None:
        """The members and who runs; of queues only where somebody is to leave, for there may be many."""
        return _STATUS.format(queues=_QUEUES if self.family.leaving else "[]")

    def view(self, name: str, value: Any) -> View:
        """What cluster_status says."""
        members, running, partitions, queues = value
        if not members:
            return View(error="its application rabbit is stopped: 'rabbitmqctl start_app' starts it")
        pending = [
            f"does not see {', '.join(others)} since the network was cut at {node}" for node, others in partitions
        ]
        pending += [] if name in running else ["has its application rabbit stopped"]
        # One queue of each kind stands for all of the kind: views are shown.
        kinds = {(queue.type, queue.members, queue.online, queue.holds): queue for queue in queues_of(queues)}
        return View(
            members=tuple(sorted(members)),
            up=tuple(sorted(running)),
            pending=tuple(pending),
            facts={"queues": [list(queue) for queue in kinds.values()]},
        )

    # Deciding.

    def unsafe(self, views: dict[str, View]) -> list[str]:
        """What of queues would be lost with the leavers."""
        found = {Queue(*map(_hashable, queue)) for view in views.values() for queue in view.facts.get("queues", ())}
        reasons = (endangered(queue, self.family.leaving, self.family.wanted) for queue in sorted(found))
        return [reason for reason in reasons if reason]

    # Acting.

    def join(self, names: list[str]) -> dict[str, str]:
        """Stop the application, reset, join, start it again; the joiner's data go."""
        said: dict[str, str | None] = {}
        for name in names:
            full = [queue for queue in self._queues(name) if queue.holds]
            if full:
                said[name] = f"{full[0].text} holds messages there, which joining would delete: move or purge them"
            else:
                said[name] = self._failure(self._shell(name, _JOIN, self.family.seeds[name]))
        return {name: words for name, words in said.items() if words}

    def finish(self, name: str) -> bool:
        """Start what was left stopped, and grow quorum queues that have too few members."""
        view = self.views([name])[name]
        stopped = [node for node in self.family.wanted if node in view.members and node not in view.up]
        started = [node for node in stopped if self._tool(name, "rabbitmqctl", "--node", node, "start_app").code == 0]
        return self._grow(name, [*view.up, *started]) or bool(started)

    def forget(self, name: str, dead: tuple[str, ...]) -> None:
        """Take the members of quorum queues away from the dead, then the dead from the cluster."""
        for node in dead:
            words = self._shrink(name, node)
            if words is None:
                ran = self._tool(name, "rabbitmqctl", "forget_cluster_node", node)
                words = None if "not_a_cluster_node" in ran.output else self._failure(ran)
            if words:
                raise WombatError(f"Node {name} does not forget {node}: {words}.")

    def leave(self, name: str) -> str | None:
        """Move the members of quorum queues to nodes that stay, and reset, which makes the cluster forget the node."""
        reasons = [endangered(queue, self.family.leaving, self.family.wanted) for queue in self._queues(name)]
        if any(reasons):
            return next(reason for reason in reasons if reason).rstrip(".")
        try:
            self._grow(name, self.views([name])[name].up)
        except WombatError as error:
            return str(error).rstrip(".")
        return self._shrink(name, name) or self._failure(self._shell(name, _LEAVE))

    def _queues(self, name: str) -> list[Queue]:
        value, error = self.console.evaluate({name: _QUEUES})[name]
        if error is not None:
            raise WombatError(f"Node {name} does not tell its queues: {error}.")
        return queues_of(value)

    def _grow(self, name: str, running: Collection[str]) -> bool:
        """Grow quorum queues onto nodes that stay and run; tells whether there was any."""
        staying = [node for node in self.family.wanted if node in running]
        additions = missing_members(self._queues(name), staying, self.options["quorum_members"])
        for (node, vhost), names in sorted(additions.items()):
            for start in range(0, len(names), _AT_ONCE):
                some = names[start : start + _AT_ONCE]
                pattern = "|".join(map(re.escape, some))
                patterns = ["--vhost-pattern", f"^{re.escape(vhost)}$", "--queue-pattern", f"^({pattern})$"]
                ran = self._tool(name, "rabbitmq-queues", "grow", node, "all", *patterns, "--formatter", "json")
                words = self._failure(ran) or refused(ran.output, some)
                if words:
                    raise WombatError(f"Quorum queues do not grow onto {node}: {words}.")
        return bool(additions)

    def _shrink(self, name: str, node: str) -> str | None:
        ran = self._tool(name, "rabbitmq-queues", "shrink", node, "--formatter", "json")
        return self._failure(ran) or refused(ran.output)

    # The commands.

    def _tool(self, name: str, tool: str, *words: str) -> Ran:
        return self.console.run(name, [self._path(name, tool), *words], limit=_LIMIT)

    def _shell(self, name: str, script: str, *words: str) -> Ran:
        return self.console.run(name, ["/bin/sh", "-c", script, self._path(name, "rabbitmqctl"), *words], limit=_LIMIT)

    def _path(self, name: str, tool: str) -> str:
        folders = [os.path.join(self.console.nodes[name].release.path, "sbin"), *_FOLDERS]
        paths = [os.path.join(folder, tool) for folder in folders]
        return next((path for path in paths if os.path.isfile(path)), tool)

    @staticmethod
    def _failure(ran: Ran) -> str | None:
        """Why a command failed, in its own words; its help and diagnostics are left out."""
        if ran.code is None:
            return "rabbitmqctl did not answer within its time limit"
        if ran.code == 0:
            return None
        text = re.split(r"\n(?:Arguments given|Most common reasons|DIAGNOSTICS)", ran.output)[0]
        text = text[text.find("Error:") :] if "Error:" in text else text
        return f"rabbitmqctl says: {' '.join(text.split())[:400].rstrip('.')}"


def queues_of(value: Any) -> list[Queue]:
    """The queues that an answer of a node tells."""
    return [Queue(*map(_hashable, queue)) for queue in value]


def endangered(queue: Queue, leaving: Collection[str], wanted: Sequence[str]) -> str | None:
    """Why a queue would lose messages, or stop, with the leavers: a sentence, or None."""
    gone = [node for node in queue.members if node in leaving]
    stay = [node for node in queue.members if node not in leaving]
    alive = [node for node in queue.online if node not in leaving]
    if not gone or not queue.holds:
        return None
    going = f"{', '.join(gone)} cannot leave: {queue.text}"
    if queue.type == _CLASSIC:
        return None if stay else f"{going} is on no other node and holds messages; move or purge them."
    if queue.type != _QUORUM:
        return f"{going} is a stream with a replica there; remove it with 'rabbitmq-streams delete_replica' first."
    if 2 * len(queue.online) <= len(queue.members):
        return f"{going} has no quorum now: of {', '.join(queue.members)} only {', '.join(queue.online) or 'none'} run."
    if not stay and not wanted:
        return f"{going} would have no member left."
    if stay and 2 * len(alive) <= len(stay):
        return f"{going} would lose its quorum: of {', '.join(stay)} only {', '.join(alive) or 'none'} run."
    return None


def missing_members(queues: Sequence[Queue], nodes: Sequence[str], wanted: int) -> dict[tuple[str, str], list[str]]:
    """The members that quorum queues lack, by the node that gets them and the vhost; nodes with few get more.

    :arg nodes: Those that may have members.
    :arg wanted: How many each queue is to have; at most as many as there are nodes.
    """
    quorum = [queue for queue in queues if queue.type == _QUORUM]
    load = {node: sum(node in queue.members for queue in quorum) for node in nodes}
    additions: dict[tuple[str, str], list[str]] = {}
    for queue in sorted(quorum):
        there = [node for node in nodes if node in queue.members]
        others = sorted((node for node in nodes if node not in there), key=load.__getitem__)
        for node in others[: max(0, min(wanted, len(nodes)) - len(there))]:
            load[node] += 1
            additions.setdefault((node, queue.vhost), []).append(queue.name)
    return additions


def refused(output: str, names: Collection[str] = ()) -> str | None:
    """What a table that grow or shrink prints tells of the first queue that was not changed; None where all were.

    :arg names: The queues that must be in it: a node that does not run gets none, without a word.
    """
    try:
        rows = json.loads(output[output.index("[") :])
    except ValueError:
        return f"rabbitmq-queues says: {' '.join(output.split())[:400]}"
    failed = [f"queue {row['name']} of vhost {row['vhost']}: {row['result']}" for row in rows if row["result"] != "ok"]
    failed += [f"queue {name} was passed over" for name in names if name not in [row["name"] for row in rows]]
    return failed[0] if failed else None


def _hashable(value: Any) -> Any:
    return tuple(sorted(value)) if isinstance(value, (list, tuple)) else value
