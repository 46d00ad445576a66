# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release of the deployment file: an archive or packages, and how it runs."""

from __future__ import annotations

import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.services import Service, describe
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Release
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import NAME, NAME_MEANING, Section

LISTS = ("start", "stop", "validate")
MAPPINGS = ("env", "without_epmd", "configuration")


def read_release(section: Section, name: str, path_of: t.Callable[[str], str]) -> Release:
    """Read one release.

    :param path_of: gives the absolute path of one in the file.
    """
    section.called(name, NAME, NAME_MEANING)
    archive, packages, version = section.text("archive"), section.strings("package"), section.text("version")
    given = [key for key, value in (("archive", archive), ("package", packages), ("version", version)) if value]
    if not given:
        raise section.missing("archive", "give the path of the release archive, a version in the store, or a package")
    if len(given) > 1:
        raise WombatError(f"{section.where(given[1])} and {given[0]} are both there; a release is one of them")
    service = _read_service(section.section("service"))
    user = service.get("user")
    if packages:
        try:
            user = describe(packages[0].partition("=")[0], service).user
        except WombatError as error:
            raise WombatError(f"{section.where('service')}: {error}") from None
    release = Release(
        name=name,
        archive=path_of(archive) if archive else None,
        checksum=section.text("checksum"),
        packages=packages,
        service=service,
        user=user,
        stored=(section.text("name") or name, version) if version else None,
    )
    section.end()
    return release


def _read_service(section: Section) -> dict[str, t.Any]:
    """The fields of a Service that the file gives, by their kinds."""
    service: dict[str, t.Any] = {}
    for key in Service._fields:
        value: t.Any
        if key in LISTS:
            value = list(section.strings(key))
        elif key in MAPPINGS:
            value = {str(name): str(text) for name, text in section.mapping(key).items()}
        else:
            value = section.text(key)
        if value:
            service[key] = value
    section.end()
    return service
