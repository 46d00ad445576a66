%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc The node's log on disk: facts in the order in which they were learnt, appended and never overwritten, so
%% that a crash can only tear what nobody was told yet.
-module(kv_log).

-export([open/2, append/1, sync/0, rewrite/1]).

-define(LOG, kv_log).

%% @doc Opens the log, folds the function over its facts, and says whether it may have lost some.
-spec open(fun((term(), Acc) -> Acc), Acc) -> {intact | damaged, Acc}.
open(Fun, Acc) ->
    File = file(),
    ok = filelib:ensure_dir(File),
    case disk_log:open(options(File)) of
        {ok, ?LOG} ->
            {intact, fold(Fun, Acc, start)};
        {repaired, ?LOG, _, {badbytes, 0}} ->
            {intact, fold(Fun, Acc, start)};
        {repaired, ?LOG, _, {badbytes, _}} ->
            {damaged, fold(Fun, Acc, start)};
        {error, Reason} ->
            Aside = File ++ ".unreadable",
            logger:error("~ts cannot be read (~tp); it is kept as ~ts", [File, Reason, Aside]),
            ok = file:rename(File, Aside),
            {ok, ?LOG} = disk_log:open(options(File)),
            {damaged, Acc}
    end.

-spec append([term()]) -> ok.
append(Facts) ->
    ok = disk_log:log_terms(?LOG, Facts).

%% @doc Returns when everything appended is on the disk itself.
-spec sync() -> ok.
sync() ->
    ok = disk_log:sync(?LOG).

%% @doc Replaces the log by these facts, in one step.
-spec rewrite([term()]) -> ok.
rewrite(Facts) ->
    File = file(),
    New = File ++ ".new",
    _ = file:delete(New),
    {ok, kv_log_new} = disk_log:open([{name, kv_log_new}, {file, New}, {quiet, true}]),
    ok = disk_log:log_terms(kv_log_new, Facts),
    ok = disk_log:sync(kv_log_new),
    ok = disk_log:close(kv_log_new),
    ok = disk_log:close(?LOG),
    ok = file:rename(New, File),
    {ok, ?LOG} = disk_log:open(options(File)),
    ok.

options(File) ->
    [{name, ?LOG}, {file, File}, {repair, true}, {quiet, true}].

file() ->
    Default = filename:join("data", atom_to_list(node())),
    filename:absname(filename:join(application:get_env(kv, data_dir, Default), "kv.log")).

fold(Fun, Acc, Continuation) ->
    case disk_log:chunk(?LOG, Continuation) of
        eof -> Acc;
        {Next, Facts} -> fold(Fun, lists:foldl(Fun, Acc, Facts), Next);
        {Next, Facts, _BadBytes} -> fold(Fun, lists:foldl(Fun, Acc, Facts), Next)
    end.
