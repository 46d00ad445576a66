# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the deployment file says of cookies and certificates, validated into the model."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import CertificateAuthority, Family
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section


def read_authority(section: Section, path_of: t.Callable[[str], str], store: str) -> CertificateAuthority:
    """The authority that signs certificates of nodes: the deployment's own in a folder, or an existing one."""
    certificate, key, folder = section.text("certificate"), section.text("key"), section.text("folder")
    section.end()
    if bool(certificate) != bool(key):
        raise section.missing("key" if certificate else "certificate", "an existing authority needs both")
    if certificate and key:
        if folder:
            raise WombatError(f"{section.path} has a folder, for an authority of its own, and a certificate; keep one")
        return CertificateAuthority(folder=None, certificate=path_of(certificate), key=path_of(key))
    return CertificateAuthority(folder=path_of(folder) if folder else os.path.join(store, "ca"))


def agree(
    families: t.Mapping[str, Family], path_of: t.Callable[[str], str], store: str, common: str | None
) -> dict[str, Family]:
    """Give every family its cookie: Erlang checks it on both sides, so neighbours share one, also through others.

    :param common: the cookie file of the families that name none.
    :raises WombatError: when neighbours are to have different cookies, or TLS on one side only.
    """
    found = dict(families)
    for group in groups_of(families):
        first = families[group[0]]
        for name in group[1:]:
            if families[name].tls != first.tls:
                raise WombatError(
                    f"families.{name}.distribution.tls differs from that of {first.name}, and neighbours speak one "
                    f"protocol; set it alike for {', '.join(group)}"
                )
        named = {name: path for name in group if (path := families[name].cookie)}
        files = {path_of(path) for path in named.values()}
        if len(files) > 1:
            raise WombatError(
                f"families.{list(named)[-1]}.cookie_file differs from that of {next(iter(named))}, and neighbours "
                f"share one cookie; name one file for {', '.join(group)}"
            )
        # Of the first in the file, so that a family that is added later does not change it.
        cookie = files.pop() if files else path_of(common) if common else os.path.join(store, "cookies", first.name)
        found.update((name, dataclasses.replace(families[name], cookie=cookie)) for name in group)
    return found


def groups_of(families: t.Mapping[str, Family]) -> list[list[str]]:
    """The families in groups of neighbours, direct ones and through others, each in the file's order."""
    group = {name: {name} for name in families}
    for name, family in families.items():
        for neighbour in family.neighbours:
            if group[name] is not group[neighbour]:
                group[name] |= group[neighbour]
                for member in group[neighbour]:
                    group[member] = group[name]
    seen: set[str] = set()
    found = []
    for name in families:
        if name not in seen:
            found.append([other for other in families if other in group[name]])
            seen |= group[name]
    return found
