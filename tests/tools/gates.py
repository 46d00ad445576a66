# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run gates (make targets `gate-<name>`) and print one summary.

Usage: gates NAME... [-- NAME...]. Each list between `--` is a lane: the gates of a lane run one after the other, lanes
run side by side. A failing gate stops nothing, and one that hangs is ended; the end of its log is shown, the whole is
in .build/log/<name>.log.
The return code is 0 when every gate passed.
"""

from __future__ import annotations

import itertools
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

LOGS = pathlib.Path(".build/log")
SHOWN_LINES = 40
LIMIT = 4500  # seconds that a gate may take
RUNNING: list[subprocess.Popen[bytes]] = []  # leaders of process groups of their own


def run(name: str, results: dict[str, tuple[bool, float]]) -> None:
    """Run one gate with its output in its log; add (passed, seconds) to `results`."""
    begun = time.monotonic()
    log = LOGS / f"{name}.log"
    with log.open("w") as out:
        command = [os.environ.get("MAKE", "make"), "--no-print-directory", f"gate-{name}"]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        ) as process:
            RUNNING.append(process)
            try:
                passed = process.wait(LIMIT) == 0
            except subprocess.TimeoutExpired:
                passed = False
                out.write(f"\nended after {LIMIT} s\n")
                os.killpg(process.pid, signal.SIGKILL)
        RUNNING.remove(process)
    results[name] = (passed, time.monotonic() - begun)
    message = f"{'ok    ' if results[name][0] else 'FAILED'} {name} ({results[name][1]:.0f} s)"
    if not results[name][0]:
        end = log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
        message += "".join(f"\n    {line}" for line in [*end, f"(whole log: {log})"])
    print(message, flush=True)


def main(arguments: list[str]) -> int:
    """Run the lanes in `arguments` and print the summary; return the exit code."""
    LOGS.mkdir(parents=True, exist_ok=True)
    lanes = [list(names) for is_bar, names in itertools.groupby(arguments, "--".__eq__) if not is_bar]
    results: dict[str, tuple[bool, float]] = {}
    threads = [
        threading.Thread(target=lambda lane=lane: [run(name, results) for name in lane], daemon=True) for lane in lanes
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        for process in RUNNING:
            os.killpg(process.pid, signal.SIGINT)
        return 130
    print("\ngate             result   seconds")
    for name in itertools.chain(*lanes):
        passed, seconds = results[name]
        print(f"{name:<16} {'ok' if passed else 'FAILED':<8} {seconds:7.1f}")
    failed = sum(not passed for passed, _seconds in results.values())
    print(f"\n{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
