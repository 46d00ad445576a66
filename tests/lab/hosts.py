# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a lab: overlay roots booted by systemd-nspawn, on a bridge in a network namespace with no way out.

What exists is told by the disk and the kernel, never by a process of ours: a host runs when its control group has
processes. Only the standard library, so that the command `lab` works before anything is installed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import typing as t
from pathlib import Path

from .common import LabError, default_root, locked, tell
from .network import ADDRESSES, NAMESPACES, SUBNET, Network

CONTROL_GROUPS = tuple(Path("/sys/fs/cgroup", part) for part in ("", "unified", "systemd"))
REBOOT = 133  # systemd-nspawn's return code when the host wants to be started again
STOP_DEADLINE = 30.0  # seconds that a host has for stopping its services
BOOT_DEADLINE = 20.0  # seconds until a host's init runs
KILL_DEADLINE = 5.0  # seconds until what was killed is gone
# As cloud-init does it at a first boot.
SHOW_KEYS = """[Service]
Type=oneshot
ExecStart=sh -c 'echo -----BEGIN SSH HOST KEY KEYS-----; cat /etc/ssh/*.pub; echo -----END SSH HOST KEY KEYS-----'
StandardOutput=journal+console
"""


class NoHostError(LabError):
    """A host is not there, or not any more."""


class Lab:
    """All hosts below one root folder, whoever owns them.

    :param root: the folder; labs with different folders know nothing of one another.
    """

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = Path(root or default_root()).absolute()
        self.name = "wombat-" + hashlib.sha256(str(self.root).encode()).hexdigest()[:6]
        self.folder = self.root / "hosts"
        self.lock = self.root / "lock"
        self.network = Network(self.name, self.lock)

    # What exists.

    def records(self) -> list[dict[str, t.Any]]:
        """The hosts that were created and not destroyed, oldest first."""
        found = []
        for path in self.folder.glob("*/host.json"):
            if "." not in path.parent.name:
                with contextlib.suppress(FileNotFoundError):  # another process destroys it just now
                    found.append(json.loads(path.read_text()))
        return sorted(found, key=lambda record: (record["created"], record["id"]))

    def state(self, identity: str) -> str:
        """running, pending (created, not started yet) or stopped."""
        if self.processes(identity):
            return "running"
        return "pending" if (self.folder / identity / "seed.json").exists() else "stopped"

    def processes(self, identity: str) -> set[int]:
        """The processes of a host, with systemd-nspawn itself."""
        found = set()
        for group in self.control_groups(identity):
            for folder, _folders, _files in os.walk(group):
                with contextlib.suppress(OSError):
                    found |= {int(pid) for pid in Path(folder, "cgroup.procs").read_text().split()}
        return found

    def control_groups(self, identity: str = "") -> list[Path]:
        """A host's control group in every hierarchy that systemd may use: version 2, or version 1 with or without it.

        It is right below the root, where container engines without systemd have theirs.
        """
        roots = [root for root in CONTROL_GROUPS if (root / "cgroup.procs").exists()]
        if not roots:
            raise LabError("this machine has no control groups; mount cgroup2 at /sys/fs/cgroup")
        return [root / self.name / identity for root in roots]

    # Life of a host.

    def create(
        self,
        name: str,
        layers: t.Sequence[str],
        seed: t.Mapping[str, t.Any],
        check: t.Callable[[], t.Any],
        **told: t.Any,
    ) -> dict[str, t.Any]:
        """Record a host and give it an address; `boot` starts it.

        :param layers: the folders of its image, topmost first.
        :param seed: `authorized_keys`, and `host_keys` (type -> private, public), written before its first start.
        :param check: called under the lock: it returns the record of a host that is this one already, or refuses.
        :param told: what else the record says.
        :raises LabError: when there is no address left.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.lock):
            existing = check()
            if existing:
                return existing
            address = self._next_address()
            identity = os.urandom(16).hex()
            given = {"id": identity, "name": name, "address": address, "layers": list(layers), "created": time.time()}
            # The folder appears with all in it: a process killed here leaves nothing that looks like a host.
            folder = self.folder / f"{identity}.new"
            folder.mkdir(mode=0o700)
            (folder / "seed.json").write_text(json.dumps(seed))
            (folder / "host.json").write_text(json.dumps({**told, **given}))
            folder.rename(self.folder / identity)
        return {**told, **given}

    def boot(self, identity: str) -> None:
        """Start a host that does not run; one whose start was killed goes on where that left off.

        :raises LabError: when it does not exist, or its init does not come up.
        """
        folder = self.folder / identity
        with self._held(identity) as record:
            if self.processes(identity):
                return
            self.network.make()
            self.network.plug(identity, record["address"])
            root = folder / "root"
            if not root.is_mount():
                for part in ("root", "upper", "work"):
                    (folder / part).mkdir(exist_ok=True)
                layers = f"lowerdir={':'.join(record['layers'])},upperdir={folder}/upper,workdir={folder}/work"
                tell("mount", "-t", "overlay", self.name, "-o", layers, root)
            if (folder / "seed.json").exists():
                plant(root, record, json.loads((folder / "seed.json").read_text()))
                (folder / "seed.json").unlink()
            self._spawn(identity, record["name"])

    def stop(self, identity: str) -> None:
        """Let a host stop its services, and take its processes, mount and network away; its files stay."""
        with self._held(identity):
            end = time.monotonic() + STOP_DEADLINE
            while self.processes(identity) and time.monotonic() < end:
                # Again and again, for an init that has just begun does not hear yet.
                self._signal_init(identity, signal.SIGRTMIN + 3)
                self._await_end(identity, 0.5)
            self._take_down(identity)

    def kill(self, identity: str) -> None:
        """Let a host die as without power: nothing of it stops in order, its files stay, and `boot` starts it again."""
        with self._held(identity):
            self._take_down(identity)

    def destroy(self, identity: str) -> None:
        """Take away all of a host, whatever there is of it."""
        folder = self.folder / identity
        gone = folder.with_suffix(".gone")
        try:
            with self._held(identity):
                self._take_down(identity)
                folder.rename(gone)
        except NoHostError:
            self._take_down(identity)
        shutil.rmtree(gone, ignore_errors=True)

    def down(self) -> int:
        """Take away all hosts and the network; return how many hosts there were."""
        places = [*self.folder.glob("*"), *(place for group in self.control_groups() for place in group.glob("*/"))]
        identities = {place.name.split(".")[0] for place in places}
        for identity in identities:
            self.destroy(identity)
        self.network.remove_all()
        shutil.rmtree(self.root, ignore_errors=True)
        for group in self.control_groups():
            with contextlib.suppress(OSError):
                group.rmdir()
        return len(identities)

    def _next_address(self) -> str:
        """The free address after the last one given: what remembers a host that is gone meets no other by it."""
        last = self.root / "last-address"
        taken = {record["address"] for record in self.records()}
        addresses = [str(address) for address in ADDRESSES]
        begin = addresses.index(last.read_text()) + 1 if last.exists() else 0
        free = next((one for one in addresses[begin:] + addresses[:begin] if one not in taken), None)
        if free is None:
            raise LabError(f"Quota exceeded: all addresses of {SUBNET} are taken")
        last.write_text(free)
        return free

    @contextlib.contextmanager
    def _held(self, identity: str) -> t.Iterator[dict[str, t.Any]]:
        """A host's record, with its lock held."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(locked(self.folder / identity / "lock"))
                record = json.loads((self.folder / identity / "host.json").read_text())
            except FileNotFoundError:
                raise NoHostError(f"host {identity} not found") from None
            yield record

    def _spawn(self, identity: str, name: str) -> None:
        groups = self.control_groups(identity)
        for group in groups:
            group.mkdir(parents=True, exist_ok=True)
        log = self.folder / identity / "console.log"
        machine = self.network.host(identity)
        host = (
            f"systemd-nspawn --quiet --boot --directory={self.folder / identity / 'root'} --machine={machine}"
            f" --hostname={name} --network-namespace-path={NAMESPACES / machine} --capability=CAP_NET_ADMIN"
            " --register=no --keep-unit --settings=no --console=read-only --resolv-conf=off --timezone=off"
            " --link-journal=no"
        )
        # Without a manager of services nobody starts a host again that reboots: this shell does.
        join = " && ".join(f"echo $$ >{group}/cgroup.procs" for group in groups)
        script = f'{join} && while {{ "$@"; [ $? -eq {REBOOT} ]; }}; do :; done'
        with log.open("a") as console:
            subprocess.run(
                ["setsid", "--fork", "sh", "-c", script, "sh", *host.split()],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                check=True,
            )
        end = time.monotonic() + BOOT_DEADLINE
        while self._init(identity) is None:
            if time.monotonic() > end:
                words = log.read_text(errors="replace").strip().splitlines() or ["it says nothing"]
                self._take_down(identity)
                raise LabError(f"host {name} does not start: {words[-1]}")
            time.sleep(0.02)

    def _init(self, identity: str) -> int | None:
        """A host's own process 1, by its number here."""
        for pid in self.processes(identity):
            with contextlib.suppress(OSError):
                numbers = re.search(r"^NSpid:\s*(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
                if numbers and numbers[1].split()[1:] == ["1"]:
                    return pid
        return None

    def _signal_init(self, identity: str, number: int) -> None:
        pid = self._init(identity)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _await_end(self, identity: str, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self.processes(identity):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def _take_down(self, identity: str) -> None:
        # The host's init first: with it the kernel ends all of the host, and systemd-nspawn tidies up after itself.
        self._signal_init(identity, signal.SIGKILL)
        if not self._await_end(identity, KILL_DEADLINE):
            for pid in self.processes(identity):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not self._await_end(identity, KILL_DEADLINE):
                raise LabError(f"processes of host {identity} do not end: {self.processes(identity)}")
        root = self.folder / identity / "root"
        if root.is_mount():
            tell("umount", root)
        self.network.remove(self.network.host(identity))
        with contextlib.suppress(OSError):
            Path("/run/systemd/nspawn/propagate", self.network.host(identity)).rmdir()
        for group in self.control_groups(identity):
            for folder, _folders, _files in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)


def plant(root: Path, record: t.Mapping[str, t.Any], seed: t.Mapping[str, t.Any]) -> None:
    """Make a host of an image: its names, its keys, who may log in."""
    (root / "etc/hostname").write_text(record["name"] + "\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n{record['address']} {record['name']}\n")
    (root / "etc/machine-id").write_text(record["id"] + "\n")
    for kind, key in seed["host_keys"].items():
        path = root / f"etc/ssh/ssh_host_{kind}_key"
        path.touch(0o600)
        path.write_text(key["private"].strip() + "\n")
        path.with_name(path.name + ".pub").write_text(key["public"].strip() + "\n")
    if not seed["host_keys"]:
        tell("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", root / "etc/ssh/ssh_host_ed25519_key")
    (root / "etc/systemd/system/show-keys.service").write_text(SHOW_KEYS)
    (root / "etc/systemd/system/multi-user.target.wants/show-keys.service").symlink_to("../show-keys.service")
    home = root / "home/debian"
    folder = home / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "authorized_keys"
    path.touch(0o600)
    path.write_text("".join(key.strip() + "\n" for key in seed["authorized_keys"]))
    for owned in (folder, path):
        os.chown(owned, home.stat().st_uid, home.stat().st_gid)
