#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install a version of an Erlang release on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: install_release
short_description: Install a version of an Erlang release on a host
version_added: 0.1.0
author: [The Wombat for Ansible contributors (@wombat-erlang)]
description:
  - Brings a release archive to a host that lacks its version, verifies the checksum there, unpacks it into a folder
    of its own, points the link C(current) to it and removes old versions.
  - A version appears under its name complete or not at all. What a killed run leaves behind is removed by the next
    one, and two runs at once wait for each other.
  - Nothing is switched when the host cannot run the release. A runtime system inside the release must be made for
    the host's processor and find its dynamic loader. A release without one needs an C(erl) of the same OTP release
    on the C(PATH) of the host.
  - This is an action plugin with a module. With a local connection and no privilege escalation, the archive is read
    where it is.
options:
  src:
    description:
      - The release archive on the controller, searched for like other files of a role or playbook, or on the host
        with O(remote_src).
      - Required, unless O(packages), O(url) or O(object) say where the release comes from.
    type: path
  packages:
    description:
      - The Debian packages that the release consists of, the release's own first, instead of an archive. A version
        can be demanded as in C(rabbitmq-server=3.10.8-1.1).
      - They are installed by C(apt-get) where they are missing, and their own services are stopped and masked, for
        nodes are units of M(wombat.erlang.node_config).
    type: list
    elements: str
  url:
    description:
      - A URL from which the host fetches the archive when it misses the version, for example a signed one. It is kept
        secret. Needs O(release), O(version) and O(checksum).
      - Where the host cannot fetch it, the controller sends O(src), or fails without one.
    type: str
  object:
    description:
      - The archive's name in the deployment's object storage, as RV(wombat.erlang.release#module:release.object) tells
        it. A signed URL for it is made for every host that misses the version, if the storage can make one.
      - Where a host cannot fetch it, the controller sends O(src), or what it fetches from the storage itself, once for
        all hosts.
    type: str
  remote_src:
    description: Whether O(src) is on the host already.
    type: bool
    default: false
  root:
    description:
      - The folder on the host under which V(releases/<release>/<version>) and V(releases/<release>/current) are
        kept. Required, unless there are O(packages).
    type: path
  release:
    description:
      - The name of the release's folder on the host, usually its name in the deployment. By default the name in the
        archive.
    type: str
  version:
    description:
      - The version of the release. Read from the archive when missing; refused when the archive holds another one.
    type: str
  checksum:
    description:
      - The SHA-256 checksum of the archive, C(sha256:) and 64 hexadecimal digits. Calculated from the archive when
        missing.
      - With O(release), O(version) and O(checksum), as M(wombat.erlang.release) returns them, the archive is only
        read for hosts that miss it.
    type: str
  current:
    description: Whether the link C(current) is pointed to this version.
    type: bool
    default: true
  keep:
    description:
      - How many other versions stay, most recently used first. Neither the current version nor one that a process
        runs from or a stopped node starts with is ever removed.
    type: int
    default: 3
  force:
    description:
      - Whether an installed version is replaced when its content differs from the archive and no process runs from
        it.
      - The files of the nodes' families in its folder stay, and so does what nodes left there outside C(bin), C(lib),
        C(releases) and C(erts-*).
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Says what would be installed, switched and removed, and changes nothing.
  diff_mode:
    support: full
    description: Shows the versions and the current one before and after.
seealso:
  - module: wombat.erlang.release
"""

EXAMPLES = r"""
- name: Bring kv to every host of the family and make it current
  wombat.erlang.install_release:
    src: /srv/store/releases/kv-1.2.0.tar.gz
    release: kv
    version: 1.2.0
    checksum: sha256:0f3a3c6a1c2b7e6f5d4c3b2a19080706f5e4d3c2b1a0998877665544332211ff
    root: /opt/wombat
    keep: 2

- name: Install RabbitMQ without starting it
  wombat.erlang.install_release:
    packages: [rabbitmq-server]
    release: rabbit
"""

RETURN = r"""
release:
  description:
    - What the archive holds, see RV(wombat.erlang.release#module:release). In check mode, V(version) and V(sha256) only
      where the version is missing.
  returned: success
  type: dict
path:
  description: The folder of the version on the host.
  returned: success
  type: str
erl:
  description: The C(erl) that the version runs on, in the release or on the host.
  returned: when the version is installed from an archive
  type: str
current:
  description: The version that the link C(current) points to afterwards.
  returned: success
  type: str
versions:
  description: The versions on the host afterwards, least recently used first.
  returned: success
  type: list
  elements: str
installed:
  description: Whether this run unpacked the version, or would in check mode.
  returned: success
  type: bool
pruned:
  description: The versions that were removed, or would be in check mode.
  returned: success
  type: list
  elements: str
missing:
  description: Whether the host still needs the archive. Only the action plugin sees this.
  returned: when the version is missing and the archive is not on the host
  type: bool
unfetched:
  description: Why the host could not fetch the archive itself.
  returned: when the controller had to send it
  type: str
"""

import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils import host_packages
from ansible_collections.wombat.erlang.plugins.module_utils.archive import expect, inspect, parse_checksum
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work, run_module
from ansible_collections.wombat.erlang.plugins.module_utils.release_folder import prepare

OPTIONS: dict[str, dict[str, t.Any]] = {
    "src": {"type": "path"},
    "packages": {"type": "list", "elements": "str"},
    "url": {"type": "str", "no_log": True},
    "object": {"type": "str"},
    "remote_src": {"type": "bool", "default": False},
    "root": {"type": "path"},
    "release": {"type": "str"},
    "version": {"type": "str"},
    "checksum": {"type": "str"},
    "current": {"type": "bool", "default": True},
    "keep": {"type": "int", "default": 3},
    "force": {"type": "bool", "default": False},
}

CONSTRAINTS: dict[str, t.Any] = {
    "required_one_of": [("src", "packages", "checksum"), ("root", "packages")],
    "mutually_exclusive": [("src", "packages"), ("url", "packages")],
}


def plan(options: dict[str, t.Any]) -> Work:
    """Complete the options from the archive where they need it; the work follows from them."""
    if options["packages"]:
        return host_packages.prepare(options["packages"], options["release"] or options["packages"][0])
    src, name, version = options["src"], options["release"], options["version"]
    sha256 = options["checksum"] and parse_checksum(options["checksum"])
    if not (name and version and sha256):
        if src is None:
            raise WombatError("Without src, release, version and checksum must say what is to be installed.")
        archive = inspect(src)
        expect(archive, src, version=version, sha256=sha256)
        name, version, sha256 = name or archive.name, archive.version, archive.sha256
    return prepare(
        options["root"],
        name,
        version,
        sha256,
        src if options["remote_src"] else None,
        url=options["url"],
        keep=options["keep"],
        switch=options["current"],
        force=options["force"],
    )


def main() -> None:
    run_module(OPTIONS, plan, **CONSTRAINTS)


if __name__ == "__main__":
    main()
