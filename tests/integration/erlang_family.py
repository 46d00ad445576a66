# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A family of real nodes for the tests, run as the playbooks run one: files, nodes, then the states of member."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from erlang_hosts import NETWORK

from ansible_collections.wombat.erlang.plugins.module_utils import membership
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Family, View
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.decision import decide
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.registry import STRATEGIES
from ansible_collections.wombat.erlang.plugins.modules import member
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_bootstrap import read_bootstrap
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section


class Circle:
    """One node on each host; domains are those of the nodes, the oldest first."""

    def __init__(self, make_host, strategy, *domains, epmd=False, env=None, **options):
        self.name, self.options = read_bootstrap(Section({"strategy": strategy, **options}, "bootstrap"))
        self.strategy = STRATEGIES[self.name]
        self.epmd, self.env = epmd, env
        self.domains = {}
        self.hosts = {}
        self.make_host = make_host
        self.wanted = []
        self.leaving = []
        for domain in domains:
            self.add(domain)

    def add(self, domain):
        """One more host, with one node."""
        number = len(self.domains) + 1
        host = self.make_host(f"{NETWORK}.{number + 10}")
        name = host.name(f"kv{number}")
        self.domains[name] = domain
        self.hosts[name] = host
        self.wanted.append(name)
        return name

    def remove(self, name):
        """A node is to leave."""
        self.wanted.remove(name)
        self.leaving.append(name)

    def configure(self):
        """Write the files of all nodes that stay, and start those that do not run."""
        family = Family("kv", tuple(self.wanted), tuple(self.leaving), domains=self.domains)
        for name in self.wanted:
            added = self.strategy.settings({"node": name}, family, self.options)
            self.hosts[name].configure(
                name.partition("@")[0],
                vm_args=added.vm_args,
                env={**(self.env or {}), **added.env},
                told=added.told,
                home=added.home,
                epmd=self.epmd,
                members={"kv": {"nodes": self.wanted, "neighbours": {}}},
            )
            started = self.hosts[name].nodes()
            assert "failed" not in started, started
            assert started["outdated"] == []

    def decided(self):
        """What follows from the status of all nodes, as the lookup membership tells it."""
        if not self.strategy.REMEMBERS:
            return {}
        views = {}
        for result in self.bring("status", [*self.wanted, *self.leaving]).values():
            for name, said in result["nodes"].items():
                del said["family"]
                views[name] = View(**said)
        decision = decide(views, self.wanted, self.domains)
        return {
            "seeds": decision.seeds,
            "lead": decision.lead,
            "forget": list(decision.forget),
            "split": list(decision.split),
        }

    def bring(self, state="joined", names=None, check=False, timeout=20, **decided):
        """The results of one state of member on the hosts of these nodes, or of those that stay."""
        family = {
            "name": "kv",
            "strategy": self.name,
            "options": self.options,
            "wanted": self.wanted,
            "leaving": self.leaving,
            "left": state == "settled",
            "domains": self.domains,
            **decided,
        }
        results = {}
        for name in names or self.wanted:
            asked = {"root": str(self.hosts[name].root), "state": state, "families": [family], "timeout": timeout}
            validated = ArgumentSpecValidator(member.OPTIONS).validate(asked)
            assert validated.error_messages == []
            work = membership.prepare(validated.validated_parameters)
            done = work.result if check or work.apply is None else work.apply()
            results[name] = {"changed": work.changed, **done}
        return results

    def become(self):
        """Configure, start, join and settle; then a second time, in which nothing changes."""
        self.configure()
        decided = self.decided()
        for state in ("forgotten", "joined", "settled"):
            results = self.bring(state, **decided)
            failures = [result["msg"] for result in results.values() if result.get("failed")]
            assert failures == [], "\n".join(failures)
        decided = self.decided()
        for state in ("forgotten", "joined", "settled"):
            assert not any(result["changed"] for result in self.bring(state, **decided).values())

    def value(self, name, expression):
        """What an expression gives on a node."""
        return self.hosts[name].value(expression, name.partition("@")[0])

    def connected(self, name):
        """The nodes of the family that a node is connected with."""
        return set(self.value(name, "nodes()")) & set(self.domains)

    def stop(self, name):
        """End a node for good."""
        self.hosts[name].nodes("absent")
