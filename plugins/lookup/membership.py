# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: membership
short_description: What is to be done with the families of a host
version_added: 0.1.0
author:
  - The Wombat for Ansible contributors (@wombat-erlang)
description:
  - For every family that has nodes on the host of the task, gives what M(wombat.erlang.member) takes as C(families).
  - Who is a member, who joins through whom and who is forgotten is decided from what the nodes of all hosts said in
    O(status).
  - The deployment must have been loaded by M(wombat.erlang.load).
options:
  _terms:
    description: Names of families; without them those of the host's nodes.
    type: list
    elements: str
  scope:
    description: Whether it is about the members of the families, or about the nodes of their neighbours.
    type: str
    choices: [family, neighbours]
    default: family
  status:
    description: >-
      The variable that holds every host's result of M(wombat.erlang.member) with
      O(wombat.erlang.member#module:state=status).
    type: str
  forget:
    description: Nodes that are to be forgotten as dead, where a cluster remembers them and they do not answer.
    type: list
    elements: str
    default: []
  force:
    description: Whether nodes that are to leave, were asked and do not answer are forgotten as dead too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Ask the nodes of this host for their clusters
  wombat.erlang.member:
    root: /srv/wombat
    state: status
    families: "{{ query('wombat.erlang.membership') }}"
  register: shop_status

- name: Join those that are no members yet
  wombat.erlang.member:
    root: /srv/wombat
    families: "{{ query('wombat.erlang.membership', status='shop_status') }}"
"""

RETURN = r"""
_raw:
  description:
    - The families, each as M(wombat.erlang.member) takes it, with C(remembers), whether its cluster remembers its
      members, C(settles), whether the state C(settled) has to follow C(joined), C(pace), how many hosts may join at
      once, 0 for all, C(unsafe), why those that are to leave must not, and C(unlike), where all answer, what nodes of
      this host do not see as they should, both as sentences.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.console import Console
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.decision import decide, why_unsafe
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.links import Links, gateways
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import STRATEGIES


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        self.set_options(var_options=variables, direct=kwargs)
        self.host = variables or {}
        self.hostvars = self.host["hostvars"]
        loaded = self.hostvars.raw_get("localhost").get("ansible_facts", {}).get("wombat")
        if not loaded:
            raise AnsibleLookupError("the deployment is not loaded; begin the playbook with wombat.erlang.load")
        mine = [str(node["family"]) for node in self.host.get("wombat_nodes") or ()]
        names = [name for name in terms or dict.fromkeys(mine) if name in loaded["families"]]
        if self.get_option("scope") == "neighbours":
            found = [self.neighbours(name, loaded) for name in names]
            return [family for family in found if any(family["options"].values())]
        return [self.family(name, loaded["families"][name], loaded["members"][name]) for name in names]

    def family(self, name: str, family: t.Mapping[str, t.Any], members: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """What is known of a family before and after its nodes were asked."""
        strategy = STRATEGIES[family["strategy"]]
        wanted, leaving = list(members["nodes"]), list(members["leaving"])
        known = {
            "name": name,
            "strategy": family["strategy"],
            "options": dict(family["bootstrap"]),
            "wanted": wanted,
            "leaving": leaving,
            "remembers": strategy.REMEMBERS,
            "settles": strategy.SETTLES,
            "pace": family["bootstrap"].get("pace", strategy.PACE),
            "domains": dict(members["domains"]),
            "lost": [node for node in wanted if members["hosts"][node] in self.lost_hosts()],
        }
        if not self.get_option("status"):
            return known
        views = self.views(members["hosts"])
        who = Family(name, tuple(wanted), tuple(leaving), domains=dict(members["domains"]))
        asked = strategy(who, dict(family["bootstrap"]), Console([], 0))
        known["unsafe"] = why_unsafe(asked, views)
        mine = {str(node["name"]) for node in self.host.get("wombat_nodes") or ()}
        # As long as somebody does not answer, that is the reason, and told already.
        whole = all(node in views and views[node].error is None for node in wanted)
        told = {node: asked.disagreement(node, views[node]) for node in wanted if whole and node in mine}
        known["unlike"] = [f"Node {node} {end}." for node, ends in told.items() for end in ends]
        silent = [node for node in leaving if (self.asked(members["hosts"][node]) or {}).get("unreachable")]
        if silent and {"before_leave", "before_stop"} & {*family["hooks"]}:
            text = (
                f"{', '.join(silent)} cannot leave {name} with the hooks that run before, for the host does not answer."
            )
            known["unsafe"].append(text)
        if not strategy.REMEMBERS:
            return known
        dead = [*self.get_option("forget"), *(leaving if self.get_option("force") else ())]
        dead = [node for node in dead if node not in leaving or self.asked(members["hosts"][node]) is not None]
        decision = decide(views, wanted, members["domains"], dead)
        return {
            **known,
            "seeds": {node: seed for node, seed in decision.seeds.items() if node in mine},
            "lead": decision.lead,
            "forget": list(decision.forget),
            "split": list(decision.split),
        }

    def neighbours(self, name: str, loaded: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Whom the nodes of this host are to be connected with, and told of, among the neighbours of their family."""
        members, connect = loaded["members"], loaded["families"][name]["connect"]
        mine = {str(node["name"]) for node in self.host.get("wombat_nodes") or () if node["family"] == name}
        options: dict[str, dict[str, list[t.Any]]] = {"peers": {}, "hidden": {}}
        for other, way in connect.items():
            nodes, theirs = mine & set(members[name]["nodes"]), members[other]["nodes"]
            if way == "gateway":
                nodes &= set(gateways(members[name]["nodes"], members[name]["domains"]))
                theirs = gateways(theirs, members[other]["domains"])
            for node in sorted(nodes) if way != "none" and theirs else ():
                # Erlang connects all who see one node with each other: gateways in sight would connect all with all.
                options["peers" if way == "all" else "hidden"].setdefault(node, []).extend(theirs)
        everybody = sorted({peer for peers in options.values() for theirs in peers.values() for peer in theirs})
        calls = [[other, members[other]["nodes"], call] for other, call in loaded["families"][name]["calls"].items()]
        options["calls"] = {node: calls for node in sorted(mine & set(members[name]["nodes"])) if calls}
        return {"name": name, "strategy": Links.NAME, "options": options, "wanted": everybody}

    def views(self, hosts: t.Mapping[str, str]) -> dict[str, View]:
        """What the nodes said, of those hosts that were asked."""
        views = {}
        for host in dict.fromkeys(hosts.values()):
            for node, said in ((self.asked(host) or {}).get("nodes") or {}).items():
                lists = {key: tuple(said[key]) for key in ("members", "up", "pending")}
                views[str(node)] = View(**lists, error=said["error"], facts=said["facts"])
        return views

    def lost_hosts(self) -> set[str]:
        """The hosts of the play that failed or could not be reached in it."""
        return {*self.host.get("ansible_play_hosts_all", ())} - {*self.host.get("ansible_play_hosts", ())}

    def asked(self, host: str) -> t.Mapping[str, t.Any] | None:
        """What came of asking a host; None where it was not asked, as a leaver's while the others are brought up."""
        return self.hostvars.raw_get(host).get(self.get_option("status"))
