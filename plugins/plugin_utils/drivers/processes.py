# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a local instance: those with `WOMBAT_INSTANCE=<its folder>` in their environment. Needs Linux."""

from __future__ import annotations

import contextlib
import os
import signal
import time

GRACE = 5.0  # seconds between SIGTERM and SIGKILL


def processes(folder: str) -> list[int]:
    """The processes of the instance in `folder`, by their environment; this user's only."""
    mark = b"WOMBAT_INSTANCE=" + os.fsencode(folder)
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            # One that is gone or another user's cannot be read.
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as stream:
                if mark in stream.read().split(b"\0"):
                    found.append(int(name))
    return found


def end_processes(folder: str) -> None:
    """End an instance's processes: SIGTERM, which lets a node stop in order, and after a grace SIGKILL."""
    deadline = time.monotonic() + GRACE
    told: set[int] = set()
    while pids := processes(folder):
        late = time.monotonic() > deadline
        for pid in pids:
            if late or pid not in told:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
                told.add(pid)
        time.sleep(0.05)
