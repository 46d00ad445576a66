# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment files are found, read and templated; credentials wait, and never show."""

from __future__ import annotations

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import loader
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.tests.unit.plugins.plugin_utils.clouds import load, shop, write

SECRETS = [("default", VaultSecret(b"open sesame"))]


@pytest.fixture
def extra(monkeypatch):
    """Extra variables of the run, to be changed by a test."""
    variables = {}
    monkeypatch.setattr(loader, "load_extra_vars", lambda _loader: variables)
    return variables


@pytest.fixture
def pipe(tmp_path):
    """A template whose evaluation leaves a trace and gives a secret, and a function that counts the evaluations."""
    trace = tmp_path / "trace"
    text = "{{ lookup('pipe', 'echo x >>" + str(trace) + "; echo hunter2') }}"
    return text, lambda: len(trace.read_text().split()) if trace.exists() else 0


def test_texts_are_templates_of_extra_variables_and_lookups(tmp_path, extra, monkeypatch):
    monkeypatch.setenv("SHOP_BUDGET", "2.5")
    extra.update(count=4, where="labels")
    data = shop(
        families__kv__nodes="{{ count }}",
        families__kv__demand={"where": "{{ where }}"},
        budget="{{ lookup('env', 'SHOP_BUDGET') }}",
        families__kv__neighbours="{{ [] }}",
    )
    deployment = load(write(tmp_path, data))
    assert (deployment.families["kv"].nodes, deployment.budget) == (4, 2.5)
    assert deployment.families["kv"].demand == {"where": "labels"}


def test_a_template_of_something_unknown_names_its_key(tmp_path, extra):
    path = write(tmp_path, shop(families__kv__demand={"where": ["{{ group_variable }}"]}))
    with pytest.raises(WombatError, match=r"families\.kv\.demand\.where\[0\] cannot be templated: .*group_variable"):
        load(path)


def test_credentials_wait_for_access(tmp_path, extra, pipe):
    text, count = pipe
    data = shop(
        providers__attic__credentials={"key": text, "more": [{"secret": text}]}, providers__attic__options={"x": text}
    )
    deployment = load(write(tmp_path, data))
    assert count() == 0
    assert deployment.access("attic") == ({"key": "hunter2", "more": [{"secret": "hunter2"}]}, {"x": "hunter2"})
    assert count() == 3
    assert "hunter2" not in f"{deployment} {deployment.public()}"


@pytest.mark.parametrize(
    "changes",
    [
        {"credentials": {"key": "TEXT"}},
        {"providers__a.b": {"driver": "local", "credentials": {"key": "TEXT"}}},
        {"providers": [{"driver": "local", "credentials": {"key": "TEXT"}}]},
        {"providers__attic": [{"options": {"key": "TEXT"}}]},
        {"providers__attic__ssh": {"credentials": "TEXT"}},
    ],
)
def test_misplaced_credentials_are_not_templated_either(tmp_path, extra, pipe, changes):
    text, count = pipe
    path = write(tmp_path, shop(**changes))
    with open(path) as stream:
        data = stream.read().replace("TEXT", '"' + text.replace('"', "'") + '"')
    with pytest.raises(WombatError) as caught:
        load(write(tmp_path, data))
    assert count() == 0
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ lookup('pipe', 'echo hunter2; exit 1') }}",
        "{{ lookup('file', '/nowhere/hunter2') }}",
        "{{ 'hunter2' | from_json }}",
        "{{ 'hunter2' + 1 }}",
        "{{ hunter2 }}",
        "{{ hunter2 | ",
    ],
)
def test_a_failing_credential_names_its_key_and_nothing_else(tmp_path, extra, text):
    deployment = load(write(tmp_path, shop(providers__attic__credentials={"deep": [{"key": text}]})))
    with pytest.raises(
        WombatError, match=r"shop.wombat.yml: providers\.attic\.credentials\.deep\[0\]\.key cannot be"
    ) as caught:
        deployment.access("attic")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_node_settings_know_their_node(tmp_path, extra):
    data = shop(
        families__kv__config={"kv": {"port": "{{ port + 1000 }}", "plain": 5}},
        families__kv__vm_args=["+S {{ cores }}", {"K": True}],
        families__kv__env={"NODE": "{{ node }}"},
    )
    extra["cores"] = 2
    settings = load(write(tmp_path, data)).settings("kv", {"port": 9101, "node": "kv1@127.0.0.1"})
    assert settings == {
        "config": {"kv": {"port": 10101, "plain": 5}},
        "vm_args": ["+S 2", {"K": True}],
        "env": {"NODE": "kv1@127.0.0.1"},
        "files": [],
    }


def test_a_wrong_node_setting_names_its_key(tmp_path, extra):
    deployment = load(write(tmp_path, shop(families__kv__config={"kv": {"port": "{{ prt }}"}})))
    with pytest.raises(
        WombatError, match=r"shop.wombat.yml: families\.kv\.config\.kv\.port cannot be templated: .*prt"
    ):
        deployment.settings("kv", {"port": 9101})


@pytest.mark.parametrize("scale", ["kv=5", {"kv": 5}, " kv = 5", "{{ 'kv=5' }}"])
def test_scale(tmp_path, extra, scale):
    extra["wombat_scale"] = scale
    if "{{" in scale:
        with pytest.raises(WombatError, match="wombat_scale names"):
            load(write(tmp_path))
    else:
        assert load(write(tmp_path)).families["kv"].nodes == 5


@pytest.mark.parametrize("scale", ["kv", "=5", "kv=", "kv=5,", "kv=many", 5, ["kv"], {"vk": 5}, {"kv": None}])
def test_wrong_scale(tmp_path, extra, scale):
    extra["wombat_scale"] = scale
    with pytest.raises(WombatError, match="shop.wombat.yml: wombat_scale"):
        load(write(tmp_path))


def test_a_whole_file_in_the_vault(tmp_path, extra):
    write(tmp_path)
    path = tmp_path / "shop.wombat.yml"
    path.write_bytes(VaultLib(SECRETS).encrypt(path.read_text()))
    assert load(str(path), SECRETS).name == "shop"
    for wrong in ([], [("default", VaultSecret(b"open barley"))]):
        with pytest.raises(WombatError, match=r"shop.wombat.yml: is not valid YAML or cannot be decrypted: .*ecrypt"):
            load(str(path), wrong)


@pytest.mark.parametrize("text", ["hunter2", "[hunter2]", "credentials: {key: 'hunter2', : hunter2'"])
def test_no_decrypted_text_in_errors(tmp_path, extra, text):
    path = tmp_path / "shop.wombat.yml"
    path.write_bytes(VaultLib(SECRETS).encrypt(text))
    with pytest.raises(WombatError) as caught:
        load(str(path), SECRETS)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "plugin is missing; add it"),
        ("- a", "the file must be a mapping"),
        ("a: [", "is not valid YAML or cannot be decrypted: .*line 2, column 1"),
        ("a: 1\n b: 2", "is not valid YAML or cannot be decrypted: .*line 2, column"),
        ("a: 1\n---\nb: 2", "is not valid YAML or cannot be decrypted: .*document"),
        ("a: !nothing b", "is not valid YAML or cannot be decrypted: .*!nothing"),
        ("a: &a [*a]", "is nested too deeply, or a YAML alias in it holds itself; unfold it"),
        # Newer versions of PyYAML have a limit of their own.
        ("a: " + "[" * 2000 + "]" * 2000, "(is nested too deeply|is not valid YAML .*nesting depth)"),
        ("? [a, b]\n: c", "is not valid YAML or cannot be decrypted: .*line 1, column"),
        ("a: " + "9" * 5000, "is not valid YAML or cannot be decrypted: "),
    ],
)
def test_what_is_no_yaml(tmp_path, extra, text, sentence):
    with pytest.raises(WombatError, match=rf"^/[^:]*/shop\.wombat\.yml: {sentence}") as caught:
        load(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path, extra):
    (tmp_path / "folder.wombat.yml").mkdir()
    (tmp_path / "latin.wombat.yml").write_bytes(b"name: \xe9\n")
    for name, reason in (
        ("none", "there is no such file"),
        ("folder", "there is no such file"),
        ("latin", "is not valid"),
    ):
        with pytest.raises(WombatError, match=f"{name}.wombat.yml: {reason}"):
            load(str(tmp_path / f"{name}.wombat.yml"))


def test_find_in_the_inventory(tmp_path):
    for name in ("shop.wombat.yml", "group_vars/no.wombat.yml", ".git/no.wombat.yml", "hosts.yml", ".no.wombat.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    expected = str(tmp_path / "shop.wombat.yml")
    for sources in ([str(tmp_path)], [expected], [str(tmp_path), expected, "localhost,"]):
        assert loader.find({"ansible_inventory_sources": sources}) == expected


def test_find_several_or_none(tmp_path, monkeypatch):
    for name in ("a/shop.wombat.yml", "b/shop.wombat.yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("")
    variables = {"ansible_inventory_sources": [str(tmp_path)]}
    with pytest.raises(
        WombatError, match=r"several deployment files \(.*a/shop.*b/shop.*\); choose one with -e wombat_file"
    ):
        loader.find(variables)
    monkeypatch.chdir(tmp_path)
    assert loader.find({**variables, "wombat_file": "a/shop.wombat.yml"}) == str(tmp_path / "a/shop.wombat.yml")
    for nothing in ({}, {"ansible_inventory_sources": ["localhost,"]}, {"ansible_inventory_sources": None}):
        with pytest.raises(WombatError, match=r"no deployment file \(\*\.wombat\.yml\) is among the inventory sources"):
            loader.find(nothing)


TEXTS = st.text(st.sampled_from("ab{}[]%:*&!|>'\"\n -#?,~0.1é"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=TEXTS,
    where=st.sampled_from(["{}", "plugin: {}", "name: shop\nproviders:\n  attic: {}", "families: {{kv: {}}}"]),
)
def test_any_text_gives_a_sentence(tmp_path, extra, text, where):
    with pytest.raises(WombatError) as caught:
        load(write(tmp_path, where.format(text)))
    assert str(caught.value).startswith(str(tmp_path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_any_text_as_a_value_gives_a_deployment_or_a_sentence(tmp_path, extra, text):
    data = shop(
        providers__attic__labels=[text], families__kv__config={"kv": text}, providers__attic__credentials={"k": text}
    )
    outcomes = []
    for step in (
        lambda: load(write(tmp_path, data)),
        lambda: outcomes[0].access("attic"),
        lambda: outcomes[0].settings("kv", {}),
    ):
        try:
            outcomes.append(step())
        except WombatError as error:
            outcomes.append(str(error))
            break
    assert isinstance(outcomes[0], Deployment) or outcomes[0].startswith(str(tmp_path))
