# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images of a lab: a base that debootstrap builds of Debian packages, and layers of more packages above it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

from .common import LabError, locked, tell

CACHE = Path("/var/tmp/wombat-images")  # of all labs, for a base takes a minute
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
# Instead of installing packages: a source of apt on the host's own disk has them and what they need, and nothing else.
OFFER = """
apt-get -q update
apt-get -q -y --no-install-recommends --download-only install "$@"
mkdir /var/local/packages
cd /var/local/packages
mv /var/cache/apt/archives/*.deb .
for file in *%3a*.deb; do
    mv "$file" "$(echo "$file" | sed s/%3a/:/)"  # as apt asks for it
done
for file in *.deb; do
    dpkg-deb --field "$file"
    stat --printf 'Filename: ./%n\\nSize: %s\\n' "$file"
    sha256sum "$file" | sed 's/\\(.*\\)  .*/SHA256: \\1\\n/'
done >Packages
rm -rf /var/lib/apt/lists/* /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/var/local/packages ./' >/etc/apt/sources.list
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
    # Copies: what the script writes must not reach the machine's own files.
    cp "/etc/$file" "$root/tmp/$file"
    touch "$root/etc/$file"
    mount --bind "$root/tmp/$file" "$root/etc/$file"
done
export APT_CONFIG=/tmp/apt.conf DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
chroot "$root" sh -euc "$script" sh "$@"
"""


def layers(name: str) -> list[str]:
    """The folders of an image, topmost first.

    :raises LabError: when it is not built.
    """
    mark = CACHE / f"{name}.json"
    if not mark.exists():
        raise LabError(f"image {name} not found; build it with: tests/lab/lab image --name {name}")
    return json.loads(mark.read_text())


def names() -> list[str]:
    """The images that are built."""
    return sorted(path.stem for path in CACHE.glob("*.json"))


def build(name: str, packages: t.Collection[str], offered: bool = False) -> bool:
    """Build an image, unless there is one of the same packages; tell whether it was built.

    A folder that is built never changes, so that hosts go on with what they were created from.

    :param offered: whether the packages are left for the host's own apt to install.
    :raises LabError: when a command fails.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / "lock"):
        suite, mirror = source()
        base = _folder(suite, PACKAGES, SETTLE)
        for left in CACHE.glob("*.new"):  # by a build that was killed
            shutil.rmtree(left)
        found = [base]
        built = not base.exists()
        if built:
            print(f"building the base of all images ({suite}, about a minute)", flush=True)
            _build_base(base, suite, mirror)
        if packages:
            script = OFFER if offered else INSTALL
            layer = _folder(base.name, sorted(packages), script)
            found.insert(0, layer)
            if not layer.exists():
                built = True
                _build_layer(layer, base, script, sorted(packages))
        (CACHE / f"{name}.json").write_text(json.dumps([str(folder) for folder in found]))
        return built


def remove_all() -> None:
    """Remove all images.

    :raises LabError: while a host runs on one.
    """
    if f"{CACHE}/" in Path("/proc/self/mountinfo").read_text():
        raise LabError("hosts run on the images still, perhaps in another lab; take them down first")
    shutil.rmtree(CACHE, ignore_errors=True)


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


def _folder(*recipe: t.Any) -> Path:
    """Where the result of a recipe is kept."""
    return CACHE / hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]


def _build_base(base: Path, suite: str, mirror: str) -> None:
    new = base.with_suffix(".new")
    proxy = tell("apt-config", "shell", "proxy", "Acquire::http::Proxy").partition("=")[2].strip().strip("'")
    env = {**os.environ, **({"http_proxy": proxy} if proxy else {})}
    tell("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, new, mirror, env=env)
    _enter(new, SETTLE, "")
    (new / "etc/resolv.conf").write_text("")  # debootstrap leaves the machine's
    new.rename(base)


def _build_layer(layer: Path, base: Path, script: str, packages: t.Sequence[str]) -> None:
    new = layer.with_suffix(".new")
    for part in ("layer", "work", "root"):
        (new / part).mkdir(parents=True)
    _enter(new / "root", script, f"lowerdir={base},upperdir={new}/layer,workdir={new}/work", *packages)
    (new / "layer").rename(layer)
    shutil.rmtree(new)


def _enter(root: Path, script: str, overlay: str, *arguments: str) -> None:
    """Run a script in a root, with the machine's names of hosts and its settings of how apt gets files."""
    log = CACHE / "log"
    settings = CACHE / "apt.conf"
    settings.write_text(tell("apt-config", "dump", "Acquire", "--format", '%F "%v";%n'))
    command = ["unshare", "--mount", "sh", "-c", ENTER, "sh", root, script, overlay, settings, *arguments]
    with log.open("w") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode:
        words = log.read_text(errors="replace").strip().splitlines() or ["it says nothing"]
        raise LabError(f"the image cannot be built: {words[-1]} (whole log: {log})")
