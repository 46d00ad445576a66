# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cookies and certificates of a deployment: read on the controller, brought to hosts in a file, never in arguments."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import string
import tempfile
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.action import ActionBase

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.authority import Authority, OwnAuthority, read_pair
from ansible_collections.wombat.erlang.plugins.plugin_utils.deployment import Deployment

COOKIE_LENGTH = 40


def reader(loader: DataLoader) -> t.Callable[[str], bytes]:
    """What gives the content of a secret file, decrypted where Ansible Vault encrypted it; it raises WombatError."""

    def read(path: str) -> bytes:
        try:
            real = loader.get_real_file(path)
            with open(real, "rb") as file:
                return file.read()
        except (AnsibleError, OSError) as error:
            raise WombatError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
        finally:
            loader.cleanup_tmp_file(path)

    return read


def authority(deployment: Deployment, read: t.Callable[[str], bytes]) -> Authority:
    """The authority of a deployment, which must be there."""
    if deployment.ca.folder:
        return OwnAuthority(deployment.ca.folder, deployment.name).read(read)
    return read_pair(str(deployment.ca.certificate), str(deployment.ca.key), read)


def write_cookie(path: str, replace: bool) -> None:
    """Make a new cookie in a file; where there is one it stays, unless `replace`."""
    letters = string.ascii_letters + string.digits
    text = "".join(secrets.choice(letters) for _place in range(COOKIE_LENGTH))
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".new-")  # mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o400)
        try:
            if replace:
                os.replace(partial, path)
            else:
                with contextlib.suppress(FileExistsError):  # another run was faster
                    os.link(partial, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.remove(partial)
    except OSError as error:
        raise WombatError(f"{path} cannot be written: {error.strerror}") from None


@contextlib.contextmanager
def delivered(action: ActionBase, content: t.Any) -> t.Iterator[str]:
    """Bring data to the host of an action's task, as a JSON file that its module reads; give the file's path there."""
    handle, path = tempfile.mkstemp(prefix="wombat-")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
        connection = action._connection
        if connection.transport == "local" and not connection.become:
            yield path
            return
        folder = connection._shell.tmpdir or action._make_tmp_path()  # Ansible removes it
        target = connection._shell.join_path(folder, "secrets")
        try:
            action._transfer_file(path, target)
        except AnsibleError as error:
            raise WombatError(f"The secrets of the host's nodes could not be brought to it: {error}") from error
        action._fixup_perms2((folder, target))
        yield target
    finally:
        os.remove(path)
