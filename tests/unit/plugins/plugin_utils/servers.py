# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that are folders: the real scripts of provider `hosts`, run by a shell here instead of over SSH."""

from __future__ import annotations

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.hosts import HostsAdapter

# What stands for ssh: the address before the last argument is a folder's name; a server without a folder is silent.
SSH = r"""#!/bin/sh
for word; do address=$last; last=$word; done
root=FOLDER/$address
[ -d "$root" ] || { echo "ssh: connect to host $address port 22: No route to host" >&2; exit 255; }
echo "Welcome to $address"
sed -e "s#/var/lib/wombat#$root/claims#g" -e "s#/run/systemd/system#$root/none#g" -e "s#/proc/#$root/proc/#g" \
    -e "s#userdel wombat#echo userdel >>$root/log#" -e "s#nft delete#echo delete >>$root/log#" \
    -e "s#/etc/wombat-firewall.nft#$root/firewall#g" | sh -s
"""


def lay_ssh(folder, monkeypatch):
    """Let provider `hosts` reach the folders in one folder, each by its name."""
    ssh = folder / "ssh"
    ssh.write_text(SSH.replace("FOLDER", str(folder)))
    ssh.chmod(0o755)
    monkeypatch.setattr(HostsAdapter, "ssh_command", lambda adapter: [str(ssh)])
