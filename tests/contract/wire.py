# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wire with a cloud at its other end that is a book: libcloud's recorded replies, some of them put in by a test.

It notes every request, and refuses those that write when it is told to.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import importlib.machinery
import importlib.util
import json
import pathlib
import re
import sys
import typing as t
import urllib.parse

import libcloud
import requests
from libcloud.common.base import Connection

HARMLESS = ("GET", "HEAD")


@dataclasses.dataclass(frozen=True)
class Sent:
    """A request: `path` without parameters, `params` of the URL, or of the body where that is a form."""

    host: str
    method: str
    path: str
    params: dict[str, str]
    body: str
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def json(self) -> t.Any:
        return json.loads(self.body)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What to answer to requests of a method whose path matches wholly, and whose parameters have some values."""

    method: str
    path: str
    body: t.Any = ""  # a text, data for JSON, or a function of the request that gives one of them
    status: int = 200
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    params: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    when: t.Callable[[Sent], bool] = lambda _sent: True

    def fits(self, sent: Sent) -> bool:
        return (
            sent.method == self.method
            and re.fullmatch(self.path, sent.path) is not None
            and self.params.items() <= sent.params.items()
            and self.when(sent)
        )


def changes(sent: Sent) -> bool:
    """Tell whether a request changes anything; logging in does not."""
    return sent.method not in HARMLESS and not re.search("/(oauth2/)?tokens?$", sent.path)


class Wire:
    """Where all of libcloud's connections of a test lead.

    :param book: module and class of libcloud's recorded replies, as `test_ec2:EC2MockHttp`; "" for none.
    :param chapter: what to set on the object of that class.
    :param writes: tells of a request whether it changes anything.
    """

    def __init__(
        self,
        book: str = "",
        writes: t.Callable[[Sent], bool] | None = None,
        chapter: t.Mapping[str, t.Any] | None = None,
    ) -> None:
        self.sent: list[Sent] = []
        self.answers: list[Answer] = []
        self.writes = writes or changes
        self.read_only = False
        self.book = recorded(book) if book else None
        for name, value in (chapter or {}).items():
            setattr(self.book, name, value)

    def written(self) -> list[Sent]:
        return [sent for sent in self.sent if self.writes(sent)]

    def answer(self, sent: Sent, url: str, headers: t.Mapping[str, str]) -> requests.Response:
        self.sent.append(sent)
        if self.read_only and self.writes(sent):
            raise AssertionError(f"{sent.method} {sent.path} {sent.params} writes")
        chosen = next((answer for answer in reversed(self.answers) if answer.fits(sent)), None)
        if chosen:
            body = chosen.body(sent) if callable(chosen.body) else chosen.body
            if isinstance(body, requests.Response):
                return body
            status, told = chosen.status, {"content-type": "application/json", **chosen.headers}
            text = body if isinstance(body, str) else json.dumps(body)
        elif self.book is None:
            raise AssertionError(f"nothing is there to answer {sent.method} {sent.path} {sent.params}")
        else:
            status, text, told, _reason = self.book._get_request(sent.method, url, sent.body, headers)
        reply = requests.Response()
        reply.status_code = status
        reply._content = (text or "").encode() if not isinstance(text, bytes) else text
        reply.headers.update(told or {})
        reply.encoding = "utf-8"
        return reply


class Line:
    """What libcloud takes for a connection."""

    proxy_url = None

    def __init__(self, wire: Wire, host: str = "", _port: int = 0, **_options: t.Any) -> None:
        self.wire, self.host = wire, host

    def request(self, method, url, body=None, headers=None, raw=False, stream=False):
        parts = urllib.parse.urlparse(url)
        text = body.decode() if isinstance(body, bytes) else body or ""
        form = "form" in str((headers or {}).get("Content-Type"))
        params = dict(urllib.parse.parse_qsl(parts.query + ("&" + text if form else ""), keep_blank_values=True))
        sent = Sent(self.host, method, urllib.parse.unquote(parts.path), params, text, headers or {})
        self.response = self.wire.answer(sent, url, headers or {})

    prepared_request = request

    def connect(self):
        pass

    def getresponse(self):
        return self.response

    def set_http_proxy(self, proxy_url):
        pass


def lay(wire: Wire, monkeypatch: t.Any) -> None:
    """Let all connections of libcloud lead over a wire."""
    kinds = [Connection]
    while kinds:
        kind = kinds.pop()
        if "conn_class" in vars(kind):  # some have one of their own
            monkeypatch.setattr(kind, "conn_class", functools.partial(Line, wire))
        kinds += kind.__subclasses__()


def recorded(book: str) -> t.Any:
    """An object of a class of libcloud's recorded replies."""
    secrets = pathlib.Path(libcloud.__file__).parent / "test" / "secrets.py-dist"
    if "libcloud.test.secrets" not in sys.modules:  # the wheel has it under this name only
        loader = importlib.machinery.SourceFileLoader("libcloud.test.secrets", str(secrets))
        spec = importlib.util.spec_from_loader(loader.name, loader)
        assert spec
        sys.modules[loader.name] = importlib.util.module_from_spec(spec)
        loader.exec_module(sys.modules[loader.name])
    module, _colon, name = book.partition(":")
    return getattr(importlib.import_module(f"libcloud.test.compute.{module}"), name)()


def fixture(cloud: str, name: str) -> t.Any:
    """A recorded reply by its file, as data where it is JSON."""
    path = pathlib.Path(libcloud.__file__).parent / "test" / "compute" / "fixtures" / cloud / name
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else text
