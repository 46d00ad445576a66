# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a provider is asked, and what happens when it says that it is too much; on a clock that nobody waits for."""

from __future__ import annotations

import pytest
from libcloud.common.exceptions import BaseHTTPError, RateLimitReachedError

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import transport
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.ec2 import EC2Adapter
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.transport import Pace, busy, govern, pause


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self):
        self.now = 1000.0
        self.start = self.now

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    @property
    def passed(self):
        return self.now - self.start


class Line:
    """A connection of libcloud whose answers are given; an exception is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.sent = 0

    def request(self, action, params=None, method="GET"):
        self.sent += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock():
    return Clock()


def governed(clock, *answers, rate=10.0, harmless=lambda method, params: method == "GET"):
    line = Line(*answers)
    govern(line, Pace(rate, clock.sleep, clock), harmless)
    return line


def test_requests_come_evenly_at_the_rate(clock):
    line = governed(clock, "told", rate=4.0)
    for _request in range(9):
        assert line.request("/servers") == "told"
    assert clock.passed == pytest.approx(8 / 4.0)


BUSY = [
    (BaseHTTPError(429, "Too Many Requests", {"retry-after": "7"}), 7),
    (BaseHTTPError(503, "Service Unavailable", {"retry-after": "3"}), 3),
    (RateLimitReachedError(headers={"retry-after": "9"}), 9),
]


@pytest.mark.parametrize(("error", "seconds"), BUSY)
def test_who_says_when_is_asked_again_then(clock, error, seconds):
    line = governed(clock, error, "told")
    assert line.request("/servers") == "told"
    assert (line.sent, clock.passed) == (2, pytest.approx(seconds))


def test_who_does_not_say_when_is_given_twice_as_long_each_time(clock, monkeypatch):
    monkeypatch.setattr(transport.random, "uniform", lambda low, high: high)
    line = governed(clock, *[BaseHTTPError(503, "RequestLimitExceeded")] * 4, "told")
    assert line.request("/servers") == "told"
    assert clock.passed == pytest.approx(2 + 4 + 8 + 16)
    assert pause(BaseHTTPError(429, "busy"), 20) == pause(BaseHTTPError(429, "", {"retry-after": "9999"}), 1) == 60


def test_it_is_not_asked_for_ever(clock):
    line = governed(clock, BaseHTTPError(429, "Too Many Requests"))
    with pytest.raises(BaseHTTPError):
        line.request("/servers")
    assert line.sent == transport.ATTEMPTS


@pytest.mark.parametrize(
    "error",
    [
        Exception("<Code>RequestLimitExceeded</Code> Request limit exceeded."),
        Exception("400 Bad Request Throttling: Rate exceeded"),
        BaseHTTPError(413, "OverLimit Retry..."),
        BaseHTTPError(502, "Bad Gateway"),
        RateLimitReachedError(),
    ],
)
def test_what_busy_providers_say(error):
    assert busy(error)
    assert not busy(BaseHTTPError(404, "no such server"))


def test_a_create_is_never_sent_twice_but_everybody_waits(clock):
    line = governed(clock, BaseHTTPError(429, "Too Many Requests", {"retry-after": "5"}), "told")
    with pytest.raises(BaseHTTPError):
        line.request("/servers", method="POST")
    assert line.sent == 1
    assert line.request("/servers") == "told"
    assert clock.passed == pytest.approx(5)


def test_amazon_repeats_a_create_that_has_a_token(clock):
    for params, sent in (({"Action": "RunInstances", "ClientToken": "t"}, 2), ({"Action": "RunInstances"}, 1)):
        line = governed(clock, BaseHTTPError(503, "RequestLimitExceeded"), "told", harmless=EC2Adapter.harmless)
        try:
            line.request("/", params=params)
        except BaseHTTPError:
            assert sent == 1
        assert line.sent == sent


def test_the_words_of_a_failure_are_not_those_of_busy_ones(clock):
    line = governed(clock, ValueError("broken"), "told")
    with pytest.raises(ValueError, match="broken"):
        line.request("/servers")
    assert (line.sent, clock.passed) == (1, 0)


def test_who_says_a_date_is_asked_again_then(monkeypatch):
    monkeypatch.setattr(transport.time, "time", lambda: 1e9)
    assert transport.seconds("Sun, 09 Sep 2001 01:46:50 GMT") == 10
    assert transport.seconds("12.5") == 12.5
    assert transport.seconds("soon") == transport.seconds(None) == 0
