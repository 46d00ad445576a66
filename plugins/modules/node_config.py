#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what the nodes of a host boot from."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_config
short_description: Write the boot files of Erlang nodes
version_added: 0.1.0
description:
  - Writes C(vm.args), C(node.config), C(members.config) and the description of how to start it for every node named, in
    one call for a host, below C(<root>/nodes).
  - The arguments are those of the release's own C(vm.args), without name, cookie and distribution, which follow from
    the
    options here. The release's own configuration stays in force where O(nodes[].config) does not override it.
  - Starts and stops nothing, and leaves nodes that are not named alone. A running node whose files changed is
    reported as
    outdated by M(wombat.erlang.node).
  - The cookie is not an option. Nodes of a family read it from C(<root>/home/<family>/.erlang.cookie), which must be
    there,
    with mode 0400, before they start.
author: [The Wombat for Ansible contributors (@wombat-erlang)]
options:
  user:
    description:
      - The user that the nodes run as, which must exist. It can read their files, and change those of O(nodes[].name)
        below C(data), C(log) and C(tmp) only. Needs root.
      - With it, and where systemd is the host's service manager, every node becomes a unit
        C(wombat-<release>@<label>.service), where the label is the part of its name before the C(@). It starts with
        the host, is started again when it fails, five times in ten minutes at most, and prints to the journal.
      - Without it, the nodes run as the user of the task, as plain processes that nobody watches.
    type: str
  root:
    description:
      - The instance's root folder. Releases must be unpacked in C(releases/<release>/current) below it, unless they are
        O(nodes[].packages).
    type: path
    required: true
  nodes:
    description: The nodes of this host.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The node's full name, such as C(kv1@192.0.2.10). It ends with the slot before the C(@).
        type: str
        required: true
      family:
        description: The family, whose cookie and members the node gets.
        type: str
        required: true
      release:
        description: The release it runs, as its folder below C(releases) is called.
        type: str
        required: true
      packages:
        description:
          - The Debian packages that the release consists of, where it is no archive. They must be installed, see
            O(wombat.erlang.install_release#module:packages). How nodes of C(rabbitmq-server) and C(ejabberd) are
            started is known; others need O(nodes[].service).
          - With O(user), such a node runs as the package's own user.
        type: list
        elements: str
        default: []
      service:
        description:
          - How the release is started and stopped, where it is not as usual. The keys are C(start), C(stop) and
            C(validate), lists of words, C(env), C(without_epmd) and C(configuration), dictionaries of environment
            variables, C(files), C(user) and C(home).
          - Words may name C({release}), C({name}), C({version}), C({node}), C({label}), C({address}), C({slot}),
            C({port}), C({home}), C({etc}), C({data}), C({log}), C({tmp}) and C({vm_args}).
        type: dict
      tls:
        description: Whether it speaks to others over mutual TLS only, with what M(wombat.erlang.certificates) gives it.
        type: bool
        default: false
      version:
        description: The version of the release that it runs. By default the one that C(current) names.
        type: str
      hot_from:
        description: >-
          The versions from which the version's relup upgrades running nodes. Told in check mode, where the version
          itself may be missing.
        type: list
        elements: str
      files:
        description:
          - Files of the family's own, which become a part of the release's configuration.
          - When one changes, the release's own check is run where it has one, O(nodes[].files[].validate) too, and
            files that end with C(.config) must be Erlang's configuration. Where that fails, no file of this host is
            changed.
        type: list
        elements: dict
        suboptions:
          dest:
            description:
              - The path, relative to the release's folder, or for RabbitMQ and ejabberd to C(etc) in the node's folder.
                It must lie there or in that C(etc).
            type: str
            required: true
          content:
            description: The content, encoded with Base64, so that no log shows it.
            type: str
            required: true
          mode:
            description: The mode. The file belongs to root and the group of the nodes' user.
            type: str
            default: "0640"
          validate:
            description:
              - A command that returns 0 where the configuration can be used, as words, with the places of
                O(nodes[].service).
            type: list
            elements: str
            default: []
          diff:
            description: Whether a diff may show it.
            type: bool
            default: true
      slot:
        description: The node's place on its host, which must be what its name says.
        type: int
      config:
        description: Applications and their settings, as P(wombat.erlang.to_erlang#filter) takes data.
        type: dict
      told:
        description:
          - Applications and their settings that a node may get while it runs, by M(wombat.erlang.member). They go
            before those of O(nodes[].config), and a change of these alone makes no node outdated.
        type: dict
      home:
        description: Files of the home that the nodes of the family share, by name, with their text.
        type: dict
      vm_args:
        description: Arguments to add, one flag with its values an element.
        type: list
        elements: str
      env:
        description: Environment variables to add. They also fill in C(${NAME}) in the release's C(vm.args.src).
        type: dict
  distribution:
    description: How the nodes of the deployment find each other. It must be the same for all of them.
    type: dict
    required: true
    suboptions:
      epmd:
        description: >-
          Whether the runtime system's own port mapper is used. Without it a node's port follows from its slot.
        type: bool
        default: false
      port:
        description: A node listens on this port plus its slot. With epmd it may be left out, which means any port.
        type: int
  members:
    description:
      - For every family C(nodes), the names of its nodes, and C(neighbours), a dictionary of other families and their
        nodes.
      - A node gets them as C(family), C(nodes) and C(neighbours) in the environment of the application C(wombat),
        which its
        release may load with C(application:load(wombat)). A change of these alone makes no node outdated.
    type: dict
  hold:
    description:
      - Lets the files of a running node wait in its folder where they need a restart, until M(wombat.erlang.upgrade)
        puts them in place. Until then the node, its host and whoever starts it keep the version that runs.
      - Without it, running nodes get their files at once.
    type: bool
    default: false
attributes:
  check_mode: {support: full, description: Says what would change and writes nothing.}
  diff_mode: {support: full, description: Shows the files before and after.}
"""

EXAMPLES = r"""
- name: Write the boot files of two nodes
  wombat.erlang.node_config:
    root: /srv/wombat
    user: wombat
    distribution: {epmd: false, port: 21000}
    nodes:
      - {name: kv1@192.0.2.10, family: kv, release: kv, slot: 1, config: {kv: {replicas: 3}}, vm_args: ["+P 500000"]}
      - {name: kv2@192.0.2.10, family: kv, release: kv, slot: 2, config: {kv: {replicas: 3}}}
    members:
      kv: {nodes: [kv1@192.0.2.10, kv2@192.0.2.10], neighbours: {web: [web1@192.0.2.11]}}
"""

RETURN = r"""
nodes:
  description: The nodes by name.
  returned: success
  type: dict
  contains:
    path: {description: The node's folder., type: str}
    changed: {description: The names of the files that differed., type: list, elements: str}
    upgrade:
      description: >-
        The versions C(from) and C(to) where the node runs and its files wait for its upgrade; C(cold) says why that
        needs a restart, and is null where it does not. Otherwise null.
      type: dict
  sample: {"kv1@192.0.2.10": {"path": "/srv/wombat/nodes/kv1", "changed": ["vm.args"], "upgrade": null}}
"""

from ansible_collections.wombat.erlang.plugins.module_utils.module import run_module
from ansible_collections.wombat.erlang.plugins.module_utils.node_files import prepare

FILE = {
    "dest": {"type": "str", "required": True},
    "content": {"type": "str", "required": True, "no_log": True},
    "mode": {"type": "str", "default": "0640"},
    "validate": {"type": "list", "elements": "str", "default": []},
    "diff": {"type": "bool", "default": True},
}
NODE = {
    "name": {"type": "str", "required": True},
    "family": {"type": "str", "required": True},
    "release": {"type": "str", "required": True},
    "packages": {"type": "list", "elements": "str", "default": []},
    "service": {"type": "dict"},
    "tls": {"type": "bool", "default": False},
    "version": {"type": "str"},
    "hot_from": {"type": "list", "elements": "str"},
    "files": {"type": "list", "elements": "dict", "options": FILE},
    "slot": {"type": "int"},
    "config": {"type": "dict"},
    "told": {"type": "dict"},
    "home": {"type": "dict"},
    "vm_args": {"type": "list", "elements": "str"},
    "env": {"type": "dict"},
}
DISTRIBUTION = {"epmd": {"type": "bool", "default": False}, "port": {"type": "int"}}
OPTIONS = {
    "root": {"type": "path", "required": True},
    "user": {"type": "str"},
    "nodes": {"type": "list", "elements": "dict", "required": True, "options": NODE},
    "distribution": {"type": "dict", "required": True, "options": DISTRIBUTION},
    "members": {"type": "dict"},
    "hold": {"type": "bool", "default": False},
}


def main() -> None:
    """Run the module."""
    run_module(OPTIONS, prepare)


if __name__ == "__main__":
    main()
