# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a release is started, asked and stopped: a small description for each kind, with places that a node fills in."""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

_PLACE = re.compile(r"\{(\w+)\}")
# What the server itself does with its configuration when it starts, without starting.
_CHECK_RABBITMQ = r"""
Conf = "{etc}/rabbitmq.conf", filelib:is_file(Conf) orelse halt(0),
[Lib | _] = filelib:wildcard("/usr/lib/rabbitmq/lib/*/plugins"), code:add_pathsz(filelib:wildcard(Lib ++ "/*/ebin")),
Schema = cuttlefish_schema:files(filelib:wildcard(Lib ++ "/*/priv/schema/*.schema")),
Tell = fun(Errors) -> [io:format("~ts~n", [cuttlefish_error:xlate(E)]) || {error, E} <- Errors], halt(1) end,
case cuttlefish_conf:file(Conf) of
  {errorlist, Errors} -> Tell(Errors);
  Read ->
    case cuttlefish_generator:map(Schema, Read) of {error, _, {errorlist, Errors}} -> Tell(Errors); _ -> halt(0) end
end."""
_CHECK_EJABBERD = r"""
logger:set_primary_config(level, none), application:load(ejabberd),
[application:ensure_all_started(Needed) || Needed <- [fast_yaml, xmpp, fast_tls]],
case ejabberd_config:load() of
  ok -> halt(0);
  Error -> io:format("~ts~n", [ejabberd_config:format_error(Error)]), halt(1)
end."""


class Service(NamedTuple):
    """How the nodes of a release run.

    In texts, C({release}) is the folder of the version, C({name}) and C({version}) are the release's own, C({node}),
    C({label}), C({address}), C({slot}) and C({port}) the node's, and C({home}), C({etc}), C({data}), C({log}) and
    C({tmp}) its folders. C({vm_args}) is the file with all arguments of the runtime system. A variable whose value
    comes out empty is left out.
    """

    start: list[str]  # stays in the foreground, as the process of the runtime system itself
    stop: list[str] = []  # nothing: the signal TERM, at which the runtime system stops its applications in order
    env: dict[str, str] = {}
    without_epmd: dict[str, str] = {}  # what env has besides where no epmd runs: boot scripts do not name slot_epmd
    configuration: dict[str, str] = {}  # the variable that names each file of {etc}, where a family has this file
    files: str = "{release}"  # where the relative paths of a family's own files begin
    validate: list[str] = []  # the release's own check of its configuration, which returns 0 where that can be used
    user: str | None = None  # None: the user of all releases that have none of their own
    home: str | None = None  # where the package's own commands look for the cookie


KNOWN = {
    "relx": Service(
        start=["{release}/bin/{name}", "foreground"],
        env={"VMARGS_PATH": "{vm_args}", "RELX_OUT_FILE_PATH": "{tmp}", "RUNNER_LOG_DIR": "{log}"},
        without_epmd={"CODE_LOADING_MODE": "interactive"},
    ),
    "mix": Service(
        start=["{release}/bin/{name}", "start"],
        env={
            "RELEASE_VM_ARGS": "{vm_args}",
            "RELEASE_TMP": "{tmp}",
            "RELEASE_NODE": "{node}",
            "RELEASE_DISTRIBUTION": "none",  # the name is in vm.args
            "RELEASE_COOKIE": "in_the_cookie_file",
        },
        without_epmd={"RELEASE_MODE": "interactive"},
    ),
    "rabbitmq-server": Service(
        start=["/usr/lib/rabbitmq/bin/rabbitmq-server"],
        env={
            "RUNNING_UNDER_SYSTEMD": "true",  # makes the script become the runtime system
            "RABBITMQ_NODENAME": "{node}",
            "RABBITMQ_USE_LONGNAME": "{long}",
            "RABBITMQ_DIST_PORT": "{port}",
            "RABBITMQ_MNESIA_BASE": "{data}",
            "RABBITMQ_LOG_BASE": "{log}",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": "{tmp}/rabbitmq.pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-args_file {vm_args}",
        },
        # It asks OTP's own module for its port, whatever it finds nodes by.
        without_epmd={"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-args_file {vm_args} -erl_epmd_port {port}"},
        configuration={
            "rabbitmq.conf": "RABBITMQ_CONFIG_FILE",
            "advanced.config": "RABBITMQ_ADVANCED_CONFIG_FILE",
            "enabled_plugins": "RABBITMQ_ENABLED_PLUGINS_FILE",
            "rabbitmq-env.conf": "RABBITMQ_CONF_ENV_FILE",
        },
        files="{etc}",
        validate=["erl", "-noinput", "-boot", "start_clean", "-eval", _CHECK_RABBITMQ],
        user="rabbitmq",
        home="/var/lib/rabbitmq",
    ),
    # Its own command would stay between us and the runtime system, and pass no signal on.
    "ejabberd": Service(
        start=[
            *("erl", "-noinput", "-args_file", "{vm_args}", "+K", "true", "+P", "250000"),
            *("-mnesia", "dir", '"{data}"', "-s", "ejabberd"),
        ],
        env={
            "ERL_LIBS": "/usr/lib/{machine}-linux-gnu",
            "ERL_INETRC": "/etc/ejabberd/inetrc",
            "ERL_MAX_PORTS": "32000",
            "EJABBERD_CONFIG_PATH": "/etc/ejabberd/ejabberd.yml",
            "EJABBERD_LOG_PATH": "{log}/ejabberd.log",
        },
        configuration={"ejabberd.yml": "EJABBERD_CONFIG_PATH", "inetrc": "ERL_INETRC"},
        files="{etc}",
        validate=["erl", "-noinput", "-boot", "start_clean", "-eval", _CHECK_EJABBERD],
        user="ejabberd",
        home="/var/lib/ejabberd",
    ),
}


def describe(kind: str, given: dict | None = None) -> Service:
    """The description of a kind of release, with what the deployment file says otherwise.

    :arg kind: C(relx), C(mix), the name of a known package, or anything else, which must say itself how it is started.
    :arg given: Fields of Service that go before the kind's own; C(env) is added to it.
    :raises WombatError: There is no way to start it, or a field does not exist.
    """
    known, given = KNOWN.get(kind), dict(given or {})
    unknown = sorted(set(given) - set(Service._fields))
    if unknown:
        raise WombatError(f"A service has no {unknown[0]}: it has {', '.join(Service._fields)}.")
    if known is None and not given.get("start"):
        raise WombatError(f"How {kind} is started is not known: give its release a service with start.")
    base = known or Service(start=[])
    if "env" in given:
        given["env"] = {**base.env, **{key: str(value) for key, value in given["env"].items()}}
    return base._replace(**{key: value for key, value in given.items() if value is not None})


def fill(text: str, places: dict[str, str]) -> str:
    """A text of a description with its places filled in; what is no place stays."""
    return _PLACE.sub(lambda found: places.get(found.group(1), found.group(0)), text)


def fill_all(words: list[str], places: dict[str, str]) -> list[str]:
    """The words of a command with their places filled in."""
    return [fill(str(word), places) for word in words]
