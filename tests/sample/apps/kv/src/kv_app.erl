%% SPDX-License-Identifier: GPL-3.0-or-later
%% @doc Application and top supervisor of the key-value store.
-module(kv_app).

-behaviour(application).
-behaviour(supervisor).

-export([start/2, stop/1]).
-export([init/1]).

start(_Type, _Args) ->
    %% Deployment configures an application `wombat' that exists in no file: loading it here is what makes
    %% its part of sys.config visible.
    _ = application:load(
        {application, wombat, [{vsn, "0"}, {modules, []}, {registered, []}, {applications, [kernel]}]}
    ),
    supervisor:start_link({local, kv_sup}, ?MODULE, []).

stop(_State) ->
    ok.

init([]) ->
    {ok, {#{strategy => rest_for_one}, children(kv:store())}}.

children(mnesia) ->
    ok = kv_mnesia:start(),
    [];
children(log) ->
    [
        #{id => kv_store, start => {kv_store, start_link, []}},
        #{id => kv_sync, start => {kv_sync, start_link, []}}
    ].
