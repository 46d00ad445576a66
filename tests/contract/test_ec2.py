# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 as something that keeps state: the life of instances, and listing more of them than fit on a page."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import re
import threading

import pytest
from case import NAME, RUN, TAGS, opened
from cases.ec2 import EC2, described
from moto_ec2 import serving
from wire import Answer, Wire, fixture, lay

from ansible_collections.wombat.erlang.plugins.plugin_utils import acting
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import ec2
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
        "image": {"name": "al2022-ami-*-x86_64", "properties": {"owner_id": "137112412989"}},
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
        created = [one for made in pool.map(adapter.create, wanted) for one in made]
    assert sorted(one.name for one in created) == sorted(one.name for one in adapter.instances())
    assert all(one.address and one.state in ("pending", "running") for one in created)
    by_name = {one.name: one for one in adapter.instances()}
    for one in created:
        listed = by_name[one.name]
        assert dataclasses.replace(listed, state=one.state, created=one.created) == one
    for verb, state in (("stop", "stopped"), ("start", "running")):
        adapter.act(verb, created[0])
        assert next(one for one in adapter.instances() if one.name == created[0].name).state == state
    adapter.act("drain", created[1])
    assert [one.name for one in adapter.instances() if one.draining] == [created[1].name]
    for one in created:
        adapter.act("destroy", one)
        adapter.act("destroy", one)
    assert adapter.instances() == []


def test_many_by_one_request_and_their_names(adapter):
    """As after a kill right after the creation: what is listed then is the same, and is named."""
    wanted = [requested("eu-west-1", number) for number in range(adapter.batch)]
    made = adapter.create(*wanted)
    assert [one.name for one in made] == [request.name for request in wanted]
    driver = adapter.driver("eu-west-1")
    for nameless in (True, False):
        listed = adapter.instances()
        assert sorted((one.name, one.id) for one in listed) == sorted((one.name, one.id) for one in made)
        assert {one.unnamed for one in listed} == {nameless}
        seen = {node.id: node.name for node in driver.list_nodes() if adapter.state(node) != "gone"}
        assert seen == {one.id: "shop-kv" if nameless else one.name for one in made}
        acting.show_names({"cloud": adapter}, listed, print, threading.Event())
    for one in made:
        adapter.act("destroy", one)


def test_pages(adapter, monkeypatch):
    monkeypatch.setattr(ec2, "PAGE", 5)
    driver = adapter.driver("eu-west-1")
    size = adapter.sizes(adapter.find("eu-west-1", "a"))["t3.micro"][1]
    image = adapter.image("eu-west-1")
    for tags in (adapter.tags(requested("eu-west-1", 0)), {"wombat-deployment": "blog"}):
        driver.create_node("shop-kv-000000", size, image, ex_metadata=tags, ex_mincount=17, ex_maxcount=17)
    assert len({one.id for one in adapter.instances()}) == 17


def test_5000_instances(tmp_path, monkeypatch):
    """In pages of a thousand, as Amazon gives them; libcloud alone would see the first."""
    wire = Wire("test_ec2:EC2MockHttp", EC2.writes, EC2.chapter)
    lay(wire, monkeypatch)
    head, item, tail = re.split(
        r"(?<=<reservationSet>)\s*|(?=</reservationSet>)", described([{"name": NAME, "tags": TAGS}])
    )
    item = re.match(r"<item>.*?</instancesSet>\s*</item>", item, re.DOTALL)[0]

    def page(sent):
        number = int(sent.params.get("NextToken", 0))
        items = "".join(item.replace("i-4711", f"i-{number}-{ordinal}") for ordinal in range(1000))
        following = f"<nextToken>{number + 1}</nextToken>" if number < 4 else ""
        return head + items + tail.replace("</reservationSet>", "</reservationSet>" + following)

    wire.answers.append(Answer("GET", "/", page, params={"Action": "DescribeInstances"}))
    adapter = opened(tmp_path, EC2.provider)
    assert len({one.id for one in adapter.instances()}) == 5000
    asked = [sent.params for sent in wire.sent if sent.params["Action"] == "DescribeInstances"]
    assert len(asked) == 5
    assert {params["MaxResults"] for params in asked} == {"1000"}
    assert {params["Filter.1.Name"] for params in asked} == {"tag:wombat-deployment"}
    assert {params["Filter.1.Value.1"] for params in asked} == {"shop"}


@pytest.mark.parametrize(
    ("arch", "size", "ours"), [("arm64", "t4g.micro", "aarch64"), ("x86_64", "t3.micro", "x86_64")]
)
def test_sizes_are_those_that_run_the_image(arch, size, ours, tmp_path, monkeypatch):
    wire = Wire(EC2.book, EC2.writes, EC2.chapter)
    images = fixture("ec2", "describe_images.xml").replace(">x86_64<", f">{arch}<")
    wire.answers.append(Answer("GET", "/", images, params={"Action": "DescribeImages"}))
    lay(wire, monkeypatch)
    (domain, *_others) = opened(tmp_path, EC2.provider, sizes=["t3.micro", "t4g.micro"]).domains()
    assert [(one.name, one.arch) for one in domain.sizes] == [(size, ours)]
