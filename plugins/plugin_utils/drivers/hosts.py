# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A libcloud driver whose cloud is a list of servers that exist: creating a node claims one of them, over SSH.

The claim is a folder on the server, and says whose it is. It appears at once with its text in it, for it is made beside
its place and renamed, which fails where a claim is; so of two who want one server one gets it, and both can read who.
"""

from __future__ import annotations

import concurrent.futures
import json
import shlex
import subprocess
import typing as t
import uuid

try:
    from libcloud.common.exceptions import BaseHTTPError
    from libcloud.compute.base import Node, NodeDriver, NodeImage, NodeLocation, NodeSize
    from libcloud.compute.types import NodeState
except ImportError:  # said by the provider registry, once a provider is opened
    NodeDriver = object
    BaseHTTPError = Exception

from ansible_collections.wombat.erlang.plugins.module_utils.firewall import FILE, TABLE

FOLDER = "/var/lib/wombat"
MARK = "wombat-claim:"  # begins the line that is ours, whatever else a server's profile prints
# As the superuser, with the script on standard input: its text shows in no list of processes.
BECOME = 'if [ "$(id -u)" = 0 ]; then exec sh -s; else exec sudo -n sh -s; fi'
READ = f"""
echo "{MARK}$(cat {FOLDER}/claim/owner 2>/dev/null)"
"""
CLAIM = f"""
set -eu
umask 022
mkdir -p {FOLDER}
find {FOLDER} -maxdepth 1 -name '*.new' -mmin +60 -exec rm -rf {{}} +
mkdir "{FOLDER}/$mark.new"
id wombat >/dev/null 2>&1 && touch "{FOLDER}/$mark.new/keep-user"
printf '{{"created": %s, %s' "$(date +%s)" "$owner" >"{FOLDER}/$mark.new/owner"
mv -T "{FOLDER}/$mark.new" {FOLDER}/claim 2>/dev/null || rm -rf "{FOLDER}/$mark.new"
{READ}"""
# By a file beside it and a rename, so that the claim is whole at any time.
WRITE = f"""
set -u
case "$(cat {FOLDER}/claim/owner 2>/dev/null)" in
    *"$owner"*) printf '%s' "$claim" >"{FOLDER}/claim/$mark.new" &&
        mv "{FOLDER}/claim/$mark.new" {FOLDER}/claim/owner ;;
esac
{READ}"""
# What the roles of the collection put on a host goes, the claim last: whoever is killed here can go on.
RELEASE = f"""
set -u
case "$(cat {FOLDER}/claim/owner 2>/dev/null)" in
    *"$owner"*) ;;
    *) {READ.strip()}; exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
    systemctl stop 'wombat-*' 2>/dev/null
    rm -rf /etc/systemd/system/wombat-* /etc/systemd/system/*.wants/wombat-*
    systemctl daemon-reload
    systemctl reset-failed 'wombat-*' 2>/dev/null
fi
for process in /proc/[0-9]*; do
    case "$(readlink "$process/exe")" in "$root"/*) kill -9 "${{process#/proc/}}" 2>/dev/null ;; esac
done
PATH="$PATH:/usr/sbin:/sbin"
nft delete table {TABLE} 2>/dev/null
rm -f {FILE}
rm -rf "$root"
[ -e {FOLDER}/claim/keep-user ] || userdel wombat 2>/dev/null
mv -T {FOLDER}/claim "{FOLDER}/$mark.new" && rm -rf "{FOLDER}/$mark.new"
rmdir {FOLDER} 2>/dev/null
{READ}"""


class SilentError(BaseHTTPError):
    """A server does not answer; what is on it is unknown."""

    def __init__(self, reason: str) -> None:
        super().__init__(503, reason)


class HostsNodeDriver(NodeDriver):
    """Servers that exist.

    :param key: taken as any driver takes it, and not used.
    :param hosts: name -> {address, region, zone, size}.
    :param sizes: name -> {vcpus, memory (MiB), disk (GiB), arch, price}.
    :param ssh: the command that reaches a server, but for its address.
    :param root: the folder on the servers that goes with the claim.
    :param parallel: how many servers are asked at a time.
    """

    name = "hosts"
    type = "hosts"
    website = "https://github.com/wombat-erlang/wombat.erlang"
    features: t.ClassVar[dict[str, list[str]]] = {"create_node": []}

    def __init__(
        self,
        key: str | None = None,
        secret: str | None = None,
        hosts: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
        sizes: t.Mapping[str, t.Mapping[str, t.Any]] | None = None,
        ssh: t.Sequence[str] = ("ssh", "-o", "BatchMode=yes"),
        root: str = "/srv/wombat",
        parallel: int = 10,
    ) -> None:
        self.key, self.secret = key, secret
        self.hosts = hosts or {}
        self.sizes = sizes or {}
        self.ssh = tuple(ssh)
        self.root = root
        self.parallel = parallel

    def list_locations(self) -> list[NodeLocation]:
        zones = dict.fromkeys(place(host) for host in self.hosts.values())
        return [NodeLocation(id=zone, name=zone, country="", driver=self) for zone in zones]

    def list_sizes(self, location: NodeLocation | None = None) -> list[NodeSize]:
        there = {host["size"] for host in self.hosts.values() if location is None or place(host) == location.id}
        return [
            NodeSize(name, name, size["memory"], size["disk"], None, size["price"], self, {"vcpus": size["vcpus"]})
            for name, size in self.sizes.items()
            if name in there
        ]

    def list_images(self, location: NodeLocation | None = None) -> list[NodeImage]:
        return [NodeImage(id="installed", name="installed", driver=self)]

    def list_nodes(self) -> list[Node]:
        """The servers that anybody claimed. :raises SilentError: when one of all does not answer."""
        nodes = []
        for name, claim in self.ex_claims().items():
            if isinstance(claim, SilentError):
                raise claim
            if claim:
                nodes.append(self.ex_node(name, claim))
        return nodes

    def ex_claims(self) -> dict[str, dict[str, t.Any] | SilentError]:
        """The claim on every server, asked in one parallel round: empty where it is free."""

        def ask(name: str) -> dict[str, t.Any] | SilentError:
            try:
                return self._tell(name, READ)
            except SilentError as error:
                return error

        with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, min(self.parallel, len(self.hosts)))) as pool:
            return dict(zip(self.hosts, pool.map(ask, self.hosts), strict=True))

    def create_node(
        self,
        name: str,
        size: NodeSize,
        image: NodeImage | None = None,
        location: NodeLocation | None = None,
        ex_tags: t.Mapping[str, str] | None = None,
        ex_client_token: str | None = None,
        ex_host: str | None = None,
    ) -> Node:
        """Claim a free server; with a token that was used before, the server that it claimed.

        :param ex_host: the server to claim, where it is not any one of the size in the location.
        """
        fitting = [
            each
            for each, host in self.hosts.items()
            if host["size"] == size.name and (location is None or place(host) == location.id)
        ]
        owner = json.dumps({"name": name, "token": ex_client_token, "tags": dict(ex_tags or {})})[1:]
        for host in [ex_host] if ex_host else fitting:
            claim = self._tell(host, CLAIM, owner=owner)
            if claim.get("name") == name and claim.get("token") == ex_client_token:
                return self.ex_node(host, claim)
        raise BaseHTTPError(409, f"InsufficientInstanceCapacity: {ex_host or f'every {size.name} host'} is taken")

    def destroy_node(self, node: Node) -> bool:
        """Remove what is the claim's owner's, and the claim; one that is another's by now stays as it is."""
        claim = self._tell(node.extra["host"], RELEASE, owner=json.dumps({"name": node.name})[1:-1], root=self.root)
        if claim.get("name") == node.name:
            raise BaseHTTPError(500, f"the claim of {node.name} on {node.extra['host']} cannot be removed")
        return True

    def ex_tag_node(self, node: Node, tags: t.Mapping[str, str]) -> bool:
        """Give the claim of a node tags besides those that it has."""
        host, owner = node.extra["host"], json.dumps({"name": node.name})[1:-1]
        claim = self._tell(host, READ)
        tagged = {**claim, "tags": {**claim.get("tags", {}), **tags}}
        if self._tell(host, WRITE, owner=owner, claim=json.dumps(tagged)) != tagged:
            raise BaseHTTPError(404, f"the claim of {node.name} on {host} is gone, or cannot be written")
        return True

    def _tell(self, host: str, script: str, **values: str) -> dict[str, t.Any]:
        """Run a script on a server; gives the claim that is there after it.

        :raises SilentError: when it does not answer, or not as it should.
        """
        values["mark"] = uuid.uuid4().hex
        text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()) + script
        command = [*self.ssh, self.hosts[host]["address"], BECOME]
        done = subprocess.run(command, input=text, capture_output=True, text=True, errors="replace", check=False)
        said = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
        if not said:
            lines = done.stderr.strip().splitlines() or [f"it ended with return code {done.returncode}"]
            raise SilentError(f"host {host} ({self.hosts[host]['address']}) does not answer: {lines[-1]}")
        try:
            claim = json.loads(said[-1][len(MARK) :] or "{}")
        except ValueError:
            claim = None
        if not isinstance(claim, dict):
            raise SilentError(f"host {host}: {FOLDER}/claim/owner is damaged; look there, and remove the folder")
        return claim

    def ex_node(self, host: str, claim: t.Mapping[str, t.Any]) -> Node:
        """The node that a claim makes of a server."""
        address = self.hosts[host]["address"]
        extra = {**claim, **self.hosts[host], "host": host}
        return Node(host, claim.get("name", ""), NodeState.RUNNING, [address], [address], self, extra=extra)


def place(host: t.Mapping[str, t.Any]) -> str:
    """The id of a server's location."""
    return f"{host['region']}/{host['zone']}"
