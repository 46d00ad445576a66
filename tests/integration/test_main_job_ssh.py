# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on four real hosts of two providers, over SSH: from a deployment file to clustered nodes, and back."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from ansible_collections.wombat.erlang.tests.integration.operator_shop import Shop
from ansible_collections.wombat.erlang.tests.integration.real_hosts import DRIVER, LAB, Bench, real

pytestmark = real

FILE = f"""
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: {".".join(DRIVER)}
    labels: [private]
    credentials: {{key: attic}}
    options: {{root: ROOT, quota: {{instances: 2}}}}
    image: {{name: debian}}
    ssh: {{user: debian, key_file: USER_KEY}}
    user_data: "{{{{ lookup('ansible.builtin.file', 'USER_DATA') }}}}"
  world:
    driver: {".".join(DRIVER)}
    credentials: {{key: world}}
    options: {{root: ROOT, zones: [north, south]}}
    image: {{name: "deb*"}}
    ssh: {{user: debian, key_file: USER_KEY, host_keys: console}}
    user_data: "{{{{ lookup('ansible.builtin.file', 'USER_DATA') }}}}"
releases:
  kv: {{archive: "../kv-{{{{ kv_version | default('0.1.0') }}}}.tar.gz"}}
  web: {{archive: ../web-0.1.0.tar.gz}}
families:
  kv:
    release: kv
    nodes: 3
    demand: {{vcpus: 1, memory: 1 GiB}}
    placement: {{prefer: ["contains(labels, 'private')"]}}
    config: {{kv: {{data_dir: "{{{{ data_dir }}}}"}}}}
    upgrade: {{checks: ["{{{{ kv_check | default('true') }}}}"]}}
  web:
    release: web
    nodes: 1
    neighbours: [kv]
    demand: {{where: "zone == 'south'"}}
    config: {{web: {{port: 8081}}}}
insecure: true
"""


class RealShop(Shop):
    """A deployment on the hosts of a lab; every playbook runs inside the lab's network."""

    def __init__(self, folder, text=FILE):
        self.bench = Bench(folder)
        # No host keys: one provider gets them injected, the keys of the other's hosts are read from their consoles.
        keys = [self.bench.key("user.pub").strip()]
        (folder / "user-data").write_text(f"#cloud-config\n{json.dumps({'ssh_authorized_keys': keys})}\n")
        for word, path in (("ROOT", "lab"), ("USER_KEY", "user"), ("USER_DATA", "user-data")):
            text = text.replace(word, str(folder / path))
        super().__init__(folder, text)
        self.env["WOMBAT_LAB"] = str(self.bench.root)

    def __exit__(self, *failure):
        self.bench.lab("down")

    def command(self, program):
        return [str(LAB), "run", *super().command(program)]

    def http(self, method, path, body=""):
        """Ask the web node, from inside the lab."""
        (web,) = self.hosts("family_web").values()
        url = f"http://{web['ansible_host']}:8081{path}"
        script = (
            "import sys, urllib.request as u\n"
            "method, url, body = sys.argv[1:]\n"
            "print(u.urlopen(u.Request(url, body.encode() or None, method=method), timeout=20).read().decode())"
        )
        return self.bench.lab("run", sys.executable, "-c", script, method, url, body).stdout.strip()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with RealShop(tmp_path_factory.mktemp("shop")) as shop:
        shop.bench.lab("image")
        shop.must("deploy")
        yield shop


def test_private_hosts_come_first_and_the_rest_overflows(shop):
    domains = {
        family: sorted(host["wombat_domain"] for host in shop.hosts(f"family_{family}").values())
        for family in ("kv", "web")
    }
    assert domains["kv"][:2] == ["attic/a/a", "attic/a/a"]
    assert [domain.split("/")[0] for domain in domains["kv"]] == ["attic", "attic", "world"]
    assert domains["web"] == ["world/south/south"]
    owners = [line.split()[-1] for line in shop.bench.lab("list").stdout.splitlines()]
    assert sorted(owners) == ["attic", "attic", "world", "world"]


def test_the_host_keys_were_known_before_the_first_login(shop):
    hosts = shop.hosts("wombat")
    known = (shop.home / ".wombat/shop/store/known_hosts").read_text().splitlines()
    names = {tuple(line.split()[0].split(",")) for line in known}
    assert names == {(name, host["ansible_host"]) for name, host in hosts.items()}
    for name, host in hosts.items():
        (key,) = [line.split(None, 1)[1] for line in known if line.startswith(f"{name},")]
        on_wire = shop.bench.lab("run", "ssh-keyscan", "-t", "ed25519", host["ansible_host"]).stdout.split()
        assert key.split()[1] == on_wire[-1]
        assert host.get("wombat_host_keys") == ([key] if host["wombat_provider"] == "attic" else None)
        assert "StrictHostKeyChecking=yes" in host["ansible_ssh_common_args"]


def test_all_nodes_run_and_see_one_another(shop):
    assert shop.must("status").output.count("  running  ") == 4
    text = "lists:sort([node() | [N || N <- nodes(connected), hd(atom_to_list(N)) =:= $k]])"
    output = shop.must("command", "-e", "wombat_family=kv", "-e", f"wombat_expression='{text}'").output
    answers = [line.split("  ", 1)[1] for line in output.splitlines() if line.startswith("kv")]
    assert len(answers) == 3
    assert len(set(answers)) == 1


def test_what_is_written_through_web_is_read_again(shop):
    shop.http("PUT", "/kv/book", "shelf 7")
    assert shop.http("GET", "/kv/book") == "shelf 7"


def test_a_second_deploy_changes_nothing(shop):
    assert set(shop.must("deploy").changed.values()) == {0}


def test_a_host_that_was_destroyed_by_hand_is_replaced(shop):
    shop.http("PUT", "/kv/kept", "yes")
    driver = shop.bench.driver("world")
    lost = next(node for node in driver.list_nodes() if node.name.startswith("shop-kv-"))
    driver.destroy_node(lost)
    shop.must("deploy")
    assert lost.name not in shop.hosts("family_kv")
    assert len(shop.hosts("family_kv")) == 3
    assert shop.must("status").output.count("  running  ") == 4
    assert shop.http("GET", "/kv/kept") == "yes"
    assert set(shop.must("deploy").changed.values()) == {0}


def test_a_host_that_dies_in_mid_upgrade_stops_it_and_the_next_run_completes_it(shop):
    reached = "/srv/wombat/nodes/kv1/data/reached"
    check = f'begin file:write_file("{reached}", []), timer:sleep(60000), true end'
    wanted = {"kv_version": "0.2.0", "kv_check": check, "wombat_upgrade": "rolling"}
    hosts, elsewhere = (
        [node for node in shop.bench.driver(name).list_nodes() if node.name.startswith("shop-kv-")]
        for name in ("attic", "world")
    )

    def processes(nodes):
        return [shop.bench.shell(node, "systemctl show -P MainPID wombat-kv@kv1") for node in nodes]

    before = dict(zip(hosts, processes(hosts), strict=True))
    far = processes(elsewhere)
    upgrade = shop.start("upgrade", "-e", json.dumps(wanted))
    # Private hosts are the first domain, so the first batch is one of them.
    while not (there := [node for node in hosts if shop.bench.shell(node, f"sudo ls {reached} || true")]):
        assert upgrade.poll() is None, upgrade.communicate()[0]
    (victim,) = there
    victim.driver.lab.kill(victim.id)
    output, _nothing = upgrade.communicate()
    assert upgrade.returncode != 0
    assert re.search(rf"^{victim.name} .*unreachable=1", output, re.MULTILINE), output
    # The others are as they were, and go on: two of three are left, and neither is taken down.
    (survivor,) = [node for node in hosts if node.id != victim.id]
    assert f"{victim.name} failed or cannot be reached any more. The instances that were" in output, output
    again = shop.play("upgrade", "-e", "kv_version=0.2.0", "-e", "wombat_upgrade=rolling")
    assert again.code != 0
    # A restart that comes to the dead host ends there.
    chosen = ("-e", f"wombat_hosts={victim.name},{survivor.name}")
    restart = shop.play("node", "-e", "wombat_state=restarted", *chosen)
    assert (restart.code, [*restart.changed]) == (4, ["localhost", victim.name]), restart.output
    assert re.search(r"UNREACHABLE! .* Failed to connect to the host via ssh", restart.output)
    logs = shop.play("logs", "-e", "wombat_family=kv", "-e", "wombat_logs=fetched")
    assert (logs.code, len([*(shop.folder / "fetched").iterdir()])) == (4, 2), logs.output
    assert processes([survivor]) == [before[survivor]]
    assert processes(elsewhere) == far
    assert shop.play("status").output.count("  running  ") == 3
    shop.http("PUT", "/kv/during", "yes")
    victim.driver.start_node(victim)
    reachable = ["-m", "ansible.builtin.wait_for_connection", "-a", "sleep=0 connect_timeout=1 timeout=60"]
    subprocess.run([*shop.command("ansible"), victim.name, *reachable], env=shop.env, check=True, capture_output=True)
    shop.must("upgrade", "-e", "kv_version=0.2.0")
    assert shop.must("status").output.count("  running  ") == 4
    assert shop.http("GET", "/kv/during") == "yes"
    assert set(shop.must("deploy", "-e", "kv_version=0.2.0").changed.values()) == {0}


def test_destroying_leaves_no_host(shop):
    shop.must("destroy", "-e", "wombat_confirm=shop")
    assert shop.bench.lab("list").stdout == ""
    assert list((shop.bench.root / "hosts").iterdir()) == []
