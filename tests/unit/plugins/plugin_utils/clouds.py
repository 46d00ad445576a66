# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment files over local clouds, for tests."""

from __future__ import annotations

import copy

import yaml
from ansible.parsing.dataloader import DataLoader

from ansible_collections.wombat.erlang.plugins.plugin_utils import loader

SMALL = {"vcpus": 1, "memory": "512 MiB", "price": 0.01}
SHOP = {
    "plugin": "wombat.erlang.deployment",
    "name": "shop",
    "providers": {
        "attic": {"driver": "local", "options": {"sizes": {"small": SMALL}, "regions": {"north": {"zones": {"a": {}}}}}}
    },
    "releases": {"kv": {"archive": "releases/kv.tar.gz"}},
    "families": {"kv": {"release": "kv", "nodes": 3}},
}
MISSING = object()


def shop(**changes):
    """The data of a deployment file. A change is named by a key's path, with __ for the dot; MISSING takes it out."""
    data = copy.deepcopy(SHOP)
    for path, value in changes.items():
        *folders, last = path.split("__")
        target = data
        for folder in folders:
            target = target.setdefault(folder, {})
        if value is MISSING:
            del target[last]
        else:
            target[last] = value
    return data


def cloud(**options):
    """A local provider with one size and the zones north/a and south/a, changed by its options."""
    regions = {"north": {"zones": {"a": {}}}, "south": {"zones": {"a": {}}}}
    return {"driver": "local", "options": {"sizes": {"small": dict(SMALL)}, "regions": regions, **options}}


def write(folder, data=None, name="shop.wombat.yml"):
    """Write a deployment file, of data or of text; gives its path."""
    path = folder / name
    path.write_text(
        data if isinstance(data, str) else yaml.safe_dump(shop() if data is None else data, sort_keys=False)
    )
    return str(path)


def load(path, vault=()):
    """Load a deployment file as Ansible would."""
    data_loader = DataLoader()
    data_loader.set_vault_secrets(list(vault))
    return loader.load(path, data_loader)
