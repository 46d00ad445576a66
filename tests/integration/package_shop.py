# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment of Debian's packages on the hosts of a lab, driven by the playbooks and looked at from the hosts."""

from __future__ import annotations

from ansible_collections.wombat.erlang.tests.integration.real_hosts import DRIVER
from ansible_collections.wombat.erlang.tests.integration.test_main_job_ssh import RealShop

PACKAGES = ("rabbitmq-server", "ejabberd", "erlang-base")
FILE = f"""
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: {".".join(DRIVER)}
    credentials: {{key: attic}}
    options: {{root: ROOT}}
    image: {{name: packages}}
    ssh: {{user: debian, key_file: USER_KEY}}
    user_data: "{{{{ lookup('ansible.builtin.file', 'USER_DATA') }}}}"
releases:
  rabbit: {{package: rabbitmq-server}}
  chat: {{package: ejabberd}}
insecure: true
"""


class PackageShop(RealShop):
    """The hosts have an image with the packages; the test says which families there are."""

    def __init__(self, folder, families):
        super().__init__(folder, FILE + families)

    def __enter__(self):
        self.bench.lab("image", "--name", "packages", *PACKAGES)
        return self

    def template(self, name, text):
        """Write a template of the operator's."""
        (self.folder / "templates").mkdir(exist_ok=True)
        (self.folder / "templates" / name).write_text(text)

    def addresses(self):
        """The addresses by the hosts' names."""
        return {node.name: node.private_ips[0] for node in self.bench.driver("attic").list_nodes()}

    def on_host(self, name, command):
        """What root's command prints on a host."""
        (node,) = [node for node in self.bench.driver("attic").list_nodes() if node.name == name]
        return self.bench.shell(node, f"sudo {command}")
