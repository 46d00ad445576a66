# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cloud that is asked too much: it is left alone for as long as it says, and nothing is created twice."""

from __future__ import annotations

import re
import urllib.parse

import pytest
import requests
from case import NAME, TAGS, opened
from cases import CASES
from wire import Answer, Wire, lay

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal

OURS = {"name": NAME, "tags": TAGS}


class Busy:
    """Turns the first requests away that it is asked to, each with what it says of when."""

    def __init__(self, wire, chosen, times, headers):
        self.turned = []

        def when(sent):
            if not chosen(sent) or len(self.turned) == times:
                return False
            self.turned.append(sent)
            return True

        for method in ("GET", "POST", "PUT"):
            wire.answers.append(Answer(method, ".*", "Too Many Requests", 429, headers, when=when))


@pytest.fixture(params=CASES, ids=lambda case: case.label or case.driver)
def case(request):
    return request.param


@pytest.fixture
def wire(case, monkeypatch):
    wire = Wire(case.book, case.writes, case.chapter)
    lay(wire, monkeypatch)
    return wire


@pytest.fixture
def adapter(case, wire, tmp_path):
    adapter = opened(tmp_path, case.provider)
    adapter.held = []
    adapter.pace.hold = adapter.held.append
    return adapter


def no_login(sent):
    return not re.search("token|auth", sent.path)


@pytest.mark.parametrize("headers", [{"retry-after": "7"}, {}], ids=["says when", "does not"])
def test_a_listing_waits_as_long_as_the_cloud_says(case, wire, adapter, headers):
    wire.answers += [*case.answers, *case.create()[1:], *case.listed([OURS])]
    busy = Busy(wire, no_login, 2, headers)
    assert [instance.name for instance in adapter.instances()] == [NAME]
    assert len(busy.turned) == 2
    if headers:
        assert adapter.held == [7, 7]
    else:
        assert 1 <= adapter.held[0] <= 2 <= adapter.held[1] <= 4


def test_a_line_that_breaks_tells_no_user_data(case, wire, tmp_path):
    """The HTTP library's errors have the whole URL, and some clouds take user data, with a host key in it, there."""
    bare = {key: value for key, value in case.provider.items() if key != "user_data"}
    adapter = opened(tmp_path, case.provider)
    if adapter.features["user data"]:
        return
    adapter = opened(tmp_path, bare, ssh={**case.provider.get("ssh", {}), "host_keys": "inject"})
    wire.answers += [*case.answers, *case.listed([])]
    sent_urls = []

    def breaks(sent):
        sent_urls.append(f"{sent.path}?{urllib.parse.urlencode(sent.params)}")
        pool = f"HTTPSConnectionPool(host='{sent.host}', port=443)"
        raise requests.ConnectionError(f"{pool}: Max retries exceeded with url: {sent_urls[-1]} (Caused by a cut)")

    wire.answers += [Answer(method, ".*", breaks, when=wire.writes) for method in ("GET", "POST", "PUT")]
    with pytest.raises(Refusal, match="Max retries exceeded") as caught:
        adapter.create(case.request())
    assert caught.value.kind == "outage"
    for value in dict(urllib.parse.parse_qsl(sent_urls[0].partition("?")[2])).values():
        assert len(value) < 40 or value not in urllib.parse.unquote(str(caught.value))
    assert "Caused by a cut" in str(caught.value)


def test_a_creation_that_is_turned_away_is_looked_for_and_asked_for_again(case, wire, adapter):
    wire.answers += [*case.answers, *case.listed([]), *case.create()]
    busy = Busy(wire, wire.writes, 1, {"retry-after": "7"})
    (instance,) = adapter.create(case.request())
    assert (instance.name, instance.id) == (NAME, case.identity)
    assert adapter.held[0] == 7
    (turned,) = busy.turned
    case.created([sent for sent in wire.sent if sent is not turned])
