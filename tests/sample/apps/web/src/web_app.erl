%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc Application and top supervisor of the web family: one httpd.
-module(web_app).

-behaviour(application).
-behaviour(supervisor).

-export([start/2, stop/1]).
-export([init/1]).

start(_Type, _Args) ->
    %% See kv_app: what makes deployment's part of sys.config visible.
    _ = application:load(
        {application, wombat, [{vsn, "0"}, {modules, []}, {registered, []}, {applications, [kernel]}]}
    ),
    supervisor:start_link({local, web_sup}, ?MODULE, []).

stop(_State) ->
    ok.

init([]) ->
    {ok, Port} = application:get_env(web, port),
    Options = [
        {port, Port},
        {bind_address, address()},
        {server_name, "web"},
        {server_root, code:lib_dir(web)},
        {document_root, code:lib_dir(web)},
        {modules, [web_handler]},
        {max_body_size, 1 bsl 20},
        {server_tokens, none}
    ],
    Httpd = #{id => httpd, start => {inets, start, [httpd, Options, stand_alone]}, type => supervisor},
    {ok, {#{}, [Httpd]}}.

address() ->
    [_, Host] = string:split(atom_to_list(node()), "@"),
    case {inet:parse_address(application:get_env(web, address, Host)), application:get_env(web, address)} of
        {{ok, Address}, _} -> Address;
        {{error, _}, undefined} -> {127, 0, 0, 1};
        {{error, _}, {ok, Wrong}} -> error({not_an_address, Wrong})
    end.
