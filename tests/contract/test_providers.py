# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of all providers: what is sent to each cloud, and what is understood of its answers."""

from __future__ import annotations

import base64
import concurrent.futures
import dataclasses
import json
import pathlib
import re
import types

import pytest
import yaml
from case import NAME, RUN, SECRET, TAGS, deployment, opened
from cases import CASES, WIRELESS
from wire import Answer, Wire, lay

from ansible_collections.wombat.erlang.plugins.action.instances import ActionModule
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import FEATURES, Refusal

OURS = {"name": NAME, "tags": TAGS}
OTHERS = [
    {"id": "66", "name": "blog-kv-a1b2c3", "tags": {**TAGS, "wombat-deployment": "blog"}},
    {"id": "67", "name": "shop", "tags": {}},
    {"id": "68", "name": "gateway", "tags": TAGS},
]


def label(case):
    return case.__name__ if callable(case) else case.label or case.driver


# For a test of requests and answers; the others are for providers without a wire, too.
wired = pytest.mark.parametrize("case", CASES, ids=label, indirect=True)


@pytest.fixture(params=[*CASES, *WIRELESS], ids=label)
def case(request, tmp_path, monkeypatch):
    for variable in [name for case in CASES for name in case.environment.values()]:
        monkeypatch.delenv(variable, raising=False)
    return request.param(tmp_path, monkeypatch) if callable(request.param) else request.param


@pytest.fixture
def wire(case, monkeypatch):
    wire = Wire(case.book, case.writes, case.chapter)
    wire.answers += case.answers
    lay(wire, monkeypatch)
    return wire


@pytest.fixture
def adapter(case, wire, tmp_path):
    return opened(tmp_path, case.provider)


def test_domains(case, wire, adapter):
    wire.read_only = True
    domains = {(domain.region, domain.zone): domain for domain in adapter.domains()}
    domain = domains[case.region, case.zone]
    assert domain.geography.country == case.country
    assert {size.name: size for size in domain.sizes}[case.size.name] == case.size
    assert domain.images == (case.image,)
    assert {entry["price"] for entry in domain.offers()}.isdisjoint({0})
    assert case.region in adapter.regions()
    assert domain.provider_quota == case.left


def test_instances_are_ours_only(case, wire, adapter):
    wire.read_only = True
    wire.answers += case.listed([OURS, *(OTHERS if case.tagged else OTHERS[:2])])
    (instance,) = adapter.instances()
    assert (instance.name, instance.id, instance.family, instance.slots) == (NAME, case.identity, "kv", (1, 2))
    assert instance.run == (RUN if case.tagged else "")
    assert (instance.provider, instance.region, instance.zone) == ("cloud", case.region, case.zone)
    assert (instance.size, instance.state, instance.address) == (case.size.name, "running", case.address)
    assert instance.created > 0 or not case.tagged


def test_the_tag_says_which_address(case, wire, adapter):
    """Also where the file says another."""
    wire.answers += case.listed([{**OURS, "tags": {**TAGS, "wombat-address": "public"}}])
    (instance,) = adapter.instances()
    assert instance.address == (case.public if case.tagged else case.address)


def test_check_mode_sends_nothing_that_writes(case, wire, adapter, tmp_path):
    """The whole of a deploy's cloud work, over a wire that refuses what writes."""
    firewall = {} if adapter.features["firewall rules"] else {"firewall": True, "security_groups": []}
    adapter = opened(tmp_path, case.provider, **firewall)
    wire.answers += case.listed([])
    wire.read_only = True
    before = case.written()
    action = ActionModule.__new__(ActionModule)
    action._task = types.SimpleNamespace(check_mode=True)
    action.vars = {"groups": {}, "hostvars": {}}
    options = {"run": RUN, "state": "present", "deadline": 60}
    told = action.present(adapter.deployment, {"cloud": adapter}, options)
    assert told["changed"]
    assert told["shortfall"] == {}
    assert not wire.written()
    assert case.written() == before
    wire.answers += case.listed([OURS])
    (instance,) = adapter.instances()
    wire.answers += case.listed([OURS, {**OURS, "id": "66"}])
    before = case.written()
    twins = len({one.id for one in adapter.instances()}) - 1  # Azure's ids are of names
    lines = []
    action.say = lines.append
    assert action.present(adapter.deployment, {"cloud": adapter}, options)["changed"]
    assert sum(line.startswith(f"- {NAME}  ") and line.endswith("is its twin") for line in lines) == twins
    assert twins == (case.driver != "azure_arm")
    told = action.drain({"cloud": adapter}, [instance])
    assert told["changed"] == (not adapter.features["draining"])
    told = action.destroy(adapter.deployment, {"cloud": adapter}, [instance])
    assert (told["changed"], told["destroyed"]) == (True, [NAME])
    assert not wire.written()
    assert case.written() == before
    assert not pathlib.Path(adapter.deployment.store).exists()


def test_states(case, wire, adapter):
    seen, errors = {}, set()
    for word in case.states:
        wire.answers += case.listed([{**OURS, "state": word}])
        found = adapter.instances()
        seen[word] = next((instance.state for instance in found), "gone")
        errors |= {instance.error for instance in found if instance.state == "error"}
    assert seen == case.states
    assert errors == ({case.fault} if "error" in case.states.values() else set())


def test_create(case, wire, adapter):
    wire.answers += case.create()
    if case.looks:
        adapter.observe()  # only a server that was seen free is claimed
    (instance,) = adapter.create(case.request())
    case.created(wire.sent)
    assert (instance.name, instance.id) == (NAME, case.identity)
    assert instance.state in ("pending", "running")
    assert (instance.region, instance.zone, instance.size) == (case.region, case.zone, case.size.name)
    assert (instance.family, instance.slots, instance.address) == ("kv", (1, 2), case.address)
    assert SECRET not in repr(instance)
    assert "aSecretOfTheServer" not in repr(instance)


def texts(value):
    """All texts in a request, those that are coded once more too."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in texts(one)]
    try:
        return [str(value), base64.b64decode(str(value), validate=True).decode()]
    except ValueError:
        return [str(value)]


@wired
def test_an_injected_host_key_is_known_before_the_first_login(case, wire, adapter, tmp_path):
    bare = {key: value for key, value in case.provider.items() if key != "user_data"}
    ssh = {key: value for key, value in case.provider.get("ssh", {}).items() if key != "host_keys"}
    injecting = {**ssh, "host_keys": "inject"}
    if adapter.features["user data"]:
        with pytest.raises(WombatError, match="ssh.host_keys cannot be had of driver"):
            opened(tmp_path, bare, ssh=injecting)
        return
    adapter = opened(tmp_path, bare, ssh=injecting)
    wire.answers += case.create()
    (instance,) = adapter.create(case.request())
    key = adapter.host_key(NAME)
    assert instance.vars == {"wombat_host_keys": [key.public]}
    bodies = [json.loads(one.body) if one.body.startswith("{") else one.body for one in wire.written()]
    elements = [re.findall(r">([^<>]+)<", one.body) for one in wire.written()]
    sent = texts([bodies, elements, [one.params for one in wire.written()]])
    (user_data,) = {text for text in sent if text.startswith("#cloud-config")}
    assert yaml.safe_load(user_data)["ssh_keys"] == {"ed25519_private": key.private, "ed25519_public": key.public}
    line = f"{NAME} {key.public}\n"
    assert pathlib.Path(adapter.deployment.known_hosts).read_text() == line
    wire.answers += next(answers for kind, answers in case.refusals.items() if kind != "outage")
    with pytest.raises(Refusal):
        adapter.create(case.request())
    assert pathlib.Path(adapter.deployment.known_hosts).read_text() == ""
    told = repr(instance) + line + adapter.words(ValueError(key.private))
    assert not [part for part in key.private.splitlines()[1:-1] if part in told]


@pytest.mark.parametrize("verb", ["start", "stop", "reboot", "drain", "destroy"])
def test_verbs(case, wire, adapter, verb):
    wanted = "stopped" if verb == "start" and "stopped" in case.states.values() else "running"
    state = next(word for word, ours in case.states.items() if ours == wanted)
    wire.answers += case.create()[1:] + case.listed([{**OURS, "state": state}])
    (instance,) = adapter.instances()
    wire.sent.clear()
    if verb not in {**case.verbs, **case.looks}:
        assert adapter.features[{"reboot": "reboot", "drain": "draining"}.get(verb, "start and stop")]
        return
    adapter.act(verb, instance)
    if verb in case.looks:
        assert case.looks[verb]()
        return
    method, path, detail = case.verbs[verb]
    *before, sent = wire.written()
    assert len(before) == (case.driver == "digitalocean" and verb == "drain")  # which wants the tag to be there
    assert sent.method == method
    assert re.fullmatch(path, sent.path)
    if isinstance(detail, str):
        assert sent.body == detail
    elif detail and method in ("POST", "PUT", "PATCH") and sent.body.startswith("{"):
        assert sent.json == detail
    elif detail:
        assert detail.items() <= sent.params.items()


def test_draining_is_read_back(case, wire, adapter):
    if adapter.features["draining"]:
        return
    for drains in (False, True):
        tags = {**TAGS, **({"wombat-draining": "yes"} if drains else {})}
        wire.answers += case.listed([{**OURS, "tags": tags}])
        assert [instance.draining for instance in adapter.instances()] == [drains]


def test_destroying_what_is_gone(case, wire, adapter):
    wire.answers += case.listed([OURS])
    (instance,) = adapter.instances()
    wire.answers += [Answer("GET", f".*/{case.identity}", {"itemNotFound": {"message": "not found"}}, 404)]
    wire.answers += case.listed([])
    wire.sent.clear()
    before = case.written()
    adapter.act("destroy", instance)
    assert case.written() == before
    with pytest.raises(WombatError, match="is gone"):
        adapter.act("start" if "start" in {**case.verbs, **case.looks} else "drain", instance)


@wired
def test_refusals(case, wire, tmp_path):
    for kind, answers in case.refusals.items():
        wire.answers[:] = [*case.answers, *case.listed([]), *case.create(), *answers]
        with pytest.raises(Refusal) as caught:
            opened(tmp_path, case.provider).create(case.request())
        assert (kind, caught.value.kind) == (kind, kind), str(caught.value)
        scopes = {"capacity": 4, "quota": 2, "missing": 2}
        assert len(caught.value.scope) == scopes.get(kind, 1)


@wired
def test_wrong_credentials(case, wire, tmp_path):
    wire.answers += case.unauthorized
    with pytest.raises(Refusal) as caught:
        opened(tmp_path, case.provider).instances()
    assert caught.value.kind == "credentials"
    assert caught.value.scope == ("cloud",)
    assert "provider cloud refuses" in str(caught.value)
    assert case.endpoint in str(caught.value)
    assert SECRET not in str(caught.value)


@wired
def test_credentials_of_the_environment(case, wire, tmp_path, monkeypatch):
    kept = ("credentials", "options")
    bare = {**case.provider, **{part: dict(case.provider.get(part, {})) for part in kept}}
    values = {}
    for name in case.environment:
        values[name] = next(bare[part].pop(name) for part in kept if name in bare[part])
    if case.environment:
        with pytest.raises(WombatError, match=rf"lacks .*{next(iter(case.environment.values()))}"):
            opened(tmp_path, bare)
    variables = {variable: values[name] for name, variable in case.environment.items()}
    if case.surroundings:
        variables = case.surroundings(tmp_path, values)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    wire.answers += case.listed([OURS])
    assert [instance.name for instance in opened(tmp_path, bare).instances()] == [NAME]


def test_nothing_is_done_before_it_is_asked(case, wire, tmp_path):
    before = case.written()
    adapter = opened(tmp_path, case.provider)
    assert not wire.sent
    assert case.written() == before
    assert set(adapter.features) == set(FEATURES)


def test_no_thread_has_the_driver_of_another(case, wire, adapter):
    scope = case.region if case.looks else adapter.scope(case.region)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        other = pool.submit(adapter.driver, scope).result()
    assert adapter.driver(scope) is adapter.driver(scope)
    assert adapter.driver(scope) is not other


@wired
def test_the_file_says_how_many_requests_a_second(case, wire, tmp_path):
    adapter = registry.open_provider(deployment(tmp_path, case.provider, rate=4), "cloud")
    assert adapter.pace.gap == 0.25
    assert registry.open_provider(deployment(tmp_path, case.provider), "cloud").pace.gap == 0.1


def test_the_file_says_where_a_region_is(case, wire, tmp_path):
    place = {"country": "NZ", "continent": "OC", "city": "Dunedin", "latitude": -45.9, "longitude": 170.5}
    domains = opened(tmp_path, case.provider, domains={case.region: place}).domains()
    (told,) = {dataclasses.astuple(one.geography)[:5] for one in domains if one.region == case.region}
    assert told == ("NZ", "OC", "Dunedin", -45.9, 170.5)


@wired
def test_lost_reply_is_looked_for_by_name(case, wire, adapter):
    wire.answers += case.listed([OURS])
    wire.answers += case.create()[1:] + case.refusals["outage"]
    (instance,) = adapter.create(case.request())
    assert (instance.name, instance.id) == (NAME, case.identity)
