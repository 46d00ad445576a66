# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the contract suite knows of one cloud: its provider in the file, its recorded replies, and what is right."""

from __future__ import annotations

import copy
import dataclasses
import typing as t

import yaml
from ansible.parsing.dataloader import DataLoader
from wire import Answer, Sent

from ansible_collections.wombat.erlang.plugins.plugin_utils import loader
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers import registry
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Request, Size

RUN = "0f8e2b1c-7c52-4a67-9c7e-2f0f6a1c9d11"
NAME = "shop-kv-a1b2c3"
TAGS = {
    "wombat-deployment": "shop",
    "wombat-family": "kv",
    "wombat-run": RUN,
    "wombat-nodes": "2",
    "wombat-address": "private",
}
SECRET = "s3cretOfTheOperator"


@dataclasses.dataclass
class Case:
    """One cloud.

    `listed(instances)` gives the answers that list instances, each a mapping with name, tags and state, beside those
    of others; `created` checks what was sent to create; `verbs` are the requests of start, stop, reboot and destroy,
    each (method, path, parameters or body's JSON or text). `environment` says which variable gives an argument of the
    driver; where a value is not the argument itself, `surroundings` makes the variables.

    What has no wire has no answers: there `listed` writes the instances, `created` reads them, `looks` tells of each
    verb whether it was done, and `written` is all that is there.
    """

    driver: str
    provider: dict[str, t.Any]
    region: str
    zone: str
    size: Size
    image: str
    listed: t.Callable[[list[dict[str, t.Any]]], list[Answer]]
    identity: str
    address: str
    created: t.Callable[[list[Sent]], None]
    states: dict[str, str]  # the cloud's own word -> ours
    book: str = ""
    create: t.Callable[[], list[Answer]] = list
    verbs: dict[str, tuple[str, str, t.Any]] = dataclasses.field(default_factory=dict)
    endpoint: str = ""
    refusals: dict[str, list[Answer]] = dataclasses.field(default_factory=dict)  # kind -> answers to a create
    unauthorized: list[Answer] = dataclasses.field(default_factory=list)
    answers: list[Answer] = dataclasses.field(default_factory=list)
    writes: t.Callable[[Sent], bool] | None = None
    country: str | None = None
    public: str | None = None  # the address of an instance of which the tag says that it is the public one
    left: dict[str, float] = dataclasses.field(default_factory=dict)  # of the account's limits
    fault: str = ""  # what is told of an instance in state error
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    surroundings: t.Callable[[t.Any, dict[str, str]], dict[str, str]] | None = None  # (folder, values) -> variables
    tagged: bool = True
    label: str = ""  # where a driver has several cases
    chapter: dict[str, t.Any] = dataclasses.field(default_factory=dict)  # set on the object of recorded replies
    looks: dict[str, t.Callable[[], bool]] = dataclasses.field(default_factory=dict)
    written: t.Callable[[], t.Any] = dict

    def request(self, **changes: t.Any) -> Request:
        request = Request(
            name=NAME,
            token=f"{RUN}-0",
            family="kv",
            run=RUN,
            provider="cloud",
            region=self.region,
            zone=self.zone,
            size=self.size.name,
            nodes=2,
        )
        return dataclasses.replace(request, **changes)


def deployment(folder, provider, **changes):
    """A deployment of one provider, loaded as Ansible would."""
    plain = copy.deepcopy(provider)
    plain["ssh"] = {"host_keys": "accept-new", **plain.get("ssh", {})}
    data = {
        "store": "store",
        "plugin": "wombat.erlang.deployment",
        "name": "shop",
        "providers": {"cloud": {**plain, **changes}},
        "releases": {"kv": {"archive": "kv.tar.gz"}},
        "families": {"kv": {"release": "kv", "nodes": 4, "nodes_per_instance": 2}},
    }
    path = folder / "shop.wombat.yml"
    path.write_text(yaml.safe_dump(data))
    return loader.load(str(path), DataLoader())


def opened(folder, provider, **changes):
    """An adapter that never waits."""
    adapter = registry.open_provider(deployment(folder, provider, **changes), "cloud")
    if hasattr(adapter, "pace"):  # where there is a wire
        adapter.pace.sleep = lambda _seconds: None
        adapter.pace.gap = 0.0
    return adapter
