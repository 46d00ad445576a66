# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments that nodes boot with: what is ours, what a release brings, what a family adds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wombat.erlang.plugins.module_utils import boot
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease

SLOTS = boot.Distribution(False, 21000)


def release(path="/r", kind="relx", erts="13.1.5"):
    return HostRelease("kv", "1.0.0", kind, str(path), erts, None)


def flat(groups):
    return [" ".join(group) for group in groups]


@pytest.fixture
def version_path(tmp_path):
    path = tmp_path / "releases/1.0.0"
    path.mkdir(parents=True)
    return path


@pytest.mark.parametrize(
    ("name", "slot"), [("kv1@h", 1), ("kv12@h", 12), ("kv@h", 1), ("a1b@h2", 1), ("kv007@10.0.0.9", 7), ("k2v3@h", 3)]
)
def test_a_slot_is_the_number_at_the_end_of_the_label(name, slot):
    assert boot.slot(name) == slot


@pytest.mark.parametrize(
    ("name", "flag"),
    [("kv1@10.0.0.1", "-name"), ("kv1@a.example", "-name"), ("kv1@alpha", "-sname"), ("a@::1", "-name")],
)
def test_a_name_is_long_where_its_address_is(name, flag):
    assert boot.name_arguments(name) == [[flag, name]]


@pytest.mark.parametrize(
    ("erts", "module"),
    [
        ("13.1.5", "-epmd_module slot_epmd"),
        ("15.1.9", "-epmd_module slot_epmd"),
        ("15.2", "-kernel epmd_module slot_epmd"),
        ("16.0.1", "-kernel epmd_module slot_epmd"),
    ],
)
def test_the_module_that_replaces_epmd_is_named_as_the_otp_version_wants_it(erts, module):
    assert flat(boot.distribution_arguments(SLOTS, erts, "/lib", "/tls")) == [
        "-pa /lib",
        "-start_epmd false",
        module,
        "-slot_epmd_base 21000",
    ]


def test_tls_is_two_flags_more_with_and_without_epmd():
    spoken = ["-proto_dist inet_tls", "-ssl_dist_optfile /n/tls.config"]
    for epmd in (True, False):
        distribution = boot.Distribution(epmd, 21000, tls=True)
        assert flat(boot.distribution_arguments(distribution, "13.1.5", "/lib", "/n/tls.config"))[-2:] == spoken


def test_a_node_listens_on_its_own_address_and_overrides_its_release_last():
    assert flat(boot.node_arguments("kv2@10.0.0.1", SLOTS, release(), ["/n/node", "/n/members"])) == [
        "-name kv2@10.0.0.1",
        "-kernel inet_dist_use_interface {10,0,0,1}",
        "-config /n/node",
        "-config /n/members",
    ]


@pytest.mark.parametrize(
    ("port", "range_"), [(None, []), (22000, ["-kernel inet_dist_listen_min 22002 inet_dist_listen_max 22002"])]
)
def test_stock_epmd_gets_no_flags_but_a_fixed_port_where_one_is_wanted(port, range_):
    arguments = boot.node_arguments("kv2@host", boot.Distribution(True, port), release(), [])
    assert flat(arguments) == ["-sname kv2@host", *range_]


def test_mix_releases_get_a_second_and_third_cookie_so_that_none_counts():
    arguments = boot.node_arguments("kv2@host", SLOTS, release(kind="mix"), [])
    assert flat(arguments).count("-setcookie in_the_cookie_file") == 2
    assert "-setcookie" not in str(boot.node_arguments("kv2@host", SLOTS, release(), []))


def test_a_releases_arguments_lose_what_is_ours(tmp_path, version_path):
    (version_path / "vm.args").write_text(
        "-name kv@127.0.0.1 # ours\n-setcookie secret\n+P 1000 +K true\n-heart\n-env A 'b c'\n"
        "-kernel inet_dist_listen_min 1 net_ticktime 7 inet_dist_listen_max 2\n-kernel epmd_module other\n"
        "-args_file more\n"
    )
    (tmp_path / "more").write_text("-smp -proto_dist inet_tls\n-setcookie node secret\n+S 2:-1\n")
    groups = boot.release_arguments(release(tmp_path), {})
    assert flat(groups) == ["+P 1000", "+K true", "-env A b c", "-kernel net_ticktime 7", "-smp", "+S 2:-1"]
    assert "secret" not in boot.render_arguments(groups)


def test_variables_in_a_releases_arguments_are_the_nodes(tmp_path, version_path):
    (version_path / "vm.args").write_text("+P 1\n")
    (version_path / "vm.args.src").write_text("+P ${PROCESSES:-5} ${MORE} +Q ${PORTS:-6}\n")
    assert flat(boot.release_arguments(release(tmp_path), {"PORTS": "9"})) == ["+P 5", "+Q 9"]


def test_a_release_without_arguments_brings_none(tmp_path):
    assert boot.release_arguments(release(tmp_path), {}) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("-env A 'b", "is no list of arguments"), ("-args_file releases/1.0.0/vm.args", "includes itself")],
)
def test_a_broken_arguments_file_is_refused(tmp_path, version_path, text, sentence):
    (version_path / "vm.args").write_text(text)
    with pytest.raises(WombatError, match=sentence):
        boot.release_arguments(release(tmp_path), {})


def test_an_arguments_file_that_is_missing_is_named(tmp_path, version_path):
    (version_path / "vm.args").write_text("-args_file none")
    with pytest.raises(WombatError, match="none cannot be read"):
        boot.release_arguments(release(tmp_path), {})


@pytest.mark.parametrize("line", ["-setcookie secret", "-name kv", "-kernel inet_dist_listen_min 1", "+P 1 -heart"])
def test_a_family_cannot_set_what_is_ours(line):
    with pytest.raises(WombatError, match=r"vm_args of kv1@h sets .*: take it out"):
        boot.family_arguments([line], "vm_args of kv1@h")


def test_what_follows_extra_stays_last():
    groups = boot.family_arguments(["-extra -name x +P 1"], "here") + [["-pa", "/lib"]]
    assert boot.render_arguments(groups) == "-pa /lib\n-extra -name x +P 1\n"


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=8)
GROUPS = st.lists(
    st.tuples(
        st.sampled_from(["-one", "-two", "+P"]),
        st.lists(WORDS.filter(lambda word: not word.startswith(("-", "+"))), max_size=4),
    ).map(lambda group: [group[0], *group[1]]),
    max_size=5,
)


@given(GROUPS)
def test_written_arguments_read_back_as_they_were(groups):
    assert boot.family_arguments([boot.render_arguments(groups)], "here") == groups
