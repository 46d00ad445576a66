# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of long work while it goes on, and how it is ended on the way: by Ctrl-C, cleanly."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import subprocess
import threading
import typing as t

Say = t.Callable[[str], None]
PROC = "/proc"


class Progress:
    """Counts what was created, runs and was refused, by provider; `stop` is set when nothing new is to begin."""

    def __init__(self, say: Say, stop: threading.Event | None = None) -> None:
        self.say = say
        self.stop = stop or threading.Event()
        self.counts: dict[str, collections.Counter[str]] = {}
        self._wanted = self._created = 0

    def want(self, number: int) -> None:
        self._wanted += number

    def created(self, instance: t.Any) -> None:
        self._created += 1
        counts = self._count(instance.provider, "created")
        counts["running"] += instance.state == "running"
        told = f"created ({self._created} of {self._wanted})  {instance.provider}: {self._words(instance.provider)}"
        self.say(f"+ {instance.name}  {instance.domain}  {instance.size}  {told}")

    def run(self, instances: t.Iterable[t.Any]) -> None:
        """Say how many of those that were created run by now, where these are more than before."""
        running = collections.Counter(one.provider for one in instances if one.state == "running")
        for provider, number in sorted(running.items()):
            if number > self.counts[provider]["running"]:
                self.counts[provider]["running"] = number
                self.say(f"= {provider}  {self._words(provider)}")

    def refused(self, requests: t.Sequence[t.Any], refusal: object) -> None:
        """Say that what was asked for by one request is refused."""
        first = requests[0]
        self._count(first.provider, "refused", len(requests))
        names = first.name + (f" and {len(requests) - 1} more" if len(requests) > 1 else "")
        domain = f"{first.provider}/{first.region}/{first.zone}"
        self.say(f"! {names}  {domain}  {first.size}  {refusal}  {self._words(first.provider)}")

    def _count(self, provider: str, what: str, number: int = 1) -> collections.Counter[str]:
        counts = self.counts.setdefault(provider, collections.Counter())
        counts[what] += number
        return counts

    def _words(self, provider: str) -> str:
        return ", ".join(f"{self.counts[provider][what]} {what}" for what in ("created", "running", "refused"))


@contextlib.contextmanager
def interruptible() -> t.Iterator[threading.Event]:
    """While it lasts, an interrupt only sets the event, so that what was begun can end.

    Ansible sends a worker an interrupt when the user presses Ctrl-C, and then a termination.
    """
    stop = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():  # only the main thread can have handlers
        yield stop
        return
    before = {number: signal.signal(number, lambda *_arguments: stop.set()) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def tell_terminal(text: str) -> None:
    """Write to the standard error of Ansible itself: once interrupted, it shows nothing more of what workers say."""
    parent = os.getppid()
    for find in (lambda: f"{PROC}/{parent}/fd/2", lambda: terminal_of(parent)):
        try:
            with open(os.open(find(), os.O_WRONLY | os.O_APPEND | os.O_NOCTTY), "w", encoding="utf-8") as stream:
                stream.write(text + "\n")
            return
        except OSError:
            continue  # macOS and the BSDs have no /proc; where there is no terminal either, nothing more can be said


def terminal_of(process: int) -> str:
    """The device of a process's terminal, as ps tells it: pts/3, or ttys003 on macOS.

    :raises OSError: when it has none, or there is no ps.
    """
    done = subprocess.run(["ps", "-o", "tty=", "-p", str(process)], capture_output=True, text=True, check=False)
    name = done.stdout.strip()
    if not name[:1].isalpha():  # ? and ?? say that there is none
        raise FileNotFoundError(f"process {process} has no terminal")
    return f"/dev/{name}"
