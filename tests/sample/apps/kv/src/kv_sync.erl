%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc Keeps this node's copy complete and the family's list current.
%%
%% A node that starts empty, or whose log is damaged, may have lost what it acknowledged. It is not whole, and
%% counts in no majority, until it has heard from enough others. A node that was away has its log, and is whole at once;
%% what it missed it gets from its peers in the background.
-module(kv_sync).

-behaviour(gen_server).

-export([start_link/0, look/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-define(SOON, 200).
-define(TICK, 1000).
%% Every so many ticks a peer is compared, in case something was missed while connected.
-define(COMPARE, 15).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

%% @doc Does now what is done at every tick.
-spec look() -> ok.
look() ->
    gen_server:call(?MODULE, look, infinity).

init([]) ->
    _ = net_kernel:monitor_nodes(true),
    self() ! tick,
    List = configured(),
    {ok, #{boot => List, last => last_seen(List), compare => [], ticks => 0, unsettled => 0}}.

%% A node that restarts with a file that is no news must not bring an old list back.
last_seen(Boot) ->
    case kv_store:seen() of
        [] ->
            Boot;
        [_, Last] = Seen ->
            ok = kv_store:set_seen([Boot, Last]),
            case lists:member(Boot, Seen) of
                true -> Boot;
                false -> Last
            end
    end.

handle_call(look, _From, State) ->
    {reply, ok, work(State)}.

handle_cast(_, State) ->
    {noreply, State}.

handle_info(tick, #{ticks := Ticks} = State0) ->
    State = work(State0#{ticks := Ticks + 1}),
    Pause =
        case kv_store:whole() of
            true -> ?TICK;
            false -> ?SOON
        end,
    _ = erlang:send_after(Pause, self(), tick),
    {noreply, State};
handle_info({nodeup, Node}, #{compare := Nodes} = State) ->
    {noreply, State#{compare := lists:usort([Node | Nodes])}};
handle_info({nodedown, _}, State) ->
    {noreply, State}.

work(State) ->
    case kv_store:whole() orelse become_whole(State) of
        true -> compare(settle(notice(State)));
        false -> State
    end.

configured() ->
    case application:get_env(wombat, nodes) of
        {ok, [_ | _] = Nodes} -> lists:usort(Nodes);
        _ -> [node()]
    end.

%% Takes over what the others have. They know the family's lists; only where nobody knows any is this a new
%% family, and then the first node of the configured list begins it.
become_whole(#{boot := Boot}) ->
    List = configured(),
    Others = lists:usort(List ++ kv_family:members(kv_store:family())) -- [node()],
    Answers = kv_quorum:ask(Others, snapshot, []),
    Entries = lists:append([Entries || {_, {_, _, Entries}} <- Answers]),
    Told = lists:foldl(fun kv_family:merge/2, kv_store:family(), [Family || {_, {_, Family, _}} <- Answers]),
    _ = kv_store:write(Entries, Told),
    Answered = [Node || {Node, _} <- Answers],
    Whole = [Node || {Node, {true, _, _}} <- Answers],
    Complete =
        case kv_family:in_force(Told) of
            [] -> hd(List) =:= node() andalso Others -- Answered =:= [] andalso kv_store:adopt(List) =:= ok;
            _ -> kv_family:covers(Whole, Answered, node(), Told)
        end,
    Complete andalso whole(Boot, List).

whole(Boot, List) ->
    ok = kv_store:set_seen([Boot, List]),
    ok = kv_store:set_whole(),
    logger:info("kv is whole: ~b keys, family ~tp", [kv_store:count(), kv_family:newest(kv_store:family())]),
    true.

%% A changed list comes into force when a majority of it answers: a list that is a mistake stops nothing.
notice(#{last := Last, boot := Boot} = State) ->
    List = configured(),
    Current = kv_family:newest(kv_store:family()),
    if
        List =:= Last ->
            State;
        List =:= Current ->
            ok = kv_store:set_seen([Boot, List]),
            State#{last := List};
        true ->
            Answered = [Node || {Node, _} <- kv_quorum:ask(List, digest, [])],
            case 2 * length(Answered) > length(List) of
                true ->
                    ok = kv_store:adopt(List),
                    ok = kv_store:set_seen([Boot, List]),
                    logger:info("the family's list changes from ~tp to ~tp", [Current, List]),
                    State#{last := List};
                false ->
                    State
            end
    end.

%% While more than one list is in force, the oldest is settled: all that a majority of it has goes to a majority of
%% every later one. Every node would do, and may; they take turns so that usually only the first does.
settle(#{unsettled := Unsettled} = State) ->
    Family = kv_store:family(),
    case kv_family:in_force(Family) of
        [Oldest, _ | _] ->
            Before = lists:takewhile(fun(Node) -> Node =/= node() end, kv_family:newest(Family)),
            Settled = Unsettled >= 2 * length(Before) andalso settle(Oldest, Family),
            case Settled of
                true -> settle(State#{unsettled := 0});
                false -> State#{unsettled := Unsettled + 1}
            end;
        _ ->
            State#{unsettled := 0}
    end.

settle({Id, Nodes}, Family) ->
    %% Asking tells them of the later lists: what they store from now on goes there as well.
    Answers = kv_quorum:ask(Nodes, snapshot, []),
    Whole = [Node || {Node, {true, _, _}} <- Answers],
    Only = Family#{adopted := #{Id => Nodes}},
    try
        true = kv_family:has_majorities(Whole, Only),
        ok = kv_quorum:write(lists:append([Entries || {_, {_, _, Entries}} <- Answers])),
        %% A majority of the list has to know that it is about to go before anybody acts without it, for
        %% a node that begins empty relies on it (kv_family:covers/4).
        ok = kv_store:learn(kv_family:mark(settling, Id, kv_family:new())),
        ok = kv_quorum:write([]),
        ok = kv_store:learn(kv_family:mark(settled, Id, kv_family:new())),
        _ = kv_quorum:write([]),
        true
    catch
        error:{badmatch, Reason} ->
            logger:notice("the family's list ~tp cannot be settled yet: ~tp", [Nodes, Reason]),
            false
    end.

%% Brings this node and those that came back to equal entries; now and then also some other peer.
compare(#{compare := Nodes, ticks := Ticks} = State) ->
    Members = kv_family:members(kv_store:family()) -- [node()],
    Random = [lists:nth(rand:uniform(length(Members)), Members) || Ticks rem ?COMPARE =:= 0, Members =/= []],
    {_, _, Digest} = kv_store:digest(kv_store:family()),
    Wanted = [Node || Node <- lists:usort(Nodes ++ Random), lists:member(Node, Members)],
    Different = [Node || {Node, {_, _, Other}} <- kv_quorum:ask(Wanted, digest, []), Other =/= Digest],
    lists:foreach(fun exchange/1, Different),
    State#{compare := []}.

exchange(Node) ->
    case kv_quorum:ask([Node], snapshot, []) of
        [{Node, {_, Family, Theirs}}] ->
            _ = kv_store:write(Theirs, Family),
            {_, _, Ours} = kv_store:snapshot(Family),
            _ = kv_quorum:ask([Node], write, [Ours -- Theirs]),
            ok;
        [] ->
            ok
    end.
