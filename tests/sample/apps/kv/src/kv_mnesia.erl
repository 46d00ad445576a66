%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc The other store: all keys in one table of Mnesia, where the environment says `{store, mnesia}'.
%%
%% Which nodes share the schema, and who has copies of the table on disk, is up to who deploys. A node alone begins with
%% a table in memory; one that has a schema on disk, or is about to get another's, takes over what is there.
-module(kv_mnesia).

-export([start/0, read/1, write/2, status/0]).

-define(TABLE, kv_entries).

-spec start() -> ok.
start() ->
    ok = application:ensure_started(mnesia),
    case lists:member(?TABLE, mnesia:system_info(tables)) of
        true ->
            ok;
        false ->
            {atomic, ok} = mnesia:create_table(?TABLE, [{ram_copies, [node()]}]),
            ok
    end.

-spec read(kv:key()) -> {ok, term()} | not_found | {error, term()}.
read(Key) ->
    case transaction(fun() -> mnesia:read(?TABLE, Key) end) of
        [{?TABLE, Key, Value}] -> {ok, Value};
        [] -> not_found;
        {error, _} = Error -> Error
    end.

%% @doc Returns when all running nodes with a copy have it.
-spec write(kv:key(), {value, term()} | deleted) -> ok | {error, term()}.
write(Key, {value, Value}) ->
    transaction(fun() -> mnesia:write({?TABLE, Key, Value}) end);
write(Key, deleted) ->
    transaction(fun() -> mnesia:delete({?TABLE, Key}) end).

transaction(Fun) ->
    case mnesia:sync_transaction(Fun) of
        {atomic, Result} -> Result;
        {aborted, Reason} -> {error, Reason}
    end.

%% @doc As of kv:status/0, what the store knows.
-spec status() -> #{atom() => term()}.
status() ->
    #{
        whole => lists:member(?TABLE, mnesia:system_info(local_tables)),
        settled => true,
        family => lists:sort(mnesia:system_info(db_nodes)),
        keys => mnesia:table_info(?TABLE, size)
    }.
