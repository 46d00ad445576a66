%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc Real nodes for tests: started, killed, wiped, cut off from each other, and told who their family is.
%%
%% Each has its own loopback address, so that no epmd is needed, and is controlled through standard I/O, so that
%% what happens to its distribution cannot hinder the test.
-module(kv_cluster).

-export([new/0, stop/1, remove/1, start/3, kill/2, wipe/2, node_name/1, running/1]).
-export([call/5, set_family/3, isolate/2, join/2, await/2, await_settled/2]).

-define(COOKIE, 'kv-tests').

%% The state of a test: the running nodes by number.
new() ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 1, 1}}]),
    {ok, Port} = inet:port(Socket),
    ok = gen_tcp:close(Socket),
    Root = filename:join(os:getenv("TMPDIR", "/tmp"), "kv-tests-" ++ os:getpid() ++ "-" ++ integer_to_list(Port)),
    #{port => Port, root => Root, nodes => #{}}.

stop(Cluster) ->
    lists:foreach(fun(Number) -> kill(Number, Cluster) end, running(Cluster)).

remove(#{root := Root}) ->
    _ = file:del_dir_r(Root),
    ok.

%% Starts a node with a family's list, on what its disk holds.
start(Number, Family, #{port := Port, nodes := Nodes} = Cluster) ->
    Dir = dir(Number, Cluster),
    ok = filelib:ensure_path(Dir),
    Args = [
        "-start_epmd", "false", "-erl_epmd_port", integer_to_list(Port),
        "-kernel", "inet_dist_use_interface", io_lib:format("{127,0,1,~b}", [Number]),
        "-setcookie", atom_to_list(?COOKIE), "-pa", filename:dirname(code:which(kv)),
        "-wombat", "nodes", io_lib:format("~0p", [names(Family)]),
        "-kv", "data_dir", io_lib:format("~0p", [Dir]), "-kv", "timeout", "2000",
        "-kernel", "logger_level", "emergency"
    ],
    {ok, Peer, _} = peer:start(#{
        name => "kv" ++ integer_to_list(Number),
        host => "127.0.1." ++ integer_to_list(Number),
        longnames => true,
        connection => standard_io,
        args => [lists:flatten(Arg) || Arg <- Args]
    }),
    Started = Cluster#{nodes := Nodes#{Number => {Peer, peer:call(Peer, os, getpid, [])}}},
    {ok, _} = call(Number, application, ensure_all_started, [kv], Started),
    Started.

%% As if the power went.
kill(Number, #{nodes := Nodes} = Cluster) ->
    {{Peer, Pid}, Left} = maps:take(Number, Nodes),
    Monitor = monitor(process, Peer),
    [] = os:cmd("kill -9 " ++ Pid),
    receive
        {'DOWN', Monitor, _, _, _} -> Cluster#{nodes := Left}
    end.

wipe(Number, Cluster) ->
    ok = file:del_dir_r(dir(Number, Cluster)),
    Cluster.

running(#{nodes := Nodes}) -> lists:sort(maps:keys(Nodes)).

node_name(Number) -> list_to_atom(lists:flatten(io_lib:format("kv~b@127.0.1.~b", [Number, Number]))).

call(Number, Module, Function, Args, #{nodes := Nodes}) ->
    {Peer, _} = maps:get(Number, Nodes),
    peer:call(Peer, Module, Function, Args, 60000).

%% Tells these nodes, one after the other, what their family is.
set_family(Numbers, Family, Cluster) ->
    lists:foreach(
        fun(Number) ->
            ok = call(Number, application, set_env, [wombat, nodes, names(Family)], Cluster),
            ok = call(Number, kv, family_changed, [], Cluster)
        end,
        Numbers
    ).

%% Cuts the connections between a node and all others: different cookies keep them from coming back.
isolate(Number, Cluster) -> cookies(Number, blocked, Cluster).

join(Number, Cluster) -> cookies(Number, ?COOKIE, Cluster).

cookies(Number, Cookie, Cluster) ->
    lists:foreach(
        fun(Other) ->
            true = call(Other, erlang, set_cookie, [node_name(Number), Cookie], Cluster),
            true = call(Number, erlang, set_cookie, [node_name(Other), their(Cookie)], Cluster),
            _ = call(Number, erlang, disconnect_node, [node_name(Other)], Cluster)
        end,
        running(Cluster) -- [Number]
    ).

their(blocked) -> blocked_too;
their(Cookie) -> Cookie.

await(Condition, What) -> await(Condition, What, erlang:monotonic_time(second) + 60).

await(Condition, What, Deadline) ->
    case Condition() of
        true ->
            ok;
        false ->
            erlang:monotonic_time(second) < Deadline orelse error({not_reached, What}),
            timer:sleep(20),
            await(Condition, What, Deadline)
    end.

%% Until every running node of the family is whole and only the family's list is in force there.
await_settled(Family, Cluster) ->
    Names = lists:sort(names(Family)),
    Settled = fun(Number) ->
        case call(Number, kv, status, [], Cluster) of
            #{whole := true, settled := true, family := Names} -> true;
            _ -> false
        end
    end,
    await(fun() -> lists:all(Settled, [N || N <- running(Cluster), lists:member(N, Family)]) end, {settled, Family}).

names(Numbers) -> [node_name(Number) || Number <- Numbers].

dir(Number, #{root := Root}) -> filename:join(Root, "kv" ++ integer_to_list(Number)).
