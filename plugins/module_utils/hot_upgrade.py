# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades a node while it runs, by OTP's release handler: whether that is possible, and the expressions that do it.

The new version stays in its own folder. The handler gets a folder below the node's tmp for its RELEASES, the relup and
a configuration that names the node's own files: nothing changes in the folders of the releases, which belong to root.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ansible_collections.wombat.erlang.plugins.module_utils import relup
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import Node, read_text, template
from ansible_collections.wombat.erlang.plugins.module_utils.placed import File
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

NO_RELUP = "there is no relup from {} to {}"

# Every upgrade begins with a handler of its own, which knows the version that runs and the next one. The node itself
# remembers what it was upgraded to, since its boot script says what it was booted from.
_INSTALL = """begin
    Folder = %(folder)s,
    {From, FromPath, FromRel} = %(before)s,
    {To, ToPath, ToRel} = %(after)s,
    {_, Booted} = init:script_id(),
    case application:get_env(wombat, release_version, Booted) of
        To -> ok;
        From ->
            _ = file:del_dir_r(Folder),
            Relup = fun(Version, Path) ->
                Target = filename:join([Folder, Version, "relup"]),
                ok = filelib:ensure_dir(Target),
                file:copy(filename:join([Path, "releases", Version, "relup"]), Target)
            end,
            _ = [Relup(From, FromPath), Relup(To, ToPath)],
            Applications = fun(Path, Rel) ->
                {ok, [{release, _, _, Listed}]} = file:consult(Rel),
                [begin
                    Name = element(1, Item), Version = element(2, Item),
                    Own = filename:join(Path, "lib"),
                    Is = filelib:is_dir(filename:join(Own, atom_to_list(Name) ++ "-" ++ Version)),
                    {Name, Version, case Is of true -> Own; false -> filename:dirname(code:lib_dir(Name)) end}
                end || Item <- Listed]
            end,
            {ok, [Own]} = file:consult(filename:join([ToPath, "releases", To, "sys.config"])),
            ok = file:write_file(filename:join(Folder, "node.config"), %(config)s),
            Config = io_lib:format("~tp.~n", [Own ++ [filename:join(Folder, "node"), %(members)s]]),
            ok = file:write_file(filename:join([Folder, To, "sys.config"]), unicode:characters_to_binary(Config)),
            Boot = "start.boot",
            {ok, _} = file:copy(filename:join([ToPath, "releases", To, Boot]), filename:join([Folder, To, Boot])),
            ok = release_handler:create_RELEASES(Folder, FromRel, Applications(FromPath, FromRel)),
            ok = application:set_env(sasl, releases_dir, Folder),
            ok = supervisor:terminate_child(sasl_sup, release_handler),
            {ok, _} = supervisor:restart_child(sasl_sup, release_handler),
            {ok, To} = release_handler:set_unpacked(ToRel, Applications(ToPath, ToRel)),
            {ok, _, _} = release_handler:install_release(To),
            ok = application:set_env(wombat, release_version, To)
    end
end"""
_KEEP = """case release_handler:which_releases(permanent) of
    [{_, %(to)s, _, _}] -> ok;
    _ -> release_handler:make_permanent(%(to)s)
end"""


def obstacle(before: Node, after: Node, files: Mapping[str, File]) -> str | None:
    """Why a node cannot be upgraded while it runs, a sentence's end; None where it can.

    :arg files: The files of the node after the upgrade.
    """
    old, new = before.release, after.release
    if old.version == new.version:
        return "its settings change, which a node takes at its start"
    if (old.kind, new.kind) != ("relx", "relx"):
        return "only releases made by relx can be upgraded while they run"
    if (old.erts_version, bool(old.erts)) != (new.erts_version, bool(new.erts)):
        return "the runtime system changes"
    if not any(relup.leads(_relup(release), old.version, new.version) for release in (new, old)):
        return NO_RELUP.format(old.version, new.version)
    if not os.path.isfile(os.path.join(new.version_path, "sys.config")):
        return "its sys.config.src is filled in at a start"
    for release in (old, new):
        if not re.search(r"\{\s*sasl\s*,", read_text(_rel(release))):
            return f"version {release.version} does not have the application sasl"

    def moved(text: str) -> str:
        return text.replace(old.path, new.path)

    vm_args = os.path.join(before.folder, "vm.args")
    units = [template(before.unit)] if before.unit and before.unit == after.unit else []
    same = [
        *((read_text(unit), str(files[unit].content)) for unit in units),
        (moved(read_text(vm_args)), str(files[vm_args].content)),
        (moved(repr(before.start)), repr(after.start)),
        (moved(repr(sorted(before.files.items()))), repr(sorted(after.files.items()))),
        (before.user, after.user),
        (before.unit, after.unit),
        (before.distribution, after.distribution),
    ]
    if any(one != other for one, other in same):
        return "its arguments, environment or files change, which a node takes at its start"
    return None


def install_expression(before: Node, after: Node, config: str) -> str:
    """The expression that brings the next version into a running node; it does nothing where that is done.

    :arg config: The text of the node.config to be.
    """
    return _INSTALL % {
        "folder": to_erlang(_folder(before)),
        "before": to_erlang({"$tuple": [before.release.version, before.release.path, _rel(before.release)]}),
        "after": to_erlang({"$tuple": [after.release.version, after.release.path, _rel(after.release)]}),
        "config": to_erlang({"$binary": config}),
        "members": to_erlang(os.path.join(before.folder, "members")),
    }


def keep_expression(after: Node) -> str:
    """The expression that makes the version permanent for the release handler, and removes the old code."""
    return _KEEP % {"to": to_erlang(after.release.version)}


def _folder(node: Node) -> str:
    return os.path.join(node.folder, "tmp", "releases")


def _rel(release: HostRelease) -> str:
    return os.path.join(release.version_path, release.name + ".rel")


def _relup(release: HostRelease) -> str:
    return read_text(os.path.join(release.version_path, "relup"))
