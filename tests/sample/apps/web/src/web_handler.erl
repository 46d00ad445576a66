%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc GET, PUT and DELETE of /kv/KEY, and GET /health, answered by asking a node of the family `kv'.
-module(web_handler).

-include_lib("inets/include/httpd.hrl").

-export([do/1]).

-type response() :: {Status :: 100..599, Body :: iodata()}.

%% @doc The callback of httpd.
do(#mod{method = Method, request_uri = Uri, entity_body = Body}) ->
    {Status, Text} = route(Method, path(Uri), iolist_to_binary(Body)),
    Head = [
        {code, Status},
        {content_type, "text/plain"},
        {content_length, integer_to_list(iolist_size(Text))}
    ],
    {break, [{response, {response, Head, [Text]}}]}.

-spec route(string(), string() | invalid, binary()) -> response().
route("GET", "/health", _) -> health();
route(_, "/health", _) -> {405, "only GET\n"};
route(Method, "/kv/" ++ [_ | _] = Path, Body) -> key(Method, unicode:characters_to_binary(lists:nthtail(4, Path)), Body);
route(_, invalid, _) -> {400, "the path is malformed\n"};
route(_, _, _) -> {404, "there are only /kv/KEY and /health\n"}.

path(Uri) ->
    case uri_string:parse(Uri) of
        #{path := Path} ->
            case uri_string:percent_decode(Path) of
                {error, _} -> invalid;
                {error, _, _} -> invalid;
                Decoded -> Decoded
            end;
        _ ->
            invalid
    end.

-spec key(string(), binary(), binary()) -> response().
key("GET", Key, _) ->
    case ask(get, [Key]) of
        {ok, {ok, Value}} when is_binary(Value) -> {200, Value};
        {ok, {ok, Value}} -> {200, io_lib:format("~0tp", [Value])};
        {ok, not_found} -> {404, "no such key\n"};
        {error, Text} -> {503, Text}
    end;
key("PUT", Key, Body) ->
    done(ask(put, [Key, Body]));
key("DELETE", Key, _) ->
    done(ask(delete, [Key]));
key(_, _, _) ->
    {405, "only GET, PUT and DELETE\n"}.

done({ok, ok}) -> {200, "ok\n"};
done({error, Text}) -> {503, Text}.

health() ->
    case ask(status, []) of
        {ok, #{node := Node}} -> {200, io_lib:format("ok, through ~ts\n", [Node])};
        {error, Text} -> {503, Text}
    end.

%% The first answer of a kv node, in a random order so that all of them work. Asking another node after a
%% failure is harmless: every request may be repeated.
ask(Function, Args) ->
    Nodes = proplists:get_value(kv, application:get_env(wombat, neighbours, []), []),
    Shuffled = [Node || {_, Node} <- lists:sort([{rand:uniform(), Node} || Node <- Nodes])],
    {ok, Timeout} = application:get_env(web, timeout),
    %% Connected nodes first: the others may take their time to turn out to be gone.
    {Near, Far} = lists:partition(fun(Node) -> lists:member(Node, nodes()) end, Shuffled),
    try_nodes(Near ++ Far, Function, Args, Timeout, []).

try_nodes([], _, _, _, Failures) ->
    {error, io_lib:format("no kv node answers: ~0tp\n", [lists:reverse(Failures)])};
try_nodes([Node | Nodes], Function, Args, Timeout, Failures) ->
    try erpc:call(Node, kv, Function, Args, Timeout) of
        {error, Reason} -> try_nodes(Nodes, Function, Args, Timeout, [{Node, Reason} | Failures]);
        Answer -> {ok, Answer}
    catch
        _:Reason -> try_nodes(Nodes, Function, Args, Timeout, [{Node, Reason} | Failures])
    end.
