# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/docsite/rst/providers.rst: what the adapters themselves say of what they can do, and why not.

`make docs-providers` writes it; a unit test fails while the page is another than the adapters'.
"""

from __future__ import annotations

import pathlib
import typing as t

from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.base import FEATURES
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.catalogue import Catalogue
from ansible_collections.wombat.erlang.plugins.plugin_utils.providers.registry import ADAPTERS

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "docsite" / "rst" / "providers.rst"
HEAD = """\
..
  Copyright (c) 2026, Wombat for Ansible contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later
  Made by make docs-providers from the adapters; change those.

.. _ansible_collections.wombat.erlang.docsite.providers:

Providers
=========

The ``driver`` of a provider in the deployment file is one of those below, or any other compute driver of Apache
Libcloud by its name, or a driver class by its dotted path. Others than those below work as far as libcloud's common
methods go; ``ansible-playbook wombat.erlang.providers`` shows what each can do, and why not.

Where the deployment file asks for what a driver has not, the run stops with a sentence before anything is created.

- The security groups that are made with ``azure_arm``, ``eucalyptus`` and ``outscale`` have rules for IPv4 alone:
  sources of IPv6 in ``firewall.allow`` are left out there. A run says which, but for ``::/0`` of the default.
- Azure lets a virtual network's machines reach one another, and takes one network security group for an interface. With
  ``firewall: true`` that is ours, without ``security_groups``: it closes the ports of nodes, and those of
  ``firewall.allow``, to all whom the file does not name, and leaves other ports as Azure has them. To reach SSH from
  elsewhere name its port in ``firewall.allow``.
- With ``openstack`` and ``cloudstack`` no floating or NAT address is allocated. ``address: public`` needs a network
  whose addresses are public. Where the named networks are known to have none, nothing is created; else an instance
  that gets none in time counts as failed. Both with a sentence.
- ``eucalyptus`` knows tags in the request that creates an instance only since the end of 2018 (its issue 93), so tags
  are set once more right after it. With an older one, what is killed between the two leaves an instance untagged.
"""


def table(header: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> list[str]:
    """A table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [header, *rows]:
        lines += [f"   {' ' if number else '*'} - {cell}" for number, cell in enumerate(row)]
    return [*lines, ""]


def title(text: str) -> list[str]:
    return [text, "-" * len(text), ""]


def arguments(needed: t.Sequence[str], environment: t.Mapping[str, t.Sequence[str]]) -> list[tuple[str, str]]:
    """What a driver cannot connect without, and the variables that give it."""
    rows = []
    for name in needed:
        variables = environment.get(name.partition("|")[0], ())
        rows.append((f"``{name.replace('|', '`` or ``')}``", ", ".join(f"``{one}``" for one in variables) or "none"))
    return rows


def lacks(driver: str) -> dict[str, str]:
    """What a driver has not: feature -> why."""
    return ADAPTERS[driver].all_lacks(ADAPTERS[driver].lacks)


def mark(driver: str, feature: str) -> str:
    """How far a driver has a feature."""
    return "yes" if feature != "firewall rules" or getattr(ADAPTERS[driver], "ipv6", True) else "yes, for IPv4"


def page() -> str:
    lines = [HEAD, *title("What they can do")]
    drivers = sorted(ADAPTERS)
    missing = {driver: lacks(driver) for driver in drivers}
    marks = [
        [f"**{feature}**: {meaning}", *("no" if feature in missing[one] else mark(one, feature) for one in drivers)]
        for feature, meaning in FEATURES.items()
    ]
    lines += table(["Feature", *(f"``{one}``" for one in drivers)], marks)
    lines += title("What is not supported, and why")
    reasons = [
        (f"``{driver}``", feature, missing[driver][feature])
        for driver in drivers
        for feature in FEATURES
        if feature in missing[driver]
    ]
    lines += table(["Driver", "Feature", "Why"], reasons)
    lines += title("Credentials and options")
    lines += [
        "What is needed to connect stands under ``credentials`` or ``options`` of the provider, or comes from the",
        "environment variables that the cloud's own tools use. Other arguments of libcloud's driver may be given, too.",
        "Secrets of the file and of the environment are never mixed: with a secret in the file, none of ``user_id``,",
        "``key``, ``secret`` and ``token`` is of the environment. Where the file has no secret, it may name the user,",
        "and the environment gives what is left out; a user that both name must be the same.",
        "",
    ]
    needs = []
    for driver in drivers:
        adapter = ADAPTERS[driver]
        if issubclass(adapter, Catalogue):
            needs += [(f"``{driver}``", *row) for row in arguments(adapter.needed, adapter.environment)]
            if adapter.region_argument:
                variables = ", ".join(f"``{one}``" for one in adapter.region_environment)
                needs.append((f"``{driver}``", "``regions``", variables))
    lines += table(["Driver", "Argument", "Environment variables"], needs)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
