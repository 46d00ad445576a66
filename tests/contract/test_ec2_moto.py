# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 as something that keeps state: the life of instances, and listing more of them than fit on a page."""

from __future__ import annotations

import concurrent.futures
import dataclasses

import pytest
from case import RUN, opened
from moto_ec2 import serving

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Request

REGIONS = ["eu-north-1", "eu-west-1", "us-east-1"]


@pytest.fixture(scope="module")
def port():
    with serving() as port:
        yield port


@pytest.fixture
def adapter(port, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "operator")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    provider = {
        "driver": "ec2",
        "regions": REGIONS,
        "options": {"host": "127.0.0.1", "port": port, "secure": False},
        "image": {"name": "debian-1?-amd64*", "properties": {"owner_id": "136693071363"}},
        "sizes": ["t3.*"],
    }
    return opened(tmp_path, provider)


def requested(region, ordinal):
    return Request(
        name=f"shop-kv-{ordinal:06d}",
        token=f"{RUN}-{ordinal}",
        family="kv",
        run=RUN,
        provider="cloud",
        region=region,
        zone="a",
        size="t3.micro",
        nodes=2,
    )


def test_life_of_instances(adapter):
    domains = adapter.domains()
    assert {domain.region for domain in domains} == set(REGIONS)
    micro = next(size for size in domains[0].sizes if size.name == "t3.micro")
    assert (micro.vcpus, micro.memory, micro.arch) == (2, 1024, "x86_64")
    assert micro.disk > 0
    wanted = [requested(region, number) for number, region in enumerate(REGIONS * 2)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        created = list(pool.map(adapter.create, wanted))
    assert sorted(one.name for one in created) == sorted(one.name for one in adapter.instances())
    assert all(one.address and one.state in ("pending", "running") for one in created)
    by_name = {one.name: one for one in adapter.instances()}
    for one in created:
        listed = by_name[one.name]
        assert dataclasses.replace(listed, state=one.state, created=one.created) == one
    for verb, state in (("stop", "stopped"), ("start", "running")):
        adapter.act(verb, created[0])
        assert next(one for one in adapter.instances() if one.name == created[0].name).state == state
    for one in created:
        adapter.act("destroy", one)
        adapter.act("destroy", one)
    assert adapter.instances() == []


def test_more_instances_than_a_page_holds(adapter):
    driver = adapter.driver("eu-west-1")
    image = adapter.image("eu-west-1")
    place = adapter.find("eu-west-1", "a")
    size = adapter.sizes(place)["t3.micro"][1]
    for start in range(0, 5000, 1000):
        tags = adapter.tags(requested("eu-west-1", 0))
        nodes = driver.create_node("shop-kv-000000", size, image, ex_metadata=tags, ex_mincount=1000, ex_maxcount=1000)
        assert len(nodes) == 1000, start
    driver.create_node("blog-kv-000000", size, image, ex_metadata={"wombat-deployment": "blog"})
    assert len({one.id for one in adapter.instances()}) == 5000
