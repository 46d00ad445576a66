# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all parts of the lab use: running commands, locks, the error that people read. Only the standard library."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import typing as t
from pathlib import Path


class LabError(Exception):
    """Something that a person has to know, in one sentence."""


def default_root() -> Path:
    """The folder of the lab that all commands and drivers share, unless they are told another."""
    return Path(os.environ.get("WOMBAT_LAB") or "/var/tmp/wombat-hosts")


def tell(*command: str | Path, env: t.Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it prints.

    :raises LabError: with its last words when it fails.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()
        raise LabError(f"'{' '.join(map(str, command[:6]))}' failed: {words[-1]}")
    return done.stdout


@contextlib.contextmanager
def locked(path: Path) -> t.Iterator[None]:
    """Hold a lock that other processes and threads honour.

    :raises FileNotFoundError: when its folder is not there.
    """
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
