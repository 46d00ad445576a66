# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches an archive by a URL that is a secret: no error shows it."""

from __future__ import annotations

import http.client
import urllib.error
from contextlib import closing

from ansible.module_utils.urls import open_url

_PATIENCE = 15  # seconds without a byte after which a store counts as out of reach


class UnreachableError(Exception):
    """The archive did not come, for a reason that another way may not have: a sentence's end."""


def download(url: str, path: str) -> None:
    """Write what a URL gives to a file; raises UnreachableError, and OSError where it cannot be written."""
    try:
        response = open_url(url, timeout=_PATIENCE, http_agent="wombat.erlang")
    except urllib.error.HTTPError as error:
        raise UnreachableError(f"the store answers {error.code}") from None
    except Exception as error:  # open_url has errors of its own for certificates and proxies
        raise UnreachableError(f"the store is out of reach: {_reason(error, url)}") from None
    with closing(response), open(path, "wb") as file:
        block = b"-"
        while block:
            try:
                block = response.read(1 << 20)
            except (OSError, http.client.HTTPException) as error:
                raise UnreachableError(f"the transfer broke off: {_reason(error, url)}") from None
            file.write(block)


def _reason(error: Exception, url: str) -> str:
    """What an error says, without the URL and what follows its path."""
    return str(getattr(error, "reason", None) or error).replace(url, "URL").partition("?")[0][:200]
