# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the sample release web, which counts what is lost while something happens to its nodes."""

from __future__ import annotations

import threading
import urllib.error

from ansible_collections.wombat.erlang.tests.integration.operator_shop import http


class Client:
    """Writes and reads through the web nodes until it is told to stop, and counts what was lost."""

    def __init__(self, addresses, port):
        self.urls = [f"http://{address}:{port}/kv/" for address in addresses]
        self.written = 0
        self.failures = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_failure):
        self.over.set()
        self.thread.join()

    def run(self):
        # Some fifty a second: what is tested besides shares the machine.
        while not self.over.wait(0.02):
            key, value = f"key{self.written}", f"value {self.written}".encode()
            self.ask("PUT", key, value)
            if self.ask("GET", key) != value:
                self.failures.append(f"{key} was acknowledged and is not there")
            self.written += 1

    def ask(self, method, key, body=None):
        """A web node that restarts refuses connections or cuts them: then the other one is asked."""
        said = []
        for url in (self.urls * 2)[self.written % 2 :]:
            try:
                return http(method, url + key, body)
            except urllib.error.HTTPError as error:
                self.failures.append(f"{method} {key}: {error} {error.read()}")
                return None
            except OSError as error:
                said.append(error)
        self.failures.append(f"{method} {key}: no web node answers: {said}")
        return None

    def check(self):
        """All that was acknowledged is there in the end, too."""
        assert not self.failures, self.failures[:5]
        assert self.written > 10
        for number in range(self.written):
            assert http("GET", f"{self.urls[0]}key{number}") == f"value {number}".encode()
