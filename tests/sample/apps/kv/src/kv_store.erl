%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc This node's copy: all entries in memory and on disk, and what it knows of the family.
%%
%% Every answer to another node carries both: who writes learns of new lists from those who store.
-module(kv_store).

-behaviour(gen_server).

-export([start_link/0]).
-export([read/2, write/2, snapshot/1, digest/1]).
-export([family/0, whole/0, set_whole/0, adopt/1, learn/1, count/0, next_version/1, seen/0, set_seen/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).
-ifdef(NEXT).
-export([writes/0, code_change/3]).
-endif.

-export_type([entry/0, answer/0]).

-type version() :: {Microseconds :: integer(), node()}.
-type entry() :: {kv:key(), version(), {value, term()} | deleted}.
%% Whether the node is whole, what it knows of the family, and the result.
-type answer() :: {boolean(), kv_family:family(), term()}.

-define(FIRST_VERSION, {0, ''}).
%% The log is rewritten when it is this many times longer than what it says.
-define(GARBAGE, 4).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

%% Asked by other nodes.

%% @doc The entry of a key; one of version zero stands for none.
-spec read(kv:key(), kv_family:family()) -> answer().
read(Key, Family) -> call({read, Key}, Family).

%% @doc Stores the entries that are newer than what is here; returns when they are on disk.
-spec write([entry()], kv_family:family()) -> answer().
write(Entries, Family) -> call({write, Entries}, Family).

%% @doc All entries.
-spec snapshot(kv_family:family()) -> answer().
snapshot(Family) -> call(snapshot, Family).

%% @doc A number that is equal on nodes with equal entries.
-spec digest(kv_family:family()) -> answer().
digest(Family) -> call(digest, Family).

call(Request, Family) -> gen_server:call(?MODULE, {Request, Family}, infinity).

%% Asked by this node only.

-spec family() -> kv_family:family().
family() -> gen_server:call(?MODULE, family, infinity).

-spec whole() -> boolean().
whole() -> gen_server:call(?MODULE, whole, infinity).

-spec set_whole() -> ok.
set_whole() -> gen_server:call(?MODULE, set_whole, infinity).

-spec adopt([node()]) -> ok.
adopt(Nodes) -> gen_server:call(?MODULE, {adopt, Nodes}, infinity).

%% @doc Adds to what this node knows of the family.
-spec learn(kv_family:family()) -> ok.
learn(Family) ->
    _ = write([], Family),
    ok.

%% @doc How many keys have a value.
-spec count() -> non_neg_integer().
count() -> ets:select_count(?MODULE, [{{'_', '_', {value, '_'}}, [], [true]}]).

%% @doc A version later than the given one and than all that this node ever gave.
-spec next_version(version()) -> version().
next_version(Version) -> gen_server:call(?MODULE, {next_version, Version}, infinity).

%% @doc The family's lists that this node was started with last and saw last.
-spec seen() -> [[node()]].
seen() -> gen_server:call(?MODULE, seen, infinity).

-spec set_seen([[node()]]) -> ok.
set_seen(Lists) -> gen_server:call(?MODULE, {set_seen, Lists}, infinity).

init([]) ->
    ?MODULE = ets:new(?MODULE, [named_table, protected]),
    Empty = #{whole => false, family => kv_family:new(), seen => [], clock => 0, facts => 0, unsynced => false, waiting => []},
    case kv_log:open(fun recall/2, upgraded(Empty)) of
        {intact, State} ->
            {ok, State};
        {damaged, State} ->
            Damaged = record({whole, false}, State),
            ok = kv_log:sync(),
            {ok, Damaged}
    end.

handle_call({Request, Family}, From, State) when is_map(Family) ->
    Merged = merge(Family, State),
    {Result, New} = asked(Request, Merged),
    {noreply, reply(From, {maps:get(whole, New), maps:get(family, New), Result}, New)};
handle_call(writes, _From, State) ->
    {reply, maps:get(writes, State, 0), State};
handle_call(family, _From, #{family := Family} = State) ->
    {reply, Family, State};
handle_call(whole, _From, #{whole := Whole} = State) ->
    {reply, Whole, State};
handle_call(set_whole, From, State) ->
    {noreply, reply(From, ok, record({whole, true}, State))};
handle_call({adopt, Nodes}, From, #{family := Family} = State) ->
    Adopted = kv_family:adopt(Nodes, erlang:system_time(microsecond), node(), Family),
    {noreply, reply(From, ok, record({family, Adopted}, State))};
handle_call({next_version, {Time, _}}, _From, #{clock := Clock} = State) ->
    Next = lists:max([erlang:system_time(microsecond), Time + 1, Clock + 1]),
    {reply, {Next, node()}, State#{clock := Next}};
handle_call(seen, _From, #{seen := Seen} = State) ->
    {reply, Seen, State};
handle_call({set_seen, Lists}, From, State) ->
    {noreply, reply(From, ok, record({seen, Lists}, State))}.

asked({read, Key}, State) ->
    {entry(Key), State};
asked({write, Entries}, State0) ->
    State = counted(State0),
    Store = fun({Key, Version, _} = Entry, Acc) ->
        case Version > element(2, entry(Key)) of
            true -> record(Entry, Acc);
            false -> Acc
        end
    end,
    {ok, lists:foldl(Store, State, Entries)};
asked(snapshot, State) ->
    {ets:tab2list(?MODULE), State};
asked(digest, State) ->
    {ets:foldl(fun({Key, Version, _}, Sum) -> Sum bxor erlang:phash2({Key, Version}) end, 0, ?MODULE), State}.

%% What the next version of the release adds: its state counts, which an upgrade of the running node has to bring about.
-ifdef(NEXT).
-spec writes() -> non_neg_integer().
writes() -> gen_server:call(?MODULE, writes, infinity).

upgraded(State) -> State#{writes => 0}.

counted(#{writes := Writes} = State) -> State#{writes := Writes + 1}.

code_change({down, _}, State, _) -> {ok, maps:remove(writes, State)};
code_change(_, State, _) -> {ok, upgraded(State)}.
-else.
upgraded(State) -> State.

counted(State) -> State.
-endif.

handle_cast(_, State) ->
    {noreply, State}.

%% Everything that arrived before this message is in the log by now: one sync serves it all.
handle_info(sync, #{waiting := Waiting, facts := Facts} = State) ->
    ok = kv_log:sync(),
    lists:foreach(fun({From, Answer}) -> gen_server:reply(From, Answer) end, Waiting),
    Synced = State#{waiting := [], unsynced := false},
    case Facts > ?GARBAGE * ets:info(?MODULE, size) + 1000 of
        true -> {noreply, compacted(Synced)};
        false -> {noreply, Synced}
    end.

%% Nobody is told anything, not even what was read, before it is on disk: what was told once stays true.
reply(From, Answer, #{unsynced := false} = State) ->
    gen_server:reply(From, Answer),
    State;
reply(From, Answer, #{waiting := Waiting} = State) ->
    _ = [self() ! sync || Waiting =:= []],
    State#{waiting := [{From, Answer} | Waiting]}.

entry(Key) ->
    case ets:lookup(?MODULE, Key) of
        [Entry] -> Entry;
        [] -> {Key, ?FIRST_VERSION, deleted}
    end.

merge(Family, #{family := Known} = State) ->
    case kv_family:merge(Known, Family) of
        Known -> State;
        More -> record({family, More}, State)
    end.

record(Fact, State) ->
    kv_log:append([Fact]),
    recall(Fact, State#{unsynced := true}).

%% A fact, as it happens and as it is read back.
recall(Fact, #{facts := Facts} = State) ->
    learnt(Fact, State#{facts := Facts + 1}).

learnt({whole, Whole}, State) ->
    State#{whole := Whole};
learnt({family, Family}, State) ->
    State#{family := Family};
learnt({seen, Lists}, State) ->
    State#{seen := Lists};
learnt({_Key, {Time, _}, _Content} = Entry, #{clock := Clock} = State) ->
    true = ets:insert(?MODULE, Entry),
    State#{clock := max(Clock, Time)}.

compacted(#{whole := Whole, family := Family, seen := Seen} = State) ->
    Entries = ets:tab2list(?MODULE),
    ok = kv_log:rewrite([{whole, Whole}, {family, Family}, {seen, Seen} | Entries]),
    State#{facts := length(Entries)}.
