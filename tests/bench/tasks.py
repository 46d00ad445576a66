# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts tasks and seconds per host from a booted host to running nodes, for numbers of hosts and of nodes on each.

python tests/bench/tasks.py [HOSTSxNODES ...], by default all of 1, 4, 8 hosts with 1, 10, 25 nodes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop

FILE = """
plugin: wombat.erlang.deployment
name: bench
providers:
  here:
    driver: local
    options: {{network: 127.96.0.0/24, sizes: {{small: {{vcpus: 1}}}}, regions: {{one: {{zones: {{a: {{}}}}}}}}}}
releases:
  web: {{archive: ../web-0.1.0.tar.gz}}
families:
  web:  # not kv, whose nodes ask one another for a majority: the machinery is measured
    release: web
    nodes: {nodes}
    nodes_per_instance: {each}
    bootstrap: {{strategy: none}}
    config: {{web: {{port: 0}}}}
"""


def measure(hosts: int, each: int) -> tuple[int, float]:
    """The most tasks that a host ran until its nodes ran, and the seconds of the whole."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Shop(Path(folder), FILE.format(nodes=hosts * each, each=each)) as shop,
    ):
        shop.must("provision")
        start = time.monotonic()
        run = shop.must("configure")
        seconds = time.monotonic() - start
        assert len(shop.nodes("web")) == hosts * each
        return max(len(run.tasks_until_started(name)) for name in shop.hosts()), seconds


def main() -> None:
    """Print a line for each case."""
    cases = [tuple(map(int, word.split("x"))) for word in sys.argv[1:]]
    print("hosts  nodes each  tasks  seconds  seconds per host")
    for hosts, each in cases or [(hosts, each) for hosts in (1, 4, 8) for each in (1, 10, 25)]:
        tasks, seconds = measure(hosts, each)
        print(f"{hosts:5}  {each:10}  {tasks:5}  {seconds:7.1f}  {seconds / hosts:16.1f}", flush=True)


if __name__ == "__main__":
    main()
