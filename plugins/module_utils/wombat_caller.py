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
Rk9SMQAAF5hCRUFNQXRVOAAAA/wAAABzDXdvbWJhdF9jYWxsZXIEbWFpbgRpbml0DGdldF9hcmd1bWVudAJvawhmaWxlbmFtZQRqb2luBGZpbGUHY29u
c3VsdAZlcmxhbmcBKwp3cml0ZV9maWxlBnJlbmFtZQRoYWx0BHdvcmsMbGlzdF90b19hdG9tCXJlYWRfZmlsZQVlcnJvcgZzdHJpbmcEdHJpbQZsYXRp
bjEOYmluYXJ5X3RvX2F0b20Kc2V0X2Nvb2tpZQR0cnVlBXJlcGx5BGV4aXQMZm9ybWF0X2Vycm9yB2NvbGxlY3QBLQNtYXgERE9XTgdwcm9jZXNzBGxp
bmUHdW5pY29kZRRjaGFyYWN0ZXJzX3RvX2JpbmFyeQZiYXNlNjQGZW5jb2RlDGF0b21fdG9fbGlzdARjYWxsBWF3YWl0BXRocm93CHNlbnRlbmNlA3J1
bgVhcHBseQZlbGl4aXIIZXJsX2Fubm8DbmV3BWJsb2NrBGV4cHIIZXJsX2V2YWwLZXZhbF9zdHJpbmcLRWxpeGlyLkNvZGUGc3RhdHVzCXNjcmlwdF9p
ZApzdGF0aXN0aWNzC3N5c3RlbV9pbmZvA2RpdgZtZW1vcnkFbm9kZXMFbGlzdHMEc29ydAljb25uZWN0ZWQLb3RwX3JlbGVhc2UJcHJvY2Vzc2VzD3Jl
bGVhc2VfdmVyc2lvbgZ1cHRpbWUJaXNfY2FsbGVyBnByZWZpeAVwYXJzZQh0cmFpbGluZwIrKwhlcmxfc2NhbgllcmxfcGFyc2ULcGFyc2VfZXhwcnMF
d3JvbmcFcmFpc2UKZ2V0X3N0YXR1cwI+PQdzdGFydGVkCHN0YXJ0aW5nBGluZm8LYXBwbGljYXRpb24FdGltZXIFc2xlZXAHcXVpZXRseQRlcnBjB3Vu
a25vd24FZW5kZWQPaW50ZWdlcl90b19saXN0Az06PQ5zdGlsbF9zdGFydGluZwlwcm9wbGlzdHMJZ2V0X3ZhbHVlB2ZhaWx1cmUJZXhjZXB0aW9uBnNp
Z25hbAxub2Nvbm5lY3Rpb24HdGltZW91dAR0ZXh0BmlvX2xpYgZmb3JtYXQGbm93X21zC21pbGxpc2Vjb25kDm1vbm90b25pY190aW1lC21vZHVsZV9p
bmZvD2dldF9tb2R1bGVfaW5mbxwtc3RpbGxfc3RhcnRpbmcvMS1sYyReMC8xLTAtB2VsZW1lbnQNYmFkX2dlbmVyYXRvchEtcnVuLzItbGMkXjAvMS0w
LQ4tY2FsbC8zLWZ1bi0wLRItbWFpbi8wLWxjJF4yLzEtMS0SLW1haW4vMC1sYyReMC8xLTAtDXNwYXduX21vbml0b3IOLW1haW4vMC1mdW4tMS1Db2Rl
AAAMFQAAABAAAAAAAAAAsgAAAGoAAAAYARCZEAISIgABIAwwAKwXMAQUJEASA5kgBxAAn2UDIFJCAxATOGUTQRMjEzhlI0EjJCM0ZSM0ZRNARwATQCQD
mTAHIBAHECCfVQMgUkIDEBM4VRNBExQTOVUUOlUUIDRVE5lABAANUEIUABN9BSAwAxMEQhQQA0AEE6wXEBSZUAQgDWRABBOIECCZYAQgDWFAAwRAFANA
RxATmXAHIBBABBNAAwSZgAcgQCtFA1JARyATQBQDQAQUiBAQmZAHIBBAAxNABAOIEAAHIFArNQNSQAEDmaAIEGAAATCZkEgDAUCZgEgDAVCZMEgDAWCZ
IEgDAXCZsAIS8iABgAxAIKwXIAQUQBMkQAM0QgMAA5nABxBwQjQQFEADBEAUA5nQBxCAOcUDOsUDIEIDABNCAxAjOxPFF0AKEqVSlQGQQAQUiBAwQCMD
meAHEJBAChUTByCgQAMTQAQDByCwK7UDChhCJCADQAQTQBQjiDAAmfAEMA0WEDAQpAMXIAoZAwgQwAABoEAUNIgwEEAjA5kIEAcQ0BDgEEUDAgNFRzAD
A0UEAwNFR0ADA6QDFyAKEgOkAxcgChkDCBDAEAGwmeBIAwHAmdBKAwHQmQgRAhIKHCAB4JkIEn0FIDBXExBp6BMMMCCsFxAEQBMUQAMkBAANUH0FEOBX
FBADE6wXEBRAAQMHIPBCJAAUQAMEQiQQJAHwFw0SA58NEQNQCh9CAxATQgMgI0IDMDNCA0ADKw0RIwognw0QAyAKGSsNERNXJCArDREzVxQwQgMQAxUS
MBMBCBArDRETVyQgKw0RM1cUMBWIMACZCBMEEA1OEHAQRQMCA0VHUAMDpAMXIAoSAxIAEwEIERj1AQgSGvUEFkBHYAMSMBMBCBOZCBQCEgohIAEIFDkN
ExM6DRMTIAwgIEADFEITAARCExADmQgVBxAIEAcQCBGpBAOZCBYHEAgSEKAQRQRHcBNFkRMTRQMTA0WRAwNFFAMDEiATAQgVmQgXAhIKJzABCBafDRcD
IAooQgMQA6kDEwYwDTEBCBcNEDcwACAQACAQMKsAExcgEyNoBA0YmQgYBCANGwQQDU5pBBAwEKQDFyBSAxIQEwEIGGoEKw0ZVwNACimfDRkTIAoqEDAg
QhMQA6QDFyAKEgMSEBMBCBmZCBkEIA1CEDAQpAMXIAoSAxIQEwEIGpkIGgISCisgAQgbOQ0gAzxXA1ANGhdAIA0dQA0cAQgcQgMAIysNGiMKLAwAIEID
ECNCAyAzQgMwA6kTM6kDI5kIG7IAMFczYBIAEwEIHUIDACNCAxAzOyMNGhdACi0NH6INHgEIHgwgQEAzBEATFEARA5kIHAcQCBOpBAMEEA0nEGAQpAMX
MAowBANFA0eAI0AKMRNAFDNACjIDsgAwVzNgEiATAQgfDBBAQBMEQDMDmQgdBxAIEBAgEEUDAiNACjMTQAQziBAAQAo0A7IAMFczYDkNIQM6DSEDIEID
AAMSABMBCCArDRoDCjUMYCCsF1AEFCQ0REATVEACI0ATM0AKNhNAMgOZCB6yADBXM2BAA0Q5DSMDOg0jAyBAR5AjQAo3E0BUM0CiA5kIH7IAMFczYEAD
NDkNIgM6DSIDIEBHoCNACjgTQFQzQKIDmQggsgAwVzNgQjQAE5kIIX0FIAgUE2noNEADJEBHsCNACjoTQFQzQKIDmQgisgAwVzNgQAMUQEfAI0AKOBNA
VDNAogOZCCOyADBXM2BAAwRAR9AjQAo7E0BUM0AEVIgQUECiA5kIJLIAMFczYAQQDVoHEAgVQjQQE5oFR+ADIBfACj4DCjoECj8UCkBECkETCkIkElAT
AQghmQgdSAMBCCKZCB9INAEII5kIHkhEAQgkmQglAhIKQxABCCUMABAHEAgSQAMTQEfwAwggCBYAAQgmmQgmAhIKRRABCCcMABCZCCcHEJBARwgQI0AK
RhMHMAgXQEcIEBMHIAgYBxAIGTkNLQM6DS0DMEIDABNCAxAjOxMNLRdAChINK1INKAEIKEAjA5kIKAcQCBo5DSwDOg0sAyBCAwATQgMQIzsTDSwXQAoS
DSpSDSkBCClAIwMSABMBCCo5DSwjOg0sIzBCIxADQiMgE0AKGyOpAxOZCClwEAUQDS8AAQgrOQ0tIzoNLSMwQiMQA0IjIBNAChsjqQMTmQgqcBAFEA0v
AAEILJkIKEoDAQgtmQgnSgMBCC6ZCCsCEgpLEAEILxBwEEUDAgNFRwgRAwOkExcgCioDQAIjQAopA04wCBsBCDCZCCwCEgooMAEIMQxQMKwXIAQUQCMk
QBM0QANEmQgtBAANUH0FEOBXJBADE0AJ+gMHIPBACk0jQDITQAMzQEQDBEANN0ADFJkILgQADVALBQgcA1ckEARANAOZCC8EEA06nw0yFCAKT0BHCBID
ElATAQgyKw0zAwoYQEcIEwMSUBMBCDOfDTQUIApQKw01BAoYQApRI0AKUhNACfozQEQDiFAAmQgwBEANNwQQDT8QMBCkAxcgChIDEgATAQg0Kw01BAoY
QEdgAxJQEwEINYggMEAJKAOZCDEHEAgdQAQjQBQTQCQDBTANMTABCDaZCDICEgpVQAEINwwQQGgEDThAM0NAAjOZCDMHUAgeaQQSEBMBCDhqBEAKVwMS
EBMBCDmZCDQCEgpYEAEIOgwAEJkINQcQCB9ARwgUEwcgCBhAAxNARwgVAwcgCBgHEIA5DT0DOg09AyBCAwATOxMNPRdAChINPFINOwEIO0IDEAMLBQgg
A0cIFgMSABMBCDxAChgDEgATAQg9SgMBCD6ZCDYCEgpbEAEIPzcNQAMMABBAAxNAAiNAClADmQg3BzAIIQQQDVZAAxNARwgXA5kIOAcgCCIQQBBFAwID
RUcIGAMDEgATAQhAKw0+AwpXQEcIGQMTAQhBmQg5AhIKXiABCEI7Aw1HF0AKGg1ECikNQwEIQwwAIEATA5kIOgQQDU4QQBBFAwIDRUcIGgMDEgATAQhE
OQ1MEzoNTBMgQhMAA0ITECM7Aw1MF0AKXw1GCmANRQEIRQwAMEAjA5kIOwQQDU4QQBBFAwIDRUcIGwMDEgATAQhGDAAwQCMDmQg8BBANThBAEEUDAgNF
RwgcAwMSABMBCEc5DUwTPFcTUA1MF0AgDUkwDUgBCEhCEwADKw1MAwpfDAAgQhMQA5kIPQQQDU4QQBBFAwIDRUcIHQMDEgATAQhJQhMAAysNTAMKVkIT
EAM7Aw1MF0AKYQ1LCmINSgEISkBHCB4DEwEIS0BHCB8DEwEITAwAIEATA5kIPgQQDU4QQBBFAwIDRUcIIAMDEgATAQhNmQg/AhIKYxABCE4QIBBFAwIT
QEcIIQNOIAgjAQhPmQhAAhIKZgABCFBACmcDThAIJAEIUZkAAhIKaQABCFJAEgNOEAglAQhTmQACEgppEAEIVEADE0ASA04gCCYBCFWZCDcCEgprEAEI
VjgNVwNBAxMDCwUIJxETEwwQIEADBEATAwcQCBKpBAMEEA1WECAQRQQDAxIQEwEIVzQNWAMTAQhYEDAQpAMXIAptA04QCCgBCFmZCCQCEgpuEAEIWjgN
XAMMIBBBAxQEQBQDBBANJSsNWwMKGEAEAwUQDVogAQhbQBQDrBcQFAcQCBJAAxRABAOIEBAEEA1aECAQRQQDAxIQEwEIXDQNXQMTAQhdEDAQpAMXIApt
A04QCCgBCF6ZCBgCEgpvUAEIXwxQUEADBEATFEAjJEBDNEAzRAQADVB9BRDgVzQQAxOsFxA0QAEDByDwQAQTQBQjQCQzQANDQEQDCFAIHlABCGCZYAIS
CnAgAQhhOA1iAwwwIEATJEEDAxRCAwAEQgMQAwQg5UADE0AEA4gQIAQgDRRABCNAFBNAAxSIEBBAIwMEIA1hECAQRQQDAxIQEwEIYhMBCGOZUAISCnEg
AQhkOA1mA0EDIwM5DWUjOg1lIzANMDcwACAQACAQMEATBEAjFEADJKsQAxcgIxOZCEEHEAgpqSQDQAQTiBAgmVAEIA1kEFAQQgQAE6QTFyATFEUTAwMS
IBMBCGUGIA1kAQhmNA1nAxMBCGcQMBCkAxcgCm0DThAIKAEIaJkIQQISCnMgAQhpBiCFAwAAAFN0clQAAAAASW1wVAAAAfwAAAAqAAAAAwAAAAQAAAAB
AAAABgAAAAcAAAACAAAACAAAAAkAAAABAAAACgAAAAsAAAACAAAACAAAAAwAAAACAAAACAAAAA0AAAACAAAACgAAAA4AAAABAAAACgAAABAAAAABAAAA
CAAAABEAAAABAAAAEwAAABQAAAABAAAACgAAABYAAAACAAAACgAAABcAAAACAAAACgAAABoAAAABAAAACAAAABsAAAABAAAACgAAAB0AAAACAAAACgAA
AB4AAAACAAAAIgAAACMAAAABAAAAJAAAACUAAAABAAAACgAAACYAAAABAAAALgAAAC8AAAABAAAACgAAADkAAAACAAAAPAAAAD0AAAABAAAAPAAAAEQA
AAACAAAAEwAAABQAAAADAAAACgAAAEcAAAACAAAASAAAABMAAAABAAAASQAAAEoAAAABAAAACgAAAEwAAAADAAAACgAAAE4AAAACAAAAUwAAAFQAAAAB
AAAAVgAAACcAAAAFAAAACgAAAFkAAAABAAAACgAAAFoAAAACAAAAXAAAAF0AAAADAAAAPAAAAAcAAAACAAAAZAAAAGUAAAACAAAACgAAAGgAAAABAAAA
CgAAAGoAAAABAAAACgAAAGoAAAACAAAACgAAAGwAAAACAAAACgAAABIAAAABAAAACgAAAHIAAAABRXhwVAAAACgAAAADAAAAaQAAAAEAAABUAAAAaQAA
AAAAAABSAAAAAgAAAAAAAAACRnVuVAAAADQAAAACAAAAbwAAAAUAAABfAAAAAAAAAAIAkCcwAAAAcwAAAAIAAABpAAAAAQAAAAIAkCcwTGl0VAAAAfAA
AAOXeJyNU01vEzEQ3VZJaFJSEWgRH1JlIiGEgIYDJ+5cOPAXImd3mp3Eay+2g9sLl/xx3ni3JXDqHlae996M34ztoijmRVGc7rfFI08/dxQiwjOEE0+t
ub1qtRdkDGSYEQQXCGaq1Na6qFakPOnqqwJxDuIJx6BK57ZM6poNCX4J/FWsRdm4SEg1hry61uC7zC/7+jgNyXvnt8U7jqriSkl5bUOCNHGs2SqpEbkh
Zbhh8TVE5aMJFq/3Bv/BJg2ss9T/h7+02dEGxLNMH6VJwtbL0rhyu8mGO/jUxXbpyZAOWX7W48PoojaCPO+RaetdSSEsS7ezUZinPTMunbVURqoEHe3F
nnwzWJwm16x0XHaN3/m+wmKOxaW0RTetR112VnHIrX/zRtt1Hs9MxnPstjilEHEiVAFcHM5sLmPvvSmyFVUq1TJ+zPJvymPsdrIom8qwJcQTxKOFpC2y
56b3PAJ+/FF2/oTVe9RIOqAOG9NVY7tWOv53Htnqh313gA9JgHwK+ZiF8JQk/y2ANyKTWeUqXTer25wceG21EeFLCC/uhXTDUXrGPRHyBchzlPWaA+A8
YBnUocMHXrEfkH+H/J/7XtZycQ+uOkpXHKLn1S4enGGq0bTI5ClgIPr+/fDdxgeuT0AMfn+O7R98WgwZTWV0YQAAAB2DbAAAAAFoAmQAEGVuYWJsZWRf
ZmVhdHVyZXNqagAAAExvY1QAAAEAAAAAFQAAAHMAAAACAAAAaQAAAHEAAAACAAAAZAAAAHAAAAACAAAAYQAAAG8AAAAFAAAAXwAAAG4AAAABAAAAWgAA
AGsAAAABAAAAVgAAAGYAAAAAAAAAUAAAAGMAAAABAAAATgAAAF4AAAACAAAAQgAAAFsAAAABAAAAPwAAAFgAAAABAAAAOgAAAFUAAAAEAAAANwAAACgA
AAADAAAAMQAAAEsAAAABAAAALwAAAEUAAAABAAAAJwAAAEMAAAABAAAAJQAAACsAAAACAAAAGwAAACcAAAADAAAAFgAAACEAAAACAAAAFAAAABwAAAAC
AAAADgAAAA8AAAACAAAACEF0dHIAAAAog2wAAAABaAJkAAN2c25sAAAAAW4QANtjMXPAVQDKmqj7+RnmBBJqakNJbmYAAAAbg2wAAAABaAJkAAd2ZXJz
aW9uawAFOC4yLjNqAERiZ2kAAABGg2gDZAANZGVidWdfaW5mb192MWQAEWVybF9hYnN0cmFjdF9jb2RlaAJkAARub25lbAAAAAFkAA1kZXRlcm1pbmlz
dGljagAATGluZQAAAJIAAAAAAAAAAAAAAFUAAABBAAAAALHB0eEJEQkTCRQJFQkWCRcJGQkaCRsJHQkeCSAJJAkoCScJLAktCS4JMAk0CTcJOgk7CT0J
PwlCCUMJRQlHCUgJSQlKCU0JTwlQCVIJVAlXCVoJXQleCV8JYAljCWUJaAlqCXAJcQl3CXgJeQl9CYIJgQmACX8JgwmFCYcJEAAAVHlwZQAAAIYAAAAB
AAAABx//AAAAAAAAAAD//////////wBQAAAAAAAAAAD//////////wgAAAAAAAAAAAD//////////wIAAAAAAAAAAAD//////////wABAAAAAAAAAAD/
/////////xAAAAAAAAAAAAD//////////wAgAAAAAAAAAAD//////////wAA
"""
)
