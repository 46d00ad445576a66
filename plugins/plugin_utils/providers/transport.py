# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a provider is asked: a bound on requests a second, and waiting when it says that it is too much.

It sits on libcloud's connections, below every call, since one call may be many requests. A request is repeated only
where that is harmless; a create never is one of these.
"""

from __future__ import annotations

import contextlib
import email.utils
import random
import threading
import time
import typing as t

ATTEMPTS = 6  # where the file says no other number
LONGEST = 60.0  # seconds between two attempts
BUSY_CODES = (429, 502, 503, 504)
# libcloud has no types for them (its issue 1577), and AWS tells them with code 400 or 503.
BUSY_WORDS = ("requestlimitexceeded", "throttl", "toomanyrequests", "too many requests", "rate limit", "overlimit")


def busy(error: BaseException) -> bool:
    """Tell whether a provider answers that it is asked too much, or is not ready just now."""
    text = str(error).lower()
    codes = {getattr(error, name, None) for name in ("code", "http_code")}
    return not codes.isdisjoint(BUSY_CODES) or any(word in text for word in BUSY_WORDS)


def pause(error: BaseException, attempt: int) -> float:
    """Seconds to wait before the next attempt: what the provider says (Retry-After), else twice as long each time."""
    asked = seconds((getattr(error, "headers", None) or {}).get("retry-after") or getattr(error, "retry_after", None))
    if asked > 0:
        return min(asked, LONGEST)
    return min(LONGEST, 2.0**attempt) * random.uniform(0.5, 1.0)


def seconds(asked: t.Any) -> float:
    """What Retry-After says, a number of seconds or a date, as seconds from now."""
    with contextlib.suppress(TypeError, ValueError):
        return float(asked)
    with contextlib.suppress(TypeError, ValueError):
        return email.utils.parsedate_to_datetime(asked).timestamp() - time.time()
    return 0.0


def reply_of(connection: t.Any) -> t.Any:
    """The last reply on a libcloud connection, as the HTTP library has it; None before the first."""
    return getattr(getattr(connection, "connection", None), "response", None)


def as_replied(error: Exception, reply: t.Any) -> Exception:
    """An error with what a busy provider's reply says: most drivers drop its code and its headers."""
    from libcloud.common.exceptions import BaseHTTPError
    from libcloud.common.types import MalformedResponseError

    if getattr(reply, "status_code", None) not in BUSY_CODES:
        return error
    # What turns requests away, a proxy often, need not speak the provider's language.
    text = reply.text if isinstance(error, MalformedResponseError) else str(getattr(error, "value", None) or error)
    return BaseHTTPError(reply.status_code, text or reply.reason, {k.lower(): v for k, v in reply.headers.items()})


class Pace:
    """At most `rate` requests a second, evenly, over all threads of a provider.

    :param rate: requests a second.
    :param sleep: waits some seconds.
    :param clock: gives the time in seconds.
    :param attempts: how often a request is sent that is turned away each time.
    """

    def __init__(
        self,
        rate: float,
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.gap = 1.0 / rate
        self.sleep = sleep
        self.clock = clock
        self.attempts = attempts
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Wait for this request's turn."""
        with self._lock:
            now = self.clock()
            turn = max(now, self._next)
            self._next = turn + self.gap
        if turn > now:
            self.sleep(turn - now)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for some seconds: the limit is the account's, not one thread's."""
        with self._lock:
            self._next = max(self._next, self.clock() + seconds)


def govern(connection: t.Any, pace: Pace, harmless: t.Callable[[str, t.Mapping[str, t.Any]], bool]) -> None:
    """Put a libcloud connection under a pace, and let it repeat requests that a busy provider turned away.

    :param harmless: tells by method and parameters whether a request may be sent twice.
    """
    send = connection.request

    def request(action: str, *args: t.Any, **kwargs: t.Any) -> t.Any:
        params = kwargs.get("params") or (args[0] if args else None) or {}
        method = kwargs.get("method", "GET")
        for attempt in range(1, pace.attempts + 1):
            pace.wait()
            before = reply_of(connection)
            try:
                return send(action, *args, **kwargs)
            except Exception as raised:
                reply = reply_of(connection)
                error = raised if reply is before else as_replied(raised, reply)
                if not busy(error):
                    raise
                pace.hold(pause(error, attempt))
                if attempt == pace.attempts or not harmless(method, params):
                    raise error from None
        raise AssertionError("unreachable")

    connection.request = request
