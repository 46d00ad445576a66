# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local driver: a cloud on disk, safe when several runs meet, that ends just its own processes."""

from __future__ import annotations

import concurrent.futures
import ipaddress
import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest
from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState

from ansible_collections.wombat.erlang.plugins.plugin_utils.drivers import addresses, processes
from ansible_collections.wombat.erlang.plugins.plugin_utils.drivers.local import LocalNodeDriver
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.registry import register_drivers

SIZES = {
    "small": {"vcpus": 1, "memory": 512.0, "disk": 5.0, "arch": "x86_64", "price": 0.01},
    "large": {"vcpus": 4, "memory": 4096.0, "disk": 20.0, "arch": "x86_64", "price": None},
}
NETWORK = "127.91.0.0/24"


LISTENING = addresses.listening


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(addresses, "listening", set)  # whatever else runs on this machine
    return tmp_path


def open_cloud(home, **settings):
    defaults = {
        "region": "north",
        "root": str(home / "cloud"),
        "network": NETWORK,
        "sizes": SIZES,
        "images": ["debian"],
    }
    return LocalNodeDriver(**{**defaults, "zones": {"a": {}, "b": {}}, **settings})


def create(cloud, name="shop-kv-1", size="small", zone="a", token=None):
    location = next(place for place in cloud.list_locations() if place.id == zone)
    wanted = next(entry for entry in cloud.list_sizes(location) if entry.name == size)
    return cloud.create_node(name, wanted, cloud.list_images()[0], location, {"tag": "x"}, token)


def create_many(home, start, answers):
    """In a process of its own: create instances; answers with their addresses, and what refused the others."""
    cloud, made, refused = open_cloud(home, quota={"instances": 13}), [], []
    start.wait()
    for number in range(5):
        try:
            made.append(create(cloud, f"shop-kv-{os.getpid()}x{number}").extra["address"])
        except BaseHTTPError as error:
            refused.append(str(error))
    answers.put((made, refused))


def test_it_is_registered_with_libcloud():
    register_drivers()
    register_drivers()
    assert get_driver("local") is LocalNodeDriver


def test_state_survives_the_driver(home):
    node = create(open_cloud(home), token="run-0")
    again = open_cloud(home)
    (found,) = again.list_nodes()
    assert (found.id, found.name, found.state, found.private_ips) == (
        node.id,
        node.name,
        NodeState.RUNNING,
        node.private_ips,
    )
    assert found.extra == node.extra
    assert (found.extra["zone"], found.extra["size"], found.extra["tags"]) == ("a", "small", {"tag": "x"})
    assert os.listdir(found.extra["root"]) == ["instance.json"]
    assert os.stat(found.extra["root"]).st_mode & 0o777 == 0o700
    assert open_cloud(home, region="south").list_nodes() == []
    assert [record["id"] for record in open_cloud(home, region="south").ex_used()] == [node.id]


def test_instances_of_all_accounts_have_addresses_of_their_own(home):
    nodes = [create(open_cloud(home, root=str(home / root))) for root in ("one", "two", "one")]
    assert [node.private_ips[0] for node in nodes] == ["127.91.0.1", "127.91.0.2", "127.91.0.3"]
    assert {node.extra["offset"] for node in nodes} == {0}


def test_destroying_gives_everything_back(home):
    cloud = open_cloud(home)
    first, second = create(cloud), create(cloud)
    assert cloud.destroy_node(first)
    assert [node.id for node in cloud.list_nodes()] == [second.id]
    assert create(cloud).private_ips == first.private_ips
    for node in cloud.list_nodes():
        cloud.destroy_node(node)
    assert cloud.destroy_node(first)
    assert not (home / "cloud").exists()
    assert os.listdir(home / ".wombat/addresses") == []


def test_a_claim_without_its_instance_is_free(home):
    cloud = open_cloud(home)
    node = create(cloud)
    shutil.rmtree(node.extra["root"])
    assert create(cloud).private_ips == node.private_ips


def test_one_address_is_shared_by_offsets(home):
    cloud = open_cloud(home, network="127.0.0.1/32")
    nodes = [create(cloud) for _number in range(3)]
    assert [node.private_ips for node in nodes] == [["127.0.0.1"]] * 3
    assert [node.extra["offset"] for node in nodes] == [0, 100, 200]
    cloud.destroy_node(nodes[1])
    assert create(cloud).extra["offset"] == 100


def test_a_full_network_starts_again_with_the_next_offset(home):
    cloud = open_cloud(home, network="127.91.7.0/30")
    claims = [(node.private_ips[0], node.extra["offset"]) for node in (create(cloud) for _number in range(3))]
    assert claims == [("127.91.7.1", 0), ("127.91.7.2", 0), ("127.91.7.1", 100)]


def test_a_network_without_room_says_so(home, monkeypatch):
    monkeypatch.setattr(addresses, "MOST_OFFSET", 200)
    cloud = open_cloud(home, network="127.0.0.1/32")
    create(cloud)
    create(cloud)
    with pytest.raises(OSError, match=r"no address of 127\.0\.0\.1/32 is free; destroy instances"):
        create(cloud)
    assert len(cloud.list_nodes()) == 2


def test_addresses_on_which_others_listen_are_left_alone(home, monkeypatch):
    used = {"127.91.0.1", "127.91.0.3"}
    with open_socket("127.91.0.1"), open_socket("127.91.0.3"):
        assert LISTENING() >= used
        monkeypatch.setattr(addresses, "listening", lambda: LISTENING() & used)
        cloud = open_cloud(home)
        assert [create(cloud).private_ips[0] for _number in range(2)] == ["127.91.0.2", "127.91.0.4"]


def open_socket(address):
    listener = socket.socket()
    listener.bind((address, 0))
    listener.listen()
    return listener


def test_processes_that_create_at_once_respect_quota_and_addresses(home):
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(4), context.SimpleQueue()
    workers = [context.Process(target=create_many, args=(home, start, answers)) for _number in range(4)]
    for worker in workers:
        worker.start()
    results = [answers.get() for _worker in workers]
    for worker in workers:
        worker.join()
    made = [address for addresses, _refused in results for address in addresses]
    assert len(made) == len(set(made)) == 13
    assert {text for _made, refused in results for text in refused} == {
        "Quota exceeded for instances of the account: 13 allowed, 13 used"
    }
    assert sorted(node.private_ips[0] for node in open_cloud(home).list_nodes()) == sorted(made)


def test_threads_that_create_and_destroy_at_once_leave_nothing(home):
    def churn(number):
        cloud = open_cloud(home)
        for _round in range(5):
            node = create(cloud, f"shop-kv-{number}")
            assert node.id in {other.id for other in cloud.list_nodes()}
            cloud.destroy_node(node)
        return number

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(churn, range(4))) == [0, 1, 2, 3]
    assert not (home / "cloud").exists()
    assert os.listdir(home / ".wombat/addresses") == []


def test_a_token_creates_one_instance(home):
    first = create(open_cloud(home), token="run-0")
    assert create(open_cloud(home, quota={"instances": 1}), "shop-kv-other", token="run-0").id == first.id
    assert create(open_cloud(home), token="run-1").id != first.id
    assert create(open_cloud(home)).id != create(open_cloud(home)).id


@pytest.mark.parametrize(
    ("quota", "zone_quota", "size", "sentence"),
    [
        ({"instances": 0}, {}, "small", "instances of the account: 0 allowed, 0 used"),
        ({"vcpus": 4}, {}, "large", None),
        ({"vcpus": 3}, {}, "large", "vcpus of the account: 3 allowed, 0 used"),
        ({"memory": 4095.0}, {}, "large", "memory of the account: 4095 allowed, 0 used"),
        ({}, {"instances": 0}, "small", "instances of north/a: 0 allowed, 0 used"),
        ({"instances": 1}, {"vcpus": 1}, "small", None),
    ],
)
def test_quotas(home, quota, zone_quota, size, sentence):
    cloud = open_cloud(home, quota=quota, zones={"a": {"quota": zone_quota}})
    if sentence is None:
        create(cloud, size=size)
    else:
        with pytest.raises(BaseHTTPError, match=sentence) as caught:
            create(cloud, size=size)
        assert caught.value.code == 403
        assert cloud.list_nodes() == []
        assert not (home / ".wombat/addresses").exists() or os.listdir(home / ".wombat/addresses") == []


def test_an_account_counts_all_regions_and_a_zone_its_own(home):
    create(open_cloud(home))
    south = open_cloud(home, region="south", quota={"instances": 2}, zones={"a": {"quota": {"instances": 1}}})
    create(south)
    with pytest.raises(BaseHTTPError, match="of the account: 2 allowed, 2 used"):
        create(south)


@pytest.mark.parametrize(
    ("kind", "error", "text"),
    [
        ("capacity", BaseHTTPError, "InsufficientInstanceCapacity"),
        ("quota", BaseHTTPError, "Quota exceeded"),
        ("outage", BaseHTTPError, "Service unavailable"),
    ],
)
def test_zones_refuse_what_the_file_says(home, kind, error, text):
    cloud = open_cloud(home, zones={"a": {"refuse": kind}, "b": {}})
    with pytest.raises(error, match=text):
        create(cloud)
    create(cloud, zone="b")


@pytest.mark.parametrize(("kind", "error"), [("credentials", InvalidCredsError), ("outage", BaseHTTPError)])
def test_accounts_refuse_every_call(home, kind, error):
    node = create(open_cloud(home))
    cloud = open_cloud(home, refuse=kind)
    for call in (
        cloud.list_locations,
        cloud.list_sizes,
        cloud.list_images,
        cloud.list_nodes,
        cloud.ex_used,
        lambda: cloud.destroy_node(node),
        lambda: cloud.start_node(node),
    ):
        with pytest.raises(error):
            call()
    assert len(open_cloud(home).list_nodes()) == 1


def test_prices_are_those_of_the_zone(home):
    cloud = open_cloud(home, zones={"a": {"prices": {"small": 0.5, "large": 2.0}}, "b": {"prices": {}}})
    prices = [{size.name: size.price for size in cloud.list_sizes(place)} for place in cloud.list_locations()]
    assert prices == [{"small": 0.5, "large": 2.0}, {"small": 0.01, "large": None}]


def test_start_and_stop(home):
    cloud = open_cloud(home)
    node = create(cloud)
    assert cloud.stop_node(node)
    assert cloud.list_nodes()[0].state == NodeState.STOPPED
    assert cloud.start_node(node)
    assert cloud.list_nodes()[0].state == NodeState.RUNNING
    assert cloud.reboot_node(node)
    cloud.destroy_node(node)
    with pytest.raises(BaseHTTPError, match="instance shop-kv-1 not found"):
        cloud.start_node(node)


def test_what_is_half_made_or_foreign_is_no_instance(home):
    cloud = open_cloud(home)
    node = create(cloud)
    root = home / "cloud"
    for name in ("0123.new", "0123.gone", "empty"):
        (root / name).mkdir()
    (root / "0123.new/instance.json").write_text("{}")
    (root / "file").write_text("")
    assert [found.id for found in cloud.list_nodes()] == [node.id]
    (root / "empty/instance.json").write_text('{"id": ')
    with pytest.raises(BaseHTTPError, match=r"empty/instance\.json is damaged; mend or remove its folder"):
        cloud.list_nodes()


@pytest.fixture
def sleeper():
    """Starts processes that wait for their end, one an environment."""
    started = []

    def start(ignore_term=False, **environment):
        code = "import signal, sys; sys.stdout.write('x'); sys.stdout.flush(); signal.pause()"
        if ignore_term:
            code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + code
        process = subprocess.Popen(
            [sys.executable, "-c", code], env={**os.environ, **environment}, stdout=subprocess.PIPE
        )
        assert process.stdout.read(1) == b"x"
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_destroying_ends_just_its_own_processes(home, sleeper, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.2)
    cloud = open_cloud(home)
    node, other = create(cloud), create(cloud)
    folder = node.extra["root"]
    own = [sleeper(WOMBAT_INSTANCE=folder), sleeper(True, WOMBAT_INSTANCE=folder)]
    foreign = [
        sleeper(WOMBAT_INSTANCE=other.extra["root"]),
        sleeper(WOMBAT_INSTANCE=folder + "0"),
        sleeper(WOMBAT_INSTANCE=folder[:-1]),
        sleeper(OTHER="WOMBAT_INSTANCE=" + folder),
        sleeper(),
    ]
    (home / "cloud" / node.id / "nodes").mkdir()
    assert sorted(processes.processes(folder)) == sorted(process.pid for process in own)
    cloud.destroy_node(node)
    assert [process.wait() for process in own] == [-signal.SIGTERM, -signal.SIGKILL]
    assert [process.poll() for process in foreign] == [None] * 5
    assert os.listdir(home / "cloud") == [other.id]


def test_stopping_ends_processes_and_keeps_files(home, sleeper):
    cloud = open_cloud(home)
    node = create(cloud)
    process = sleeper(WOMBAT_INSTANCE=node.extra["root"])
    cloud.stop_node(node)
    assert process.wait() == -signal.SIGTERM
    assert json.loads((home / "cloud" / node.id / "instance.json").read_text())["state"] == "stopped"


def test_a_network_is_ipv4():
    with pytest.raises(ipaddress.AddressValueError):
        LocalNodeDriver(network="::1/128")
