# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of real hosts for the tests, with keys, Ansible over SSH, and everything that it may leave behind."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from libcloud.compute.providers import DRIVERS, get_driver, set_driver

LAB = Path(__file__).resolve().parent.parent / "lab" / "lab"
DRIVER = ("ansible_collections.wombat.erlang.tests.lab.nspawn", "NspawnNodeDriver")
real = pytest.mark.real_hosts


class Bench:
    """A lab of its own, with keys for its hosts."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "lab"
        self.env = {**os.environ, "WOMBAT_LAB": str(self.root), "HOME": str(folder), "ANSIBLE_NOCOLOR": "1"}
        for name in ("user", "host"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        if "nspawn" not in DRIVERS:
            set_driver("nspawn", *DRIVER)

    def driver(self, account="attic", **options):
        return get_driver("nspawn")(account, root=str(self.root), **options)

    def lab(self, *arguments, check=True):
        return subprocess.run(
            [str(LAB), *arguments],
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=check,
        )

    def key(self, name):
        return (self.folder / name).read_text()

    @property
    def user_data(self):
        return "#cloud-config\n" + json.dumps(
            {
                "ssh_authorized_keys": [self.key("user.pub")],
                "ssh_keys": {"ed25519_private": self.key("host"), "ed25519_public": self.key("host.pub")},
            }
        )

    def create(self, driver, name, **options):
        size, image = driver.list_sizes()[0], next(one for one in driver.list_images() if one.name == "debian")
        return driver.create_node(name, size, image, **{"ex_userdata": self.user_data, **options})

    def ansible(self, nodes, module, *arguments):
        """Run a module on hosts, over SSH with the host key pinned before the first login."""
        lines = [f"{node.name} ansible_host={node.private_ips[0]}" for node in nodes]
        (self.folder / "hosts").write_text("\n".join(lines) + "\n")
        known = [f"{node.private_ips[0]} {self.key('host.pub')}" for node in nodes]
        (self.folder / "known_hosts").write_text("".join(known))
        command = [os.path.join(os.path.dirname(sys.executable), "ansible"), "all", "-i", str(self.folder / "hosts")]
        command += ["-u", "debian", "--private-key", str(self.folder / "user"), "-m", module, *arguments]
        command += [f"--ssh-common-args=-o UserKnownHostsFile={self.folder}/known_hosts"]
        done = self.lab("run", *command, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shell(self, node, command):
        """What a command prints on a host; one that Ansible has not reached before is believed."""
        options = ["-o", f"UserKnownHostsFile={self.folder}/known_hosts", "-i", str(self.folder / "user")]
        options += ["-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR"]
        return self.lab("run", "ssh", *options, f"debian@{node.private_ips[0]}", command).stdout.strip()

    def await_login(self, *nodes):
        self.ansible(nodes, "ansible.builtin.wait_for_connection", "-a", "sleep=0 connect_timeout=1 timeout=60")

    def traces(self):
        """Everything that hosts of this lab leave in the kernel and on the disk."""
        name = self.driver().lab.name
        places = [Path("/run/netns"), Path("/sys/fs/cgroup"), Path("/run/systemd/nspawn/propagate")]
        found = [str(path) for place in places for path in place.glob(f"{name}*")]
        found += [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/{name}*")]
        found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(self.root) in line]
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if name in (process / "cmdline").read_text():
                    found.append((process / "cmdline").read_text())
        return found + ([str(self.root)] if self.root.exists() else [])
