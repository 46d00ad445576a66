# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import acting, placement, planning, reconcile
from ansible_collections.wombat.erlang.plugins.plugin_utils.action import ControllerAction
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.hosts import ALL, GONE, RETIRING, UNREACHABLE, host_of
from ansible_collections.wombat.erlang.plugins.plugin_utils.known_hosts import KnownHosts, learn
from ansible_collections.wombat.erlang.plugins.plugin_utils.memory import Memory
from ansible_collections.wombat.erlang.plugins.plugin_utils.progress import interruptible, tell_terminal
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import Adapter, Instance, Refusal
from ansible_collections.wombat.erlang.plugins.plugin_utils.unsafe import unsafe


class ActionModule(ControllerAction):
    OPTIONS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "state": {"type": "str", "choices": ["present", "draining", "retired", "absent"], "default": "present"},
        "names": {"type": "list", "elements": "str", "default": []},
        "run": {"type": "str", "required": True},
        "deadline": {"type": "int", "default": 1800},
    }

    def work(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        deployment = self.deployment()
        adapters = reconcile.open_providers(deployment)
        if options["state"] == "present":
            return self.present(deployment, adapters, options)
        seen = self.observe(adapters)
        if options["state"] == "absent":
            self.require_known(seen)
            return self.destroy(deployment, adapters, (*seen.instances, *seen.twins))
        # Another run may have made room for what was surplus when this one looked.
        surplus = planning.make_plan(deployment, seen, options["run"]).surplus
        chosen = [instance for instance in surplus if instance.name in options["names"]]
        if options["state"] == "retired":
            return self.destroy(deployment, adapters, chosen)
        needed = {instance.name for instance in seen.instances} & {*options["names"]} - {one.name for one in chosen}
        if needed:
            raise WombatError(f"{', '.join(sorted(needed))} is needed again by now, nothing has left; deploy again")
        return self.drain(adapters, chosen)

    def present(
        self, deployment: Deployment, adapters: dict[str, Adapter], options: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        before = self.observe(adapters)
        memory = Memory(deployment)
        remembered = [refusal for refusal, _until in memory.recall()]
        for refusal, until in memory.recall():
            clock = time.strftime("%H:%M", time.localtime(until))
            self.say(f"~ {'/'.join(refusal.scope)}  left out until {clock}, for lately {refusal} ({memory.path})")
        first = planning.make_plan(deployment, before, options["run"], remembered)
        idle = [] if before.twins else acting.idle(adapters, before, first)
        lines = planning.diff_lines(first, before.offers()) + [f"~ {instance.name}  started" for instance in idle]
        if self.check:
            # Ansible shows no diff of a task that changes nothing, as when all that is to do is to retire.
            for line in (*lines, *(f"- {twin.name}  {twin.domain}  {twin.id} is its twin" for twin in before.twins)):
                self.say(line)
            outcome = reconcile.Outcome(observation=before, plan=first)
        else:
            with interruptible() as stop:
                for adapter in adapters.values():
                    adapter.stop = stop
                outcome = reconcile.grow(
                    deployment, adapters, options["run"], self.say, options["deadline"], remembered, before, stop
                )
            self.say_goodbye(stop, "created", [one.name for one in outcome.created], outcome.observation.instances)
            fresh = [instance.name for instance in outcome.created]
            acting.keep_firewalls(adapters, outcome.observation.instances, self.say)
            KnownHosts(deployment).forget(outcome.destroyed)
            learn(deployment, adapters, outcome.observation.instances, fresh, self.say)
            memory.keep([refusal for refusal in outcome.refusals if adapters[refusal.scope[0]].remembers])
        # What another run made meanwhile is that run's to retire.
        ours = {instance.name for instance in (*before.instances, *outcome.created)}
        surplus = sorted(instance.name for instance in outcome.plan.surplus if instance.name in ours)
        for name in surplus:
            if name in before.unreachable:
                self.say(f"! {name}  does not answer, so it goes first")
        shortfall = outcome.shortfall()
        hosts = self.hosts(deployment, outcome.observation, surplus)
        for provider, reason in outcome.observation.unknown.items():
            self.say(f"? {provider}  {reason}; its instances are unknown: nothing is created or retired on its behalf")
        for one in outcome.observation.silent:
            self.say(f"? {one.provider}  {one.reason}; an instance may be there: mend it, or take it out of the file")
        return {
            "changed": bool(
                first.create or idle or before.twins
                if self.check
                else outcome.created or outcome.destroyed or outcome.started
            ),
            "hosts": unsafe(hosts),
            "unlisted": unsafe([host for host in hosts if not self.listed(host)]),
            "created": sorted(instance.name for instance in outcome.created),
            "started": sorted(outcome.started),
            "surplus": surplus,
            "refusals": unsafe([{"kind": r.kind, "scope": list(r.scope), "text": r.text} for r in outcome.refusals]),
            "unknown": unsafe(outcome.observation.unclear),
            "shortfall": shortfall,
            "explanation": unsafe(self.explanation(outcome, remembered) if shortfall else []),
            "placement": unsafe(dict(outcome.plan.result)),
            "diff": {"prepared": "".join(line + "\n" for line in lines)} if lines and not self.check else [],
        }

    def observe(self, adapters: dict[str, Adapter]) -> planning.Observation:
        return reconcile.observe(adapters, self.vars["groups"].get(UNREACHABLE, ()))

    @staticmethod
    def explanation(outcome: reconcile.Outcome, remembered: t.Sequence[Refusal]) -> list[str]:
        """Why nodes could not be placed: the placement's reasons, and what each provider said."""
        said = [str(refusal) for refusal in (*remembered, *outcome.refusals)]
        said += [f"provider {name} is not known whole: {why}" for name, why in outcome.observation.unclear.items()]
        return [*placement.explain(dict(outcome.plan.result)), *dict.fromkeys(said)]

    def hosts(
        self, deployment: Deployment, seen: planning.Observation, surplus: t.Collection[str]
    ) -> list[dict[str, t.Any]]:
        """The hosts that exist, and those that only the inventory still has; what is unknown stays."""
        found = [host_of(deployment, instance) for instance in seen.instances]
        for host in found:
            if host["name"] in surplus and RETIRING not in host["groups"]:
                host["groups"].append(RETIRING)
        names = {host["name"] for host in found}
        hostvars = self.vars["hostvars"]
        for name in self.vars["groups"].get(ALL, ()):
            if name not in names and hostvars.raw_get(name).get("wombat_provider") not in seen.unclear:
                found.append({"name": name, "groups": [GONE], "variables": {}})
        return found

    def listed(self, host: t.Mapping[str, t.Any]) -> bool:
        """Tell whether the inventory has a host in all its groups."""
        groups = self.vars["groups"]
        return all(host["name"] in groups.get(group, ()) for group in host["groups"])

    def drain(self, adapters: dict[str, Adapter], surplus: t.Sequence[Instance]) -> dict[str, t.Any]:
        marked = [one for one in planning.staying(surplus) if not adapters[one.provider].features["draining"]]
        if not self.check:
            acting.drain(adapters, marked, self.say)
        lines = "".join(f"~ {instance.name}  draining\n" for instance in marked)
        return {"changed": bool(marked), "diff": {"prepared": lines} if lines else []}

    def destroy(
        self, deployment: Deployment, adapters: dict[str, Adapter], instances: t.Sequence[Instance]
    ) -> dict[str, t.Any]:
        lines = "".join(f"- {instance.name}  {instance.domain}  {instance.size}\n" for instance in instances)
        names = sorted(instance.name for instance in instances)
        destroyed = names
        if not self.check:
            with interruptible() as stop:
                destroyed = acting.destroy(adapters, instances, self.say, stop)
            KnownHosts(deployment).forget(destroyed)
            left = [instance for instance in instances if instance.name not in destroyed]
            self.say_goodbye(stop, "destroyed", destroyed, left)
        return {"changed": bool(destroyed), "destroyed": destroyed, "diff": {"prepared": lines} if lines else []}

    @staticmethod
    def say_goodbye(stop: threading.Event, verb: str, names: t.Sequence[str], existing: t.Sequence[Instance]) -> None:
        """After Ctrl-C, say what was done until then and what exists of what this was about, and end."""
        if stop.is_set():
            tell_terminal(
                f"interrupted: {len(names)} instances were {verb} ({', '.join(sorted(names)) or 'none'}), "
                f"{len(existing)} exist; nothing is half done, and the next run goes on from there"
            )
            raise KeyboardInterrupt

    @staticmethod
    def require_known(seen: planning.Observation) -> None:
        if seen.unclear:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in seen.unclear.items())
            raise WombatError(
                f"nothing was destroyed, for not all instances are known ({reasons}); mend the provider or leave it out"
            )
