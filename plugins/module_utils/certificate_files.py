# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the nodes of a host their certificates, running ones too: the work of the module certificates."""

from __future__ import annotations

import os
import re
import time

from ansible_collections.wombat.erlang.plugins.module_utils import accounts, tls
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.module import Work
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, load_nodes, read_text, write_file
from ansible_collections.wombat.erlang.plugins.module_utils.secret_files import SECRET, put, read_bundle, running, tell

_CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
# The distribution has a cache of files of its own, which ssl:clear_pem_cache/0 leaves alone. It looks at them itself
# every two minutes, so where this is not to be had the change only takes longer.
_RELOAD = """case whereis(ssl_pem_cache_dist) of
    undefined -> ok;
    Pid -> gen_server:call(Pid, {unconditionally_clear_pem_cache, self()})
end"""


def prepare(options: dict) -> Work:
    """The work of giving nodes their certificates.

    :arg options: The options of the module certificates.
    :returns: Work whose result is C({changed, trusted, nodes: {name: certificate}}), where without src these are what
        the nodes have, and with it, which is what the controller brought, what they get.
    :raises WombatError: What the controller brought, or a node's files, cannot be read.
    """
    nodes = [node for node in load_nodes(os.path.abspath(options["root"])) if node.distribution.tls]
    held = {node.name: _certificate(node) for node in nodes}
    trusted = {node.name: _trusted(node) for node in nodes}
    if not options["src"]:
        return Work(False, {"trusted": trusted, "nodes": held})
    bundle = read_bundle(options["src"])
    if time.time() < bundle["since"]:
        raise WombatError(
            f"The clock of this host says {_utc(time.time())}, but what the controller signs now is valid from "
            f"{_utc(bundle['since'])} on: set the clock that is wrong and run again."
        )
    late = [node for node in nodes if node.name in bundle["nodes"] or trusted[node.name] != bundle["trusted"]]
    result = {"changed": bool(late), "trusted": {}, "nodes": dict.fromkeys((node.name for node in late), None)}

    def apply() -> dict:
        for node in late:
            _put(node, bundle)
        errors = tell(running(late), _RELOAD, options["timeout"])
        if errors:
            name, error = sorted(errors.items())[0]
            raise WombatError(f"Node {name} does not take its new certificate: {error}; restart it.")
        return result

    return Work(bool(late), result, (), apply)


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def _certificate(node: Node) -> str | None:
    """The certificate that a node has; None where it has none that only its user can read."""
    path = tls.own_path(node.folder)
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WombatError(f"{path} cannot be read: {error.strerror}; set become for this task.") from None
    if status.st_mode & 0o777 != SECRET or (node.user and status.st_uid != accounts.account(node.user).pw_uid):
        return None
    found = _CERTIFICATE.search(read_text(path))
    return found.group() + "\n" if found else None


def _trusted(node: Node) -> str | None:
    return read_text(tls.trusted_path(node.folder)) or None


def _put(node: Node, bundle: dict) -> None:
    """Write what a node trusts, before what it shows."""
    folder = os.path.dirname(tls.own_path(node.folder))
    user, gid = node.user, accounts.account(node.user).pw_gid if node.user else -1
    try:
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o750 if user else 0o700)
        os.chown(folder, -1, gid)
    except OSError as error:
        raise WombatError(f"{folder} cannot be made: {error.strerror}.") from None
    write_file(tls.trusted_path(node.folder), bundle["trusted"], 0o640 if user else 0o600, gid)
    if node.name in bundle["nodes"]:
        put(tls.own_path(node.folder), bundle["nodes"][node.name], user)
