%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc The web family's answers, over HTTP, with a store of one node behind it.
-module(web_handler_tests).

-include_lib("eunit/include/eunit.hrl").

web_test_() ->
    {timeout, 60, {setup, fun start/0, fun stop/1, fun({Url, _}) -> [answers(Url), no_store(Url), next_node(Url)] end}}.

start() ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Socket),
    ok = gen_tcp:close(Socket),
    Dir = filename:join(os:getenv("TMPDIR", "/tmp"), "web-tests-" ++ os:getpid()),
    _ = [application:load(App) || App <- [kv, web]],
    ok = application:set_env([{kv, [{data_dir, Dir}]}, {web, [{port, Port}, {address, "127.0.0.1"}]}]),
    {ok, _} = application:ensure_all_started(kv),
    {ok, _} = application:ensure_all_started(web),
    ok = kv:family_changed(),
    {"http://127.0.0.1:" ++ integer_to_list(Port), Dir}.

stop({_, Dir}) ->
    _ = [ok = application:stop(App) || App <- [web, kv]],
    ok = file:del_dir_r(Dir).

answers(Url) ->
    {"answers", fun() ->
        neighbours([node()]),
        ?assertMatch({200, <<"ok", _/binary>>}, request(get, Url ++ "/health")),
        ?assertMatch({404, _}, request(get, Url ++ "/kv/gr%C3%BCn")),
        Body = <<0, 255, "value">>,
        ?assertMatch({200, _}, request(put, Url ++ "/kv/gr%C3%BCn", Body)),
        ?assertEqual({ok, Body}, kv:get(<<"grün"/utf8>>)),
        ?assertEqual({200, Body}, request(get, Url ++ "/kv/gr%C3%BCn")),
        ?assertMatch({200, _}, request(delete, Url ++ "/kv/gr%C3%BCn")),
        ?assertMatch({404, _}, request(get, Url ++ "/kv/gr%C3%BCn")),
        ?assertMatch({405, _}, request(post, Url ++ "/kv/a", <<>>)),
        ?assertMatch({404, _}, request(get, Url ++ "/kv/")),
        ?assertMatch({404, _}, request(get, Url ++ "/other")),
        ?assertMatch({400, _}, request(get, Url ++ "/kv/%ff"))
    end}.

no_store(Url) ->
    {"no store", fun() ->
        neighbours(['kv1@127.0.0.1']),
        ?assertMatch({503, _}, request(get, Url ++ "/health")),
        ?assertMatch({503, _}, request(get, Url ++ "/kv/a")),
        ?assertMatch({503, _}, request(put, Url ++ "/kv/a", <<"1">>)),
        neighbours([]),
        ?assertMatch({503, _}, request(delete, Url ++ "/kv/a"))
    end}.

next_node(Url) ->
    {"next node", fun() ->
        neighbours(['kv1@127.0.0.1', node(), 'kv2@127.0.0.1']),
        [?assertMatch({404, _}, request(get, Url ++ "/kv/b")) || _ <- lists:seq(1, 10)]
    end}.

neighbours(Nodes) ->
    application:set_env(wombat, neighbours, [{kv, Nodes}]).

request(Method, Url) -> answer(httpc:request(Method, {Url, []}, [], [{body_format, binary}])).

request(Method, Url, Body) ->
    answer(httpc:request(Method, {Url, [], "application/octet-stream", Body}, [], [{body_format, binary}])).

answer({ok, {{_, Status, _}, _Head, Body}}) -> {Status, Body}.
