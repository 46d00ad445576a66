# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images of a lab: a base that debootstrap builds of Debian packages, and layers of more packages above it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

from .common import LabError, locked, tell
from .hosts import Lab

USER = "debian"
PACKAGES = (
    "systemd-sysv",
    "dbus",
    "libpam-systemd",
    "openssh-server",
    "python3",
    "sudo",
    "iproute2",
    "nftables",
    "ca-certificates",
)
# What makes a plain system one that boots as a host: a user who may become root, keys and names of each host's own, no
# timers that want the network, no login prompt on a console that nobody sees.
SETTLE = f"""
useradd --create-home --shell /bin/bash {USER}
echo '{USER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{USER}
chmod 440 /etc/sudoers.d/{USER}
rm -f /etc/ssh/ssh_host_* /etc/hostname
: >/etc/machine-id
: >/etc/resolv.conf
systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer console-getty.service
apt-get clean
"""
INSTALL = """
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q update
apt-get -q -y --no-install-recommends install "$@"
rm /usr/sbin/policy-rc.d
apt-get clean
rm -rf /var/lib/apt/lists/*
"""
# In a mount namespace of its own, so that nothing stays mounted whatever happens.
ENTER = """
set -eu
root=$1 script=$2 layers=$3 settings=$4
shift 4
[ -z "$layers" ] || mount -t overlay overlay -o "$layers" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
cp "$settings" "$root/tmp/apt.conf"
for file in resolv.conf hosts; do
    [ ! -e "$root/etc/$file" ] || mount --bind "/etc/$file" "$root/etc/$file"
done
export APT_CONFIG=/tmp/apt.conf DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
chroot "$root" sh -euc "$script" sh "$@"
"""


def layers(lab: Lab, name: str) -> list[str]:
    """The folders of an image, topmost first.

    :raises LabError: when it is not built.
    """
    if name not in names(lab):
        raise LabError(f"image {name} not found; build it with: tests/lab/lab image --name {name}")
    return [str(lab.root / "images" / name / "layer"), str(lab.root / "base")]


def names(lab: Lab) -> list[str]:
    """The images that are built."""
    return sorted(path.parent.name for path in lab.root.glob("images/*/image.json") if "." not in path.parent.name)


def build(lab: Lab, name: str, packages: t.Collection[str]) -> bool:
    """Build an image, unless it is built of the same packages already; tell whether it was.

    :raises LabError: when hosts run on an older one, or a command fails.
    """
    lab.root.mkdir(parents=True, exist_ok=True)
    with locked(lab.root / "images.lock"):
        suite, mirror = source()
        built = _build_base(lab, suite, mirror)
        recipe = {"base": _recipe(suite), "packages": sorted(packages)}
        folder = lab.root / "images" / name
        if not built and _is(folder / "image.json", recipe):
            return False
        _refuse_used(lab, name)
        shutil.rmtree(folder, ignore_errors=True)
        new = folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        for part in ("layer", "work", "root"):
            (new / part).mkdir(parents=True)
        if packages:
            overlay = f"lowerdir={lab.root}/base,upperdir={new}/layer,workdir={new}/work"
            _enter(lab, new / "root", INSTALL, overlay, *sorted(packages))
        shutil.rmtree(new / "work")
        (new / "image.json").write_text(json.dumps(recipe))
        new.rename(folder)
        return True


def source() -> tuple[str, str]:
    """The machine's own suite and the mirror that its apt takes it from.

    :raises LabError: when apt knows none.
    """
    release = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\S+)$", release, re.MULTILINE)
    suite = found[1] if found else ""
    form = "$(RELEASE) $(COMPONENT) $(SITE)"
    for line in tell("apt-get", "indextargets", "--format", form, "Created-By: Packages").splitlines():
        words = line.split()
        if words[:2] == [suite, "main"]:
            return suite, words[2]
    raise LabError(f"apt has no source for '{suite}' main; add one to /etc/apt and run apt-get update")


def _recipe(suite: str) -> dict[str, t.Any]:
    return {"suite": suite, "packages": list(PACKAGES), "settle": SETTLE}


def _build_base(lab: Lab, suite: str, mirror: str) -> bool:
    mark = lab.root / "base.json"
    if _is(mark, _recipe(suite)):
        return False
    _refuse_used(lab)
    mark.unlink(missing_ok=True)
    base = lab.root / "base"
    shutil.rmtree(base, ignore_errors=True)
    print(f"building the base of all images ({suite}, about a minute)", flush=True)
    proxy = tell("apt-config", "shell", "proxy", "Acquire::http::Proxy").partition("=")[2].strip().strip("'")
    env = {**os.environ, **({"http_proxy": proxy} if proxy else {})}
    tell("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, base, mirror, env=env)
    _enter(lab, base, SETTLE, "")
    mark.write_text(json.dumps(_recipe(suite)))
    return True


def _is(mark: Path, recipe: t.Mapping[str, t.Any]) -> bool:
    return mark.exists() and json.loads(mark.read_text()) == recipe


def _refuse_used(lab: Lab, image: str | None = None) -> None:
    users = [record["name"] for record in lab.records() if image in (None, record["image"])]
    if users:
        raise LabError(
            f"image {image or 'base'} is in use by {', '.join(users)}; destroy them first: tests/lab/lab down"
        )


def _enter(lab: Lab, root: Path, script: str, overlay: str, *arguments: str) -> None:
    """Run a script in a root, with the machine's names of hosts and its settings of how apt gets files."""
    log = lab.root / "image.log"
    settings = lab.root / "apt.conf"
    settings.write_text(tell("apt-config", "dump", "Acquire", "--format", '%F "%v";%n'))
    command = ["unshare", "--mount", "sh", "-c", ENTER, "sh", root, script, overlay, settings, *arguments]
    with log.open("w") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode:
        words = log.read_text(errors="replace").strip().splitlines() or ["it says nothing"]
        raise LabError(f"the image cannot be built: {words[-1]} (whole log: {log})")
