# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All strategies by name. Imports are static: AnsiballZ ships what it can see."""

from __future__ import annotations

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Strategy
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.couchdb import CouchDB
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.custom import Custom
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.ejabberd import Ejabberd
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.emqx import Emqx
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.global_group import GlobalGroup
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.hidden import Hidden
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.hosts_file import HostsFile
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.libcluster import Libcluster
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.links import Links
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mesh import Mesh
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.mnesia import Mnesia
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.none import Alone
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.pg import Pg
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.rabbitmq import RabbitMQ
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.riak import Riak
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.s_group import SGroup
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.seed import Seed
from ansible_collections.wombat.erlang.plugins.module_utils.strategies.vernemq import VerneMQ

STRATEGIES: dict[str, type[Strategy]] = {
    strategy.NAME: strategy
    for strategy in (
        Alone,
        CouchDB,
        Custom,
        Ejabberd,
        Emqx,
        GlobalGroup,
        Hidden,
        HostsFile,
        Libcluster,
        Mesh,
        Mnesia,
        Pg,
        RabbitMQ,
        Riak,
        SGroup,
        Seed,
        VerneMQ,
    )
}
# What the module member knows besides: families meet their neighbours by it.
EVERY: dict[str, type[Strategy]] = {**STRATEGIES, Links.NAME: Links}
