# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A provider's no as data: what its failures mean, and how much of it they take out of the offers."""

from __future__ import annotations

import re
import typing as t

try:
    from libcloud.common.types import InvalidCredsError
except ImportError:  # said by the registry, once a provider is opened
    InvalidCredsError = PermissionError

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

# What a cloud's own words mean, without spaces and marks; the first kind with a word in the text is it (libcloud has no
# types for them). Seen in replies, or named in the error references of the clouds.
REFUSALS = (
    ("throttled", ("requestlimitexceeded", "throttl", "toomanyrequests", "ratelimit", "overlimit")),
    (
        "capacity",
        (
            "insufficientinstancecapacity",
            "insufficienthostcapacity",
            "insufficientcapacity",
            "novalidhost",
            "outofcapacity",
            "outofstock",
            "resourcepoolexhausted",
            "allocationfailed",
            "skunotavailable",
            "notsupportedinyourrequestedavailabilityzone",
            "unabletocreateadeployment",
            "nocapacity",
            "enoughcapacity",
            "notavailablein",
        ),
    ),
    (
        "quota",
        (
            "quota",
            "limitexceeded",
            "maximummonthlyfee",
            "limitreached",
            "exceededlimit",
            "dropletlimit",
            "resourcelimit",
            "maximumnumberofresources",
            "toomany",
        ),
    ),
    (
        "credentials",
        (
            "authfailure",
            "unauthorized",
            "invalidclienttokenid",
            "signaturedoesnotmatch",
            "unabletoverifyuser",
            "invalidauthorization",
            "invalidgrant",
            "invalidjwt",
        ),
    ),
    (
        "missing",
        (
            "notfound",
            "doesnotexist",
            "doesntexist",
            "couldnotbefound",
            "invalidimage",
            "invalidamiid",
            "invalidflavor",
            "nosuch",
        ),
    ),
)


class Refusal(WombatError):
    """A provider said no. `kind` decides how much of it leaves the offers.

    capacity: the size in the zone; quota: the region; missing: the region; credentials, throttled, outage, and request
    (what was asked is wrong): the provider.
    """

    def __init__(self, kind: str, text: str, provider: str, region: str = "", zone: str = "", size: str = "") -> None:
        scope = {
            "capacity": (provider, region, zone, size),
            "quota": (provider, region),
            "missing": (provider, region),
        }.get(kind, (provider,))
        self.kind = kind
        self.scope = tuple(part for part in scope if part)
        self.text = text
        super().__init__(f"provider {provider} refuses{' in ' + region if region else ''} ({kind}): {text}")

    def covers(self, offer: t.Mapping[str, t.Any]) -> bool:
        """Tell whether an offer (or anything with its keys) is within what was refused."""
        keys = ("provider", "region", "zone", "size")
        return all(offer[key] == value for key, value in zip(keys, self.scope, strict=False))


def refusal_kind(error: BaseException, text: str) -> str:
    """What a provider's failure means, as a refusal's kind; what no word tells goes by the HTTP code."""
    codes = [getattr(error, name, None) for name in ("code", "http_code")]  # Google's are words
    code = next((code for code in codes if isinstance(code, int)), None)
    if code is None and (match := re.search(r"status code:? ([0-9]{3})", text, re.IGNORECASE)):
        code = int(match[1])
    if isinstance(error, InvalidCredsError) or code == 401:
        return "credentials"
    if code == 429:
        return "throttled"
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    for kind, words in REFUSALS:
        if any(word in plain for word in words):
            return kind
    if code in (403, 404):
        return "credentials" if code == 403 else "missing"
    # A driver that takes no such argument says so before it asks anybody.
    wrong = isinstance(error, (TypeError, ValueError, NotImplementedError))
    return "request" if wrong or (isinstance(code, int) and 400 <= code < 500) else "outage"
