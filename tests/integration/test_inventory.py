# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment file as inventory, through the real ansible-inventory and ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

FILE = """
plugin: wombat.erlang.deployment
name: stall
budget: "{{ 2 * 50 }}"
insecure: "{{ false }}"
on_shortfall: "{{ 'fail' }}"
providers:
  attic:
    driver: local
    labels: [private]
    credentials: {key: "{{ lookup('env', 'ATTIC_KEY') }}", secret: plain-secret-text}
    options:
      network: 127.93.0.0/24
      quota: {instances: 1}
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.01}}
      regions: {cellar-1: {zones: {a: {}}}}
  world:
    driver: local
    credentials:
      key: VAULTED
    options:
      network: 127.93.1.0/24
      sizes: {small: {vcpus: 1, memory: 1 GiB, price: 0.03}, large: {vcpus: 4, memory: 4 GiB, price: 0.09}}
      regions: {asia: {}}
releases:
  kv: {archive: kv.tar.gz}
families:
  kv: {release: kv, nodes: 3, placement: {prefer: ["contains(labels, 'private')"]}}
  web: {release: kv, nodes: 2, nodes_per_instance: 2, demand: {vcpus: 1}}
compose:
  where: wombat_region ~ '/' ~ wombat_zone
groups:
  cold: wombat_region == 'cellar-1'
keyed_groups:
  - {key: wombat_size, prefix: size}
"""
PASSWORD = "open sesame"
SECRETS = ("env-secret-text", "plain-secret-text", "vault-secret-text", "ATTIC_KEY", PASSWORD)
PLAYBOOKS = ("plan", "providers", "provision", "status", "deploy")


class Stall:
    """A deployment file in an inventory folder, and a home for all that runs with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inventory = folder / "inventory"
        self.file = self.inventory / "stall.wombat.yml"
        self.inventory.mkdir()
        (folder / "home").mkdir()
        password = folder / "password"
        password.write_text(PASSWORD)
        vault = VaultLib([("default", VaultSecret(PASSWORD.encode()))])
        lines = vault.encrypt("vault-secret-text").decode().splitlines()
        self.text = FILE.replace("VAULTED", "!vault |\n" + "\n".join(f"        {line}" for line in lines))
        self.file.write_text(self.text)
        self.environment = {
            **os.environ,
            "HOME": str(folder / "home"),
            "ATTIC_KEY": "env-secret-text",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_VAULT_PASSWORD_FILE": str(password),
        }

    def start(self, tool: str, *arguments: str, source: object = None) -> subprocess.Popen[str]:
        """Start one of Ansible's programs on the inventory, or on another source."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / tool), "-i", str(source or self.inventory), *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, tool: str, *arguments: str, source: object = None) -> subprocess.CompletedProcess[str]:
        """Run one of Ansible's programs to its end."""
        process = self.start(tool, *arguments, source=source)
        output, errors = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def play(self, playbook: str, *arguments: str, source: object = None) -> subprocess.CompletedProcess[str]:
        """Run a playbook of the collection, or one at a path."""
        name = playbook if playbook.endswith(".yml") else f"wombat.erlang.{playbook}"
        return self.run("ansible-playbook", name, *arguments, source=source)

    def must(self, playbook: str, *arguments: str, source: object = None) -> str:
        """Run a playbook that has to succeed; gives its output."""
        run = self.play(playbook, *arguments, source=source)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def listing(self, *arguments: str) -> dict:
        run = self.run("ansible-inventory", "--list", *arguments)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout, object_hook=plain)

    def hosts(self) -> dict[str, dict]:
        return self.listing()["_meta"]["hostvars"]

    def files(self) -> list[str]:
        """All files of the deployment's instances and claims."""
        home = self.folder / "home/.wombat"
        return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


def plain(data: dict) -> object:
    """Data without Ansible's marks of what is no template."""
    return data["__ansible_unsafe"] if set(data) == {"__ansible_unsafe"} else data


@pytest.fixture
def empty(tmp_path):
    return Stall(tmp_path)


@pytest.fixture(scope="module")
def stall(tmp_path_factory):
    """A stall whose instances exist; tests that change its file put it back."""
    made = Stall(tmp_path_factory.mktemp("stall"))
    made.must("provision")
    yield made
    made.must("destroy", "-e", "wombat_confirm=stall")


@pytest.fixture
def file(stall):
    """The stall's file, put back after the test."""
    yield stall.file
    stall.file.write_text(stall.text)


def test_hosts_and_their_groups(stall):
    listing = stall.listing()
    hosts = listing["_meta"]["hostvars"]
    members = {name: set(group.get("hosts", [])) for name, group in listing.items()}
    assert len(hosts) == 4
    assert members["wombat"] == set(hosts)
    assert {name.rsplit("-", 1)[0] for name in members["family_kv"]} == {"stall-kv"}
    assert (len(members["family_kv"]), len(members["family_web"])) == (3, 1)
    assert len(members["provider_attic"]) == 1
    assert members["provider_attic"] == members["region_attic_cellar_1"] == members["domain_attic_cellar_1_a"]
    assert members["provider_world"] == members["region_world_asia"] == members["domain_world_asia_a"]
    assert members["provider_attic"] | members["provider_world"] == set(hosts)
    assert {"wombat_retiring", "wombat_gone"} < set(listing["all"]["children"])
    graph = stall.run("ansible-inventory", "--graph").stdout
    assert all(f"|--{host}" in graph for host in hosts)


def test_host_variables(stall):
    hosts = stall.hosts()
    (name,) = [name for name in hosts if name.startswith("stall-web-")]
    web = hosts[name]
    expected = {
        "deployment": "stall",
        "family": "web",
        "provider": "world",
        "region": "asia",
        "zone": "a",
        "state": "running",
    }
    assert {key: web[f"wombat_{key}"] for key in expected} == expected
    assert (web["wombat_domain"], web["wombat_size"]) == ("world/asia/a", "large")
    address = web["ansible_host"]
    assert address == web["wombat_address"]
    assert address.startswith("127.93.1.")
    assert web["wombat_nodes"] == [
        {"name": f"web{slot}@{address}", "label": f"web{slot}", "family": "web", "slot": slot, "port": 9100 + slot}
        for slot in (1, 2)
    ]
    assert Path(web["wombat_root"]).is_dir()
    assert (web["ansible_connection"], web["ansible_become"]) == ("local", False)
    assert len({host["ansible_host"] for host in hosts.values()}) == 4


def test_constructed_variables_and_groups(stall):
    listing = stall.listing()
    hosts = listing["_meta"]["hostvars"]
    assert {host["where"] for host in hosts.values()} == {"cellar-1/a", "asia/a"}
    assert listing["cold"]["hosts"] == listing["provider_attic"]["hosts"]
    assert set(listing["size_small"]["hosts"]) == set(listing["family_kv"]["hosts"])
    assert set(listing["size_large"]["hosts"]) == set(listing["family_web"]["hosts"])


@pytest.mark.parametrize(
    "arguments", [["ansible-inventory", "--list"], ["ansible-inventory", "--list", "--export", "--yaml"]]
)
def test_no_credentials_in_an_inventory(stall, arguments):
    run = stall.run(*arguments, "-vvvvv")
    assert run.returncode == 0
    assert "stall-web-" in run.stdout
    assert not [secret for secret in (*SECRETS, "credentials") if secret in run.stdout]
    assert not [secret for secret in SECRETS if secret in run.stderr]


@pytest.mark.parametrize("playbook", ["plan", "providers", "provision"])
def test_no_credentials_in_a_run(stall, playbook):
    run = stall.play(playbook, "-vvvvv", "--diff")
    assert run.returncode == 0, run.stdout
    assert not [secret for secret in SECRETS if secret in run.stdout + run.stderr]


def test_credentials_that_cannot_be_decrypted_do_not_show(stall, tmp_path):
    wrong = tmp_path / "password"
    wrong.write_text("open barley")
    run = stall.play("plan", "--vault-password-file", str(wrong), "-vvv")
    assert run.returncode == 0, "the right password is there too"
    stall.environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(wrong)
    try:
        run = stall.play("plan", "-vvv")
    finally:
        stall.environment["ANSIBLE_VAULT_PASSWORD_FILE"] = str(stall.folder / "password")
    assert run.returncode != 0
    assert "providers.world.credentials.key cannot be templated" in run.stdout + run.stderr
    assert not [secret for secret in SECRETS if secret in run.stdout + run.stderr]


def test_group_vars_go_before_what_the_provider_says(stall):
    folder = stall.inventory / "group_vars"
    folder.mkdir()
    try:
        (folder / "all.yml").write_text("ansible_python_interpreter: /all/python\nansible_become: true\n")
        (folder / "provider_attic.yml").write_text("ansible_connection: ssh\nansible_user: me\nansible_become: false\n")
        (folder / "family_kv.yml").write_text("ansible_port: 2222\n")
        hosts = stall.hosts()
    finally:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    attic = next(host for host in hosts.values() if host["wombat_provider"] == "attic")
    web = next(host for host in hosts.values() if host["wombat_family"] == "web")
    keys = ("ansible_connection", "ansible_user", "ansible_become", "ansible_python_interpreter", "ansible_port")
    assert [attic.get(key) for key in keys] == ["ssh", "me", False, "/all/python", 2222]
    assert [web.get(key) for key in keys] == ["local", None, True, "/all/python", None]


def test_a_provider_that_does_not_answer_is_warned_about(stall, file):
    file.write_text(stall.text.replace("      quota: {instances: 1}", "      refuse: outage"))
    run = stall.run("ansible-inventory", "--list")
    assert run.returncode == 0
    assert {
        host["wombat_provider"] for host in json.loads(run.stdout, object_hook=plain)["_meta"]["hostvars"].values()
    } == {"world"}
    assert "instances of provider attic are unknown and left out" in " ".join(run.stderr.split())


def test_state_is_that_of_the_instance(stall):
    hosts = stall.hosts()
    root = Path(next(host for host in hosts.values() if host["wombat_family"] == "web")["wombat_root"])
    record = (root / "instance.json").read_text()
    (root / "instance.json").write_text(record.replace('"running"', '"stopped"'))
    try:
        assert sorted(host["wombat_state"] for host in stall.hosts().values()) == ["running"] * 3 + ["stopped"]
    finally:
        (root / "instance.json").write_text(record)


BROKEN = {
    "no yaml": (lambda text: text + "\n  - [", "is not valid YAML or cannot be decrypted"),
    "no mapping": (lambda text: "[]", "the file must be a mapping"),
    "empty": (lambda text: "", "plugin is missing; add it"),
    "misspelt key": (
        lambda text: text.replace("families:", "familes:"),
        "familes is not a known key; did you mean 'families'?",
    ),
    "missing release": (
        lambda text: text.replace("release: kv, nodes: 3", "release: vk"),
        "families.kv.release names 'vk'",
    ),
    "wrong option": (
        lambda text: text.replace("quota: {instances", "quota: {instance"),
        "attic.options.quota.instance is not a",
    ),
    "bad constructed": (lambda text: text.replace("- {key:", "{key:"), "Ansible made no inventory of it"),
    "failing compose": (
        lambda text: text.replace("wombat_region ~", "nothing ~") + "strict: true\n",
        "Ansible made no inventory",
    ),
    "failing template": (lambda text: text.replace("2 * 50", "groups"), "budget cannot be templated"),
}


@pytest.mark.parametrize(("kind", "playbook"), list(zip(BROKEN, PLAYBOOKS + PLAYBOOKS, strict=False)))
def test_a_broken_file_never_ends_well(stall, file, kind, playbook):
    change, sentence = BROKEN[kind]
    file.write_text(change(stall.text))
    files = stall.files()
    run = stall.play(playbook, "-e", "wombat_confirm=stall")
    assert run.returncode != 0
    assert sentence in " ".join((run.stdout + run.stderr).split())
    assert stall.files() == files


@pytest.mark.parametrize("playbook", ["plan", "provision", "status", "destroy"])
def test_a_limit_without_the_controller_never_ends_well(stall, playbook):
    for limit in ("family_kv", "stall-*", "all", "wombat:!family_kv", "nothing"):
        run = stall.play(playbook, "--limit", limit, "-e", "wombat_confirm=stall")
        assert run.returncode != 0
    assert f"--limit {limit}" in " ".join((run.stdout + run.stderr).split()) or "with no hosts to target" in run.stderr
    assert len(stall.hosts()) == 4


def test_a_limit_says_how_to_go_on(stall):
    run = stall.play("plan", "--limit", "family_kv")
    assert (
        "--limit family_kv leaves out the controller, which loads the file; write --limit 'family_kv,localhost'"
        in " ".join((run.stdout + run.stderr).split())
    )
    (stall.folder / "retry").write_text("family_kv\nlocalhost\n")
    for limit in ("family_kv,localhost", "@retry", "all:localhost"):
        stall.must("plan", "--limit", limit)


@pytest.mark.parametrize("playbook", ["plan", "provision", "status"])
def test_an_empty_inventory_with_a_limit_never_ends_well(empty, playbook):
    run = empty.play(playbook, "--limit", "family_kv")
    assert run.returncode != 0
    assert empty.files() == []


def test_without_a_file_nothing_ends_well(empty):
    for arguments, sentence in (
        ((), "no deployment file (*.wombat.yml) is among the inventory sources"),
        (("-e", "wombat_file=nowhere.wombat.yml"), "nowhere.wombat.yml: there is no such file"),
    ):
        run = empty.play("plan", *arguments, source="localhost,")
        assert run.returncode != 0
        assert sentence in " ".join((run.stdout + run.stderr).split())
    (empty.inventory / "other.wombat.yml").write_text(empty.text.replace("name: stall", "name: other"))
    assert empty.play("plan").returncode != 0
    empty.must("plan", "-e", "wombat_file=inventory/stall.wombat.yml")


def test_the_whole_file_may_be_in_the_vault(stall, file):
    vault = VaultLib([("default", VaultSecret(PASSWORD.encode()))])
    hosts = stall.hosts()
    file.write_bytes(vault.encrypt(stall.text))
    assert stall.hosts() == hosts
    stall.must("plan")
