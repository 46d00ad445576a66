# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provider `hosts` on servers that are folders: the real scripts, run by a shell here instead of over SSH."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
from pathlib import Path

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import acting, planning, reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Refusal
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import load, shop, write
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.servers import lay_ssh

EXAMPLE = Path(__file__).parents[4] / "inventories/hosts/shop.wombat.yml"


class Rack:
    """Servers, and deployments that want them."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        lay_ssh(folder, monkeypatch)
        self.lines = []

    def deployment(self, hosts, name="shop", **changes):
        for number in range(len(hosts)):
            (self.folder / f"192.0.2.{number}").mkdir(exist_ok=True)
        listed = {
            key: {"address": f"192.0.2.{number}", "size": "big", **host}
            for number, (key, host) in enumerate(hosts.items())
        }
        options = {
            "hosts": listed,
            "sizes": {"big": {"vcpus": 8, "memory": "32 GiB"}},
            "root": str(self.folder / "srv"),
        }
        data = shop(name=name, providers={"rack": {"driver": "hosts", "options": options}}, **changes)
        return load(write(self.folder, data, f"{name}.wombat.yml"))

    def grow(self, deployment, run="run"):
        adapters = reconcile.open_providers(deployment)
        return reconcile.grow(deployment, adapters, run, self.lines.append, 600)

    def owner(self, number):
        path = self.folder / f"192.0.2.{number}/claims/claim/owner"
        return json.loads(path.read_text()) if path.exists() else None

    def owners(self, count):
        return [(self.owner(number) or {"name": "-"})["name"].split("-")[0] for number in range(count)]

    def silence(self, number):
        path = self.folder / f"192.0.2.{number}"
        path.rename(path.with_suffix(".off"))


@pytest.fixture
def rack(tmp_path, monkeypatch):
    return Rack(tmp_path, monkeypatch)


HOSTS = {name: {} for name in ("pluto", "mars", "venus", "ceres")}


def test_instances_are_claims_and_claims_come_back(rack):
    deployment = rack.deployment(HOSTS)
    outcome = rack.grow(deployment)
    assert len(outcome.created) == 3
    assert rack.owners(4).count("shop") == 3
    adapters = reconcile.open_providers(deployment)
    seen = reconcile.observe(adapters)
    assert {one.name for one in seen.instances} == {one.name for one in outcome.created}
    assert {(one.size, one.state, one.family) for one in seen.instances} == {("big", "running", "kv")}
    assert all(one.created > 1e9 for one in seen.instances)
    (domain,) = seen.domains
    assert (domain.path, domain.limit["instances"], domain.quota["instances"]) == ("rack/default/default", 4, 1)
    assert rack.grow(deployment, "again").created == []
    acting.destroy(adapters, seen.instances, rack.lines.append)
    assert set(rack.owners(4)) == {""}
    assert not (rack.folder / "192.0.2.0/claims").exists()


def test_families_that_share_a_server_are_told_by_its_claim(rack):
    web = {"release": "kv", "nodes": 1, "placement": {"together": {"with": "kv", "within": "instance"}}}
    deployment = rack.deployment(HOSTS, families__web=web)
    rack.grow(deployment)
    seen = reconcile.observe(reconcile.open_providers(deployment))
    assert sorted(tuple(one.nodes.items()) for one in seen.instances) == [
        (("kv", 1),),
        (("kv", 1),),
        (("kv", 1), ("web", 1)),
    ]


def test_a_claim_says_that_its_server_drains(rack):
    deployment = rack.deployment(HOSTS)
    adapters = reconcile.open_providers(deployment)
    chosen = rack.grow(deployment).created[0]
    before = [rack.owner(number) for number in range(4)]
    acting.drain(adapters, [chosen], rack.lines.append)
    assert [one.draining for one in reconcile.observe(adapters).instances if one.name == chosen.name] == [True]
    assert sum(one.draining for one in reconcile.observe(adapters).instances) == 1
    for number, owner in enumerate(before):
        if owner and owner["name"] == chosen.name:
            owner["tags"]["wombat-draining"] = "yes"
        assert rack.owner(number) == owner
    assert not list(rack.folder.glob("*/claims/claim/*.new"))
    acting.destroy(adapters, [chosen], rack.lines.append)
    with pytest.raises(WombatError, match=r"not marked as draining, and nothing has left: .*the claim of .* is gone"):
        acting.drain(adapters, [chosen], rack.lines.append)


def test_a_retry_of_a_run_claims_nothing_more(rack):
    deployment = rack.deployment(HOSTS)
    adapter = reconcile.open_providers(deployment)["rack"]
    plan = planning.make_plan(deployment, reconcile.observe({"rack": adapter}), "run")
    assert adapter.create(plan.create[0]) == adapter.create(plan.create[0])
    assert rack.owners(4).count("shop") == 1


def test_two_deployments_never_share_a_server(rack):
    mine, yours = rack.deployment(HOSTS), rack.deployment(HOSTS, name="blog")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(rack.grow, (mine, yours)))
    created = [len(outcome.created) for outcome in outcomes]
    assert sum(created) == 4
    owners = rack.owners(4)
    assert [owners.count("shop"), owners.count("blog")] == created
    for deployment in (mine, yours):
        adapters = reconcile.open_providers(deployment)
        acting.destroy(adapters, reconcile.observe(adapters).instances, rack.lines.append)
        if deployment is mine:
            assert rack.owners(4).count("blog") == created[1]
    assert set(rack.owners(4)) == {""}


def test_a_claim_that_is_another_s_by_now_is_not_released(rack):
    deployment = rack.deployment(HOSTS)
    (instance, *_others) = rack.grow(deployment).created
    number = list(HOSTS).index(instance.id)
    path = rack.folder / f"192.0.2.{number}/claims/claim/owner"
    path.write_text('{"created": 1, "name": "blog-kv-aaaaaa", "token": null, "tags": {}}')
    acting.destroy(reconcile.open_providers(deployment), [instance], rack.lines.append)
    assert rack.owner(number)["name"] == "blog-kv-aaaaaa"


def test_a_release_takes_what_is_ours_along(rack):
    deployment = rack.deployment({"pluto": {}}, families__kv__nodes=1)
    (instance,) = rack.grow(deployment).created
    (rack.folder / "srv/nodes").mkdir(parents=True)
    (rack.folder / "192.0.2.0/firewall").touch()
    adapters = reconcile.open_providers(deployment)
    acting.destroy(adapters, [instance], rack.lines.append)
    assert not (rack.folder / "srv").exists()
    assert not (rack.folder / "192.0.2.0/firewall").exists()
    done = (rack.folder / "192.0.2.0/log").read_text()
    assert done == "delete table inet wombat\nuserdel\n"
    acting.destroy(adapters, [instance], rack.lines.append)
    assert (rack.folder / "192.0.2.0/log").read_text() == done


def test_who_is_silent_is_neither_free_nor_gone(rack):
    deployment = rack.deployment(HOSTS)
    outcome = rack.grow(deployment)
    lost = outcome.created[0]
    rack.silence(list(HOSTS).index(lost.id))
    outcome = rack.grow(deployment, "again")
    assert (outcome.created, outcome.shortfall(), outcome.plan.surplus) == ([], {"kv": 1}, ())
    assert [(one.name, one.provider) for one in outcome.observation.silent] == [(lost.id, "rack")]
    assert "No route to host" in outcome.observation.unclear["rack"]
    # Beyond what may be there, the family grows.
    more = dataclasses.replace(deployment.families["kv"], nodes=4)
    grown = rack.grow(dataclasses.replace(deployment, families={"kv": more}), "more")
    assert (len(grown.created), grown.shortfall()) == (1, {"kv": 1})


def test_all_silent_is_a_provider_that_is_unknown(rack):
    deployment = rack.deployment(HOSTS)
    for number in range(4):
        rack.silence(number)
    outcome = rack.grow(deployment)
    assert (outcome.created, list(outcome.observation.unknown), outcome.shortfall()) == ([], ["rack"], {"kv": 3})


def test_a_server_that_falls_silent_while_it_is_claimed(rack, monkeypatch):
    deployment = rack.deployment({"pluto": {}, "mars": {"zone": "other"}}, families__kv__nodes=1)
    adapters = reconcile.open_providers(deployment)
    observe = adapters["rack"].observe

    def then_silent():
        seen = observe()
        if (rack.folder / "192.0.2.0").exists():
            rack.silence(0)
        return seen

    monkeypatch.setattr(adapters["rack"], "observe", then_silent)
    outcome = reconcile.grow(
        deployment,
        adapters,
        "run",
        rack.lines.append,
        600,
        [Refusal("capacity", "x", "rack", "default", "other", "big")],
    )
    assert [refusal.kind for refusal in outcome.refusals] == ["capacity"]
    assert (outcome.created, outcome.shortfall()) == ([], {"kv": 1})


def test_a_pin_keeps_a_server_for_its_family(rack):
    hosts = {"pluto": {"pin": "web"}, "mars": {"labels": ["ssd"]}, "venus": {}}
    families = {"families__kv__nodes": 2, "families__web": {"release": "kv", "nodes": 1}}
    outcome = rack.grow(rack.deployment(hosts, **families))
    taken = {one.id: one.family for one in outcome.created}
    assert taken == {"pluto": "web", "mars": "kv", "venus": "kv"}
    assert {one.id: one.size for one in outcome.created} == {
        "pluto": "big+pin-web",
        "mars": "big+ssd",
        "venus": "big",
    }
    (domain,) = outcome.observation.domains
    assert {offer["size"]: offer["labels"] for offer in domain.offers()} == {
        "big+pin-web": [],
        "big+ssd": ["ssd"],
        "big": [],
    }


@pytest.mark.parametrize(
    ("hosts", "sentence"),
    [
        ({}, "options.hosts is missing; list at least one server"),
        ({"pluto": {"address": "-oProxyCommand=x"}}, "address must be an address or a host's name"),
        ({"pluto": {"size": "bigg"}}, "names 'bigg', which is not in options.sizes; did you mean 'big'"),
        ({"pluto": {"pin": "kw"}}, "names 'kw', which is no family; use one of: kv"),
        ({"pluto": {"adress": "x"}}, "adress is not a known key; did you mean 'address'"),
        ({"pluto": {}, "mars": {"address": "192.0.2.0"}}, "has 192.0.2.0 twice"),
    ],
)
def test_mistakes_are_told_before_anybody_is_asked(rack, hosts, sentence):
    with pytest.raises(WombatError, match="providers.rack") as caught:
        reconcile.open_providers(rack.deployment(hosts))
    assert sentence in str(caught.value)


def test_the_example_loads_and_plans(rack):
    deployment = load(str(EXAMPLE))
    for address in ("192.0.2.11", "192.0.2.12", "192.0.2.21", "192.0.2.31"):
        (rack.folder / address).mkdir()
    seen = reconcile.observe(reconcile.open_providers(deployment))
    plan = planning.make_plan(deployment, seen, "run")
    assert sorted((request.family, request.zone) for request in plan.create) == [
        ("kv", "rack1"),
        ("kv", "rack1"),
        ("kv", "rack2"),
        ("web", "edge"),
    ]
    assert [domain.geography.city for domain in seen.domains] == ["Stockholm"] * 3
