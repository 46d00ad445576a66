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
%% and its slot is the number that its name ends with (1 where there is none).
-module(slot_epmd).

-export([start_link/0, listen_port_please/2, register_node/2, register_node/3]).
-export([address_please/3, port_please/2, port_please/3, names/0, names/1]).

%% The handshake that OTP 23 and later speak.
-define(DISTRIBUTION_VERSION, 6).

start_link() -> ignore.

listen_port_please(Name, _Host) -> {ok, port(Name)}.

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
        _ -> {error, address}
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
Rk9SMQAAB3BCRUFNQXRVOAAAAUcAAAAkCXNsb3RfZXBtZApzdGFydF9saW5rBmlnbm9yZRJsaXN0ZW5fcG9ydF9wbGVhc2UCb2sNcmVnaXN0ZXJfbm9k
ZQRpbmV0Am9zBmdldHBpZAtzeXN0ZW1fdGltZQZlcmxhbmcIbWFrZV9yZWYGcGhhc2gyASsOYWRkcmVzc19wbGVhc2UHZ2V0YWRkcgtwb3J0X3BsZWFz
ZQRwb3J0BW5hbWVzBG5vZGUMYXRvbV90b19saXN0BnN0cmluZwVzcGxpdA5zbG90X2VwbWRfYmFzZQRpbml0DGdldF9hcmd1bWVudA9saXN0X3RvX2lu
dGVnZXIEc2xvdAVsaXN0cwdyZXZlcnNlCXRha2V3aGlsZQttb2R1bGVfaW5mbw9nZXRfbW9kdWxlX2luZm8OLXNsb3QvMS1mdW4tMC0CPTwFZmFsc2UA
Q29kZQAAAt4AAAAQAAAAAAAAALIAAAAlAAAADgEQmRACEiIAASBAMgMTATCZIAISQiABQAwAEAQQDRgQMBCkAxcgUgMSABMBUJkwAhJiIAFgQHIjBjCF
AXCZQAISYjABgAwgAKwXIAQUmVAHAABAAxQHABBAAwQHACAQQBCkAxcwFAQDQHkA////+xOIIAAHIDB9BRBAA0EDEDAQpAMXIFIDEgATAZCZYAIS8jAB
oAwgMKwXEARAAxRAEwNAIxOZcAcgUEADBJ+1AyBSQBQDQAQUiBAQmYAEEA0YEFAQQgQQE6QDF0BSEwNhEhATAbASIBMBwJmQAhIKESAB0AwAEAQQDRgQ
QBCkAxcwChIDYRIAEwHgmaACEgoRMAHwBiDVAQgQmbACEgoTAAEIEQwAAAlgA5nABxBwQEcAEwcggDgNEgOjAxM4DRITQRMjEzQNEhNAIwMFEA0UAAEI
EkgDAQgTmdACEgoTEAEIFDANFQMMABAHEHAFEA0UAAEIFQwgEKwXEARAAxQJYAOZ4AcQcEBHABMHIIA4DRYDQQMEAzgNFgNBAxMDNA0WAysNFhMUQAQU
iBAQQAQDmfAEEA0YEIAQpAMXIAQDRQMCA6QDFyBSAxIQEwEIFkBHEAMSIBMBCBeZCBACEgoSEAEIGDANGQMMABAHEHAFEA0YAAEIGQwQEEADBEAKGAOZ
CBEHEJCfDRoDIFJCAxATOA0aE6ITEzgNGhNBEyMTNA0aE0AjA5kIEgcQoKkEAwQQDRx9BRBABAMDEhATAQgamQgRSAMBCBuZCBMCEgocEAEIHA0QNzAA
ABAAIBAQqwAEFwCZCBQHELBAAxNABAOsFxAEByDANA0dVwMQQBEDEhATAQgdmQgVBxCwCBCgEAEIHpkAAhIKIAABCB9AEgNOENABCCCZAAISCiAQAQgh
QAMTQBIDTiDgAQgimQgUAhIKIhABCCMoDSQDCTALBfADCTkDEwEIJEAKJAMTAwAAU3RyVAAAAABJbXBUAAAAxAAAABAAAAAIAAAACQAAAAAAAAAIAAAA
CgAAAAAAAAALAAAADAAAAAAAAAALAAAADQAAAAIAAAALAAAADgAAAAIAAAAHAAAAEAAAAAIAAAALAAAAFAAAAAAAAAALAAAAFQAAAAEAAAAWAAAAFwAA
AAIAAAAZAAAAGgAAAAEAAAALAAAAGwAAAAEAAAAdAAAAHgAAAAEAAAAdAAAAHwAAAAIAAAALAAAAIQAAAAEAAAALAAAAIQAAAAIAAAALAAAAIwAAAAJF
eHBUAAAAiAAAAAsAAAAgAAAAAQAAACEAAAAgAAAAAAAAAB8AAAATAAAAAQAAABQAAAATAAAAAAAAABEAAAARAAAAAwAAAA8AAAARAAAAAgAAAA0AAAAP
AAAAAwAAAAoAAAAGAAAAAwAAAAgAAAAGAAAAAgAAAAYAAAAEAAAAAgAAAAQAAAACAAAAAAAAAAJGdW5UAAAAHAAAAAEAAAAiAAAAAQAAACMAAAAAAAAA
AAUTR7NMaXRUAAAALgAAACR4nGNgYGBiYGBgbc5mYHQAMoSbM5jKWVOLivKLytkTU1KKUouLAWSaCEEAAE1ldGEAAAAdg2wAAAABaAJkABBlbmFibGVk
X2ZlYXR1cmVzamoAAABMb2NUAAAAKAAAAAMAAAAiAAAAAQAAACMAAAAcAAAAAQAAABwAAAASAAAAAQAAABhBdHRyAAAAKINsAAAAAWgCZAADdnNubAAA
AAFuEADkF5QHb0bX6/SPlTdo9miiampDSW5mAAAAG4NsAAAAAWgCZAAHdmVyc2lvbmsABTguMi4zagBEYmdpAAAARoNoA2QADWRlYnVnX2luZm9fdjFk
ABFlcmxfYWJzdHJhY3RfY29kZWgCZAAEbm9uZWwAAAABZAANZGV0ZXJtaW5pc3RpY2oAAExpbmUAAAA8AAAAAAAAAAAAAAAZAAAAFQAAAADB4QkQCRMJ
FAkWCRcJGAkcCR4JIQkiCSUJJwkoCSwJLgkvCTEJMgk1VHlwZQAAACwAAAABAAAAAh//AAAAAAAAAAD//////////wEIAAAAAAAAAAD//////////w==
"""
)
