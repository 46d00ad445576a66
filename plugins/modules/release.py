#!/usr/bin/python
# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Inspect release archives and keep them in a store
version_added: 0.1.0
author: [The Wombat for Ansible contributors (@wombat-erlang)]
description:
  - Reads Erlang release archives as C(rebar3 tar) (relx) and C(mix release) make them, refuses what is not a whole
    and safe release archive, and keeps archives by name and version in a store.
  - This is an action plugin. It works on the controller, whatever the host.
options:
  state:
    description:
      - V(inspected) reads O(archive) and returns what it holds.
      - V(present) keeps O(archive) in the store.
      - V(attached) returns what the store has as O(name) and O(version), and fails when it has no such version.
      - V(absent) removes O(name) and O(version) from the store.
      - V(listed) returns what the store holds, narrowed by O(name) and O(version).
    type: str
    choices: [present, attached, absent, listed, inspected]
    default: present
  archive:
    description:
      - The release archive, a gzip-compressed tar, flat or with one top folder. Searched for like other files of a
        role or playbook.
      - Required by O(state=present) and O(state=inspected).
    type: path
  store:
    description:
      - The folder of the store; archives are kept in C(releases) below it. A relative path starts at the playbook's
        folder.
      - Or object storage, with the keys C(driver), a libcloud storage driver such as V(s3), V(openstack_swift),
        V(google_storage) or V(azure_blobs), C(container), which is made when it is missing, C(credentials) with C(key)
        and C(secret), and C(options), which the driver's class takes.
      - Without it, the store of the deployment file, whose credentials then never are in a task.
    type: raw
  name:
    description: The name of the release. An archive that holds another one is refused.
    type: str
  version:
    description: The version of the release. An archive that holds another one is refused.
    type: str
  checksum:
    description:
      - The SHA-256 checksum of the archive, C(sha256:) and 64 hexadecimal digits. An archive with another one is
        refused.
    type: str
  force:
    description: Whether another build of the same name and version in the store is replaced. Refused otherwise.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Says what would change in the store, and changes nothing.
  diff_mode:
    support: full
    description: Shows the archives of the release in the store before and after.
seealso:
  - module: wombat.erlang.install_release
"""

EXAMPLES = r"""
- name: See what an archive holds
  wombat.erlang.release:
    archive: releases/kv-1.2.0.tar.gz
    state: inspected

- name: Keep it in the store
  wombat.erlang.release:
    archive: releases/kv-1.2.0.tar.gz
    checksum: sha256:0f3a3c6a1c2b7e6f5d4c3b2a19080706f5e4d3c2b1a0998877665544332211ff
    store: /srv/store
  register: kept

- name: Bring it to the hosts
  wombat.erlang.install_release:
    src: "{{ kept.release.path }}"
    release: "{{ kept.release.name }}"
    version: "{{ kept.release.version }}"
    checksum: "{{ kept.release.sha256 }}"
    root: /opt/wombat

- name: Keep it in an object storage
  wombat.erlang.release:
    archive: releases/kv-1.2.0.tar.gz
    store:
      driver: s3
      container: releases
      credentials: {key: "{{ access_key }}", secret: "{{ secret_key }}"}
      options: {region: eu-north-1}

- name: List the versions of kv in the store
  wombat.erlang.release:
    state: listed
    name: kv
    store: /srv/store
"""

RETURN = r"""
release:
  description: What the archive holds.
  returned: when O(state=present), O(state=attached) or O(state=inspected)
  type: dict
  contains:
    name: {description: The name of the release., type: str, sample: kv}
    version: {description: The version of the release., type: str, sample: 1.2.0}
    layout: {description: V(relx) or V(mix)., type: str, sample: relx}
    erts_version: {description: The version of the runtime system it is made for., type: str, sample: 13.1.5}
    otp_release: {description: The OTP release of that runtime system., type: int, sample: 25}
    erts_included: {description: Whether the archive contains the runtime system., type: bool}
    applications: {description: The applications and their versions., type: dict, sample: {kernel: 8.5.3, kv: 1.2.0}}
    sha256: {description: The checksum of the archive., type: str}
    size: {description: The size of the archive in bytes., type: int}
    unpacked_size: {description: The size of the files in it in bytes., type: int}
    hot_from: {description: The versions from which its relup upgrades running nodes., type: list, elements: str}
    path: {description: "The archive's path on the controller; null where only the object storage has it.", type: str}
    object: {description: The name of its object; null where the store is a folder., type: str}
releases:
  description: The archives in the store, ordered by name and version, each like RV(release).
  returned: when O(state=listed)
  type: list
  elements: dict
"""
