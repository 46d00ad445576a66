# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files by which a family configures its release: what the deployment file may say, and their text for one node."""

from __future__ import annotations

import base64
import os
import shlex
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 trusts every text

    def trust_as_template(value: str) -> str:
        return value


def render(
    deployment: Deployment,
    family: str,
    files: t.Sequence[t.Mapping[str, t.Any]],
    node: t.Mapping[str, t.Any],
    loader: DataLoader,
) -> list[dict[str, t.Any]]:
    """The files of one node, as the module node_config takes them.

    :param files: what the family says of them, templated for the node; a `src` begins at the deployment file's folder.
    :param node: the variables that their templates may use.
    :raises WombatError: when one cannot be read or templated.
    """
    rendered = []
    for number, file in enumerate(files):
        where = f"families.{family}.files[{number}]"
        path = os.path.normpath(os.path.join(deployment.folder, os.path.expanduser(str(file["src"]))))
        try:
            text = trust_as_template(str(loader.get_text_file_contents(path)))
        except AnsibleError as error:
            raise WombatError(f"{deployment.file}: {where}.src cannot be read: {error.message}") from None
        content = str(deployment.template(text, where, variables=node))
        encoded = base64.b64encode(content.encode()).decode()
        command = file.get("validate") or []
        words = shlex.split(command) if isinstance(command, str) else command
        others = {key: file[key] for key in file if key not in ("src", "validate")}
        rendered.append({**others, "content": encoded, "validate": words})
    return rendered
