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

%% Milliseconds for a node that is reached to say something small, or to say that it could not say more.
-define(MOMENT, 250).

main() ->
    {ok, [[Directory]]} = init:get_argument(wombat_caller),
    {ok, [{Limit, Requests}]} = file:consult(filename:join(Directory, "request")),
    Deadline = now_ms() + Limit,
    Workers = [
        {Node, spawn_monitor(fun() -> work(Request, Deadline) end)}
     || {Node, _, _} = Request <- Requests
    ],
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

%% A worker overruns the deadline a little to find out why its node is late.
collect({Pid, Monitor}, Deadline) ->
    receive
        {'DOWN', Monitor, process, Pid, {reply, Reply}} -> Reply;
        {'DOWN', Monitor, process, Pid, Reason} -> {error, ["the remote caller failed: ", text(Reason)]}
    after max(0, Deadline + 4 * ?MOMENT - now_ms()) ->
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
    {_Release, Booted} = Ask(init, script_id, []),
    %% A node that was upgraded while it ran remembers it, see hot_upgrade.py.
    Version = Ask(application, get_env, [wombat, release_version, Booted]),
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
    Status = quietly(Node, init, get_status, max(?MOMENT, Deadline - now_ms())),
    Late = now_ms() >= Deadline,
    case {Status, ended(Pid)} of
        {{started, _}, _} -> {ok, "started"};
        {_, true} -> {error, "its process ended while it started"};
        {{starting, _}, false} when Late -> {error, still_starting(quietly(Node, application, info, ?MOMENT))};
        {_, false} when Late -> {error, "it did not answer within the time limit"};
        _ -> timer:sleep(40), await(Node, Pid, Deadline)
    end.

quietly(Node, Module, Function, Timeout) ->
    try
        erpc:call(Node, Module, Function, [], Timeout)
    catch
        _:_ -> unknown
    end.

%% A process that nobody has waited for yet keeps its pid, but has no command line any more.
ended(Pid) ->
    case file:read_file("/proc/" ++ integer_to_list(Pid) ++ "/cmdline") of
        {ok, <<>>} -> true;
        {ok, _} -> false;
        {error, _} -> true
    end.

still_starting(Info) when is_list(Info) ->
    Names = [atom_to_list(element(1, Starting)) || Starting <- proplists:get_value(starting, Info, [])],
    ["it was still starting at the time limit: ", lists:join(", ", Names)];
still_starting(unknown) ->
    "it was still starting at the time limit".

failure(error, {erpc, timeout}) -> "it did not answer within the time limit";
failure(error, {erpc, noconnection}) -> "it cannot be reached: its cookie or distribution is not what its files say";
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
Rk9SMQAAF8xCRUFNQXRVOAAABAsAAAB1DXdvbWJhdF9jYWxsZXIEbWFpbgRpbml0DGdldF9hcmd1bWVudAJvawhmaWxlbmFtZQRqb2luBGZpbGUHY29u
c3VsdAZlcmxhbmcBKwp3cml0ZV9maWxlBnJlbmFtZQRoYWx0BHdvcmsMbGlzdF90b19hdG9tCXJlYWRfZmlsZQVlcnJvcgZzdHJpbmcEdHJpbQZsYXRp
bjEOYmluYXJ5X3RvX2F0b20Kc2V0X2Nvb2tpZQR0cnVlBXJlcGx5BGV4aXQMZm9ybWF0X2Vycm9yB2NvbGxlY3QBLQNtYXgERE9XTgdwcm9jZXNzBGxp
bmUHdW5pY29kZRRjaGFyYWN0ZXJzX3RvX2JpbmFyeQZiYXNlNjQGZW5jb2RlDGF0b21fdG9fbGlzdARjYWxsBWF3YWl0BXRocm93CHNlbnRlbmNlA3J1
bgVhcHBseQZlbGl4aXIIZXJsX2Fubm8DbmV3BWJsb2NrBGV4cHIIZXJsX2V2YWwLZXZhbF9zdHJpbmcLRWxpeGlyLkNvZGUGc3RhdHVzCXNjcmlwdF9p
ZA9yZWxlYXNlX3ZlcnNpb24Gd29tYmF0B2dldF9lbnYLYXBwbGljYXRpb24Kc3RhdGlzdGljcwtzeXN0ZW1faW5mbwNkaXYGbWVtb3J5BW5vZGVzBWxp
c3RzBHNvcnQJY29ubmVjdGVkC290cF9yZWxlYXNlCXByb2Nlc3NlcwZ1cHRpbWUJaXNfY2FsbGVyBnByZWZpeAVwYXJzZQh0cmFpbGluZwIrKwhlcmxf
c2NhbgllcmxfcGFyc2ULcGFyc2VfZXhwcnMFd3JvbmcFcmFpc2UKZ2V0X3N0YXR1cwI+PQdzdGFydGVkCHN0YXJ0aW5nBGluZm8FdGltZXIFc2xlZXAH
cXVpZXRseQRlcnBjB3Vua25vd24FZW5kZWQPaW50ZWdlcl90b19saXN0Az06PQ5zdGlsbF9zdGFydGluZwlwcm9wbGlzdHMJZ2V0X3ZhbHVlB2ZhaWx1
cmUJZXhjZXB0aW9uBnNpZ25hbAxub2Nvbm5lY3Rpb24HdGltZW91dAR0ZXh0BmlvX2xpYgZmb3JtYXQGbm93X21zC21pbGxpc2Vjb25kDm1vbm90b25p
Y190aW1lC21vZHVsZV9pbmZvD2dldF9tb2R1bGVfaW5mbxwtc3RpbGxfc3RhcnRpbmcvMS1sYyReMC8xLTAtB2VsZW1lbnQNYmFkX2dlbmVyYXRvchEt
cnVuLzItbGMkXjAvMS0wLQ4tY2FsbC8zLWZ1bi0wLRItbWFpbi8wLWxjJF4yLzEtMS0SLW1haW4vMC1sYyReMC8xLTAtDXNwYXduX21vbml0b3IOLW1h
aW4vMC1mdW4tMS0AQ29kZQAADDoAAAAQAAAAAAAAALIAAABqAAAAGAEQmRACEiIAASAMMACsFzAEFCRAEgOZIAcQAJ9lAyBSQgMQEzhlE0ETIxM4ZSNB
IyQjNGUjNGUTQEcAE0AkA5kwByAQBxAgn1UDIFJCAxATOFUTQRMUEzlVFDpVFCA0VROZQAQADVBCFAATfQUgMAMTBEIUEANABBOsFxAUmVAEIA1kQAQT
iBAgmWAEIA1hQAMEQBQDQEcQE5lwByAQQAQTQAMEmYAHIEArRQNSQEcgE0AUA0AEFIgQEJmQByAQQAMTQAQDiBAAByBQKzUDUkABA5mgCBBgAAEwmZBI
AwFAmYBIAwFQmTBIAwFgmSBIAwFwmbACEvIgAYAMQCCsFyAEFEATJEADNEIDAAOZwAcQcEI0EBRAAwRAFAOZ0AcQgDnFAzrFAyBCAwATQgMQIzsTxRdA
ChKlUpUBkEAEFIgQMEAjA5ngBxCQQAoVEwcgoEADE0AEAwcgsCu1AwoYQiQgA0AEE0AUI4gwAJnwBDANFhAwEKQDFyAKGQMIEMAAAaBAFDSIMBBAIwOZ
CBAHENAQ4BBFAwIDRUcwAwNFBAMDRUdAAwOkAxcgChIDpAMXIAoZAwgQwBABsJngSAMBwJnQSgMB0JkIEQISChwgAeCZCBJ9BSAwVxMQaegTDDAgrBcQ
BEATFEADJAQADVB9BRDgVxQQAxOsFxAUQAEDByDwQiQAFEADBEIkECQB8BcNEgOfDREDUAofQgMQE0IDICNCAzAzQgNAAysNESMKIJ8NEAMgChkrDRET
VyQgKw0RM1cUMEIDEAMVEjATAQgQKw0RE1ckICsNETNXFDAViDAAmQgTBBANThBwEEUDAgNFR1ADA6QDFyAKEgMSABMBCBEY9QEIEhr1BBZAR2ADEjAT
AQgTmQgUAhIKISABCBQ5DRMTOg0TEyAMICBAAxRCEwAEQhMQA5kIFQcQCBAHEAgRqQQDmQgWBxAIEhCgEEUER3ATRZETE0UDEwNFkQMDRRQDAxIgEwEI
FZkIFwISCicwAQgWnw0XAyAKKEIDEAOpAxMGMA0xAQgXDRA3MAAgEAAgEDCrABMXIBMjaAQNGJkIGAQgDRsEEA1OaQQQMBCkAxcgUgMSEBMBCBhqBCsN
GVcDQAopnw0ZEyAKKhAwIEITEAOkAxcgChIDEhATAQgZmQgZBCANQhAwEKQDFyAKEgMSEBMBCBqZCBoCEgorIAEIGzkNIAM8VwNQDRoXQCANHUANHAEI
HEIDACMrDRojCiwMACBCAxAjQgMgM0IDMAOpEzOpAyOZCBuyADBXM2ASABMBCB1CAwAjQgMQMzsjDRoXQAotDR+iDR4BCB4MIEBAMwRAExRAEQOZCBwH
EAgTqQQDBBANJxBgEKQDFzAKMAQDRQNHgCNACjETQBQzQAoyA7IAMFczYBIgEwEIHwwQQEATBEAzA5kIHQcQCBAQIBBFAwIjQAozE0AEM4gQAEAKNAOy
ADBXM2A5DSEDOg0hAyBCAwADEgATAQggKw0aAwo1DGAgrBdQBBQkNERAE1RAAiNAEzNACjYTQDIDmQgesgAwVzNgOQ0jAzoNIwMgEGAQQgMQA0UDAgNF
CjcDA0UKOAMjQAo5E0BUM0AKOgOZCB+yADBXM2BAA0RAR5AjQAo7E0BUM0CiA5kIILIAMFczYEADNDkNIgM6DSIDIEBHoCNACjwTQFQzQKIDmQghsgAw
VzNgQjQAE5kIIn0FIAgUE2noNEADJEBHsCNACj4TQFQzQKIDmQgjsgAwVzNgQAMUQEfAI0AKPBNAVDNAogOZCCSyADBXM2BAAwRAR9AjQAo/E0BUM0AE
VIgQUECiA5kIJbIAMFczYAQQDVoHEAgVmgVH4AMQF8AKQgMKPgQKQxQKREQKNzQKRSQSUBMBCCGZCB1IAwEIIpkIIEg0AQgjmQgeSAMBCCSZCCYCEgpG
EAEIJQwAEAcQCBJAAxNAR/ADCCAIFgABCCaZCCcCEgpIEAEIJwwAEJkIKAcQkEBHCBAjQApJEwcwCBdARwgQEwcgCBgHEAgZOQ0tAzoNLQMwQgMAE0ID
ECM7Ew0tF0AKEg0rUg0oAQgoQCMDmQgpBxAIGjkNLAM6DSwDIEIDABNCAxAjOxMNLBdAChINKlINKQEIKUAjAxIAEwEIKjkNLCM6DSwjMEIjEANCIyAT
QAobI6kDE5kIKnAQBRANLwABCCs5DS0jOg0tIzBCIxADQiMgE0AKGyOpAxOZCCtwEAUQDS8AAQgsmQgpSgMBCC2ZCChKAwEILpkILAISCk4QAQgvEHAQ
RQMCA0VHCBEDA6QTFyAKKgNAAiNACikDTjAIGwEIMJkILQISCigwAQgxDFAwrBcgBBRAIyRAEzRAA0SZCC4EAA1QfQUQ4FckEAMTQAn6Awcg8EAKUCNA
MhNAAzNARAMEQA03QAMUmQgvBAANUAsFCBwDVyQQBEA0A5kIMAQQDTqfDTIUIApSQEcIEgMSUBMBCDIrDTMDChhARwgTAxJQEwEIM58NNBQgClMrDTUE
ChhAClQjQAo6E0AJ+jNARAOIUACZCDEEQA03BBANPxAwEKQDFyAKEgMSABMBCDQrDTUEChhAR2ADElATAQg1iCAwQAkoA5kIMgcQCB1ABCNAFBNAJAMF
MA0xMAEINpkIMwISCldAAQg3DBBAaAQNOEAzQ0ACM5kINAdQCB5pBBIQEwEIOGoEQApZAxIQEwEIOZkINQISCloQAQg6DAAQmQg2BxAIH0BHCBQTByAI
GEADE0BHCBUDByAIGAcQgDkNPQM6DT0DIEIDABM7Ew09F0AKEg08Ug07AQg7QgMQAwsFCCADRwgWAxIAEwEIPEAKGAMSABMBCD1KAwEIPpkINwISCl0Q
AQg/Nw1AAwwAEEADE0ACI0AKUwOZCDgHMAghBBANVkADE0BHCBcDmQg5ByAIIhBAEEUDAgNFRwgYAwMSABMBCEArDT4DCllARwgZAxMBCEGZCDoCEgpg
IAEIQjsDDUcXQAoaDUQKKQ1DAQhDDAAgQBMDmQg7BBANThBAEEUDAgNFRwgaAwMSABMBCEQ5DUwTOg1MEyBCEwADQhMQIzsDDUwXQAphDUYKYg1FAQhF
DAAwQCMDmQg8BBANThBAEEUDAgNFRwgbAwMSABMBCEYMADBAIwOZCD0EEA1OEEAQRQMCA0VHCBwDAxIAEwEIRzkNTBM8VxNQDUwXQCANSTANSAEISEIT
AAMrDUwDCmEMACBCExADmQg+BBANThBAEEUDAgNFRwgdAwMSABMBCElCEwADKw1MAwpYQhMQAzsDDUwXQApjDUsKZA1KAQhKQEcIHgMTAQhLQEcIHwMT
AQhMDAAgQBMDmQg/BBANThBAEEUDAgNFRwggAwMSABMBCE2ZCEACEgplEAEIThAgEEUDAhNARwghA04gCCMBCE+ZCEECEgpoAAEIUEAKaQNOEAgkAQhR
mQACEgprAAEIUkASA04QCCUBCFOZAAISCmsQAQhUQAMTQBIDTiAIJgEIVZkIOAISCm0QAQhWOA1XA0EDEwMLBQgnERMTDBAgQAMEQBMDBxAIEqkEAwQQ
DVYQIBBFBAMDEhATAQhXNA1YAxMBCFgQMBCkAxcgCm8DThAIKAEIWZkIJQISCnAQAQhaOA1cAwwgEEEDFARAFAMEEA0lKw1bAwoYQAQDBRANWiABCFtA
FAOsFxAUBxAIEkADFEAEA4gQEAQQDVoQIBBFBAMDEhATAQhcNA1dAxMBCF0QMBCkAxcgCm8DThAIKAEIXpkIGAISCnFQAQhfDFBQQAMEQBMUQCMkQEM0
QDNEBAANUH0FEOBXNBADE6wXEDRAAQMHIPBABBNAFCNAJDNAA0NARAMIUAgeUAEIYJlgAhIKciABCGE4DWIDDDAgQBMkQQMDFEIDAARCAxADBCDlQAMT
QAQDiBAgBCANFEAEI0AUE0ADFIgQEEAjAwQgDWEQIBBFBAMDEhATAQhiEwEIY5lQAhIKcyABCGQ4DWYDQQMjAzkNZSM6DWUjMA0wNzAAIBAAIBAwQBME
QCMUQAMkqxADFyAjE5kIQgcQCCmpJANABBOIECCZUAQgDWQQUBBCBAATpBMXIBMURRMDAxIgEwEIZQYgDWQBCGY0DWcDEwEIZxAwEKQDFyAKbwNOEAgo
AQhomQhCAhIKdSABCGkGIIUDAABTdHJUAAAAAEltcFQAAAH8AAAAKgAAAAMAAAAEAAAAAQAAAAYAAAAHAAAAAgAAAAgAAAAJAAAAAQAAAAoAAAALAAAA
AgAAAAgAAAAMAAAAAgAAAAgAAAANAAAAAgAAAAoAAAAOAAAAAQAAAAoAAAAQAAAAAQAAAAgAAAARAAAAAQAAABMAAAAUAAAAAQAAAAoAAAAWAAAAAgAA
AAoAAAAXAAAAAgAAAAoAAAAaAAAAAQAAAAgAAAAbAAAAAQAAAAoAAAAdAAAAAgAAAAoAAAAeAAAAAgAAACIAAAAjAAAAAQAAACQAAAAlAAAAAQAAAAoA
AAAmAAAAAQAAAC4AAAAvAAAAAQAAAAoAAAA9AAAAAgAAAEAAAABBAAAAAQAAAEAAAABHAAAAAgAAABMAAAAUAAAAAwAAAAoAAABKAAAAAgAAAEsAAAAT
AAAAAQAAAEwAAABNAAAAAQAAAAoAAABPAAAAAwAAAAoAAABRAAAAAgAAAFUAAABWAAAAAQAAAFgAAAAnAAAABQAAAAoAAABbAAAAAQAAAAoAAABcAAAA
AgAAAF4AAABfAAAAAwAAAEAAAAAHAAAAAgAAAGYAAABnAAAAAgAAAAoAAABqAAAAAQAAAAoAAABsAAAAAQAAAAoAAABsAAAAAgAAAAoAAABuAAAAAgAA
AAoAAAASAAAAAQAAAAoAAAB0AAAAAUV4cFQAAAAoAAAAAwAAAGsAAAABAAAAVAAAAGsAAAAAAAAAUgAAAAIAAAAAAAAAAkZ1blQAAAA0AAAAAgAAAHEA
AAAFAAAAXwAAAAAAAAACAvIS3AAAAHUAAAACAAAAaQAAAAEAAAACAvIS3ExpdFQAAAHwAAADl3icjVNNbxMxEN1WSWhSUhFoER9SZSIhhICGAyfuXDjw
FyJnd5qdxGsvtoPbC5f8cd54tyVw6h5WnvfejN+M7aIo5kVRnO63xSNPP3cUIsIzhBNPrbm9arUXZAxkmBEEFwhmqtTWuqhWpDzp6qsCcQ7iCcegSue2
TOqaDQl+CfxVrEXZuEhINYa8utbgu8wv+/o4Dcl757fFO46q4kpJeW1DgjRxrNkqqRG5IWW4YfE1ROWjCRav9wb/wSYNrLPU/4e/tNnRBsSzTB+lScLW
y9K4crvJhjv41MV26cmQDll+1uPD6KI2gjzvkWnrXUkhLEu3s1GYpz0zLp21VEaqBB3txZ58M1icJtesdFx2jd/5vsJijsWltEU3rUdddlZxyK1/80bb
dR7PTMZz7LY4pRBxIlQBXBzObC5j770pshVVKtUyfszyb8pj7HayKJvKsCXEE8SjhaQtsuem9zwCfvxRdv6E1XvUSDqgDhvTVWO7Vjr+dx7Z6od9d4AP
SYB8CvmYhfCUJP8tgDcik1nlKl03q9ucHHhttRHhSwgv7oV0w1F6xj0R8gXIc5T1mgPgPGAZ1KHDB16xH5B/h/yf+17WcnEPrjpKVxyi59UuHpxhqtG0
yOQpYCD6/v3w3cYHrk9ADH5/ju0ffFoMGU1ldGEAAAAdg2wAAAABaAJkABBlbmFibGVkX2ZlYXR1cmVzamoAAABMb2NUAAABAAAAABUAAAB1AAAAAgAA
AGkAAABzAAAAAgAAAGQAAAByAAAAAgAAAGEAAABxAAAABQAAAF8AAABwAAAAAQAAAFoAAABtAAAAAQAAAFYAAABoAAAAAAAAAFAAAABlAAAAAQAAAE4A
AABgAAAAAgAAAEIAAABdAAAAAQAAAD8AAABaAAAAAQAAADoAAABXAAAABAAAADcAAAAoAAAAAwAAADEAAABOAAAAAQAAAC8AAABIAAAAAQAAACcAAABG
AAAAAQAAACUAAAArAAAAAgAAABsAAAAnAAAAAwAAABYAAAAhAAAAAgAAABQAAAAcAAAAAgAAAA4AAAAPAAAAAgAAAAhBdHRyAAAAKINsAAAAAWgCZAAD
dnNubAAAAAFuEAD+gAObdoVOS3EtwiqcW0JeampDSW5mAAAAG4NsAAAAAWgCZAAHdmVyc2lvbmsABTguMi4zagBEYmdpAAAARoNoA2QADWRlYnVnX2lu
Zm9fdjFkABFlcmxfYWJzdHJhY3RfY29kZWgCZAAEbm9uZWwAAAABZAANZGV0ZXJtaW5pc3RpY2oAAExpbmUAAACUAAAAAAAAAAAAAABWAAAAQgAAAACx
wdHhCREJEwkUCRUJFgkXCRkJGgkbCR0JHgkgCSQJKAknCSwJLQkuCTAJNAk3CToJOwk9CT8JQglECUUJRwlJCUoJSwlMCU8JUQlSCVQJVglZCVwJXwlg
CWEJYgllCWcJaglsCXIJcwl5CXoJewl/CYQJgwmCCYEJhQmHCYkJEFR5cGUAAACGAAAAAQAAAAcf/wAAAAAAAAAA//////////8AUAAAAAAAAAAA////
//////8IAAAAAAAAAAAA//////////8CAAAAAAAAAAAA//////////8AAQAAAAAAAAAA//////////8QAAAAAAAAAAAA//////////8AIAAAAAAAAAAA
//////////8AAA==
"""
)
