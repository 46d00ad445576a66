%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc A random walk: nodes are killed, come back with or without their disk, are cut off, join and leave, while keys
%% are written and read. Nothing acknowledged may be lost, and no read may show what was overwritten.
-module(kv_walk).

-export([walk/2]).

-import(kv_cluster, [call/5, running/1]).

-define(KEYS, 8).
-define(LARGEST, 5).

%% Walks so many steps from a seed and says how many operations succeeded.
%%
%% The model: of each key the values that a read may show. A write that failed may have happened, now or
%% later, so it adds one; a write or a read that succeeded leaves one.
walk(Seed, Steps) ->
    _ = rand:seed(exsss, Seed),
    Cluster = kv_cluster:new(),
    try
        Family = [1, 2, 3],
        Started = lists:foldl(fun(N, Acc) -> kv_cluster:start(N, Family, Acc) end, Cluster, Family),
        kv_cluster:await_settled(Family, Started),
        State = #{cluster => Started, family => Family, next => 4, away => none, model => #{}, done => 0},
        Last = mended(lists:foldl(fun(_, Acc) -> step(Acc) end, State, lists:seq(1, Steps))),
        checked(Last),
        kv_cluster:stop(maps:get(cluster, Last)),
        maps:get(done, Last)
    after
        kv_cluster:remove(Cluster)
    end.

step(State) ->
    Moves = [fun kill/1, fun wipe/1, fun cut_off/1, fun grow/1, fun shrink/1, fun mended/1, fun mended/1],
    Move = lists:nth(rand:uniform(length(Moves)), Moves),
    operate(Move(State), 6).

operate(State, 0) ->
    State;
operate(#{cluster := Cluster, model := Model, done := Done} = State, Left) ->
    Node = one_of(running(Cluster)),
    Key = rand:uniform(?KEYS),
    Possible = maps:get(Key, Model, [not_found]),
    {Wanted, Result} =
        case rand:uniform(5) of
            1 -> {[not_found], call(Node, kv, delete, [Key], Cluster)};
            2 -> {[], call(Node, kv, get, [Key], Cluster)};
            3 -> {[], call(Node, kv, get, [Key], Cluster)};
            _ ->
                Value = erlang:unique_integer(),
                {[{ok, Value}], call(Node, kv, put, [Key, Value], Cluster)}
        end,
    {Now, Success} =
        case {Wanted, Result} of
            {_, {error, _}} -> {Wanted ++ Possible, 0};
            {[_], ok} -> {Wanted, 1};
            {[], Shown} -> {[shown(Node, Key, Shown, Possible)], 1}
        end,
    operate(State#{model := Model#{Key => Now}, done := Done + Success}, Left - 1).

shown(Node, Key, Shown, Possible) ->
    lists:member(Shown, Possible) orelse error({lost, #{node => Node, key => Key, shown => Shown, possible => Possible}}),
    Shown.

%% At most one node is away at a time, and it is of the family: the loss that a family of three bears.

kill(#{away := none, family := Family, cluster := Cluster} = State) ->
    Number = one_of(Family),
    State#{away := {killed, Number}, cluster := kv_cluster:kill(Number, Cluster)};
kill(State) ->
    State.

wipe(State) ->
    case kill(State) of
        #{away := {killed, Number}, cluster := Cluster} = Killed ->
            _ = [kv_cluster:wipe(Number, Cluster) || maps:get(away, State) =:= none],
            Killed;
        Other ->
            Other
    end.

cut_off(#{away := none, family := Family, cluster := Cluster} = State) ->
    Number = one_of(Family),
    ok = kv_cluster:isolate(Number, Cluster),
    State#{away := {cut_off, Number}};
cut_off(State) ->
    State.

%% Brings back who is away, and waits until the family is as it should be.
mended(#{away := {killed, Number}, family := Family, cluster := Cluster} = State) ->
    mended(State#{away := none, cluster := kv_cluster:start(Number, Family, Cluster)});
mended(#{away := {cut_off, Number}, family := Family, cluster := Cluster} = State) ->
    ok = kv_cluster:join(Number, Cluster),
    %% Whoever was cut off has missed what was said about the family.
    ok = kv_cluster:set_family([Number], Family, Cluster),
    mended(State#{away := none});
mended(#{away := none, family := Family, cluster := Cluster} = State) ->
    kv_cluster:await_settled(Family, Cluster),
    State.

%% Also while a node is away: then it hears of the change when it is back. Writes go on in between, for the nodes
%% are told one after the other.
grow(#{family := Family, next := Next, cluster := Cluster} = State) when length(Family) < ?LARGEST ->
    Larger = Family ++ [Next],
    Started = kv_cluster:start(Next, Larger, Cluster),
    told(State#{cluster := Started, next := Next + 1}, Larger, running(Started));
grow(State) ->
    State.

shrink(#{away := none, family := Family} = State) when length(Family) > 3 ->
    Leaver = one_of(Family),
    Smaller = Family -- [Leaver],
    #{cluster := Cluster} = Told = told(State, Smaller, running(maps:get(cluster, State))),
    %% Only then may it be destroyed.
    kv_cluster:await_settled(Smaller, Cluster),
    Told#{cluster := kv_cluster:kill(Leaver, Cluster)};
shrink(State) ->
    State.

told(State, Family, []) ->
    State#{family := Family};
told(#{cluster := Cluster} = State, Family, [Number | Numbers]) ->
    ok = kv_cluster:set_family([Number], Family, Cluster),
    told(operate(State, 1), Family, Numbers).

%% Every node shows the same, and nothing is lost.
checked(#{family := Family, cluster := Cluster, model := Model}) ->
    maps:foreach(
        fun(Key, Possible) ->
            [Shown] = lists:usort([call(Node, kv, get, [Key], Cluster) || Node <- Family]),
            shown(all, Key, Shown, Possible)
        end,
        Model
    ).

one_of(List) -> lists:nth(rand:uniform(length(List)), List).
