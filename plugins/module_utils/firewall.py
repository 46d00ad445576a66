# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Closes ports of a host to all but some addresses, by nftables: the work of the module firewall.

All of it is one table of our own, replaced in one step, so nothing else of the host's traffic or rules is touched. Only
the beginning of a TCP connection is dropped: no change of the rules cuts one that there is, and answers to a connection
that the host itself made from such a port get through.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import shutil
import socket
import subprocess
from typing import Any

from ansible_collections.wombat.erlang.plugins.module_utils import systemd_unit
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import read_text, write_file

TABLE = "inet wombat"
FILE = "/etc/wombat-firewall.nft"
UNIT = "/etc/systemd/system/wombat-firewall.service"
_EVERYBODY = {"0.0.0.0/0", "::/0"}
# With nftables.service, which empties all tables when it starts and stops, ours comes again.
_UNIT_TEXT = """# Written by wombat.erlang.
[Unit]
Description=Ports of Erlang nodes are open to their family and neighbours only
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
Before=network-pre.target
Wants=network-pre.target
DefaultDependencies=no
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={nft} -f {file}
ExecReload={nft} -f {file}

[Install]
WantedBy=sysinit.target
"""


def prepare(options: dict) -> Work:
    """The work of bringing the table into a state.

    :arg options: The options of the module firewall.
    :returns: Work whose result is C({changed}).
    :raises WombatError: The host has no nftables, or a source is no address.
    """
    if options["state"] == "absent":
        there = os.path.exists(FILE) or os.path.exists(UNIT)
        return Work(there, {"changed": there}, [_diff(read_text(FILE), "")], _remove)
    nft = shutil.which("nft", path=os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin")
    if nft is None:
        raise WombatError("This host has no nftables: install it, or set firewall_state to ignored for it.")
    text = render(options["rules"])
    wanted = {FILE: (text, 0o600), UNIT: (_UNIT_TEXT.format(nft=nft, file=FILE), 0o644)}
    if not systemd_unit.manages():
        del wanted[UNIT]
    late = {path: file for path, file in wanted.items() if read_text(path) != file[0]}
    loaded = f"chain {_chain(text)} " in _run(nft, "list", "table", *TABLE.split(), check=False)
    changed = bool(late) or not loaded

    def apply() -> dict:
        if not loaded:
            _load(nft, text)
        for path, (content, mode) in late.items():
            write_file(path, content, mode)
        if UNIT in late:
            _run("systemctl", "daemon-reload")
            _run("systemctl", "enable", "--quiet", os.path.basename(UNIT))
            _run("systemctl", "start", os.path.basename(UNIT))
        return {"changed": changed}

    return Work(changed, {"changed": changed}, [_diff(read_text(FILE), text)] if changed else (), apply)


def render(rules: list) -> str:
    """The text of the table; the same for the same rules in any order. Raises WombatError."""
    sources: dict[tuple[str, int], set[str]] = {}
    for rule in rules:
        known = {address for source in rule["sources"] for address in _addresses(source)}
        for port in rule["ports"]:
            sources.setdefault((rule["protocol"], port), set()).update(known)
    alike: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for (protocol, port), known in sources.items():
        if not known & _EVERYBODY:
            alike.setdefault((protocol, tuple(sorted(known))), []).append(port)
    lines = []
    for (protocol, those), ports in sorted(alike.items()):
        to = f"{protocol} dport {{ {', '.join(map(str, sorted(ports)))} }}"
        for family, version in (("ip", 4), ("ip6", 6)):
            chosen = [one for one in those if ipaddress.ip_network(one).version == version]
            if chosen:
                lines.append(f"{family} saddr {{ {', '.join(chosen)} }} {to} accept")
        lines.append(f"{to} {'tcp flags & (syn | ack) == syn ' if protocol == 'tcp' else ''}counter drop")
    body = "".join(f"\t\t{line}\n" for line in ['iif "lo" accept', *lines])
    text = (
        "# Written by wombat.erlang.\n"
        f"table {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n"
        f"\tchain CHAIN {{\n\t\ttype filter hook input priority filter; policy accept;\n{body}\t}}\n}}\n"
    )
    return text.replace("CHAIN", _digest(text))


def _digest(text: str) -> str:
    """The name of the chain tells which rules are loaded."""
    return "input_" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _chain(text: str) -> str:
    found = re.search(r"chain (\w+)", text)
    return found.group(1) if found else ""


def _addresses(source: str) -> list[str]:
    """A source as networks: an address, a network, or a host's name that this host can resolve."""
    try:
        return [str(ipaddress.ip_network(source, strict=False))]
    except ValueError:
        pass
    try:
        return sorted({str(ipaddress.ip_network(found[4][0])) for found in socket.getaddrinfo(source, None)})
    except (OSError, ValueError):
        raise WombatError(
            f"{source} is no address and this host cannot resolve it: its ports cannot be opened to it; "
            "give it a name in the DNS or in /etc/hosts."
        ) from None


def _load(nft: str, text: str) -> None:
    _run(nft, "-f", "-", text=text)


def _remove() -> dict:
    if systemd_unit.manages() and os.path.exists(UNIT):
        _run("systemctl", "disable", "--quiet", "--now", os.path.basename(UNIT), check=False)
    _run("nft", "delete", "table", *TABLE.split(), check=False)
    for path in (UNIT, FILE):
        if os.path.exists(path):
            os.remove(path)
    return {"changed": True}


def _diff(before: str, after: str) -> dict[str, str]:
    return {"before_header": FILE, "after_header": FILE, "before": before, "after": after}


def _run(*command: str, text: str | None = None, check: bool = True) -> str:
    env: dict[str, Any] = dict(os.environ, LC_ALL="C.UTF-8")
    env["PATH"] = env.get("PATH", os.defpath) + os.pathsep + "/usr/sbin"
    try:
        done = subprocess.run(command, input=text, env=env, capture_output=True, text=True, check=False)
    except OSError as error:
        raise WombatError(f"{command[0]} cannot be run: {error}.") from None
    if check and done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())
        raise WombatError(f"'{' '.join(command[:2])}' failed: {said}; set become for this task if it is not root's.")
    return done.stdout
