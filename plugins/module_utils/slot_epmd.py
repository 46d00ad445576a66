# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Erlang module slot_epmd: its source, and the code it compiles to, which hosts need without a compiler.

After a change of SOURCE, tests/integration/erlang_code.py writes CODE anew.
"""

from __future__ import annotations

import base64

SOURCE = r"""
%% Finds nodes without epmd where several share an address: a node listens on the deployment's base port plus its slot,
%% and its slot is the number that its name ends with (1 where there is none). Tools, which run under names of their
%% own, listen on any port: nobody looks for them.
-module(slot_epmd).

-export([start_link/0, listen_port_please/2, register_node/2, register_node/3]).
-export([address_please/3, port_please/2, port_please/3, names/0, names/1]).

%% The handshake that OTP 23 and later speak.
-define(DISTRIBUTION_VERSION, 6).

start_link() -> ignore.

listen_port_please(Name, Host) when is_atom(Name) -> listen_port_please(atom_to_list(Name), Host);
listen_port_please(Name, _Host) ->
    case string:split(os:getenv("WOMBAT_NODE", ""), "@") of
        [Label | _] when Label =:= Name -> {ok, port(Name)};
        _ -> {ok, 0}
    end.

register_node(Name, Port) -> register_node(Name, Port, inet).

%% The creation tells this run of the node from its earlier ones; below 4 it would have the meaning of OTP 22.
register_node(_Name, _Port, _Driver) ->
    {ok, 4 + erlang:phash2({os:getpid(), os:system_time(), make_ref()}, 16#fffffffb)}.

address_please(Name, Host, Family) ->
    case inet:getaddr(Host, Family) of
        {ok, Address} -> {ok, Address, port(Name), ?DISTRIBUTION_VERSION};
        Error -> Error
    end.

port_please(Name, _Host) -> {port, port(Name), ?DISTRIBUTION_VERSION}.

port_please(Name, Host, _Timeout) -> port_please(Name, Host).

%% Nobody keeps a list: a node knows its own name, and no other.
names() ->
    [_Name, Host] = string:split(atom_to_list(node()), "@"),
    names(Host).

names(Host) when is_atom(Host) -> names(atom_to_list(Host));
names(Host) ->
    case string:split(atom_to_list(node()), "@") of
        [Name, Host] -> {ok, [{Name, port(Name)}]};
        _ -> {ok, []}
    end.

port(Name) when is_atom(Name) -> port(atom_to_list(Name));
port(Name) ->
    {ok, [[Base] | _]} = init:get_argument(slot_epmd_base),
    list_to_integer(Base) + slot(Name).

slot(Name) ->
    Digits = lists:takewhile(fun(C) -> C >= $0 andalso C =< $9 end, lists:reverse(Name)),
    case Digits of
        [] -> 1;
        _ -> list_to_integer(lists:reverse(Digits))
    end.
"""

CODE = base64.b64decode(
    """
Rk9SMQAAB9xCRUFNQXRVOAAAAU4AAAAlCXNsb3RfZXBtZApzdGFydF9saW5rBmlnbm9yZRJsaXN0ZW5fcG9ydF9wbGVhc2UGZXJsYW5nDGF0b21fdG9f
bGlzdAJvcwZnZXRlbnYGc3RyaW5nBXNwbGl0Am9rDXJlZ2lzdGVyX25vZGUEaW5ldAZnZXRwaWQLc3lzdGVtX3RpbWUIbWFrZV9yZWYGcGhhc2gyASsO
YWRkcmVzc19wbGVhc2UHZ2V0YWRkcgtwb3J0X3BsZWFzZQRwb3J0BW5hbWVzBG5vZGUOc2xvdF9lcG1kX2Jhc2UEaW5pdAxnZXRfYXJndW1lbnQPbGlz
dF90b19pbnRlZ2VyBHNsb3QFbGlzdHMHcmV2ZXJzZQl0YWtld2hpbGULbW9kdWxlX2luZm8PZ2V0X21vZHVsZV9pbmZvDi1zbG90LzEtZnVuLTAtAj08
BWZhbHNlAABDb2RlAAADJwAAABAAAAAAAAAAsgAAACcAAAAOARCZEAISIgABIEAyAxMBMJkgAhJCIAFAMFUDDBAgQBMEBxAAQAQTBSBFEAFQDBAQQAME
QAITQEcAA5kwByAQQEcQEwcgIDhlA6IDAytlAwSIEACZQAQQDRoQMBCkAxcgsgMSABMBYEBHIAMSEBMBcJlQAhLCIAGAQNIjBjClAZCZYAISwjABoAwg
AKwXIAQUmXAHADBAAxQHAEBAAwQHAFAQQBCkAxcwFAQDQHkA////+xOIIAAHIGB9BRBwA0EDEDAQpAMXILIDEgATAbCZgAISChMwAcAMIDCsFxAEQAMU
QBMDQCMTmZAHIIBAAwSf1QMgskAUA0AEFIgQEJmgBBANGhBQEEIEEBOkAxdAshMDYRIQEwHQEiATAeCZsAISChUgAfAMABAEEA0aEEAQpAMXMAoWA2ES
ABMBCBCZwAISChUwAQgRBiD1AQgSmdACEgoXAAEIEwwAAAmQA5ngBxAAQEcQEwcgIDgNFAOjAxM4DRQTQRMjEzQNFBNAIwMFEA0WAAEIFEgDAQgVmfAC
EgoXEAEIFjANFwMMABAHEAAFEA0WAAEIFwwgEKwXEARAAxQJkAOZCBAHEABARxATByAgOA0YA0EDBAM4DRgDQQMTAzQNGAMrDRgTFEAEFIgQEEAEA5kI
EQQQDRoQgBCkAxcgBANFAwIDpAMXILIDEhATAQgYQEcwAxIgEwEIGZkIEgISChYQAQgaMA0bAwwAEAcQAAUQDRoAAQgbDBAQQAMEQAoZA5kIEwcQoJ8N
HAMgskIDEBM4DRwTohMTOA0cE0ETIxM0DRwTQCMDmQgUBxCwqQQDBBANHn0FEHAEAwMSEBMBCByZCBNIAwEIHZkIFQISCh0QAQgeDRA3MAAAEAAgEBCr
AAQXAJkIFgcQwEADE0AEA6wXEAQHINA0DR9XAxBAEQMSEBMBCB+ZCBcHEMAIELAQAQggmQACEgohAAEIIUASA04Q4AEIIpkAAhIKIRABCCNAAxNAEgNO
IPABCCSZCBYCEgojEAEIJSgNJgMJMAsFCBADCTkDEwEIJkAKJQMTAwBTdHJUAAAAAEltcFQAAADQAAAAEQAAAAUAAAAGAAAAAQAAAAcAAAAIAAAAAgAA
AAkAAAAKAAAAAgAAAAcAAAAOAAAAAAAAAAcAAAAPAAAAAAAAAAUAAAAQAAAAAAAAAAUAAAARAAAAAgAAAAUAAAASAAAAAgAAAA0AAAAUAAAAAgAAAAUA
AAAYAAAAAAAAABoAAAAbAAAAAQAAAAUAAAAcAAAAAQAAAB4AAAAfAAAAAQAAAB4AAAAgAAAAAgAAAAUAAAAiAAAAAQAAAAUAAAAiAAAAAgAAAAUAAAAk
AAAAAkV4cFQAAACIAAAACwAAACEAAAABAAAAIwAAACEAAAAAAAAAIQAAABcAAAABAAAAFgAAABcAAAAAAAAAEwAAABUAAAADAAAAEQAAABUAAAACAAAA
DwAAABMAAAADAAAADAAAAAwAAAADAAAACgAAAAwAAAACAAAACAAAAAQAAAACAAAABAAAAAIAAAAAAAAAAkZ1blQAAAAcAAAAAQAAACMAAAABAAAAJQAA
AAAAAAAABi97sExpdFQAAAA7AAAAOXicY2BgYGFgYOBvzmbgDvf3dXIMiffzd3EFCrEChRgdgAzO5gymcqb87EQgm4EDyskCABV2CuwATWV0YQAAAB2D
bAAAAAFoAmQAEGVuYWJsZWRfZmVhdHVyZXNqagAAAExvY1QAAAAoAAAAAwAAACMAAAABAAAAJQAAAB0AAAABAAAAHgAAABYAAAABAAAAGkF0dHIAAAAo
g2wAAAABaAJkAAN2c25sAAAAAW4QAMJG5OoJ9i5bngWdhx1278VqakNJbmYAAAAbg2wAAAABaAJkAAd2ZXJzaW9uawAFOC4yLjNqAERiZ2kAAABGg2gD
ZAANZGVidWdfaW5mb192MWQAEWVybF9hYnN0cmFjdF9jb2RlaAJkAARub25lbAAAAAFkAA1kZXRlcm1pbmlzdGljagAATGluZQAAAEAAAAAAAAAAAAAA
ABsAAAAXAAAAANHxCREJEgkWCRkJGgkcCR0JHgkiCSQJJwkoCSsJLQkuCTIJNAk1CTcJOAk7VHlwZQAAACwAAAABAAAAAh//AAAAAAAAAAD/////////
/wEIAAAAAAAAAAD//////////w==
"""
)
