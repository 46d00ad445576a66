# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that answers as a real one did: the replies were recorded, but what is put into it is kept.

To record anew, start the real servers and say where they are, the longest prefix of a path first:
C(WOMBAT_RECORD='{"/v3/": 10079, "/": 10078}'). Signatures are verified then, by them; here nothing is.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import os
import threading
import typing as t
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

_UNSAID = {"date", "content-length", "transfer-encoding", "connection", "keep-alive", "server"}
_VARYING = {"st", "se", "sig", "temp_url_sig", "temp_url_expires", "blockid"}
_HERE = "{here}"


@contextlib.contextmanager
def serving(path: Path) -> t.Iterator[tuple[int, list[str]]]:
    """Serve the replies in a file, or the real servers and write it; gives the port, and what is asked."""
    upstream: dict[str, int] = json.loads(os.environ.get("WOMBAT_RECORD", "{}"))
    replies: dict[str, list[list[t.Any]]] = defaultdict(list, {} if upstream else json.loads(path.read_text()))
    kept: dict[str, bytes] = defaultdict(bytes)
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            if self.headers.get("Transfer-Encoding") == "chunked":
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            query = sorted(f"{key}={'' if key in _VARYING else value}" for key, value in parse_qsl(url.query))
            key = f"{self.command} {url.path}?{'&'.join(query)}"
            asked.append(key)
            here = f"127.0.0.1:{server.server_port}"
            if upstream:
                replies[key].append(self.ask(body, here))
            known = replies[key]
            status, headers, said = known[-1] if upstream or len(known) == 1 else known.pop(0)
            content = said.replace(_HERE, here).encode()
            if self.command == "PUT" and url.path.endswith((".gz", ".json")):
                if "comp=block" in query:  # Azure's blocks of what is larger, which come in order
                    kept[url.path] += body
                elif "comp=blocklist" not in query:
                    kept[url.path] = body
            elif self.command == "GET" and status == 200:
                content = kept.get(url.path, content)
            self.send_response(status)
            digest = hashlib.md5(body)  # of what is put now: archives differ from machine to machine
            for name, value in headers:
                if self.command == "PUT" and name.lower() == "etag" and not value.startswith('"'):
                    value = digest.hexdigest()
                elif self.command == "PUT" and name.lower() == "content-md5":
                    value = base64.b64encode(digest.digest()).decode()
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def ask(self, body: bytes, here: str) -> list[t.Any]:
            port = next(port for prefix, port in upstream.items() if self.path.startswith(prefix))
            connection = http.client.HTTPConnection("127.0.0.1", port)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _UNSAID}
            if body or self.command in ("PUT", "POST"):
                headers["Content-Length"] = str(len(body))
            connection.request(self.command, self.path, body, headers)
            reply = connection.getresponse()
            said = reply.read()
            shown = "" if said[:2] == b"\x1f\x8b" else said.decode()
            for other in upstream.values():
                shown = shown.replace(f"127.0.0.1:{other}", _HERE)
            connection.close()
            return [reply.status, [[k, v] for k, v in reply.getheaders() if k.lower() not in _UNSAID], shown]

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, *_words: t.Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        if upstream:
            path.write_text(json.dumps(replies, indent=1) + "\n")
