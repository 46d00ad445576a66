# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one remote caller: asks all nodes of a host in one hidden runtime system, for status, commands and readiness."""

from __future__ import annotations

import base64
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable, NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils import accounts, boot, slot_epmd, tls, wombat_caller
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease, erts_numbers
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, read_text, write_file
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

# Nodes remember every name that ever connected, so callers share a few.
_NAMES = 64
# What the caller may take beyond the nodes' time, to boot and to write its reply.
_GRACE = 10
# A short-lived, mostly idle runtime system: one scheduler, no busy waiting.
_SMALL = ["+S", "1:1", "+SDcpu", "1:1", "+SDio", "1", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"]

STATUS = {"$atom": "status"}


class Reply(NamedTuple):
    """What came of the request to one node: the printed Erlang term, or a sentence's end that says what went wrong."""

    text: str | None
    error: str | None


def apply_request(module: str, function: str, arguments: list) -> dict:
    """The request to call a function; C(arguments) is a list of data as terms.to_erlang takes it."""
    return {"$tuple": [{"$atom": "apply"}, {"$atom": module}, {"$atom": function}, list(arguments)]}


def expression_request(source: str, language: str = "erlang") -> dict:
    """The request to evaluate an expression; C(language) is erlang or elixir."""
    return {"$tuple": [{"$atom": language}, source]}


def await_request(pid: int) -> dict:
    """The request to wait until the node has started, for as long as the process C(pid) lives."""
    return {"$tuple": [{"$atom": "await"}, pid]}


def call(requests: list[tuple[Node, dict]], timeout: float, cookie_file: str | None = None) -> dict[str, Reply]:
    """Send requests to nodes of one instance, all at the same time.

    :arg requests: A list of pairs of a Node and what one of the functions above made, each node once.
    :arg timeout: Seconds that all nodes have together.
    :arg cookie_file: The file of the nodes' cookie, where they run with another one than their files say.
    :returns: A dictionary of the nodes' names and their Reply; every requested node has one.
    :raises WombatError: The caller itself cannot run, or the arguments say no Erlang term.
    """
    groups: dict[tuple, list[tuple[Node, dict]]] = {}
    for node, request in requests:
        groups.setdefault((node.distribution, node.user), []).append((node, request))
    replies: dict[str, Reply] = {}
    for group in groups.values():
        replies.update(_call(group, timeout, cookie_file))
    return replies


def _call(requests: list[tuple[Node, dict]], timeout: float, cookie_file: str | None) -> dict[str, Reply]:
    node = max((node for node, request in requests), key=lambda item: erts_numbers(item.release.erts_version))
    lines = [{"$tuple": [item.name, cookie_file or item.cookie_file, request]} for item, request in requests]
    text = to_erlang({"$tuple": [max(1, int(timeout * 1000)), lines]}) + ".\n"
    with _caller_name(node) as (name, lock), tempfile.TemporaryDirectory(prefix="wombat-") as folder:
        write_file(os.path.join(folder, "request"), text)
        for module, code in (("slot_epmd", slot_epmd.CODE), ("wombat_caller", wombat_caller.CODE)):
            write_file(os.path.join(folder, module + ".beam"), code)
        program, env = runtime_system(node.release)
        arguments = boot.name_arguments(name) + boot.distribution_arguments(
            node.distribution, node.release.erts_version, folder, tls.config_path(node.folder)
        )
        command = [program, "-noinput", *boot_script(node.release), *_SMALL, "-hidden", "-dist_listen", "false"]
        if node.distribution.tls and not node.release.erts:
            command += tls.code_arguments(node.release)
        if node.distribution.epmd:
            command += ["-start_epmd", "false"]  # who listens nowhere needs none, and would leave one behind
        command += [word for group in arguments for word in group]
        command += ["-wombat_caller", folder, "-s", "wombat_caller", "main"]
        # The nodes' cookies are read from their files; without its own home it would make one up in theirs.
        env = dict(env, HOME=folder, PATH=node.start["env"]["PATH"], ERL_CRASH_DUMP_BYTES="0")
        env.update((key, value) for key, value in node.start["env"].items() if key.startswith("ERL_EPMD"))
        become = accounts.becoming(node.user)
        if become and node.user:
            _give(folder, node.user)
        output = _run(command, env, folder, lock, timeout + _GRACE, become)
        replies = _replies(read_text(os.path.join(folder, "reply")))
    silent = Reply(None, f"the remote caller ended without a reply: {output}")
    return {item.name: replies.get(item.name, silent) for item, request in requests}


@contextmanager
def _caller_name(node: Node) -> Iterator[tuple[str, int]]:
    """A name for a caller that no other caller on this instance has, and the file whose lock says so."""
    number, handle = _take_number(os.path.join(node.root, "callers"))
    try:
        yield f"wombat_caller{number}@{boot.address(node.name)}", handle
    finally:
        os.close(handle)


def _take_number(folder: str) -> tuple[int, int]:
    """The first number that nobody has locked in this folder, and the file that locks it now."""
    try:
        os.makedirs(folder, exist_ok=True)
        for number in range(1, _NAMES + 1):
            handle = os.open(os.path.join(folder, str(number)), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return number, handle
            except BlockingIOError:
                os.close(handle)
    except OSError as error:
        raise WombatError(f"No remote caller can start from {folder}: {error}; run as the nodes' owner.") from None
    raise WombatError(f"No remote caller can start from {folder}: {_NAMES} are at work; wait for some of them to end.")


def _give(folder: str, user: str) -> None:
    """Give the caller's folder to the user that it runs as, the only one who can read the cookies of its nodes."""
    known = accounts.account(user)
    for path in [*(os.path.join(folder, name) for name in os.listdir(folder)), folder]:
        os.chown(path, known.pw_uid, known.pw_gid)


def _run(
    command: list[str],
    env: dict[str, str],
    folder: str,
    lock: int,
    limit: float,
    become: Callable[[], None] | None,
) -> str:
    """Run the caller; returns the end of what it printed, for the case that it wrote no reply."""
    output = os.path.join(folder, "output")
    with open(output, "wb") as file:
        try:
            # The name stays taken for as long as the caller lives, even if this process is killed.
            subprocess.run(
                command,
                env=env,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                pass_fds=[lock],
                preexec_fn=become,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "it hung"
        except OSError as error:
            raise WombatError(f"The runtime system {command[0]} cannot be run: {error}.") from None
    with open(output, encoding="utf-8", errors="replace") as file:
        return " ".join(file.read()[-500:].split())


def runtime_system(release: HostRelease) -> tuple[str, dict[str, str]]:
    """The program to run, and the environment that it needs: the release's own runtime system, else the host's."""
    if release.erts:
        bin_folder = os.path.join(release.erts, "bin")
        env = {"ROOTDIR": release.path, "BINDIR": bin_folder, "EMU": "beam", "PROGNAME": "erl"}
        return os.path.join(bin_folder, "erlexec"), env
    program = shutil.which("erl", path=os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/local/bin")
    if program is None:
        raise WombatError(
            f"Release {release.name} has no runtime system and its host no erl: "
            f"install Erlang/OTP {release.otp_release}."
        )
    return program, {}


def boot_script(release: HostRelease) -> list[str]:
    """The arguments that boot nothing but kernel and stdlib."""
    if not release.erts:
        return ["-boot", "start_clean"]
    folders = [release.version_path, os.path.join(release.path, "bin")]
    for path in [os.path.join(folder, name) for name in ("start_clean", "no_dot_erlang") for folder in folders]:
        if os.path.isfile(path + ".boot"):
            lib = os.path.join(release.path, "lib")
            return ["-boot", path, "-boot_var", "RELEASE_LIB", lib, "-boot_var", "SYSTEM_LIB_DIR", lib]
    raise WombatError(f"Release {release.path} has no start_clean.boot: build it with relx or mix.")


def _replies(text: str) -> dict[str, Reply]:
    replies = {}
    for line in text.splitlines():
        name, kind, encoded = line.split("\t")
        content = base64.b64decode(encoded).decode("utf-8")
        replies[name] = Reply(content, None) if kind == "ok" else Reply(None, content)
    return replies
