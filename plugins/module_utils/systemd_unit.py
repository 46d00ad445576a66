# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd is given: a template unit for each release, an instance of it for each node, and the node's script."""

from __future__ import annotations

import json
import os
import re
import shlex

from ansible_collections.wombat.erlang.plugins.module_utils import boot
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, read_text

FOLDER = "/etc/systemd/system"
_MANAGER = "/run/systemd/system"  # there while systemd is the service manager, says sd_booted(3)
_UNIT_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")
_PLAIN_PATH = re.compile(r"[\w/.+-]+\Z", re.ASCII)
# The variable by which a running node tells what it was started with, whoever started it.
RUN = "WOMBAT_RUN"
_STARTS = 5
_EXEC = re.compile(r"^ExecStart=/bin/sh (.*)/nodes/%i/start$", re.MULTILINE)

# A node that ends by itself without an error, as after it left its cluster, stays ended. StartLimitIntervalSec leaves
# room for nodes that take a minute to fail. Memory stays executable, which the JIT compiler needs.
_TEMPLATE = """# Written by wombat.erlang; what you add to {name}@.service.d/ stays.
[Unit]
Description=Erlang node %i of release {release}
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=600
StartLimitBurst={starts}

[Service]
Type=exec
ExecStart=/bin/sh {root}/nodes/%i/start
{stop}User={user}
SyslogIdentifier=%i
UMask=0027
Restart=on-failure
RestartSec=2
KillMode={kill_mode}
TimeoutStopSec=600
LimitNOFILE=524288
TasksMax=infinity
CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=full
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
"""


def manages() -> bool:
    """Whether systemd is this host's service manager."""
    return os.path.isdir(_MANAGER)


def unit_path(release: str, name: str) -> str:
    """The file of a node's unit; raises WombatError where systemd has no such names.

    :arg release: What the deployment calls the release.
    :arg name: The node's full name.
    """
    if not _UNIT_NAME.match(release):
        raise WombatError(f"systemd has no unit with {release!r} in its name: call the release by another name.")
    return os.path.join(FOLDER, f"wombat-{release}@{boot.label(name)}.service")


def template_text(root: str, release: str, user: str, epmd: bool, stops: bool = False) -> str:
    """The text of the template unit of a release's nodes; raises WombatError where units cannot name the root.

    :arg stops: Whether every node has a script of its own for stopping.
    """
    if not _PLAIN_PATH.match(root):
        raise WombatError(f"A unit cannot name the root {root!r}: use letters, digits and '_/.+-' only.")
    # A stock epmd is a child of the first node, but serves them all: it must outlive that node.
    kill_mode = "process" if epmd else "mixed"
    return _TEMPLATE.format(
        name="wombat-" + release,
        release=release,
        root=root,
        user=user,
        kill_mode=kill_mode,
        starts=_STARTS,
        stop=f"ExecStop=/bin/sh {root}/nodes/%i/stop\n" if stops else "",
    )


def check_owner(path: str, root: str) -> None:
    """Refuse a template unit that the nodes of another root use; raises WombatError."""
    other = _EXEC.search(read_text(path))
    if other and other.group(1) != root and os.path.isdir(os.path.join(other.group(1), "nodes")):
        raise WombatError(
            f"{path} belongs to the nodes below {other.group(1)}: give the release below {root} another name."
        )


def script_text(node: Node, digest: str, command: str = "argv") -> str:
    """The script that a node's unit runs, which has the environment that unit files would show to everybody.

    :arg command: What of the node's start it runs, C(argv) or C(stop).
    """
    run = {RUN: json.dumps({"digest": digest, "distribution": node.distribution._asdict()}, sort_keys=True)}
    cookie = shlex.quote(node.cookie_file)
    lines = [
        "#!/bin/sh",
        f"# Written by wombat.erlang for {node.unit and os.path.basename(node.unit)}.",
        # Without it the node would make up one of its own and meet nobody.
        f'[ -s {cookie} ] || {{ echo "There is no cookie in" {cookie} >&2; exit 1; }}',
        *(f"export {key}={shlex.quote(value)}" for key, value in sorted({**node.start["env"], **run}.items())),
        f"cd {shlex.quote(node.start['cwd'])} || exit 1",
        f"exec {' '.join(shlex.quote(word) for word in node.start[command])}",
    ]
    return "\n".join(lines) + "\n"


def link_path(unit: str) -> str:
    """The link that makes a unit start with its host."""
    return os.path.join(FOLDER, "multi-user.target.wants", os.path.basename(unit))
