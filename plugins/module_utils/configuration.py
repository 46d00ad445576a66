# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces the files of a host's nodes all together, or, where a release refuses them, none of them.

A release reads its configuration where it lies, so that the new files are put there to be checked. What they replace
is in C(<root>/.before.json) until the check has passed, also when this process is killed before.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils import accounts, caller
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, read_text, write_file
from ansible_collections.wombat.erlang.plugins.module_utils.placed import File, Folder

_TIME = 120  # seconds that a release has for checking its configuration
_SAID = 600  # characters of what it says against it
# Every line that it prints says what is wrong with a file.
_CONSULT = (
    "[case file:consult(File) of {ok, [Terms]} when is_list(Terms) -> ok;"
    ' {ok, _} -> io:format("~ts must hold one list~n", [File]);'
    ' {error, Reason} -> io:format("~ts: ~ts~n", [File, file:format_error(Reason)])'
    " end || File <- init:get_plain_arguments()], halt()."
)


class Check(NamedTuple):
    """What has to hold of a node's configuration before it counts."""

    node: Node
    paths: list[str]  # the files whose change asks for it
    commands: list[list[str]]  # the release's own checks, which return 0
    terms: list[str]  # files that must hold Erlang's configuration


def pending(root: str) -> bool:
    """Whether a killed run left files that nobody has checked."""
    return os.path.exists(_before(root))


def replace(
    root: str,
    folders: dict[str, Folder],
    files: dict[str, File],
    probed: dict[str, File],
    strict: bool,
    checks: list[Check],
) -> None:
    """Put files in place of those that differ, if the checks of their nodes then pass.

    :arg probed: Files that are only there while the checks run, since running nodes get them later.
    :arg strict: Whether modes and groups must be right too.
    :raises WombatError: A check failed, and every file is what it was; or a file cannot be written.
    """
    os.makedirs(root, exist_ok=True)
    with _locked(root):
        _restore(root)
        for path, folder in folders.items():
            folder.make(path)
        todo = {path: file for path, file in {**probed, **files}.items() if not file.is_at(path, strict)}
        _save(root, todo)
        try:
            for path, file in todo.items():
                file.put(path)
            for check in checks:
                if not todo.keys().isdisjoint(check.paths):
                    # The release's version may be another.
                    new = os.path.join(check.node.folder, "node.json") in todo
                    _run(check, [path for path in check.terms if path in todo or (new and path not in check.paths)])
        except WombatError:
            _restore(root)
            raise
        _restore(root, probed.keys() - files.keys())


def _run(check: Check, terms: list[str]) -> None:
    """Run a node's checks as its user; raises WombatError with what they say."""
    node = check.node
    if terms:
        program, env = caller.runtime_system(node.release)
        env = {"ERL_CRASH_DUMP_BYTES": "0", "PATH": node.start["env"]["PATH"], "HOME": "/", **env}
        command = [program, "-noinput", *caller.boot_script(node.release), "-eval", _CONSULT, "-extra", *terms]
        code, said = _output(node, command, env)
        if code or said:
            raise _refusal(node, said)
    for command in check.commands:
        code, said = _output(node, command, {**node.start["env"], "ERL_CRASH_DUMP_BYTES": "0"})
        if code:
            raise _refusal(node, f"{os.path.basename(command[0])} ends with code {code}: {said}")


def _output(node: Node, command: list[str], env: dict[str, str]) -> tuple[int, str]:
    try:
        done = subprocess.run(
            command,
            env=env,
            cwd=node.start["cwd"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=accounts.becoming(node.user),
            timeout=_TIME,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _refusal(node, f"it cannot be checked: {error}") from None
    return done.returncode, " ".join(done.stdout.decode("utf-8", "replace").split())[-_SAID:]


def _refusal(node: Node, reason: str) -> WombatError:
    return WombatError(f"The configuration of {node.name} is refused, and its files stay as they were: {reason}")


def _before(root: str) -> str:
    return os.path.join(root, ".before.json")


def _save(root: str, paths: dict[str, File]) -> None:
    """Keep what is at some paths now: a link's target, a file's bytes, mode and group, or nothing."""
    before: dict[str, dict | None] = {}
    for path in paths:
        if os.path.islink(path):
            before[path] = {"link": os.readlink(path)}
        elif os.path.exists(path):
            with open(path, "rb") as file:
                status = os.fstat(file.fileno())
                text = base64.b64encode(file.read()).decode("ascii")
            before[path] = {"content": text, "mode": status.st_mode & 0o7777, "group": status.st_gid}
        else:
            before[path] = None
    write_file(_before(root), json.dumps(before))


def _restore(root: str, only: Collection[str] | None = None) -> None:
    """Bring back what was kept, where anything was, or only some of it, and forget the rest."""
    kept = json.loads(read_text(_before(root)) or "{}")
    for path, was in kept.items():
        if only is not None and path not in only:
            continue
        if was and "content" in was:
            write_file(path, base64.b64decode(was["content"]), was["mode"], was["group"])
            continue
        with suppress(FileNotFoundError):
            os.remove(path)
        if was:
            os.symlink(was["link"], path)
    with suppress(FileNotFoundError):
        os.remove(_before(root))


@contextmanager
def _locked(root: str) -> Iterator[None]:
    """Hold the root folder against other runs; waits for them, whose death frees it."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
