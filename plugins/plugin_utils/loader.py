# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds, reads and templates the deployment file: the one way in for the inventory plugin, the lookups and the actions.

Templates see extra variables and lookups only, never group_vars: inventory variables do not exist yet while the
inventory is read.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.utils.vars import load_extra_vars

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils import parsing
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment

SUFFIXES = (".wombat.yml", ".wombat.yaml")
# Credentials and options, misplaced ones too, wait until a provider is opened, node settings until a node is known.
LATER = re.compile(r"(.+\.)?(credentials|options)|families\..+\.(config|vm_args|env|files)|compose|groups|keyed_groups")


def is_deployment_file(path: str) -> bool:
    return path.endswith(SUFFIXES)


def find(variables: t.Mapping[str, t.Any]) -> str:
    """Find the deployment file of a run.

    :param variables: a task's variables: `wombat_file` names the file, else it is the one among the inventory sources.
    :return: its absolute path.
    :raises WombatError: when there is none, or more than one.
    """
    named = variables.get("wombat_file")
    if named:
        return os.path.abspath(os.path.expanduser(str(named)))
    found = in_inventory(variables)
    if len(found) == 1:
        return found[0]
    if found:
        raise WombatError(
            f"the inventory has several deployment files ({', '.join(found)}); choose one with -e wombat_file=PATH"
        )
    raise WombatError(
        "no deployment file (*.wombat.yml) is among the inventory sources; name one with -i PATH or -e wombat_file=PATH"
    )


def in_inventory(variables: t.Mapping[str, t.Any]) -> list[str]:
    """The deployment files among the inventory sources of a run, absolute and sorted."""
    return sorted({path for source in variables.get("ansible_inventory_sources") or [] for path in _files(str(source))})


def _files(source: str) -> t.Iterator[str]:
    if os.path.isdir(source):
        for folder, folders, names in os.walk(source):
            folders[:] = [
                name for name in folders if name not in ("group_vars", "host_vars") and not name.startswith(".")
            ]
            for name in names:
                if is_deployment_file(name) and not name.startswith("."):
                    yield os.path.abspath(os.path.join(folder, name))
    elif is_deployment_file(source):
        yield os.path.abspath(source)


def load(path: str, loader: DataLoader) -> Deployment:
    """Read, template and validate a deployment file.

    :param path: the file's path.
    :param loader: Ansible's loader, which knows the vault secrets.
    :raises WombatError: one sentence that begins with the file's path.
    """
    path = os.path.abspath(path)
    extra = load_extra_vars(loader)

    def template(
        value: t.Any, where: str, variables: t.Mapping[str, t.Any] | None = None, secret: bool = False
    ) -> t.Any:
        templar = Templar(loader=loader, variables={**extra, **(variables or {})})
        with _named(path):
            return _template(templar, value, where, None, secret)

    with _named(path):
        data = _template(Templar(loader=loader, variables=extra), read(path, loader), "", LATER.fullmatch)
        return parsing.parse(data, path, template, _scale(extra.get("wombat_scale")))


@contextlib.contextmanager
def _named(path: str) -> t.Iterator[None]:
    """Put the file's path before errors."""
    try:
        yield
    except WombatError as error:
        raise WombatError(f"{path}: {error}") from None
    except RecursionError:
        raise WombatError(f"{path}: is nested too deeply, or a YAML alias in it holds itself; unfold it") from None


def read(path: str, loader: DataLoader) -> t.Any:
    """The file's data as it is written.

    :raises WombatError: one sentence without the file's path.
    """
    if not os.path.isfile(path):
        raise WombatError("there is no such file; check -i or wombat_file")
    try:
        try:
            return loader.load_from_file(path, cache="none", trusted_as_template=True)
        except TypeError:  # ansible-core 2.18 trusts every text
            return loader.load_from_file(path, cache="none")
    except AnsibleError as error:
        raise WombatError(f"is not valid YAML or cannot be decrypted: {_yaml_problem(error)}") from None


def _template(
    templar: Templar, value: t.Any, where: str, later: t.Callable[[str], t.Any] | None, secret: bool = False
) -> t.Any:
    """Template all texts below `value` to plain data, but leave what `later` matches as it is."""
    if later and later(where):
        return value
    if isinstance(value, t.Mapping):
        return {
            str(key): _template(templar, item, f"{where}.{key}" if where else str(key), later, secret)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_template(templar, item, f"{where}[{number}]", later, secret) for number, item in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    try:  # texts, vault-encrypted ones among them
        return json.loads(json.dumps(templar.template(value), default=str))
    except (AnsibleError, TypeError, ValueError) as error:
        # The text of a failure may quote what a lookup returned.
        reason = "" if secret else f": {_one_line(error)}"
        raise WombatError(
            f"{where} cannot be templated{reason}; templates here know extra variables and lookups only"
        ) from None


def _yaml_problem(error: BaseException) -> str:
    """Where and what, but not the text there: it may be a credential."""
    cause = error.__cause__ or getattr(error, "orig_exc", None)
    mark = getattr(cause, "problem_mark", None)
    if mark is None:
        return _one_line(error)
    return f"{getattr(cause, 'problem', None) or 'a mistake'} in line {mark.line + 1}, column {mark.column + 1}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _scale(value: t.Any) -> dict[str, t.Any]:
    """Read `wombat_scale`: a mapping, or a text such as `kv=5,web=2`."""
    if not value:
        return {}
    if isinstance(value, t.Mapping):
        return dict(value)
    pairs = [pair.partition("=") for pair in str(value).split(",")]
    if not all(key and sign for key, sign, _number in pairs):
        raise WombatError(f"wombat_scale must look like kv=5,web=2, but is '{value}'")
    return {key.strip(): number.strip() for key, _sign, number in pairs}
