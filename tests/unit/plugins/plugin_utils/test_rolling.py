# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instances are upgraded after which others, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.parsing_upgrade import read_upgrade
from ansible_collections.wombat.erlang.plugins.plugin_utils.rolling import Host, plan
from ansible_collections.wombat.erlang.plugins.plugin_utils.section import Section
from ansible_collections.wombat.erlang.plugins.plugin_utils.upgrade import Upgrade


class Family:
    """What the plan reads of a family."""

    def __init__(self, **upgrade):
        self.upgrade = read_upgrade(Section(upgrade, "families.kv.upgrade"))


def host(number, domain="p/r/a", family="kv", nodes=1, cold="there is no relup", waits=True, down=0):
    names = {f"{family}{slot}@{number}": family for slot in range(1, nodes + 1)}
    waiting = {name: {"from": "1", "to": "2", "cold": cold} for name in names} if waits else {}
    return Host(f"h{number}", domain, names, waiting, dict.fromkeys(list(names)[:down], "do not run"))


def test_a_canary_comes_first_and_then_domain_by_domain():
    hosts = [host(number, f"p/r/{zone}") for number, zone in enumerate("abab")] + [host(9, waits=False)]
    roll = plan(hosts, {"kv": Family(at_once=2)})
    assert roll.batches == [["h0"], ["h2"], ["h1", "h3"]]
    assert roll.hosts["h1"] == {"method": "rolling", "at_once": 1, "pause": 0}
    assert roll.lines[:2] == ["kv1@0: rolling 1 -> 2, canary", "kv1@2: rolling 1 -> 2"]


def test_hot_where_every_node_of_an_instance_can_and_the_operator_permits():
    hosts = [host(1, cold=None), host(2), host(3, cold=None)]
    assert [item["method"] for item in plan(hosts, {"kv": Family()}).hosts.values()] == ["hot", "rolling", "hot"]
    assert {item["method"] for item in plan(hosts, {"kv": Family(allow="rolling")}).hosts.values()} == {"rolling"}
    with pytest.raises(WombatError, match="Node kv1@2 cannot be upgraded while it runs: there is no relup; wombat_up"):
        plan(hosts, {"kv": Family()}, "hot")
    with pytest.raises(WombatError, match="families.kv.upgrade.allow permits nothing else"):
        plan(hosts, {"kv": Family(allow=["hot"])})


def test_in_full_all_are_one_batch():
    hosts = [host(1, cold=None), host(2, "p/r/b"), host(3)]
    roll = plan(hosts, {"kv": Family(allow=["hot", "full"])})
    assert roll.batches == [["h1", "h3", "h2"]]
    assert {item["method"] for item in roll.hosts.values()} == {"full"}
    assert {item["at_once"] for item in roll.hosts.values()} == {0}


def test_families_come_in_the_order_of_the_file():
    hosts = [host(1, family="web"), host(2), host(3, waits=False), host(4, waits=False)]
    assert plan(hosts, {"kv": Family(), "web": Family()}).batches == [["h2"], ["h1"]]


def test_a_family_that_would_lose_its_majority_is_refused():
    with pytest.raises(WombatError, match="at_once takes 2 of 3 nodes down, which may cost the family its majority"):
        plan([host(number) for number in range(3)], {"kv": Family(at_once=2)})
    hosts = [host(1), host(2), host(3, waits=False, down=1)]
    with pytest.raises(
        WombatError, match="Family kv may lose its majority by nodes that do not run: kv1@3. Mend that first"
    ):
        plan(hosts, {"kv": Family()})
    assert plan(hosts, {"kv": Family()}, "full").batches == [["h1", "h2"]]
    # Of one or two nodes none can be missed, but they have to restart all the same.
    assert plan([host(1), host(2)], {"kv": Family()}).batches == [["h1"], ["h2"]]


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from("abc"), st.booleans()), min_size=1, max_size=9), st.data())
def test_no_batch_takes_a_majority_or_two_domains(shapes, data):
    at_once, canary = data.draw(st.integers(1, 4)), data.draw(st.integers(0, 3))
    hosts = [host(number, zone, nodes=nodes, waits=waits) for number, (nodes, zone, waits) in enumerate(shapes)]
    total = sum(nodes for nodes, _zone, _waits in shapes)
    try:
        roll = plan(hosts, {"kv": Family(at_once=at_once, canary=canary)})
    except WombatError:
        assert at_once > 1
        return
    assert sorted(name for batch in roll.batches for name in batch) == sorted(h.name for h in hosts if h.waiting)
    domains = {h.name: h.domain for h in hosts}
    for batch in roll.batches:
        assert len({domains[name] for name in batch}) == 1
        down = sum(roll.hosts[name]["at_once"] for name in batch)
        assert down <= max(1, (total - 1) // 2)


def test_what_a_family_permits_is_read_strictly():
    assert read_upgrade(Section({}, "u")) == Upgrade()
    for wrong, sentence in (
        ({"allow": "warm"}, "u.allow cannot be 'warm'"),
        ({"at_once": 0}, "u.at_once must be a whole number from 1"),
        ({"cheks": []}, "u.cheks is not a known key; did you mean 'checks'?"),
    ):
        with pytest.raises(WombatError, match=sentence.replace("?", ".")):
            read_upgrade(Section(wrong, "u"))
