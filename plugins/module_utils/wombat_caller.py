# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Erlang module wombat_caller: its source, and the code it compiles to, which hosts need without a compiler.

After a change of SOURCE, tests/integration/erlang_code.py writes CODE anew.
"""

from __future__ import annotations

import base64

SOURCE = r"""
%% Asks the nodes of one host and writes what they say: a directory holds the request, and gets the reply. Runs hidden,
%% listens nowhere, and gives every node its own process and the whole call one deadline.
-module(wombat_caller).

-export([main/0]).

main() ->
    {ok, [[Directory]]} = init:get_argument(wombat_caller),
    {ok, [{Limit, Requests}]} = file:consult(filename:join(Directory, "request")),
    Deadline = now_ms() + Limit,
    Workers = [{Node, spawn_monitor(fun() -> work(Request, Deadline) end)} || {Node, _, _} = Request <- Requests],
    Replies = [line(Node, collect(Worker, Deadline)) || {Node, Worker} <- Workers],
    Partial = filename:join(Directory, "reply.part"),
    ok = file:write_file(Partial, Replies),
    ok = file:rename(Partial, filename:join(Directory, "reply")),
    halt(0).

work({Name, CookieFile, Call}, Deadline) ->
    Node = list_to_atom(Name),
    case file:read_file(CookieFile) of
        {ok, Cookie} ->
            true = erlang:set_cookie(Node, binary_to_atom(string:trim(Cookie), latin1)),
            exit({reply, call(Call, Node, Deadline)});
        {error, Reason} ->
            exit({reply, {error, ["its cookie file ", CookieFile, " cannot be read: ", file:format_error(Reason)]}})
    end.

%% Workers overrun the deadline a little where the node itself is slow to say that the time is up.
collect({Pid, Monitor}, Deadline) ->
    receive
        {'DOWN', Monitor, process, Pid, {reply, Reply}} -> Reply;
        {'DOWN', Monitor, process, Pid, Reason} -> {error, ["the remote caller failed: ", text(Reason)]}
    after max(0, Deadline + 200 - now_ms()) ->
        {error, "it did not answer within the time limit"}
    end.

line(Name, {Kind, Text}) ->
    Encoded = base64:encode(unicode:characters_to_binary(Text)),
    [Name, $\t, atom_to_list(Kind), $\t, Encoded, $\n].

call({await, Pid}, Node, Deadline) ->
    await(Node, Pid, Deadline);
call(Call, Node, Deadline) ->
    try
        {ok, text(run(Call, fun(M, F, A) -> erpc:call(Node, M, F, A, max(0, Deadline - now_ms())) end))}
    catch
        throw:{sentence, Sentence} -> {error, Sentence};
        Class:Reason -> {error, failure(Class, Reason)}
    end.

run({apply, Module, Function, Arguments}, Ask) ->
    Ask(Module, Function, Arguments);
run({erlang, Source}, Ask) ->
    Ask(erl_eval, expr, [{block, erl_anno:new(1), parse(Source)}, [], none, none, value]);
run({elixir, Source}, Ask) ->
    {Value, _Bindings} = Ask('Elixir.Code', eval_string, [unicode:characters_to_binary(Source)]),
    Value;
run(status, Ask) ->
    {_Release, Version} = Ask(init, script_id, []),
    {Uptime, _} = Ask(erlang, statistics, [wall_clock]),
    #{
        otp_release => Ask(erlang, system_info, [otp_release]),
        release_version => Version,
        uptime => Uptime div 1000,
        memory => Ask(erlang, memory, [total]),
        processes => Ask(erlang, system_info, [process_count]),
        connected => lists:sort([atom_to_list(Other) || Other <- Ask(erlang, nodes, [connected]), not is_caller(Other)])
    }.

is_caller(Node) -> lists:prefix("wombat_caller", atom_to_list(Node)).

parse(Source) ->
    case erl_scan:string(string:trim(string:trim(Source), trailing, ".") ++ ".") of
        {ok, Tokens, _} ->
            case erl_parse:parse_exprs(Tokens) of
                {ok, Expressions} -> Expressions;
                {error, {_, Module, Reason}} -> wrong(Module:format_error(Reason))
            end;
        {error, {_, Module, Reason}, _} ->
            wrong(Module:format_error(Reason))
    end.

wrong(Reason) -> throw({sentence, ["the expression is not Erlang: ", Reason]}).

%% A node is ready when its boot script has run to the end, which is when all its applications have started.
await(Node, Pid, Deadline) ->
    Seen =
        try
            erpc:call(Node, init, get_status, [], max(0, Deadline - now_ms()))
        catch
            _:Reason -> Reason
        end,
    Alive = filelib:is_dir("/proc/" ++ integer_to_list(Pid)),
    Late = now_ms() >= Deadline,
    case Seen of
        {started, _} -> {ok, "started"};
        _ when not Alive -> {error, "its process ended while it started"};
        {starting, Phase} when Late -> {error, ["it was still starting at the time limit, in phase ", text(Phase)]};
        _ when Late -> {error, "it did not answer within the time limit"};
        _ -> timer:sleep(min(40, max(1, Deadline - now_ms()))), await(Node, Pid, Deadline)
    end.

failure(error, {erpc, timeout}) -> "it did not answer within the time limit";
failure(error, {erpc, noconnection}) -> "it cannot be reached: it is down, or its cookie or distribution flags are others";
failure(error, {exception, Reason, _Stack}) -> ["it raised the error ", text(Reason)];
failure(exit, {exception, Reason}) -> ["the call exited with ", text(Reason)];
failure(exit, {signal, Reason}) -> ["the call was ended by the signal ", text(Reason)];
failure(throw, Reason) -> ["it threw ", text(Reason)];
failure(_Class, Reason) -> ["it answered with ", text(Reason)].

text(Term) -> io_lib:format("~0tp", [Term]).

now_ms() -> erlang:monotonic_time(millisecond).
"""

CODE = base64.b64decode(
    """
Rk9SMQAAFdBCRUFNQXRVOAAAA6IAAABsDXdvbWJhdF9jYWxsZXIEbWFpbgRpbml0DGdldF9hcmd1bWVudAJvawhmaWxlbmFtZQRqb2luBGZpbGUHY29u
c3VsdAZlcmxhbmcBKwp3cml0ZV9maWxlBnJlbmFtZQRoYWx0BHdvcmsMbGlzdF90b19hdG9tCXJlYWRfZmlsZQVlcnJvcgZzdHJpbmcEdHJpbQZsYXRp
bjEOYmluYXJ5X3RvX2F0b20Kc2V0X2Nvb2tpZQR0cnVlBXJlcGx5BGV4aXQMZm9ybWF0X2Vycm9yB2NvbGxlY3QBLQNtYXgERE9XTgdwcm9jZXNzBGxp
bmUHdW5pY29kZRRjaGFyYWN0ZXJzX3RvX2JpbmFyeQZiYXNlNjQGZW5jb2RlDGF0b21fdG9fbGlzdARjYWxsBWF3YWl0BXRocm93CHNlbnRlbmNlA3J1
bgVhcHBseQZlbGl4aXIIZXJsX2Fubm8DbmV3BWJsb2NrBGV4cHIIZXJsX2V2YWwLZXZhbF9zdHJpbmcLRWxpeGlyLkNvZGUGc3RhdHVzCXNjcmlwdF9p
ZApzdGF0aXN0aWNzC3N5c3RlbV9pbmZvA2RpdgZtZW1vcnkFbm9kZXMFbGlzdHMEc29ydAljb25uZWN0ZWQLb3RwX3JlbGVhc2UJcHJvY2Vzc2VzD3Jl
bGVhc2VfdmVyc2lvbgZ1cHRpbWUJaXNfY2FsbGVyBnByZWZpeAVwYXJzZQh0cmFpbGluZwIrKwhlcmxfc2NhbgllcmxfcGFyc2ULcGFyc2VfZXhwcnMF
d3JvbmcFcmFpc2UKZ2V0X3N0YXR1cwRlcnBjD2ludGVnZXJfdG9fbGlzdAdmaWxlbGliBmlzX2RpcgI+PQdzdGFydGVkBWZhbHNlCHN0YXJ0aW5nA21p
bgV0aW1lcgVzbGVlcAdmYWlsdXJlCWV4Y2VwdGlvbgZzaWduYWwMbm9jb25uZWN0aW9uB3RpbWVvdXQEdGV4dAZpb19saWIGZm9ybWF0Bm5vd19tcwtt
aWxsaXNlY29uZA5tb25vdG9uaWNfdGltZQttb2R1bGVfaW5mbw9nZXRfbW9kdWxlX2luZm8RLXJ1bi8yLWxjJF4wLzEtMC0NYmFkX2dlbmVyYXRvcg4t
Y2FsbC8zLWZ1bi0wLRItbWFpbi8wLWxjJF4yLzEtMS0SLW1haW4vMC1sYyReMC8xLTAtDXNwYXduX21vbml0b3IOLW1haW4vMC1mdW4tMS0AAENvZGUA
AAsNAAAAEAAAAAAAAACyAAAAXQAAABQBEJkQAhIiAAEgDDAArBcwBBQkQBIDmSAHEACfZQMgUkIDEBM4ZRNBEyMTOGUjQSMkIzRlIzRlE0BHABNAJAOZ
MAcgEAcQIJ9VAyBSQgMQEzhVE0ETFBM5VRQ6VRQgNFUTmUAEAA1HQhQAE30FIDADEwRCFBADQAQTrBcQFJlQBCANV0AEE4gQIJlgBCANVEADBEAUA0BH
EBOZcAcgEEAEE0ADBJmAByBAK0UDUkBHIBNAFANABBSIEBCZkAcgEEADE0AEA4gQAAcgUCs1A1JAAQOZoAgQYAABMJmQSAMBQJmASAMBUJkwSAMBYJkg
SAMBcJmwAhLyIAGADEAgrBcgBBRAEyRAAzRCAwADmcAHEHBCNBAUQAMEQBQDmdAHEIA5xQM6xQMgQgMAE0IDECM7E8UXQAoSpVKVAZBABBSIEDBAIwOZ
4AcQkEAKFRMHIKBAAxNABAMHILArtQMKGEIkIANABBNAFCOIMACZ8AQwDRYQMBCkAxcgChkDCBDAAAGgQBQ0iDAQQCMDmQgQBxDQEOAQRQMCA0VHMAMD
RQQDA0VHQAMDpAMXIAoSA6QDFyAKGQMIEMAQAbCZ4EgDAcCZ0EoDAdCZCBECEgocIAHgmQgSfQUgMFcTEAnIEwwwIKwXEARAExRAAyQEAA1HfQUQ4FcU
EAMTrBcQFEABAwcg8EIkABRAAwRCJBAkAfAXDRIDnw0RA1AKH0IDEBNCAyAjQgMwM0IDQAMrDREjCiCfDRADIAoZKw0RE1ckICsNETNXFDBCAxADFRIw
EwEIECsNERNXJCArDREzVxQwFYgwAJkIEwQQDUUQcBBFAwIDRUdQAwOkAxcgChIDEgATAQgRGPUBCBIa9QQWQEdgAxIwEwEIE5kIFAISCiEgAQgUOQ0T
EzoNExMgDCAgQAMUQhMABEITEAOZCBUHEAgQBxAIEakEA5kIFgcQCBIQoBBFBEdwE0WRExNFAxMDRZEDA0UUAwMSIBMBCBWZCBcCEgonMAEIFp8NFwMg
CihCAxADqQMTBjANMQEIFw0QNzAAIBAAIBAwqwATFyATI2gEDRiZCBgEIA0bBBANRWkEEDAQpAMXIFIDEhATAQgYagQrDRlXA0AKKZ8NGRMgCioQMCBC
ExADpAMXIAoSAxIQEwEIGZkIGQQgDTkQMBCkAxcgChIDEhATAQgamQgaAhIKKyABCBs5DSADPFcDUA0aF0AgDR1ADRwBCBxCAwAjKw0aIwosDAAgQgMQ
I0IDIDNCAzADqRMzqQMjmQgbsgAwVzNgEgATAQgdQgMAI0IDEDM7Iw0aF0AKLQ0fog0eAQgeDCBAQDMEQBMUQBEDmQgcBxAIE6kEAwQQDScQYBCkAxcw
CjAEA0UDR4AjQAoxE0AUM0AKMgOyADBXM2ASIBMBCB8MEEBAEwRAMwOZCB0HEAgQECAQRQMCI0AKMxNABDOIEABACjQDsgAwVzNgOQ0hAzoNIQMgQgMA
AxIAEwEIICsNGgMKNQxgIKwXUAQUJDREQBNUQAIjQBMzQAo2E0AyA5kIHrIAMFczYEADRDkNIwM6DSMDIEBHkCNACjcTQFQzQKIDmQgfsgAwVzNgQAM0
OQ0iAzoNIgMgQEegI0AKOBNAVDNAogOZCCCyADBXM2BCNAATmQghfQUgCBQTaeg0QAMkQEewI0AKOhNAVDNAogOZCCKyADBXM2BAAxRAR8AjQAo4E0BU
M0CiA5kII7IAMFczYEADBEBH0CNACjsTQFQzQARUiBBQQKIDmQgksgAwVzNgBBANTQcQCBVCNBATmgVH4AMgF8AKPgMKOgQKPxQKQEQKQRMKQiQSUBMB
CCGZCB1IAwEIIpkIH0g0AQgjmQgeSEQBCCSZCCUCEgpDEAEIJQwAEAcQCBJAAxNAR/ADCCAIFgABCCaZCCYCEgpFEAEIJwwAEJkIJwcQkEBHCBAjQApG
EwcwCBdARwgQEwcgCBgHEAgZOQ0tAzoNLQMwQgMAE0IDECM7Ew0tF0AKEg0rUg0oAQgoQCMDmQgoBxAIGjkNLAM6DSwDIEIDABNCAxAjOxMNLBdAChIN
KlINKQEIKUAjAxIAEwEIKjkNLCM6DSwjMEIjEANCIyATQAobI6kDE5kIKXAQBRANLwABCCs5DS0jOg0tIzBCIxADQiMgE0AKGyOpAxOZCCpwEAUQDS8A
AQgsmQgoSgMBCC2ZCCdKAwEILpkIKwISCksQAQgvEHAQRQMCA0VHCBEDA6QTFyAKKgNAAiNACikDTjAIGwEIMJkILAISCigwAQgxDFAwrBcQBEAjFEAT
JEADNGhEDTKZCC0EAA1HfQUQ4FcUEAMTQAEDByDwQApNI0ACM0AyE0ADQ0A0AwdQCBxpREADRD0NMwEIMmpEQBMDQANEAQgzQCQDmQguBxAIHUADE0BH
CBIDByAIGAcQCB5AAwSZCC8EAA1HCwUIHwNXFBADnw00RCAKU0BHCBMDElATAQg0Kw01BApUQEcIFAMSUBMBCDWfDTZEIApVKw03AwoYQkQQA4hQAJkI
MAQQDUUQcBBFAwIDRUcIFQMDpAMXIAoSAxIAEwEINisNNwMKGEBHYAMSUBMBCDdAFESIIDCZCDEEAA1HmQgxfQUQ4FckEAMTQBEDByDwQAMTQAkoAwcg
CCCZCDEHEAghQCQjQAQTQBQDBTANMTABCDiZCDICEgpZIAEIOTsDDT4XQAoaDTsKKQ06AQg6DAAgQBMDmQgzBBANRRBAEEUDAgNFRwgWAwMSABMBCDs5
DUMTOg1DEyBCEwADQhMQIzsDDUMXQApaDT0KWw08AQg8DAAwQCMDmQg0BBANRRBAEEUDAgNFRwgXAwMSABMBCD0MADBAIwOZCDUEEA1FEEAQRQMCA0VH
CBgDAxIAEwEIPjkNQxM8VxNQDUMXQCANQDANPwEIP0ITAAMrDUMDCloMACBCExADmQg2BBANRRBAEEUDAgNFRwgZAwMSABMBCEBCEwADKw1DAwpOQhMQ
AzsDDUMXQApcDUIKXQ1BAQhBQEcIGgMTAQhCQEcIGwMTAQhDDAAgQBMDmQg3BBANRRBAEEUDAgNFRwgcAwMSABMBCESZCDgCEgpeEAEIRRAgEEUDAhNA
RwgdA04gCCIBCEaZCDkCEgphAAEIR0AKYgNOEAgjAQhImQACEgpkAAEISUASA04QCCQBCEqZAAISCmQQAQhLQAMTQBIDTiAIJQEITJkIJAISCmYQAQhN
OA1PAwwgEEEDFARAFAMEEA0lKw1OAwoYQAQDBRANTSABCE5AFAOsFxAUBxAIEkADFEAEA4gQEAQQDU0QIBBFBAMDEhATAQhPNA1QAxMBCFAQMBCkAxcg
CmcDThAIJgEIUZkIGAISCmhQAQhSDFBQQAMEQBMUQCMkQEM0QDNEBAANR30FEOBXNBADE6wXEDRAAQMHIPBABBNAFCNAJDNAA0NARAMIUAgcUAEIU5lg
AhIKaSABCFQ4DVUDDDAgQBMkQQMDFEIDAARCAxADBCDlQAMTQAQDiBAgBCANFEAEI0AUE0ADFIgQEEAjAwQgDVQQIBBFBAMDEhATAQhVEwEIVplQAhIK
aiABCFc4DVkDQQMjAzkNWCM6DVgjMA0wNzAAIBAAIBAwQBMEQCMUQAMkqxADFyAjEwcQCCepJANABBOIECAEIA1XEFAQQgQAE6QTFyATFEUTAwMSIBMB
CFgGIA1XAQhZNA1aAxMBCFoQMBCkAxcgCmcDThAIJgEIW5lQAhIKbCABCFwGIIUDAAAAU3RyVAAAAABJbXBUAAAB5AAAACgAAAADAAAABAAAAAEAAAAG
AAAABwAAAAIAAAAIAAAACQAAAAEAAAAKAAAACwAAAAIAAAAIAAAADAAAAAIAAAAIAAAADQAAAAIAAAAKAAAADgAAAAEAAAAKAAAAEAAAAAEAAAAIAAAA
EQAAAAEAAAATAAAAFAAAAAEAAAAKAAAAFgAAAAIAAAAKAAAAFwAAAAIAAAAKAAAAGgAAAAEAAAAIAAAAGwAAAAEAAAAKAAAAHQAAAAIAAAAKAAAAHgAA
AAIAAAAiAAAAIwAAAAEAAAAkAAAAJQAAAAEAAAAKAAAAJgAAAAEAAAAuAAAALwAAAAEAAAAKAAAAOQAAAAIAAAA8AAAAPQAAAAEAAAA8AAAARAAAAAIA
AAATAAAAFAAAAAMAAAAKAAAARwAAAAIAAABIAAAAEwAAAAEAAABJAAAASgAAAAEAAAAKAAAATAAAAAMAAABOAAAAJwAAAAUAAAAKAAAATwAAAAEAAABQ
AAAAUQAAAAEAAAAKAAAAUgAAAAIAAAAKAAAAVgAAAAIAAABXAAAAWAAAAAEAAABfAAAAYAAAAAIAAAAKAAAAYwAAAAEAAAAKAAAAZQAAAAEAAAAKAAAA
ZQAAAAIAAAAKAAAAEgAAAAEAAAAKAAAAawAAAAFFeHBUAAAAKAAAAAMAAABkAAAAAQAAAEsAAABkAAAAAAAAAEkAAAACAAAAAAAAAAJGdW5UAAAANAAA
AAIAAABoAAAABQAAAFIAAAAAAAAAAgWjwBUAAABsAAAAAgAAAFwAAAABAAAAAgWjwBVMaXRUAAAB4gAAA1N4nJVSTW/TQBB1q7iQVKkotIgPKVoqIQ5U
DaoqDty5c+AebexJPPFm1+xuuu2Fi/84b2wHAjd8sHbem3nzmWXZLMuy07bOnnj6saMQYZ7BnHhqzONNo70gYyB5h8C4hHGuCm2ti2pJypMuvygQFyCe
cQyqcK5mUis2JPgM+JtYiefWRUKoMeTVSoPvI+/a6jjl5L3zdfaBoyq5VCKvbUhwTRwrtko0Im9JGd6y1JVD+WiCx9vW4D/apJF1loZ/fq/NjjYgXnT0
UZokpF4UxhX1piu4h09dbBaeDOnQuZ8NeB5d1EaQlwMybbwrKIRF4XY2CvN8YMaFs5aKSKWgJ62UJ985Spwmt13quOgb39d9g8cVHjNpix4aD112VnHo
Wv/qjbbrbjwTeJ3MJfW8U8Swjl2NnYWI/VAJcH44wStZwlCpIltSqVIly8Bk/4R8huotkKQDUDam59iulY7/zPpaYfxNhflIPVNEjll8PCUB3gN4JxHS
YSfYZ10+djqB11YbcXwNx8vfjvTAUWrDdoV8BfICsl5zANyNRRoS7mP7X4fxHe7f4P7XlRaVnBtQTLh0yV4raB/cK6ySQ/S83EVZxMrodVDag0ECH/a3
z/v0B7U/BTH6+Sk2vwDEcfsgAABNZXRhAAAAHYNsAAAAAWgCZAAQZW5hYmxlZF9mZWF0dXJlc2pqAAAATG9jVAAAANAAAAARAAAAbAAAAAIAAABcAAAA
agAAAAIAAABXAAAAaQAAAAIAAABUAAAAaAAAAAUAAABSAAAAZgAAAAEAAABNAAAAYQAAAAAAAABHAAAAXgAAAAEAAABFAAAAWQAAAAIAAAA5AAAAKAAA
AAMAAAAxAAAASwAAAAEAAAAvAAAARQAAAAEAAAAnAAAAQwAAAAEAAAAlAAAAKwAAAAIAAAAbAAAAJwAAAAMAAAAWAAAAIQAAAAIAAAAUAAAAHAAAAAIA
AAAOAAAADwAAAAIAAAAIQXR0cgAAACiDbAAAAAFoAmQAA3ZzbmwAAAABbhAACds3R8f9bReS5QjGswJ4tGpqQ0luZgAAABuDbAAAAAFoAmQAB3ZlcnNp
b25rAAU4LjIuM2oARGJnaQAAAEaDaANkAA1kZWJ1Z19pbmZvX3YxZAARZXJsX2Fic3RyYWN0X2NvZGVoAmQABG5vbmVsAAAAAWQADWRldGVybWluaXN0
aWNqAABMaW5lAAAAfgAAAAAAAAAAAAAATQAAADkAAAAAgZGhscHR4fEJEAkRCRMJFAkVCRcJGAkaCR4JIgkhCSYJJwkoCSoJLgkxCTQJNQk3CTkJPAk9
CT8JQQlCCUMJRAlHCUkJSglMCU4JUQlUCVcJWgleCV8JYwllCWgJbQlsCWsJagluCXAJcgAAVHlwZQAAAIYAAAABAAAABx//AAAAAAAAAAD/////////
/wBQAAAAAAAAAAD//////////wgAAAAAAAAAAAD//////////wIAAAAAAAAAAAD//////////wABAAAAAAAAAAD//////////xAAAAAAAAAAAAD/////
/////wAgAAAAAAAAAAD//////////wAA
"""
)
