# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An S3 on loopback that keeps state, moto in this process, and counts what it is asked."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import typing as t
import urllib.request

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


class Served(t.NamedTuple):
    """A running S3: its port, the method, object and query of every request; and what is done to some replies."""

    port: int
    requests: list[tuple[str, str, str]]
    spoil: list[t.Callable[[str, bytes], bytes | None]]  # at most one: gives another body, or None to refuse

    def count(self, method: str, suffix: str) -> int:
        """How many requests with this method were for objects whose name has this end."""
        return sum(asked == method and name.endswith(suffix) for asked, name, _query in self.requests)


@contextlib.contextmanager
def serving(namespace: bytes = b"") -> t.Iterator[Served]:
    """Serve an empty S3; C(namespace) is another one for its replies."""
    requests: list[tuple[str, str, str]] = []
    spoil: list[t.Callable[[str, bytes], bytes | None]] = []
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: t.Any, start: t.Callable[..., t.Any]) -> t.Iterable[bytes]:
        environ["HTTP_HOST"] = f"127.0.0.1:{server.server_port}"  # also where it is asked as a proxy of another host
        method, name = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        requests.append((method, name, environ.get("QUERY_STRING", "")))
        told: list[t.Any] = []
        body = b"".join(moto(environ, lambda *args: told.append(args)))
        status, headers = told[0][0], told[0][1]
        if namespace and (other := re.sub(b"http://s3.amazonaws.com/doc/2006-03-01/?", namespace, body)) != body:
            body = other
            headers = [(k, v) for k, v in headers if k.lower() != "content-length"]
            headers.append(("Content-Length", str(len(body))))
        if spoil and method == "GET" and name.endswith(".tar.gz"):
            changed = spoil[0](environ.get("QUERY_STRING", ""), body)
            if changed is None:
                start("403 Forbidden", [("Content-Length", "0")])
                return [b""]
            if changed != body:
                headers = [(k, v) for k, v in headers if k.lower() != "content-length"]
                headers.append(("Content-Length", str(len(changed))))
                body = changed
        start(status, headers)
        return [body]

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        # What an earlier one in this process kept.
        urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/moto-api/reset", data=b"", timeout=20).close()
        requests.clear()
        yield Served(server.server_port, requests, spoil)
    finally:
        server.shutdown()
        thread.join()
