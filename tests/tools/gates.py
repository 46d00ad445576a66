# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run gates (make targets `gate-<name>`) and print one summary.

Usage: gates NAME... [-- NAME...]. Each list between `--` is a lane: the gates of a lane run one after the other, lanes
run side by side. A failing gate stops nothing; the end of its log is shown and the whole is in .build/log/<name>.log.
The return code is 0 when every gate passed.
"""

from __future__ import annotations

import itertools
import os
import pathlib
import subprocess
import sys
import threading
import time

LOGS = pathlib.Path(".build/log")
SHOWN_LINES = 40


def run(name: str, results: dict[str, tuple[bool, float]]) -> None:
    """Run one gate with its output in its log; add (passed, seconds) to `results`."""
    begun = time.monotonic()
    log = LOGS / f"{name}.log"
    with log.open("w") as out:
        command = [os.environ.get("MAKE", "make"), "--no-print-directory", f"gate-{name}"]
        returned = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False)
    results[name] = (returned.returncode == 0, time.monotonic() - begun)
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
    threads = [threading.Thread(target=lambda lane=lane: [run(name, results) for name in lane]) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\ngate             result   seconds")
    for name in itertools.chain(*lanes):
        passed, seconds = results[name]
        print(f"{name:<16} {'ok' if passed else 'FAILED':<8} {seconds:7.1f}")
    failed = sum(not passed for passed, _seconds in results.values())
    print(f"\n{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
