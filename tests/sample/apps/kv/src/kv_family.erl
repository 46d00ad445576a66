%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc What a node knows of the family's lists; pure.
%%
%% Nodes learn of a new list at different times, so more than one can be in force: then a majority of each
%% is needed, which keeps every two majorities that matter overlapping. A list is settled when a later
%% one has all that the earlier one acknowledged. Knowledge only grows, and merging it is a union: nodes may
%% tell each other in any order, and as often as they like.
-module(kv_family).

-export([new/0, merge/2, adopt/4, in_force/1, newest/1, members/1, mark/3]).
-export([has_majorities/2, covers/4]).

-export_type([family/0, id/0]).

%% When a list was adopted and by whom. Later lists are greater.
-type id() :: {Microseconds :: integer(), node()}.
-type family() :: #{
    adopted := #{id() => [node()]},
    %% settling: somebody is about to settle it; then a majority of it alone proves nothing any more.
    settling := ordsets:ordset(id()),
    settled := ordsets:ordset(id())
}.

-spec new() -> family().
new() ->
    #{adopted => #{}, settling => [], settled => []}.

-spec merge(family(), family()) -> family().
merge(#{adopted := A1, settling := G1, settled := S1}, #{adopted := A2, settling := G2, settled := S2}) ->
    Settled = ordsets:union(S1, S2),
    #{
        adopted => maps:without(Settled, maps:merge(A1, A2)),
        settling => ordsets:subtract(ordsets:union(G1, G2), Settled),
        settled => Settled
    }.

-spec adopt([node()], integer(), node(), family()) -> family().
adopt(Nodes, Now, By, #{adopted := Adopted, settled := Settled} = Family) ->
    Latest = lists:max([0 | [Time || {Time, _} <- maps:keys(Adopted) ++ Settled]]),
    Family#{adopted := Adopted#{{max(Now, Latest + 1), By} => lists:usort(Nodes)}}.

%% @doc The lists that count, oldest first.
-spec in_force(family()) -> [{id(), [node()]}].
in_force(#{adopted := Adopted}) ->
    lists:sort(maps:to_list(Adopted)).

-spec newest(family()) -> [node()].
newest(Family) ->
    case in_force(Family) of
        [] -> [];
        Lists -> element(2, lists:last(Lists))
    end.

%% @doc All nodes of all lists in force.
-spec members(family()) -> [node()].
members(Family) ->
    lists:usort(lists:append([Nodes || {_, Nodes} <- in_force(Family)])).

-spec mark(settling | settled, id(), family()) -> family().
mark(Mark, Id, Family) ->
    merge(Family, (new())#{Mark := [Id]}).

%% @doc Whether these nodes hold a majority of every list in force.
-spec has_majorities([node()], family()) -> boolean().
has_majorities(Nodes, Family) ->
    Lists = in_force(Family),
    Lists =/= [] andalso lists:all(fun({_, List}) -> common(List, Nodes) >= majority(List) end, Lists).

%% @doc Whether a node that may have lost its data knows all that was acknowledged, having heard from these
%% whole nodes and these nodes in any state.
%%
%% What was acknowledged is on a majority of the oldest list in force, and of it the node itself may be one:
%% so enough others must have answered to meet all the rest of any majority. Or everybody answered: then more
%% there is not to know.
-spec covers([node()], [node()], node(), family()) -> boolean().
covers(Whole, Answered, Self, #{settling := Settling} = Family) ->
    [{Oldest, _} = First | _] = Lists = in_force(Family),
    Decisive =
        case lists:member(Oldest, Settling) of
            true -> Lists;
            false -> [First]
        end,
    lists:all(
        fun({_, List}) ->
            common(List, Whole) >= length(List) - majority(List) + 1 orelse
                (List -- [Self]) -- Answered =:= []
        end,
        Decisive
    ).

majority(List) -> length(List) div 2 + 1.

common(List, Nodes) -> length([Node || Node <- List, lists:member(Node, Nodes)]).
