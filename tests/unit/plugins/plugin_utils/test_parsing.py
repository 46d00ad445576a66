# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment file's data becomes the model, or one sentence with the key's path and what to do."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing import parse
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import MISSING, SHOP, cloud, shop
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.test_section import ANYTHING

FILE = "/shops/shop.wombat.yml"
WRONG = [
    (
        {
            "families__web": {
                "release": "kv",
                "nodes": 1,
                "node_name": "web",
                "placement": {"together": {"with": "kv", "within": "instance"}},
            },
        },
        "families.web.node_name cannot be set for a family that shares instances without epmd; leave it out",
    ),
    # unknown keys
    ({"familes": {}}, "familes is not a known key; did you mean 'families'?"),
    ({"families__kv__nods": 3}, "families.kv.nods is not a known key; did you mean 'nodes'?"),
    (
        {"providers__attic__credential": {}},
        "providers.attic.credential is not a known key; did you mean 'credentials'?",
    ),
    (
        {"releases__kv__sum": "x"},
        "releases.kv.sum is not a known key; use one of: archive, checksum, package, service, version",
    ),
    ({"families__kv__bootstrap": {"strategi": "mesh"}}, "families.kv.bootstrap.strategi is not a known key"),
    ({"families__kv__demand": {"memroy": 1}}, "families.kv.demand.memroy is not a known key; did you mean 'memory'?"),
    ({"families__kv__placement": {"prefers": []}}, "families.kv.placement.prefers is not a known key"),
    ({"distribution": {"ports": 1}}, "distribution.ports is not a known key; did you mean 'port'?"),
    ({"providers__attic__ssh": {"usr": "x"}}, "providers.attic.ssh.usr is not a known key; did you mean 'user'?"),
    ({"providers__attic__domains": {"n/a": {"cuntry": "SE"}}}, "providers.attic.domains.n/a.cuntry is not a known key"),
    ({"families": MISSING, "familes": {}}, "familes is not a known key; did you mean 'families'?"),
    ({"name": MISSING, "nam": "shop"}, "nam is not a known key; did you mean 'name'?"),
    # missing ones
    ({"plugin": MISSING}, "plugin is missing; add it"),
    ({"plugin": "wombat.erlang.place"}, "plugin must be 'wombat.erlang.deployment', but is 'wombat.erlang.place'"),
    ({"name": MISSING}, "name is missing; add it"),
    ({"providers": MISSING}, "providers is missing; name at least one provider"),
    ({"providers": {}}, "providers is missing; name at least one provider"),
    ({"families": None}, "families is missing; name at least one family"),
    ({"providers__attic__driver": MISSING}, "providers.attic.driver is missing; add it"),
    (
        {"releases__kv__archive": MISSING},
        "releases.kv.archive is missing; give the path of the release archive, a version",
    ),
    ({"releases__kv__package": "x"}, "releases.kv.package and archive are both there; a release is one of them"),
    ({"releases__kv": {"package": "x"}}, "releases.kv.service: How x is started is not known"),
    ({"releases__kv__service": {"begin": "x"}}, "releases.kv.service.begin is not a known key"),
    ({"releases__kv__service": {"env": "x"}}, "releases.kv.service.env must be a mapping, but is 'x'"),
    ({"families__kv__release": MISSING}, "families.kv.release is missing; add it"),
    # wrong types
    ({"name": "Shop-1"}, "name must be a name of small letters and digits, a letter first, but is 'Shop-1'"),
    ({"name": 5}, "name must be a name of small letters and digits, a letter first, but is 5"),
    ({"name": "shop\n"}, "name must be a name of small letters and digits, a letter first, but is 'shop\\n'"),
    ({"providers": ["attic"]}, "providers must be a mapping, but is a list"),
    ({"providers__attic": "local"}, "providers.attic must be a mapping, but is 'local'"),
    ({"providers__attic__labels": {"a": 1}}, "providers.attic.labels must be a list of texts, but is a mapping"),
    ({"providers__attic__labels": [1]}, "providers.attic.labels must be a list of texts, but is a list"),
    ({"providers__attic__image": "debian"}, "providers.attic.image must be a mapping, but is 'debian'"),
    ({"providers__attic__image": {"name": 12}}, "providers.attic.image.name must be a text, but is 12"),
    ({"providers__attic__ssh": {"port": "ssh"}}, "providers.attic.ssh.port must be a whole number from 1 to 65535"),
    ({"families__kv__vm_args": "+K true"}, "families.kv.vm_args must be a list of lines, but is '+K true'"),
    ({"families__kv__config": []}, "families.kv.config must be a mapping, but is a list"),
    ({"families__kv__demand": {"memory": "lots"}}, "families.kv.demand.memory must be an amount such as '4 GiB'"),
    ({"families__kv__demand": {"where": 5}}, "families.kv.demand.where must be a list of texts, but is 5"),
    ({"insecure": "perhaps"}, "insecure must be true or false, but is 'perhaps'"),
    ({"budget": -1}, "budget must be a number from 0 to 1e+09, but is -1"),
    ({"store": ["x"]}, "store must be a text, but is a list"),
    # names
    (
        {"families__kv2": {"release": "kv"}},
        "families.kv2 must have a name of small letters and digits, a letter first and",
    ),
    ({"families__my-kv": {"release": "kv"}}, "families.my-kv must have a name of small letters"),
    ({"providers__Attic": {}}, "providers.Attic must have a name of small letters and digits, a letter first"),
    ({"releases__a b": {}}, "releases.a b must have a name of small letters and digits, a letter first"),
    (
        {"families__kv__node_name": "kv1"},
        "families.kv.node_name must be small letters, digits and _, with no digit first",
    ),
    # what is named, but is not there
    ({"families__kv__release": "vk"}, "families.kv.release names 'vk', which is not a release; use one of: kv"),
    (
        {"families__kv__neighbours": ["wbe"]},
        "families.kv.neighbours names 'wbe', which is not a family; none is defined",
    ),
    ({"families__kv__neighbours": ["kv"]}, "families.kv.neighbours names the family itself; list other families only"),
    ({"families__kv__placement": {"together": {"with": "vk", "within": "zone"}}}, "families.kv.placement.together"),
    (
        {"families__kv__bootstrap": {"strategy": "mash"}},
        "families.kv.bootstrap.strategy cannot be 'mash'; did you mean",
    ),
    ({"on_shortfall": "ignore"}, "on_shortfall cannot be 'ignore'; use one of: continue, fail"),
    (
        {"providers__attic__domains": {"a/b/c": {}}},
        "providers.attic.domains.a/b/c must be named 'region/zone' or 'region'",
    ),
    (
        {"providers__attic__domains": {"a": {"quota": {"vcpus": 1}}}},
        "providers.attic.domains.a.quota belongs to a zone",
    ),
    # expressions
    ({"families__kv__demand": {"where": "labels["}}, "families.kv.demand.where is not a JMESPath expression"),
    ({"families__kv__placement": {"prefer": ["a ||"]}}, "families.kv.placement.prefer is not a JMESPath expression"),
    # counts
    ({"families__kv__nodes": -1}, "families.kv.nodes must be a whole number from 0 to 1000000, but is -1"),
    ({"families__kv__nodes": 1.5}, "families.kv.nodes must be a whole number from 0 to 1000000, but is 1.5"),
    ({"families__kv__nodes": "many"}, "families.kv.nodes must be a whole number from 0 to 1000000, but is 'many'"),
    ({"families__kv__nodes": True}, "families.kv.nodes must be a whole number from 0 to 1000000, but is True"),
    ({"families__kv__nodes_per_instance": 0}, "families.kv.nodes_per_instance must be a whole number from 1 to 1000"),
    (
        {"families__kv__nodes_per_instance": {"min": 3, "max": 2}},
        "families.kv.nodes_per_instance has a min of 3 above its",
    ),
    (
        {"families__kv__nodes_per_instance": 2, "families__kv__node_name": "riak"},
        "families.kv.node_name gives every node of an instance one name; leave it out or set nodes_per_instance to 1",
    ),
    ({"providers__attic__parallel": 0}, "providers.attic.parallel must be a whole number from 1 to 1000, but is 0"),
    ({"distribution": {"port": 80}}, "distribution.port must be a whole number from 1024 to 65000, but is 80"),
    (
        {"providers__attic__domains": {"a/b": {"quota": {"instances": -1}}}},
        "providers.attic.domains.a/b.quota.instances",
    ),
    (
        {"providers__attic__domains": {"a": {"latitude": 91}}},
        "providers.attic.domains.a.latitude must be a number from -90",
    ),
    # secrets
    ({"providers__attic__credentials": "hunter2"}, "providers.attic.credentials must be a mapping"),
    ({"providers__attic__options": ["hunter2"]}, "providers.attic.options must be a mapping"),
]


def template(value, path, variables=None, secret=False):
    raise AssertionError(f"{path} was templated")


def read(data, scale=None):
    return parse(data, FILE, template, scale)


@pytest.mark.parametrize(("changes", "sentence"), WRONG, ids=[sentence[:60] for _changes, sentence in WRONG])
def test_what_is_wrong_is_one_sentence(changes, sentence):
    with pytest.raises(WombatError) as caught:
        read(shop(**changes))
    text = str(caught.value)
    assert text.startswith(sentence)
    assert "\n" not in text
    assert "hunter2" not in text


def test_the_whole_model():
    deployment = read(
        shop(
            providers__attic__domains={
                "north": {"country": "SE", "latitude": 59.3, "labels": ["cold"]},
                "north/a": {"city": "Stockholm", "quota": {"instances": 4, "memory": "1 GiB"}},
            },
            providers__attic__ssh={"user": "debian", "port": "2222"},
            families__web={"release": "kv", "nodes": "2", "neighbours": "kv", "node_name": "web_x"},
            budget="1.5",
        )
    )
    attic, kv, web = deployment.providers["attic"], deployment.families["kv"], deployment.families["web"]
    assert (attic.address, attic.parallel, attic.ssh) == ("private", 10, {"user": "debian", "port": 2222})
    assert attic.domains["north/a"].quota == {"instances": 4, "memory": 1024.0}
    assert attic.domains["north"].labels == ("cold",)
    assert (kv.nodes, kv.strategy, kv.neighbours, kv.label(3)) == (3, "mesh", (), "kv3")
    assert (web.nodes, web.neighbours, web.label(1)) == (2, ("kv",), "web_x")
    assert deployment.releases["kv"].archive == "/shops/releases/kv.tar.gz"
    assert (deployment.epmd, deployment.port, deployment.budget) == (False, 9100, 1.5)
    assert deployment.store == os.path.expanduser("~/.wombat/shop/store")
    assert deployment.families["kv"].cookie == os.path.expanduser("~/.wombat/shop/store/cookies/kv")
    assert deployment.folder == "/shops"


@pytest.mark.parametrize(
    ("changes", "epmd"),
    [
        ({}, False),
        ({"distribution": {"epmd": True}}, True),
        ({"providers__cloud": {"driver": "openstack"}}, True),
        ({"providers__cloud": {"driver": "openstack"}, "distribution": {"epmd": "no"}}, False),
    ],
)
def test_epmd_is_left_out_where_all_is_local(changes, epmd):
    assert read(shop(**changes)).epmd is epmd


def test_paths_start_at_the_file_or_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    deployment = read(shop(store="store", cookie_file="~/cookie", releases__kv__archive="/kv.tar.gz"))
    assert (deployment.store, deployment.families["kv"].cookie) == ("/shops/store", "/home/me/cookie")
    assert deployment.releases["kv"].archive == "/kv.tar.gz"


def test_scale_goes_before_the_file():
    assert read(shop(), {"kv": "5"}).families["kv"].nodes == 5


@pytest.mark.parametrize(
    ("scale", "sentence"),
    [
        ({"vk": 5}, "wombat_scale names 'vk', which is not a family; use one of: kv"),
        ({"kv": "five"}, "wombat_scale.kv must be a whole number from 0 to 1000000, but is 'five'"),
        ({"kv": -1}, "wombat_scale.kv must be a whole number from 0 to 1000000, but is -1"),
        ({"kv": None}, "wombat_scale.kv is missing; add it"),
    ],
)
def test_wrong_scales(scale, sentence):
    with pytest.raises(WombatError) as caught:
        read(shop(), scale)
    assert str(caught.value).startswith(sentence)


def test_nothing_public_is_secret():
    deployment = read(
        shop(providers__attic__credentials={"key": "hunter2"}, providers__attic__options={"x": "hunter2"})
    )
    assert "hunter2" not in f"{deployment} {deployment.public()} {deployment.demands()}"


def paths(data, before=()):
    """Every path of keys in nested mappings."""
    for key, value in data.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from paths(value, (*before, key))


FULL = shop(
    providers__attic={
        **cloud(),
        "domains": {"north/a": {"quota": {"instances": 1}}},
        "ssh": {},
        "image": {},
        "labels": [],
    },
    families__kv={
        **SHOP["families"]["kv"],
        "demand": {"where": "a", "memory": 1, "vcpus": 1, "disk": 1},
        "placement": {"spread": {"over": "zone"}, "prefer": ["a"], "near": {"latitude": 1, "longitude": 1, "km": 5}},
        "bootstrap": {"strategy": "mesh"},
        "neighbours": [],
        "config": {},
        "env": {},
        "vm_args": [],
    },
    distribution={"port": 9100},
    budget=1,
)


@given(path=st.sampled_from(sorted(paths(FULL))), value=ANYTHING)
def test_anything_anywhere_gives_a_deployment_or_a_sentence(path, value):
    target = data = {**FULL}
    for key in path[:-1]:
        target[key] = {**target[key]}
        target = target[key]
    target[path[-1]] = value
    sentence = ""
    try:
        assert isinstance(read(data), Deployment)
    except WombatError as error:
        sentence = str(error)
    assert "\n" not in sentence


@given(data=ANYTHING)
def test_anything_as_a_file_gives_a_sentence(data):
    with pytest.raises(WombatError):
        read(data)


def test_a_release_may_be_a_package_and_say_how_it_runs():
    one = {"package": "rabbitmq-server"}
    other = {"package": ["emqx=5.0"], "service": {"start": "/usr/bin/emqx", "user": "emqx", "env": {"A": 1}}}
    releases = parse(shop(releases__rabbit=one, releases__emqx=other), FILE, None).releases
    assert (releases["rabbit"].packages, releases["rabbit"].user) == (("rabbitmq-server",), "rabbitmq")
    assert releases["emqx"].service == {"start": ["/usr/bin/emqx"], "user": "emqx", "env": {"A": "1"}}
    assert releases["emqx"].user == "emqx"
