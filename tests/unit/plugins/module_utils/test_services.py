# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How releases run: the known descriptions, what a file says otherwise, and the places that a node fills in."""

from __future__ import annotations

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.services import KNOWN, describe, fill


def test_what_is_given_goes_before_what_is_known_and_its_environment_is_added():
    service = describe("rabbitmq-server", {"env": {"RABBITMQ_LOGS": "x", "MORE": 1}, "user": "hare"})
    assert service.start == KNOWN["rabbitmq-server"].start
    assert service.user == "hare"
    assert (service.env["RABBITMQ_LOGS"], service.env["MORE"]) == ("x", "1")
    assert service.env["RABBITMQ_NODENAME"] == "{node}"
    assert KNOWN["rabbitmq-server"].env["RABBITMQ_LOGS"] == "-"


def test_a_release_of_an_unknown_kind_says_itself_how_it_starts():
    assert describe("emqx", {"start": ["/usr/bin/emqx", "foreground"]}).stop == []
    with pytest.raises(WombatError, match="How emqx is started is not known"):
        describe("emqx", {"user": "emqx"})


def test_a_misspelt_field_is_refused():
    with pytest.raises(WombatError, match="has no begin: it has start, stop"):
        describe("relx", {"begin": ["x"]})


def test_places_are_filled_in_and_the_rest_stays():
    assert fill("{node} ${HOME} {print $1} {}", {"node": "kv1@h", "HOME": "x"}) == "kv1@h $x {print $1} {}"
