# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: deployment
short_description: The instances of a Wombat deployment as inventory
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - Reads a deployment file, C(*.wombat.yml), asks its providers for the instances that exist, and groups them.
  - The groups are C(wombat) for all instances, C(family_NAME), C(provider_NAME), C(region_PROVIDER_REGION) and
    C(domain_PROVIDER_REGION_ZONE), with every character that a group's name must not have replaced by C(_).
  - Each host has C(ansible_host) and variables C(wombat_*), such as C(wombat_family), C(wombat_provider),
    C(wombat_region), C(wombat_zone),
    C(wombat_domain), C(wombat_size), C(wombat_state), C(wombat_address) and C(wombat_nodes), which lists the name, slot
    and port of each Erlang node.
    How hosts are reached is a variable of the provider's group, so that C(group_vars) can change it.
  - Credentials and options of providers never become variables.
  - Texts of the file are templates that know extra variables and lookups, but no inventory variables.
  - A provider that does not answer is warned about, and its instances are left out.
notes:
  - Ansible goes on without hosts when an inventory file is broken. The playbooks of this collection load the file
    once more and fail.
requirements:
  - apache-libcloud
  - jmespath
  - highspy
options:
  plugin:
    description: The name of this plugin.
    required: true
    choices: [wombat.erlang.deployment]
  name:
    description: The deployment's name. Small letters and digits, a letter first.
    type: str
    required: true
  providers:
    description: >-
      Infrastructure accounts by name. Each has a C(driver), C(credentials), C(options), C(labels), C(regions),
      C(domains), C(image), C(ssh), C(address),
      C(parallel), the number of requests at a time (default 10), C(rate), that of requests a second (default 10), and
      C(attempts), how often a request is sent that a busy provider turns away (default 6), with longer and longer
      pauses or those that the provider asks for.
      C(ssh) has C(user), C(port), C(key_file), C(key_name), C(known_hosts), and C(host_keys), which says how the keys
      of hosts become known before the first login - V(inject) them by cloud-init, read them from the V(console),
      V(accept-new) ones, or V(known) to the operator. By default the first of these that the provider can.
      With V(inject) each instance has a key of its own, and is asked for by a request of its own; else EC2 and
      DigitalOcean create many instances by one request.
      With C(firewall=true) the provider gets security groups of the families, where it can, that open the ports of
      nodes to their families and neighbours, and what C(firewall.allow) of a family says.
    type: dict
    required: true
  releases:
    description: >-
      Releases by name. Each has an C(archive), a path that starts at the file's folder, and optionally a C(checksum),
      C(sha256:...); or C(version), which the store has already, with C(name) where the release is called otherwise
      there; or C(package), the Debian packages that it consists of. C(service) says how it is started and
      stopped where that is not known, see O(wombat.erlang.node_config#module:nodes[].service).
    type: dict
    default: {}
  families:
    description: >-
      Families of nodes by name. Each has a C(release), C(nodes), C(nodes_per_instance), C(node_name), C(demand),
      C(placement), C(bootstrap), C(neighbours),
      C(config), C(vm_args), C(env), C(files), C(distribution), C(cookie_file), C(firewall),
      C(upgrade) and C(hooks).
      C(bootstrap) has a C(strategy) and its own options. C(neighbours) is a list of families, or a mapping of them to
      C(connect), which is C(all) (default), C(gateway) for one node of each domain, C(hidden) or C(none), C(as),
      C(config), C(vm_args) and C(env) whose templates may use C(nodes), and C(call), an Erlang expression that each
      node evaluates when the neighbour's nodes have changed, with C(Nodes) as the list of their names.
      C(firewall.allow) lists ports, each with C(port), C(protocol) (tcp) and C(from), addresses or networks, to which
      alone it is open; by default to everybody. Ports of nodes are open to their family and neighbours.
      C(upgrade) has C(allow), what is permitted of C(hot), C(rolling) and C(full) (default the first two), C(canary)
      and C(at_once), numbers of instances (default 1), C(pause), seconds between them, and C(checks), Erlang
      expressions that have to become true on every upgraded node.
      C(hooks) has lists for C(before_) and C(after_) C(start), C(stop), C(join), C(leave) and C(upgrade), of commands
      (lists of words), C(tasks) (the path of a task file) and remote calls (C(expression), or C(module), C(function)
      and C(args)).
      C(distribution.tls) makes its nodes speak to one another and to neighbours over mutual TLS only; neighbours must
      agree.
      Neighbours, direct ones and through others, share one cookie, which is made when its file is missing.
      C(config), C(vm_args), C(env) and C(files) are templated once for each node and may use C(node), C(slot), C(port),
      C(address), C(instance), C(provider), C(region), C(zone), C(data_dir), C(etc_dir) and C(log_dir).
      C(files) lists templates that become a part of the release's configuration, each with C(src), a path that starts
      at the file's folder, C(dest), a path in the release's folder or for packages in C(etc_dir), and optionally
      C(mode), C(validate) and C(diff), see O(wombat.erlang.node_config#module:nodes[].files).
    type: dict
    required: true
  distribution:
    description: >-
      C(epmd), whether nodes are found through the stock port mapper (default true, false where all providers are
      C(local)), and C(port), the port that slots count
      from without it (default 9100).
    type: dict
    default: {}
  store:
    description:
      - Folder of the release store, cookies and certificates, C(~/.wombat/NAME/store) by default.
      - Or object storage for the releases, a mapping with C(driver), a libcloud storage driver such as V(s3),
        V(openstack_swift), V(google_storage) or V(azure_blobs), C(container), C(credentials), C(options), and
        C(expiry), the seconds for which the signed URLs are good by which hosts fetch archives (default 900). URLs
        are signed for S3 and what speaks like it, for Swift with a key of the container, which is made with it, or of
        the account, for Google with a service account or an HMAC key, and for Azure with an account's key. Where
        nothing can sign, or a host cannot fetch, the controller sends them.
    type: raw
  cookie_file:
    description: >-
      File that holds the cookie of all families that have no C(cookie_file) of their own. By default each group of
      neighbours has its own, C(cookies/FAMILY) in the store after the first of them.
    type: str
  ca:
    description:
      - The authority that signs the certificates of nodes. With C(folder), by default C(ca) in the store, it is the
        deployment's own and is made when it is missing.
      - With C(certificate) and C(key), paths of PEM files, it is an existing one. All certificates in the first file
        are trusted, and the first of them signs. Ansible Vault may encrypt the key.
      - To change to an existing one, or to another one, without an outage, put the certificate of the former
        behind the new one in that file, run C(playbooks/certificates.yml), take it out and run it again.
    type: dict
    default: {}
  budget:
    description: Most money an hour for the whole deployment.
    type: float
  refusals:
    description: >-
      How long what a provider refused is not asked for again, also by later runs, unless the file changes. C(minutes)
      (default 10), and C(quota_minutes) for quotas (default 60).
    type: dict
    default: {}
  on_shortfall:
    description: Whether a deployment that could not place all nodes fails at its end.
    type: str
    choices: [fail, continue]
    default: fail
  insecure:
    description: Whether a family may span the networks of several providers with unencrypted distribution.
    type: bool
    default: false
extends_documentation_fragment:
  - ansible.builtin.constructed
"""

EXAMPLES = r"""
# inventories/shop/shop.wombat.yml
plugin: wombat.erlang.deployment
name: shop
providers:
  attic:
    driver: local
    options:
      sizes: {small: {vcpus: 1, memory: 512 MiB, price: 0.01}}
      regions: {sweden: {zones: {a: {}, b: {}}}}
releases:
  kv: {archive: ../../releases/kv-1.2.0.tar.gz}
families:
  kv: {release: kv, nodes: 3, demand: {memory: 256 MiB}}
keyed_groups:
  - key: wombat_size
    prefix: size
"""

import typing as t

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import hosts, reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.loader import is_deployment_file, load, read
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing import CONSTRUCTED
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Adapter, Instance
from ansible_collections.wombat.erlang.plugins.plugin_utils.unsafe import unsafe


class InventoryModule(BaseInventoryPlugin, Constructable):
    NAME = "wombat.erlang.deployment"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and is_deployment_file(path)

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        try:
            deployment = load(path, loader)
            self._set_constructed(deployment, read(path, loader))
            adapters = reconcile.open_providers(deployment)
            observation = reconcile.observe(adapters)
        except WombatError as error:
            raise AnsibleParserError(str(error)) from None
        for name, reason in observation.unknown.items():
            self.display.warning(f"the instances of provider {name} are unknown and left out: {reason}")
        for one in observation.silent:
            self.display.warning(f"provider {one.provider}: {one.reason}; an instance that may be there is left out")
        for instance in observation.instances:
            self._add_host(deployment, instance)
        # Last, for these groups tell the playbooks that nothing went wrong before.
        self._add_groups(deployment, adapters)

    def _set_constructed(self, deployment: Deployment, data: t.Mapping[str, t.Any]) -> None:
        """Give Ansible the options that are its own; the others are templates still, and the deployment has them."""
        options = {key: data[key] for key in CONSTRUCTED if key in data}
        self.set_options(
            direct={**options, "plugin": self.NAME, "name": deployment.name, "providers": {}, "families": {}}
        )

    def _add_groups(self, deployment: Deployment, adapters: t.Mapping[str, Adapter]) -> None:
        """Make the groups of all families and providers, also while they are empty: plays and group_vars name them."""
        for group in (hosts.ALL, hosts.RETIRING, hosts.GONE):
            self.inventory.add_group(group)
        for family in deployment.families:
            self.inventory.add_group(hosts.group_name("family", family))
        for provider, adapter in adapters.items():
            group = self.inventory.add_group(hosts.group_name("provider", provider))
            for variable, value in adapter.connection().items():
                self.inventory.set_variable(group, variable, value)

    def _add_host(self, deployment: Deployment, instance: Instance) -> None:
        host = hosts.host_of(deployment, instance)
        variables = unsafe(host["variables"])
        self.inventory.add_host(host["name"])
        for group in host["groups"]:
            self.inventory.add_group(group)
            self.inventory.add_child(group, host["name"])
        for variable, value in variables.items():
            self.inventory.set_variable(host["name"], variable, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host["name"], strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host["name"], strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host["name"], strict=strict)
