%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc What the store promises, asked of real nodes.
-module(kv_tests).

-include_lib("eunit/include/eunit.hrl").
-compile({no_auto_import, [put/2, get/1]}).

-import(kv_cluster, [start/3, kill/2, wipe/2, call/5, await_settled/2]).

replication_test_() ->
    [
        {atom_to_list(Name), {timeout, 120, fun() -> with_family(Test) end}}
     || {Name, Test} <- [
            {survives_kill_of_one, fun survives_kill_of_one/1},
            {survives_an_empty_disk, fun survives_an_empty_disk/1},
            {empty_node_counts_in_no_majority, fun empty_node_counts_in_no_majority/1},
            {minority_refuses, fun minority_refuses/1},
            {later_write_wins_whatever_the_clocks, fun later_write_wins_whatever_the_clocks/1},
            {old_data_reaches_a_wholly_new_family, fun old_data_reaches_a_wholly_new_family/1},
            {a_settled_list_left_all_it_had, fun a_settled_list_left_all_it_had/1},
            {a_minority_cannot_move_on, fun a_minority_cannot_move_on/1},
            {torn_log_is_repaired_from_peers, fun torn_log_is_repaired_from_peers/1},
            {log_is_compacted, fun log_is_compacted/1}
        ]
    ].

%% Seeds are fixed so that a failure comes again; KV_WALK_SEED and KV_WALK_STEPS walk elsewhere and further.
walk_test_() ->
    Number = fun(Name, Default) -> list_to_integer(os:getenv(Name, Default)) end,
    Steps = Number("KV_WALK_STEPS", "25"),
    {timeout, 60 + 10 * Steps, fun() -> ?assert(kv_walk:walk(Number("KV_WALK_SEED", "1"), Steps) > 2 * Steps) end}.

with_family(Test) ->
    New = kv_cluster:new(),
    try
        %% A test returns the cluster it leaves behind; where it fails, its nodes end with its process.
        kv_cluster:stop(Test(three(New)))
    after
        kv_cluster:remove(New)
    end.

three(Cluster) ->
    Started = lists:foldl(fun(Number, Acc) -> start(Number, [1, 2, 3], Acc) end, Cluster, [1, 2, 3]),
    await_settled([1, 2, 3], Started),
    Started.

survives_kill_of_one(Cluster) ->
    ok = put(1, a, 1, Cluster),
    Two = kill(1, Cluster),
    {ok, 1} = get(2, a, Two),
    ok = put(2, a, 2, Two),
    ok = put(3, b, 3, Two),
    ok = delete(3, a, Two),
    Three = start(1, [1, 2, 3], Two),
    %% With its log it is whole at once, and a majority knows better than it.
    not_found = get(1, a, Three),
    {ok, 3} = get(1, b, Three),
    kv_cluster:await(fun() -> local(1, b, Three) =:= {value, 3} end, anti_entropy),
    Three.

survives_an_empty_disk(Cluster) ->
    [ok = put(1 + N rem 3, {key, N}, N, Cluster) || N <- lists:seq(1, 50)],
    Empty = start(2, [1, 2, 3], wipe(2, kill(2, Cluster))),
    await_settled([1, 2, 3], Empty),
    %% Then another one is lost: the one that came back empty has to carry all of it.
    Two = kill(3, Empty),
    [{ok, N} = get(2, {key, N}, Two) || N <- lists:seq(1, 50)],
    Two.

empty_node_counts_in_no_majority(Cluster) ->
    Two = kill(3, Cluster),
    ok = put(1, a, 1, Two),
    %% The write is on 1 and 2 only. 1 comes back empty while 2 is away: 3 and 1 must not say it is not there.
    Empty = start(1, [1, 2, 3], wipe(1, kill(1, start(3, [1, 2, 3], kill(2, Two))))),
    {error, syncing} = get(1, a, Empty),
    {error, {no_majority, _}} = get(3, a, Empty),
    {error, {no_majority, _}} = put(3, a, 2, Empty),
    All = start(2, [1, 2, 3], Empty),
    await_settled([1, 2, 3], All),
    {ok, 1} = get(1, a, All),
    All.

minority_refuses(Cluster) ->
    ok = put(1, a, 1, Cluster),
    ok = kv_cluster:isolate(1, Cluster),
    {error, {no_majority, _}} = put(1, a, lost, Cluster),
    {error, {no_majority, _}} = get(1, a, Cluster),
    ok = put(2, a, 2, Cluster),
    ok = kv_cluster:join(1, Cluster),
    kv_cluster:await(fun() -> get(1, a, Cluster) =:= {ok, 2} end, healed),
    Cluster.

later_write_wins_whatever_the_clocks(Cluster) ->
    %% As a node would write whose clock is a day ahead.
    Ahead = erlang:system_time(microsecond) + 86400 * 1000000,
    ok = call(1, kv_quorum, write, [[{a, {Ahead, kv_cluster:node_name(1)}, {value, early}}]], Cluster),
    ok = put(2, a, late, Cluster),
    {ok, late} = get(3, a, Cluster),
    Cluster.

old_data_reaches_a_wholly_new_family(Cluster) ->
    [ok = put(1, N, N, Cluster) || N <- lists:seq(1, 20)],
    New = [4, 5, 6],
    Six = lists:foldl(fun(Number, Acc) -> start(Number, New, Acc) end, Cluster, New),
    %% They began a family of their own, with data of their own.
    await_settled(New, Six),
    ok = put(4, theirs, 4, Six),
    ok = kv_cluster:set_family([3, 1, 2, 6, 5, 4], [1, 2, 3, 4, 5, 6], Six),
    await_settled([1, 2, 3, 4, 5, 6], Six),
    ok = kv_cluster:set_family([1, 2, 3, 4, 5, 6], New, Six),
    await_settled(New, Six),
    Left = lists:foldl(fun kv_cluster:kill/2, Six, [1, 2, 3]),
    [{ok, N} = get(5, N, Left) || N <- lists:seq(1, 20)],
    {ok, 4} = get(6, theirs, Left),
    Left.

a_settled_list_left_all_it_had(Cluster) ->
    New = [4, 5, 6],
    Six = lists:foldl(fun(Number, Acc) -> start(Number, New, Acc) end, Cluster, New),
    await_settled(New, Six),
    _ = [pong = call(1, net_adm, ping, [kv_cluster:node_name(Number)], Six) || Number <- New],
    Connected = fun(Number) -> length(call(Number, erlang, nodes, [], Six)) =:= 5 end,
    kv_cluster:await(fun() -> lists:all(Connected, kv_cluster:running(Six)) end, connected),
    _ = [ok = call(Number, kv, family_changed, [], Six) || Number <- kv_cluster:running(Six)],
    %% From here on nothing but the settling itself can carry what is written over.
    _ = [ok = call(Number, sys, suspend, [kv_sync], Six) || Number <- [2, 3 | New]],
    ok = put(2, a, 1, Six),
    ok = kv_cluster:set_family([1], [1 | New], Six),
    Settled = fun() -> maps:get(settled, call(1, kv, status, [], Six)) end,
    kv_cluster:await(Settled, settled),
    Left = lists:foldl(fun kv_cluster:kill/2, Six, [1, 2, 3]),
    {ok, 1} = get(5, a, Left),
    Left.

a_minority_cannot_move_on(Cluster) ->
    Two = kill(3, Cluster),
    ok = put(1, a, 1, Two),
    %% 3 missed the write, and is told to go on with new nodes when nobody else knows of it.
    Alone = lists:foldl(fun(N, Acc) -> start(N, [4, 5], Acc) end, kill(1, kill(2, Two)), [4, 5]),
    await_settled([4, 5], Alone),
    Third = start(3, [3, 4, 5], Alone),
    ok = call(3, kv, family_changed, [], Third),
    #{settled := false} = call(3, kv, status, [], Third),
    {error, {no_majority, _}} = get(3, a, Third),
    Back = start(1, [1, 2, 3], Third),
    await_settled([3, 4, 5], Back),
    {ok, 1} = get(4, a, Back),
    Back.

torn_log_is_repaired_from_peers(#{root := Root} = Cluster) ->
    ok = put(1, a, lists:duplicate(1000, x), Cluster),
    Two = kill(1, Cluster),
    File = filename:join([Root, "kv1", "kv.log"]),
    {ok, Log} = file:read_file(File),
    ok = file:write_file(File, binary:part(Log, 0, byte_size(Log) - 500)),
    Three = start(1, [1, 2, 3], Two),
    await_settled([1, 2, 3], Three),
    {value, _} = local(1, a, Three),
    Three.

log_is_compacted(#{root := Root} = Cluster) ->
    [ok = put(1, a, <<N:2000>>, Cluster) || N <- lists:seq(1, 1500)],
    File = filename:join([Root, "kv1", "kv.log"]),
    ?assert(filelib:file_size(File) < 1100 * 350),
    Back = start(1, [1, 2, 3], kill(1, Cluster)),
    {value, <<1500:2000>>} = local(1, a, Back),
    Back.

put(Number, Key, Value, Cluster) -> call(Number, kv, put, [Key, Value], Cluster).
get(Number, Key, Cluster) -> call(Number, kv, get, [Key], Cluster).
delete(Number, Key, Cluster) -> call(Number, kv, delete, [Key], Cluster).

%% What a node has itself, without asking others.
local(Number, Key, Cluster) ->
    {_, _, {_, _, Content}} = call(Number, kv_store, read, [Key, kv_family:new()], Cluster),
    Content.
