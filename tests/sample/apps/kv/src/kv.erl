%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc A key-value store that every node of a family holds whole.
%%
%% A write is acknowledged when a majority of the family has it on disk, a read asks a majority, so a read
%% sees every write that was acknowledged before it began. Both need a node that is whole (see kv_sync).
%% A write that returns an error may still have happened. With `{store, mnesia}' in the environment Mnesia does all that.
-module(kv).

-export([put/2, get/1, delete/1, status/0, family_changed/0, store/0]).

-type key() :: term().
-type failure() :: {error, syncing | {no_majority, [{node(), term()}]}}.
-export_type([key/0, failure/0]).

-spec put(key(), term()) -> ok | failure().
put(Key, Value) ->
    write(Key, {value, Value}).

%% @doc Deletes leave a mark behind, so that a node that missed them does not bring the key back.
-spec delete(key()) -> ok | failure().
delete(Key) ->
    write(Key, deleted).

-spec get(key()) -> {ok, term()} | not_found | failure().
get(Key) ->
    case store() of
        mnesia -> kv_mnesia:read(Key);
        log -> get_of_majority(Key)
    end.

get_of_majority(Key) ->
    case kv_quorum:read(Key) of
        {ok, Entry, Agreed} ->
            %% A value that only a minority may have is first brought to a majority: once read, it stays.
            case Agreed orelse kv_quorum:write([Entry]) of
                {error, _} = Error -> Error;
                _ -> content(Entry)
            end;
        {error, _} = Error ->
            Error
    end.

content({_Key, _Version, {value, Value}}) -> {ok, Value};
content(_) -> not_found.

write(Key, Content) ->
    case store() of
        mnesia -> kv_mnesia:write(Key, Content);
        log -> write_to_majority(Key, Content)
    end.

write_to_majority(Key, Content) ->
    case kv_quorum:read(Key) of
        {ok, {Key, Version, _}, _} -> kv_quorum:write([{Key, kv_store:next_version(Version), Content}]);
        {error, _} = Error -> Error
    end.

-ifdef(NEXT).
-define(WRITES, , writes => kv_store:writes()).
-else.
-define(WRITES, ).
-endif.

%% @doc What this node knows of itself: `whole' (it takes part in majorities), `settled' (no earlier
%% list of the family matters any more, so nodes that left it may be destroyed), the family's list, the
%% number of keys and the release's version.
-spec status() -> #{atom() => term()}.
status() ->
    {ok, Version} = application:get_key(kv, vsn),
    Known = #{node => node(), connected => nodes(), version => list_to_binary(Version)},
    case store() of
        mnesia -> maps:merge(Known, kv_mnesia:status());
        log -> maps:merge(Known, status_of_log())
    end.

status_of_log() ->
    Family = kv_store:family(),
    #{
        whole => kv_store:whole(),
        settled => length(kv_family:in_force(Family)) =:= 1,
        family => kv_family:newest(Family),
        keys => kv_store:count()
        ?WRITES
    }.

%% @doc Looks at the family's list in the environment now rather than within a second; ask `status/0' until
%% it is settled.
-spec family_changed() -> ok.
family_changed() ->
    case store() of
        mnesia -> ok;
        log -> kv_sync:look()
    end.

%% @doc Where the keys are: in this application's own log, or in a table of Mnesia.
-spec store() -> log | mnesia.
store() ->
    application:get_env(kv, store, log).
