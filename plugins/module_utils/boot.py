# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments that nodes and the remote caller boot with: one place that knows flags and their OTP versions.

Arguments are groups: a flag and its values, for example C(["-kernel", "net_ticktime", "10"]).
"""

from __future__ import annotations

import ipaddress
import os
import re
import shlex
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import (
    FIRST_KERNEL_PARAMETERS,
    HostRelease,
    erts_numbers,
)

# Which flags and parameters of kernel belong to us, in a release's own vm.args and in a family's settings alike.
_OUR_FLAGS = {
    *("-name", "-sname", "-setcookie", "-nocookie", "-heart", "-detached", "-start_epmd", "-no_epmd", "-epmd_module"),
    *("-erl_epmd_port", "-dist_listen", "-proto_dist", "-ssl_dist_optfile", "-ssl_dist_opt", "-slot_epmd_base"),
}
_OUR_KERNEL_PARAMETERS = {
    *("inet_dist_use_interface", "inet_dist_listen_min", "inet_dist_listen_max"),
    *("epmd_module", "erl_epmd_node_listen_port"),
}
# Two or more make the runtime system ignore them all and read the cookie file; mix always gives one itself.
_NO_COOKIES = [["-setcookie", "in_the_cookie_file"]] * 2
_PLAIN = re.compile(r"[\w./:,{}@=+%-]+\Z", re.ASCII)
_VARIABLE = re.compile(r"\$\{([^}:]*)(?::-([^}]*))?\}")
_TRAILING_DIGITS = re.compile(r"[0-9]+\Z")


class Distribution(NamedTuple):
    """How the nodes of a deployment find and meet each other; but for TLS the same for all of them."""

    epmd: bool  # whether a stock epmd keeps the ports; else a node's port follows from its slot
    port: int | None = None  # a node listens on this port plus its slot; with epmd it may be None: any port
    tls: bool = False  # over mutual TLS


def label(name: str) -> str:
    """The part of a node's name before the C(@)."""
    return name.partition("@")[0]


def address(name: str) -> str:
    """The part of a node's name after the C(@)."""
    return name.partition("@")[2]


def slot(name: str) -> int:
    """The slot that a node's name says: the number at the end of its label, else 1; slot_epmd has the same rule."""
    digits = _TRAILING_DIGITS.search(label(name))
    return int(digits.group()) if digits else 1


def name_arguments(name: str) -> list[list[str]]:
    """The flag that names a node: long where its address has a dot or colon, else short."""
    return [["-name" if re.search("[.:]", address(name)) else "-sname", name]]


def distribution_arguments(
    distribution: Distribution, erts_version: str, code_path: str, tls_config: str
) -> list[list[str]]:
    """The arguments that everything needs that takes part in the distribution, nodes and callers alike.

    :arg erts_version: The version of the runtime system that will get them.
    :arg code_path: The folder of slot_epmd.beam.
    :arg tls_config: The tls.config of the node.
    """
    arguments = [["-pa", code_path]]
    if not distribution.epmd:
        module = ["-epmd_module", "slot_epmd"]
        if erts_numbers(erts_version) >= FIRST_KERNEL_PARAMETERS:
            module = ["-kernel", "epmd_module", "slot_epmd"]
        arguments += [["-start_epmd", "false"], module, ["-slot_epmd_base", str(distribution.port)]]
    if distribution.tls:
        arguments += [["-proto_dist", "inet_tls"], ["-ssl_dist_optfile", tls_config]]
    return arguments


def node_arguments(name: str, distribution: Distribution, release: HostRelease, configs: list[str]) -> list[list[str]]:
    """The arguments of a node that are ours rather than its release's, besides those of the distribution.

    :arg release: Its HostRelease.
    :arg configs: The files that override the release's own configuration, without C(.config), in this order.
    """
    arguments = name_arguments(name)
    try:
        interface = ipaddress.IPv4Address(address(name))
        arguments.append(["-kernel", "inet_dist_use_interface", "{" + str(interface).replace(".", ",") + "}"])
    except ValueError:
        pass  # a host's name does not say which interface has it
    if distribution.epmd and distribution.port is not None:
        port = str(distribution.port + slot(name))
        arguments.append(["-kernel", "inet_dist_listen_min", port, "inet_dist_listen_max", port])
    if release.kind == "mix":
        arguments += _NO_COOKIES
    return arguments + [["-config", config] for config in configs]


def release_arguments(release: HostRelease, env: dict[str, str]) -> list[list[str]]:
    """The arguments of the release's own vm.args without those that are ours; raises WombatError.

    :arg env: The node's environment, which fills in C(${NAME}) and C(${NAME:-default}) where the file is a vm.args.src.
    """
    for file, variables in (("vm.args.src", env), ("vm.args", None)):
        path = os.path.join(release.version_path, file)
        if os.path.isfile(path):
            return [kept for group in _read(path, release.path, variables, []) for kept in _without_ours(group)]
    return []


def family_arguments(lines: list[str], where: str) -> list[list[str]]:
    """The arguments that a node's settings add, one flag with its values a line; raises WombatError for one of ours."""
    groups = _groups(_split("\n".join(lines), where))
    for group in groups:
        if _without_ours(group) != [group]:
            raise WombatError(
                f"{where} sets {' '.join(group[:2])}, which follows from the deployment's distribution: take it out."
            )
    return groups


def render_arguments(groups: list[list[str]]) -> str:
    """The text of a vm.args file, which a runtime system reads back as the same arguments."""
    last = [group for group in groups if group[0] == "-extra"]  # it takes whatever follows
    first = [group for group in groups if group[0] != "-extra"]
    return "".join(render_words(group) + "\n" for group in first + last)


def render_words(words: list[str]) -> str:
    """A line of words that a runtime system reads back as the same, from a file or from ERL_AFLAGS."""
    return " ".join(map(_quoted, words))


def _read(path: str, release_path: str, env: dict[str, str] | None, seen: list[str]) -> list[list[str]]:
    """The groups of an arguments file and of those it names; relative paths start at the release, as in its script."""
    if path in seen:
        raise WombatError(f"{path} includes itself by -args_file: take that line out of the release.")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise WombatError(f"{path} cannot be read: {error}.") from None
    if env is not None:
        text = _VARIABLE.sub(lambda match: env.get(match.group(1)) or match.group(2) or "", text)
    groups: list[list[str]] = []
    for group in _groups(_split(text, path)):
        if group[0] == "-args_file" and len(group) > 1:
            groups += _read(os.path.join(release_path, group[1]), release_path, env, [*seen, path])
        else:
            groups.append(group)
    return groups


def _split(text: str, where: str) -> list[str]:
    """The words of an arguments file: like a shell's, but nothing is escaped between quotes."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.escapedquotes = ""
    try:
        return list(lexer)
    except ValueError as error:
        raise WombatError(f"{where} is no list of arguments: {error}.") from None


def _groups(words: list[str]) -> list[list[str]]:
    groups: list[list[str]] = []
    for index, word in enumerate(words):
        if word == "-extra":
            return [*groups, words[index:]]
        if not groups or re.match(r"[-+][^\d]|--\Z", word):
            groups.append([])
        groups[-1].append(word)
    return groups


def _without_ours(group: list[str]) -> list[list[str]]:
    """The group without what is ours, as a list of groups: none where nothing is left."""
    if group[0] in _OUR_FLAGS:
        return []
    if group[0] != "-kernel":
        return [group]
    pairs = [group[index : index + 2] for index in range(1, len(group), 2)]
    kept = [word for pair in pairs if pair[0] not in _OUR_KERNEL_PARAMETERS for word in pair]
    return [["-kernel", *kept]] if kept else []


def _quoted(word: str) -> str:
    return word if _PLAIN.match(word) else '"{}"'.format(word.replace('"', '"\\""'))
