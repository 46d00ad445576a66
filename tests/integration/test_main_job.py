# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on an embedded multi-cloud: from a deployment file to clustered nodes, and back to nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop, http

FILE = """
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    labels: [private]
    credentials: {key: key-that-must-not-show}
    options:
      network: 127.91.0.0/24
      quota: {instances: 2}
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.01}}
      regions: {cellar: {zones: {a: {}}}}
  world:
    driver: local
    options:
      network: 127.91.1.0/24
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.03}}
      regions: {europe: {zones: {a: {}, b: {refuse: capacity}}}, asia: {zones: {a: {}}, prices: {small: 0.02}}}
    domains: {europe: {continent: EU}, asia: {continent: AS}}
releases:
  kv: {archive: ../kv-0.1.0.tar.gz}
  web: {archive: ../web-0.1.0.tar.gz}
families:
  kv:
    release: kv
    nodes: "{{ kv_nodes | default(3) }}"
    placement: {prefer: ["contains(labels, 'private')", "continent == 'EU'"]}
    config: {kv: {data_dir: "{{ data_dir }}"}}
  web:
    release: web
    nodes: 2
    nodes_per_instance: 2
    neighbours: [kv]
    demand: {where: "continent == 'AS'"}
    config: {web: {port: "{{ 8080 + slot }}"}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with Shop(tmp_path_factory.mktemp("shop"), FILE) as shop:
        shop.must("deploy")
        yield shop


def urls(shop):
    host = next(iter(shop.hosts("family_web").values()))
    return [f"http://{host['ansible_host']}:{8080 + slot}" for slot in (1, 2)]


def expression(shop, text):
    return shop.must("command", "-e", "wombat_family=kv", "-e", f"wombat_expression='{text}'").output


def members(shop):
    """What each kv node says of itself and its family."""
    command = "lists:sort([node() | [N || N <- nodes(connected), hd(atom_to_list(N)) =:= $k]])"
    answers = [line for line in expression(shop, command).splitlines() if line.startswith("kv")]
    return {line.split("  ", 1)[0]: line.split("  ", 1)[1] for line in answers}


def alive(pid):
    """Whether a process runs; one that only waits to be collected does not."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    return False


def test_private_first_and_the_rest_overflows(shop):
    domains = sorted(host["wombat_domain"] for host in shop.hosts("family_kv").values())
    assert domains == ["attic/cellar/a", "attic/cellar/a", "world/europe/a"]
    assert [host["wombat_domain"] for host in shop.hosts("family_web").values()] == ["world/asia/a"]


def test_every_node_is_connected_with_its_family_and_its_neighbours(shop):
    seen = members(shop)
    assert len(seen) == 3
    assert len(set(seen.values())) == 1
    status = shop.must("status").output
    assert status.count("  running  ") == 5


def test_who_is_needed_by_others_starts_first(shop):
    def began(family):
        return [
            int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
            for pid in shop.nodes(family).values()
        ]

    assert max(began("kv")) < min(began("web"))
    assert "families start in this order: kv; then web" in shop.must("plan").output


def test_the_plan_is_told_and_drawn(shop):
    drawn = shop.folder / "plan.svg"
    output = shop.must("plan", "-e", "wombat_scale=kv=4", "-e", f"wombat_picture={drawn}").output
    assert "1 x world/europe/a  small" in output
    assert "where is false (continent == 'AS')" in output
    picture = drawn.read_text()
    assert picture.startswith("<svg ")
    assert "europe" in picture


def test_a_second_deploy_changes_nothing(shop):
    assert set(shop.must("deploy").changed.values()) == {0}


def test_what_one_web_node_writes_the_other_reads(shop):
    one, other = urls(shop)
    http("PUT", f"{one}/kv/book", b"shelf 7")
    assert http("GET", f"{other}/kv/book") == b"shelf 7"


def test_secrets_show_nowhere(shop):
    cookie = (shop.home / ".wombat/shop/store/cookies/kv").read_text()
    files = [path for path in shop.home.rglob(".erlang.cookie") if path.is_file()]
    assert len(files) == 4
    assert {path.read_text() for path in files} == {cookie}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o400}
    lines = [
        Path(f"/proc/{pid}/cmdline").read_bytes() for family in ("kv", "web") for pid in shop.nodes(family).values()
    ]
    assert len(lines) == 5
    output = shop.must("deploy", "-vvv", "--diff").output + shop.must("providers", "-vvv").output
    for secret in (cookie, "key-that-must-not-show"):
        assert secret not in output
        assert not any(secret.encode() in line for line in lines)


def test_check_mode_tells_what_would_change_and_changes_nothing(shop):
    before = shop.hosts()
    run = shop.must("deploy", "--check", "--diff", "-e", "kv_nodes=4")
    assert "  world/europe/a  small  0.03/h" in run.output
    run = shop.must("rotate_cookie", "--check", "--diff")
    assert set(run.changed.values()) == {1}
    assert set(run.changed) == {"localhost", *before}
    assert shop.hosts() == before
    assert set(shop.must("deploy").changed.values()) == {0}


def test_a_killed_node_is_healed_and_nothing_is_lost(shop):
    http("PUT", f"{urls(shop)[0]}/kv/before", b"kept")
    name, pid = sorted(shop.nodes("kv").items())[0]
    os.kill(pid, signal.SIGKILL)
    changed = shop.must("deploy").changed
    assert changed["localhost"] == 0
    assert 1 <= sum(changed.values()) <= 5  # the start, and whoever connects first
    assert shop.nodes("kv")[name] != pid
    assert len(set(members(shop).values())) == 1
    assert http("GET", f"{urls(shop)[1]}/kv/before") == b"kept"


def test_changed_settings_restart_the_nodes(shop):
    pids = shop.nodes("web")
    text = shop.file.read_text()
    shop.file.write_text(text.replace("web: {port:", "web: {colour: green, port:"))
    try:
        shop.must("deploy")
        assert not set(shop.nodes("web").values()) & set(pids.values())
        assert http("GET", f"{urls(shop)[0]}/kv/book") == b"shelf 7"
    finally:
        shop.file.write_text(text)
    shop.must("deploy")


def test_growing_and_shrinking(shop):
    shop.must("scale", "-e", "wombat_scale=kv=5")
    assert len(shop.nodes("kv")) == 5
    seen = members(shop)
    assert len(seen) == 5
    assert len(set(seen.values())) == 1
    shop.must("deploy")
    assert len(shop.hosts("family_kv")) == 3
    assert len(set(members(shop).values())) == 1
    assert http("GET", f"{urls(shop)[0]}/kv/book") == b"shelf 7"


def test_two_deploys_at_once_harm_nothing(shop):
    runs = [shop.start("deploy", "-e", "kv_nodes=5") for _run in range(2)]
    outputs = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], "\n".join(outputs)
    shop.must("deploy", "-e", "kv_nodes=5")
    assert len(shop.hosts("family_kv")) == 5
    assert len(set(members(shop).values())) == 1
    assert http("GET", f"{urls(shop)[0]}/kv/book") == b"shelf 7"
    shop.must("deploy")


def test_nodes_stop_and_start(shop):
    shop.must("node", "-e", "wombat_state=stopped", "-e", "wombat_family=web")
    assert shop.must("status").output.count("  down ") == 2
    shop.must("node", "-e", "wombat_state=started")
    shop.must("deploy")
    assert http("GET", f"{urls(shop)[0]}/kv/book") == b"shelf 7"


def test_a_failing_command_names_the_node_and_the_reason(shop):
    run = shop.play("command", "-e", "wombat_family=kv", "-e", "wombat_expression='erlang:error(oops)'")
    assert run.code != 0
    assert "oops" in run.output


def test_a_shortfall_keeps_what_was_placed_and_fails_with_the_reasons(shop):
    text = shop.file.read_text()
    shop.file.write_text(text.replace("where: \"continent == 'AS'\"", "where: \"continent == 'SA'\""))
    try:
        run = shop.play("deploy")
        assert run.code == 0, "what runs already is drift, not a shortfall"
        run = shop.play("deploy", "-e", "wombat_scale=web=4")
        assert run.code != 0
        assert "web: 2" in run.output
        assert "where is false" in run.output
    finally:
        shop.file.write_text(text)
    assert len(shop.nodes("web")) == 2


def test_destroying_asks_and_then_leaves_no_process_and_no_file(tmp_path):
    text = FILE.replace("name: shop", "name: stall").replace("127.91.", "127.92.")
    with Shop(tmp_path, text) as stall:
        stall.must("provision")
        stall.must("configure")
        pids = [*stall.nodes("kv").values(), *stall.nodes("web").values()]
        run = stall.play("destroy")
        assert run.code != 0
        assert "wombat_confirm=stall" in run.output
        assert len(stall.hosts()) == 4
        stall.must("destroy", "-e", "wombat_confirm=stall")
        assert not [pid for pid in pids if alive(pid)]
        left = {
            str(path.relative_to(tmp_path / "home/.wombat"))
            for path in (tmp_path / "home/.wombat").rglob("*")
            if path.is_file()
        }
        assert {path.split("/")[1] for path in left} == {"store"}
