# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An EC2 that keeps state: moto, in this process, mended where its answers differ from Amazon's."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import typing as t

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2 import ec2_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

AMAZON = b'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'


def mended(body: bytes) -> bytes:
    """Amazon's replies have a namespace with a slash at its end, its errors have none; libcloud goes by that."""
    body = re.sub(rb'xmlns="http://ec2\.amazonaws\.com/doc/[^"]*"', AMAZON, body, count=1)
    return re.sub(rb"<Response [^>]*>", b"<Response>", body, count=1)


def most(query: str) -> str:
    """Amazon creates as many as there is room for, up to MaxCount; moto never more than MinCount."""
    count = re.search("(?<=MaxCount=)[0-9]+", query)
    return re.sub("(?<=MinCount=)[0-9]+", count[0], query) if count else query


def amazon(application: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """A WSGI application whose replies are mended."""

    def answer(environ: t.Any, start: t.Callable[..., t.Any]) -> list[bytes]:
        told: list[t.Any] = []
        environ["QUERY_STRING"] = most(environ["QUERY_STRING"])
        body = mended(b"".join(application(environ, lambda *args: told.append(args))))
        status, headers = told[0][0], [(k, v) for k, v in told[0][1] if k.lower() != "content-length"]
        start(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    return answer


@contextlib.contextmanager
def serving() -> t.Iterator[int]:
    """Serve an EC2 with empty accounts on loopback; gives its port."""
    for backend in list(ec2_backends[DEFAULT_ACCOUNT_ID].values()):
        backend.reset()  # accounts outlive their server
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else each request is a line, with its user data
    server = make_server("127.0.0.1", 0, amazon(DomainDispatcherApplication(create_backend_app)), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
