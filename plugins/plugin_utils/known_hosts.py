# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The known_hosts file of a deployment, in its store: a line a key, `instance,address type key`.

What is there was made known by the provider. It is no state: where keys are tags, every run can write it again.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import fcntl
import os
import time
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.refusal import Refusal

POLL = 5.0  # seconds between two looks at a console
PATIENCE = 300.0  # seconds until a console has shown the keys; EC2 takes some minutes
KEYS = "wombat_host_keys"  # the variable of a host with its public keys


@dataclasses.dataclass(frozen=True)
class Host:
    """An instance as ssh sees it; one that is `fresh` was not there before this run."""

    name: str
    address: str | None
    keys: tuple[str, ...] = ()
    port: int = 22
    fresh: bool = False

    @property
    def pattern(self) -> str | None:
        """The address as ssh looks it up."""
        return self.address if self.port == 22 or not self.address else f"[{self.address}]:{self.port}"


class KnownHosts:
    """A deployment's file."""

    def __init__(self, deployment: Deployment) -> None:
        self.path = deployment.known_hosts

    def has(self, name: str) -> bool:
        """Tell whether a key of an instance is known."""
        return any(names[0] == name for names, _key in self._read())

    def know(self, hosts: t.Iterable[Host]) -> None:
        """Write what is known of hosts; lines of those that had their addresses before them go."""
        wanted = {host.name: host for host in hosts}
        at = {host.pattern: host for host in wanted.values() if host.pattern}

        def kept(names: tuple[str, ...], key: str) -> tuple[tuple[str, ...], str] | None:
            host = wanted.get(names[0])
            if host:  # written again below, or known by its name alone since it was asked for
                return None if host.keys else ((host.name, *filter(None, [host.pattern])), key)
            now = next((at[name] for name in names if name in at), None)
            if now and (len(names) > 1 or now.keys or now.fresh):
                return None
            return names, key

        if wanted:
            new = [
                ((host.name, *filter(None, [host.pattern])), key)
                for _name, host in sorted(wanted.items())
                for key in host.keys
            ]
            self._change(lambda lines: [*filter(None, (kept(*line) for line in lines)), *new])

    def forget(self, names: t.Collection[str]) -> None:
        """Take out the lines of instances that are gone."""
        if names and os.path.exists(self.path):
            self._change(lambda lines: [line for line in lines if line[0][0] not in names])

    def _read(self) -> list[tuple[tuple[str, ...], str]]:
        with contextlib.suppress(FileNotFoundError), open(self.path, encoding="utf-8") as stream:
            parts = [line.strip().partition(" ") for line in stream if line.strip()]
            return [(tuple(names.split(",")), key) for names, _space, key in parts]
        return []

    def _change(self, change: t.Callable[[t.Any], list[tuple[tuple[str, ...], str]]]) -> None:
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            folder = os.open(os.path.dirname(self.path), os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                before = self._read()
                after = change(before)
                if after != before:
                    with open(self.path + ".new", "w", encoding="utf-8") as stream:
                        stream.writelines(f"{','.join(names)} {key}\n" for names, key in after)
                    os.replace(self.path + ".new", self.path)
            finally:
                os.close(folder)
        except OSError as error:
            raise WombatError(f"{self.path} cannot be written ({error.strerror}); mend it or set store") from None


def learn(
    deployment: Deployment,
    adapters: t.Mapping[str, t.Any],
    instances: t.Iterable[t.Any],
    fresh: t.Collection[str],
    say: t.Callable[[str], None],
) -> None:
    """Make the host keys of instances known before anybody logs in: by their tags, else by their consoles.

    :param fresh: the names of instances that were created by this run.
    """
    known = KnownHosts(deployment)
    reached = [one for one in instances if one.address and adapters[one.provider].way not in ("", "known")]
    shown = [
        one
        for one in reached
        if adapters[one.provider].way == "console" and not one.vars.get(KEYS) and not known.has(one.name)
    ]

    def read(instance: t.Any) -> tuple[str, ...]:
        """What its console shows, once it does; an instance whose console cannot be read is there all the same."""
        end = time.monotonic() + PATIENCE
        adapter = adapters[instance.provider]
        while True:
            refusal = None
            try:
                keys: tuple[str, ...] = adapter.console_keys(instance)
            except Refusal as error:
                keys, refusal = (), error
            if keys or time.monotonic() > end or (refusal and refusal.kind in ("credentials", "request")):
                if refusal:
                    say(f"? {instance.name}  {instance.domain}  its console cannot be read: {refusal}")
                return keys
            adapter.pace.sleep(POLL)

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, min(50, len(shown)))) as pool:
        consoles = dict(zip([one.name for one in shown], pool.map(read, shown), strict=True))
    known.know(
        Host(
            name=one.name,
            address=one.address,
            keys=tuple(one.vars.get(KEYS) or consoles.get(one.name) or ()),
            port=int(adapters[one.provider].spec.ssh.get("port", 22)),
            fresh=one.name in fresh,
        )
        for one in reached
    )
    for one in reached:
        if adapters[one.provider].way != "accept-new" and not known.has(one.name):
            say(f"? {one.name}  {one.domain}  its SSH host key is not known here: nobody can log in to it from here")
