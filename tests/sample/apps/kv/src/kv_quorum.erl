%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc Asks many nodes at once, within a time limit, and says when a majority has answered.
-module(kv_quorum).

-export([read/1, write/1, ask/3]).

%% @doc The newest entry of a key among a majority, and whether that majority agrees on it.
-spec read(kv:key()) -> {ok, kv_store:entry(), Agreed :: boolean()} | kv:failure().
read(Key) ->
    case majority(read, [Key]) of
        {ok, [First | _] = Entries} ->
            Newest = lists:foldl(fun newest/2, First, Entries),
            {ok, Newest, lists:all(fun(Entry) -> version(Entry) =:= version(Newest) end, Entries)};
        {error, _} = Error ->
            Error
    end.

%% @doc Brings the entries to the disks of a majority; with none it only spreads what is known of the family.
-spec write([kv_store:entry()]) -> ok | kv:failure().
write(Entries) ->
    case majority(write, [Entries]) of
        {ok, _} -> ok;
        {error, _} = Error -> Error
    end.

%% @doc The answers of those nodes that answer in time to a function of kv_store, without its last argument.
-spec ask([node()], atom(), [term()]) -> [{node(), kv_store:answer()}].
ask(Nodes, Function, Args) ->
    Call = new_call(Function, Args),
    try
        send(Nodes, kv_store:family(), Call),
        collect(length(Nodes), Call)
    after
        close(Call)
    end.

collect(0, _Call) ->
    [];
collect(Left, Call) ->
    case next(Call) of
        {Node, {ok, Answer}} -> [{Node, Answer} | collect(Left - 1, Call)];
        {_Node, {failed, _}} -> collect(Left - 1, Call);
        timeout -> []
    end.

%% The results of the whole nodes, as soon as they are a majority of every list in force. Answers may tell of
%% further lists; then their nodes are asked too.
majority(Function, Args) ->
    Call = new_call(Function, Args),
    Family = kv_store:family(),
    try
        case kv_store:whole() of
            true -> gather(#{family => Family, asked => [], answered => 0, results => [], failures => []}, Call);
            false -> {error, syncing}
        end
    after
        close(Call)
    end.

gather(#{family := Family, asked := Asked, answered := Answered, results := Results} = State, Call) ->
    Further = kv_family:members(Family) -- Asked,
    send(Further, Family, Call),
    AllAsked = Further ++ Asked,
    case kv_family:has_majorities([Node || {Node, _} <- Results], Family) of
        true ->
            ok = kv_store:learn(Family),
            {ok, [Result || {_, Result} <- Results]};
        false when Answered =:= length(AllAsked) ->
            {error, {no_majority, maps:get(failures, State)}};
        false ->
            case next(Call) of
                timeout ->
                    {error, {no_majority, [{timeout, AllAsked -- [Node || {Node, _} <- Results]}]}};
                {Node, Outcome} ->
                    gather(noted(Node, Outcome, State#{asked := AllAsked, answered := Answered + 1}), Call)
            end
    end.

noted(Node, {ok, {Whole, Told, Result}}, #{family := Family, results := Results, failures := Failures} = State) ->
    Learnt = State#{family := kv_family:merge(Family, Told)},
    case Whole of
        true -> Learnt#{results := [{Node, Result} | Results]};
        false -> Learnt#{failures := [{Node, syncing} | Failures]}
    end;
noted(Node, {failed, Reason}, #{failures := Failures} = State) ->
    State#{failures := [{Node, Reason} | Failures]}.

%% A call: its answers come to an alias, so that late ones never reach the mailbox of whoever called.

new_call(Function, Args) ->
    {ok, Timeout} = application:get_env(kv, timeout),
    {alias(), Function, Args, Timeout, erlang:monotonic_time(millisecond) + Timeout}.

%% One process for each node: the set-up of a connection may block, and only that node may wait for it.
send(Nodes, Family, {Alias, Function, Args, Timeout, _}) ->
    Ask = fun(Node) ->
        Outcome =
            try
                {ok, erpc:call(Node, kv_store, Function, Args ++ [Family], Timeout)}
            catch
                error:{erpc, Reason} -> {failed, Reason};
                exit:{exception, {Reason, _}} -> {failed, Reason};
                _:Reason -> {failed, Reason}
            end,
        Alias ! {Alias, Node, Outcome}
    end,
    lists:foreach(fun(Node) -> spawn(fun() -> Ask(Node) end) end, Nodes).

next({Alias, _, _, _, Deadline}) ->
    receive
        {Alias, Node, Outcome} -> {Node, Outcome}
    after max(0, Deadline - erlang:monotonic_time(millisecond)) -> timeout
    end.

close({Alias, _, _, _, _} = Call) ->
    _ = unalias(Alias),
    receive
        {Alias, _, _} -> close(Call)
    after 0 -> ok
    end.

newest(Entry, Other) ->
    case version(Entry) > version(Other) of
        true -> Entry;
        false -> Other
    end.

version({_Key, Version, _Content}) -> Version.
