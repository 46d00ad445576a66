# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loopback addresses for local instances: claimed by files in one folder a user, whatever the deployment."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import os
import typing as t

OFFSET_STEP = 100  # ports kept for each instance where several share an address
MOST_OFFSET = 20_000


def claims_folder() -> str:
    """Where this user's instances claim their addresses, whatever their deployment."""
    return os.path.join(os.path.expanduser("~"), ".wombat", "addresses")


@contextlib.contextmanager
def claims_lock() -> t.Iterator[str]:
    """Hold the lock under which addresses are claimed and instances come and go; gives the folder of claims."""
    folder = claims_folder()
    os.makedirs(folder, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(handle)


def take_address(claims: str, network: ipaddress.IPv4Network, folder: str) -> tuple[str, int]:
    """Take a free address, or with all taken the next offset on one; a claim whose folder is gone is free."""
    taken = set()
    for claim in os.listdir(claims):
        if os.path.isdir(_claimant(claims, claim)):
            taken.add(claim)
    # Another user's instances have claims elsewhere; where there is one address only, it is shared.
    foreign = listening() - {claim.rpartition("_")[0] for claim in taken} if network.num_addresses > 1 else set()
    for offset in range(0, MOST_OFFSET, OFFSET_STEP):
        for address in network.hosts():
            claim = f"{address}_{offset}"
            if claim not in taken and str(address) not in foreign:
                path = os.path.join(claims, claim)
                with open(path + ".new", "w", encoding="utf-8") as stream:
                    stream.write(folder)
                os.replace(path + ".new", path)
                return str(address), offset
    raise OSError(f"no address of {network} is free; destroy instances, or give the provider another network")


def give_back(claims: str, folder: str) -> None:
    """Free what the instance in `folder` claimed."""
    for claim in os.listdir(claims):
        if _claimant(claims, claim) == folder:
            os.unlink(os.path.join(claims, claim))


def listening() -> set[str]:
    """The addresses on which anything of this machine listens."""
    addresses = set()
    with open("/proc/net/tcp", encoding="ascii") as stream:
        for fields in (line.split() for line in stream):
            if fields[3] == "0A":  # TCP_LISTEN
                addresses.add(str(ipaddress.IPv4Address(bytes.fromhex(fields[1].partition(":")[0])[::-1])))
    return addresses


def _claimant(claims: str, claim: str) -> str:
    try:
        with open(os.path.join(claims, claim), encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return ""
