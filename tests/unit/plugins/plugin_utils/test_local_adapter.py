# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local provider: its options, its domains and instances, and the refusals of any provider."""

from __future__ import annotations

import os

import pytest
from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal, Request, refusal_kind
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import cloud, load, shop, write

SMALL = {"vcpus": 2, "memory": "1 GiB", "disk": "2 GiB", "price": 0.01}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def attic(tmp_path):
    """Opens provider attic of a deployment file, with options and other changes of the file."""

    def opened(provider=None, /, **options):
        changes = {f"providers__attic__{key}": value for key, value in (provider or {}).items() if "__" not in key}
        changes.update({key: value for key, value in (provider or {}).items() if "__" in key})
        data = shop(**{"providers__attic": cloud(**options), **changes})
        return registry.open_provider(load(write(tmp_path, data)), "attic")

    return opened


def request(**changes):
    wanted = {"name": "shop-kv-abc123", "token": "run-0", "family": "kv", "run": "run", "provider": "attic"}
    return Request(**{**wanted, "region": "north", "zone": "a", "size": "small", "nodes": 2, **changes})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sizes": {}}, "options.sizes is missing or empty; a local provider declares its sizes"),
        ({"regions": None}, "options.regions is missing or empty; a local provider declares its regions"),
        ({"szes": {}}, "options.szes is not a known key; did you mean 'sizes'?"),
        ({"sizes": {"small": {"cpus": 1}}}, "options.sizes.small.cpus is not a known key; did you mean 'vcpus'?"),
        ({"sizes": {"small": {"vcpus": 0}}}, "options.sizes.small.vcpus must be a whole number from 1"),
        (
            {"regions": {"north": {"zones": {"a": {"refuse": "all"}}}}},
            "options.regions.north.zones.a.refuse cannot be 'all'",
        ),
        (
            {"regions": {"north": {"prices": {"smal": 1}}}},
            "options.regions.north.prices.smal is not a known key; did you",
        ),
        ({"regions": ["north"]}, "options.regions must be a mapping, but is a list"),
        ({"quota": {"instance": 1}}, "options.quota.instance is not a known key; did you mean 'instances'?"),
        ({"refuse": "capacity"}, "options.refuse cannot be 'capacity'"),
        ({"latency": -1}, "options.latency must be a number from 0 to 60"),
        ({"network": "10.0.0.0/8"}, "options.network must be a network of loopback addresses, such as 127.77.0.0/16"),
        ({"network": "127.0.0.1/8"}, "options.network must be a network of loopback addresses"),
        ({"network": "localhost"}, "options.network must be a network of loopback addresses"),
        ({"network": "::1/128"}, "options.network must be a network of loopback addresses"),
    ],
)
def test_wrong_options(attic, options, sentence):
    with pytest.raises(WombatError) as caught:
        attic(**options)
    assert f"shop.wombat.yml: providers.attic.{sentence}" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"credentials": {"token": "hunter2"}},
            "providers.attic.credentials.token is not a known key; use one of: key, s",
        ),
        (
            {"regions": ["nord"]},
            "providers.attic.regions names 'nord', which is not in its options.regions; did you mean",
        ),
        ({"domains": {"north/b": {}}}, "providers.attic.domains names 'north/b', which is not in its options.regions"),
        ({"driver": "locl"}, "providers.attic.driver 'locl' is no driver of libcloud; did you mean 'local'?"),
        (
            {"families__kv__nodes_per_instance": 101},
            "families.kv.nodes_per_instance: a local instance has ports for 100",
        ),
        (
            {"families__kv__nodes_per_instance": {"max": 101}},
            "families.kv.nodes_per_instance: a local instance has ports",
        ),
    ],
)
def test_wrong_providers(attic, changes, sentence):
    with pytest.raises(WombatError) as caught:
        attic(changes)
    assert f"shop.wombat.yml: {sentence}" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_nodes_of_one_name_need_addresses(attic):
    named = {"families__kv__node_name": "riak"}
    attic(named)
    with pytest.raises(WombatError, match=r"families\.kv\.node_name gives all nodes at 127\.0\.0\.1/32 one name"):
        attic(named, network="127.0.0.1/32")


def test_a_domain_is_a_whole_profile(attic):
    adapter = attic(
        {
            "labels": ["private"],
            "domains": {
                "north": {"country": "SE", "continent": "EU", "latitude": 59.3, "longitude": 18.1, "labels": ["cold"]},
                "north/a": {"city": "Stockholm", "quota": {"instances": 3, "memory": "9 GiB"}},
            },
        },
        sizes={"small": SMALL, "odd": {}},
        regions={
            "north": {"zones": {"a": {"quota": {"instances": 4, "vcpus": 8}}, "b": {}}, "prices": {"small": 0.5}},
            "south": {},
        },
        quota={"instances": 10},
        images=["debian-12", "debian-13"],
    )
    adapter.create(request())
    domains = {domain.path: domain for domain in adapter.domains()}
    assert list(domains) == ["attic/north/a", "attic/north/b", "attic/south/a"]
    first, south = domains["attic/north/a"], domains["attic/south/a"]
    assert (first.geography.country, first.geography.city, first.labels) == ("SE", "Stockholm", ("cold", "private"))
    assert first.limit == {"instances": 3, "vcpus": 8, "memory": 9216.0}
    assert first.quota == {"instances": 2, "vcpus": 6, "memory": 8192.0}
    assert (first.provider_limit, first.provider_quota) == ({"instances": 10}, {"instances": 9})
    assert first.images == ("debian-12", "debian-13")
    assert "tags" in first.features
    assert "ssh key" not in first.features
    assert [(size.name, size.vcpus, size.memory, size.disk, size.price) for size in first.sizes] == [
        ("small", 2, 1024.0, 2.0, 0.5),
        ("odd", 1, 512.0, 10.0, None),
    ]
    assert (south.geography.country, south.labels, south.limit, south.sizes[0].price) == (None, ("private",), {}, 0.01)
    offer = first.offers()[0]
    assert (offer["memory"], offer["quota"], offer["labels"]) == (1024.0, dict(first.quota), ["cold", "private"])


def test_only_chosen_regions(attic):
    assert attic({"regions": ["south"]}).regions() == ("south",)
    assert attic().regions() == ("north", "south")


def test_an_instance_is_what_was_asked_for(attic, tmp_path):
    adapter = attic()
    (instance,) = adapter.create(request())
    assert adapter.instances() == [instance]
    assert attic().instances() == [instance]
    assert (instance.name, instance.domain, instance.size) == ("shop-kv-abc123", "attic/north/a", "small")
    assert (instance.family, instance.run, instance.state, instance.slots) == ("kv", "run", "running", (1, 2))
    assert instance.vars == {"wombat_root": str(tmp_path / ".wombat/shop/attic" / instance.id)}
    (instance,) = attic(root="clouds").create(request())
    assert instance.vars["wombat_root"].startswith(str(tmp_path / "clouds"))


def test_slots_follow_the_offset_of_a_shared_address(attic):
    adapter = attic(network="127.0.0.1/32")
    slots = [adapter.create(request(name=f"shop-kv-{n}", token=str(n)))[0].slots for n in range(3)]
    assert slots == [(1, 2), (101, 102), (201, 202)]


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("shop-kv-1", {"wombat-deployment": "shop2", "wombat-family": "kv", "wombat-run": "r", "wombat-nodes": "1"}),
        ("shop2-kv-1", {"wombat-deployment": "shop", "wombat-family": "kv", "wombat-run": "r", "wombat-nodes": "1"}),
        ("shop-web-1", {"wombat-deployment": "shop", "wombat-family": "kv", "wombat-run": "r", "wombat-nodes": "1"}),
        ("shopkv-1", {"wombat-deployment": "shop", "wombat-family": "kv", "wombat-run": "r", "wombat-nodes": "1"}),
        ("database", {"wombat-deployment": "shop", "wombat-family": "kv", "wombat-run": "r", "wombat-nodes": "1"}),
        ("shop-kv-1", {"wombat-deployment": "shop", "wombat-family": "kv", "wombat-nodes": "1"}),
        ("shop-kv-1", {"wombat-deployment": "shop", "wombat-family": "kv", "wombat-run": "r", "wombat-nodes": "one"}),
        ("shop-kv-1", {"wombat-deployment": "shop", "wombat-family": "kv", "wombat-run": "r"}),
        ("shop-None-1", {"wombat-deployment": "shop", "wombat-run": "r", "wombat-nodes": "1"}),
        ("shop-kv-1", {}),
    ],
)
def test_without_name_and_tags_it_is_not_ours(attic, name, tags):
    adapter = attic()
    (ours,) = adapter.create(request())
    driver = adapter.driver("north")
    node = driver.create_node(name, driver.list_sizes()[0], ex_tags=tags)
    assert adapter.instances() == [ours]
    assert adapter.domains()[0].provider_quota == {}
    assert os.path.isdir(node.extra["root"])


def test_start_stop_destroy(attic):
    adapter = attic()
    (instance,) = adapter.create(request())
    adapter.act("stop", instance)
    assert [found.state for found in adapter.instances()] == ["stopped"]
    adapter.act("start", instance)
    assert [found.state for found in adapter.instances()] == ["running"]
    adapter.act("destroy", instance)
    assert adapter.instances() == []
    adapter.act("destroy", instance)
    with pytest.raises(WombatError, match="instance shop-kv-abc123 is gone from attic/north/a; deploy again"):
        adapter.act("start", instance)


@pytest.mark.parametrize(
    ("options", "kind", "scope"),
    [
        (
            {"regions": {"north": {"zones": {"a": {"refuse": "capacity"}}}}},
            "capacity",
            ("attic", "north", "a", "small"),
        ),
        ({"regions": {"north": {"zones": {"a": {"refuse": "quota"}}}}}, "quota", ("attic", "north")),
        ({"regions": {"north": {"zones": {"a": {"refuse": "outage"}}}}}, "outage", ("attic",)),
        ({"quota": {"instances": 0}}, "quota", ("attic", "north")),
        ({"refuse": "credentials"}, "credentials", ("attic",)),
        ({"refuse": "outage"}, "outage", ("attic",)),
    ],
)
def test_refusals(attic, options, kind, scope):
    with pytest.raises(Refusal) as caught:
        attic(**options).create(request())
    assert (caught.value.kind, caught.value.scope) == (kind, scope)
    inside = dict(zip(("provider", "region", "zone", "size"), ("attic", "north", "a", "small"), strict=True))
    assert caught.value.covers(inside)
    assert not caught.value.covers({**inside, "provider": "world"})
    assert caught.value.covers({**inside, "size": "large"}) == (kind != "capacity")
    assert caught.value.covers({**inside, "region": "south"}) == (kind in ("outage", "credentials"))


def test_a_folder_that_cannot_be_read_is_an_outage(attic, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refusal, match="provider attic refuses in north .outage.:.*file"):
        attic(root="file").instances()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidCredsError("no such hunter2key"), "credentials"),
        (BaseHTTPError(401, "denied"), "credentials"),
        (BaseHTTPError(403, "denied"), "credentials"),
        (BaseHTTPError(403, "Quota exceeded for cores"), "quota"),
        (BaseHTTPError(400, "VcpuLimitExceeded"), "quota"),
        (BaseHTTPError(500, "No valid host was found"), "capacity"),
        (BaseHTTPError(400, "InvalidAMIID.NotFound"), "missing"),
        (BaseHTTPError(503, ""), "outage"),
        (LibcloudError("what\nis {hunter2key}", driver=None), "outage"),
        (ConnectionRefusedError("no route"), "outage"),
        (TimeoutError(), "outage"),
    ],
)
def test_a_failing_call_is_a_refusal_without_secrets(attic, error, kind):
    def call():
        raise error

    adapter = attic({"credentials": {"key": "hunter2key", "secret": "x"}})
    with pytest.raises(Refusal) as caught:
        adapter.calling(call, "north", "a", "small")
    assert caught.value.kind == kind
    assert caught.value.text
    assert "hunter2key" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_secrets_are_found_at_any_depth(attic):
    adapter = attic()
    adapter.credentials = {"key": {"deep": ["hunter2key"]}, "number": 5}
    assert adapter.words(BaseHTTPError(400, "bad hunter2key here")) == "bad *** here"


def test_kinds_need_no_code():
    assert refusal_kind(ValueError(), "the image does not exist") == "missing"


def test_connection_is_that_of_the_controller(tmp_path):
    deployment = load(write(tmp_path, shop()))
    connection = registry.open_provider(deployment, "attic").connection()
    assert connection["ansible_connection"] == "local"
    assert not [name for name in connection if "ssh" in name]
    assert {"local", "openstack", "ec2"} <= set(registry.supported())
