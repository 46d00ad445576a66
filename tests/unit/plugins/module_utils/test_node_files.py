# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of nodes: what is written, what counts as a change, what is refused."""

from __future__ import annotations

import base64
import stat

import pytest

from ansible_collections.wombat.erlang.plugins.module_utils import configuration, node_environment, node_files
from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease
from ansible_collections.wombat.erlang.plugins.module_utils.nodes import load_nodes

NAME = "kv1@10.0.0.1"


@pytest.fixture
def root(tmp_path):
    """An instance with an empty relx release kv."""
    release = tmp_path / "releases/kv/1.2.0"
    for folder in ("bin", "releases/1.2.0"):
        (release / folder).mkdir(parents=True)
    (release / "bin/kv").touch()
    (release / "releases/start_erl.data").write_text("13.1.5 1.2.0\n")
    (tmp_path / "releases/kv/current").symlink_to("1.2.0")
    return tmp_path


def settings(name=NAME, **changes):
    base = dict.fromkeys(("packages", "service", "files", "slot", "config", "vm_args", "env"))
    return {**base, "name": name, "family": "kv", "release": "kv", **changes}


def prepare(root, *nodes, epmd=False, port=21000, members=None, user=None):
    options = {"nodes": list(nodes), "distribution": {"epmd": epmd, "port": port}, "members": members, "user": user}
    return node_files.prepare({"root": str(root), **options})


def write(root, *nodes, **options):
    return prepare(root, *nodes, **options).apply()


def test_files_are_written_once_and_readable_by_their_owner_alone(root):
    work = prepare(root, settings())
    assert work.changed
    assert not (root / "nodes").exists()
    assert work.apply()["nodes"][NAME]["changed"] == ["vm.args", "node.config", "members.config", "node.json"]
    assert (root / "lib/wombat/ebin/slot_epmd.beam").exists()
    assert stat.S_IMODE((root / "nodes/kv1/node.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((root / "home/kv").stat().st_mode) == 0o700
    assert not prepare(root, settings()).changed


def test_only_the_files_that_differ_change_and_other_nodes_stay(root):
    write(root, settings(), settings("kv2@10.0.0.1"))
    work = prepare(root, settings(config={"kv": {"a": 1}}), members={"kv": {"nodes": [NAME]}})
    assert work.apply()["nodes"] == {
        NAME: {"path": str(root / "nodes/kv1"), "changed": ["node.config", "members.config"], "upgrade": None}
    }
    assert (root / "nodes/kv1/node.config").read_text() == "[{kv,[{a,1}]}].\n"
    assert [diff["before"] for diff in work.diff][0] == "[].\n"
    assert [node.name for node in load_nodes(str(root))] == [NAME, "kv2@10.0.0.1"]


def test_members_are_atoms_in_order(root):
    members = {
        "kv": {"nodes": ["kv2@h", "kv1@h"], "neighbours": {"web": ["web1@h"], "b": []}},
        "web": {"nodes": ["w@h"]},
    }
    write(root, settings(), members=members)
    text = "".join((root / "nodes/kv1/members.config").read_text().split())
    assert text == ("[{wombat,[{family,kv},{neighbours,[{b,[]},{web,[web1@h]}]},{nodes,[kv1@h,kv2@h]}]}].")


def test_the_digest_sees_everything_but_members(root):
    def digest(**options):
        write(root, settings(**options.pop("node", {})), **options)
        return load_nodes(str(root))[0].digest()

    first = digest()
    assert digest(members={"kv": {"nodes": [NAME]}}) == first
    others = [
        digest(node={"config": {"kv": {"a": 1}}}),
        digest(node={"vm_args": ["+P 5000"]}),
        digest(node={"env": {"A": 1}}),
        digest(port=22000),
        digest(epmd=True),
    ]
    assert len({first, *others}) == 6


def test_a_nodes_environment_is_the_same_on_every_start_and_ours_wins(root):
    write(root, settings(env={"A": 1, "PATH": "/opt/bin", "HOME": "/elsewhere"}))
    node = load_nodes(str(root))[0]
    assert node.start["argv"] == [str(root / "releases/kv/1.2.0/bin/kv"), "foreground"]
    assert node.start["env"] == {
        "A": "1",
        "CODE_LOADING_MODE": "interactive",
        "ERL_CRASH_DUMP": str(root / "nodes/kv1/log/erl_crash.dump"),
        "HOME": str(root / "home/kv"),
        "LANG": "C.UTF-8",
        "PATH": "/opt/bin",
        "RELX_OUT_FILE_PATH": str(root / "nodes/kv1/tmp"),
        "RUNNER_LOG_DIR": str(root / "nodes/kv1/log"),
        "TERM": "dumb",
        "VMARGS_PATH": str(root / "nodes/kv1/vm.args"),
        "WOMBAT_DATA": str(root / "nodes/kv1/data"),
        "WOMBAT_INSTANCE": str(root),
        "WOMBAT_NODE": NAME,
    }
    assert node.cookie_file == str(root / "home/kv/.erlang.cookie")


def test_a_mix_release_gets_its_own_variables_and_with_epmd_its_own_mode(root):
    (root / "releases/kv/1.2.0/releases/1.2.0/elixir").touch()
    write(root, settings(), epmd=True, port=None)
    start = load_nodes(str(root))[0].start
    assert start["argv"][1] == "start"
    assert {key: value for key, value in start["env"].items() if key.startswith("RELEASE")} == {
        "RELEASE_COOKIE": "in_the_cookie_file",
        "RELEASE_DISTRIBUTION": "none",
        "RELEASE_NODE": NAME,
        "RELEASE_TMP": str(root / "nodes/kv1/tmp"),
        "RELEASE_VM_ARGS": str(root / "nodes/kv1/vm.args"),
    }


def test_a_package_runs_by_its_own_description(root, monkeypatch):
    (root / "bin").mkdir()
    (root / "bin/erl").write_text("#!/bin/sh\n")
    (root / "bin/erl").chmod(0o755)
    monkeypatch.setattr(node_environment, "_PATH", str(root / "bin"))
    release = HostRelease("rabbit", "3.10.8", "package", "/usr/lib/erlang", "13.1.5", None)
    monkeypatch.setattr(node_files, "package_release", lambda packages, name: release)
    write(root, settings("rabbit@10.0.0.1", release="rabbit", packages=["rabbitmq-server=3.10.8"]), epmd=True)
    start = load_nodes(str(root))[0].start
    assert start["argv"] == ["/usr/lib/rabbitmq/bin/rabbitmq-server"]
    assert start["cwd"] == start["env"]["RABBITMQ_MNESIA_BASE"] == str(root / "nodes/rabbit/data")
    assert start["env"]["RABBITMQ_NODENAME"] == "rabbit@10.0.0.1"
    assert start["env"]["RABBITMQ_USE_LONGNAME"] == "true"
    assert start["env"]["RABBITMQ_DIST_PORT"] == "21001"
    assert start["env"]["WOMBAT_VERSION"] == "3.10.8"
    assert (root / "nodes/rabbit/vm.args").read_text().startswith("-name rabbit@10.0.0.1\n-kernel")


@pytest.mark.parametrize("epmd", [True, False])
def test_a_packages_own_tools_take_part_in_the_distribution_as_its_node_does(root, monkeypatch, epmd):
    release = HostRelease("rabbit", "3.10.8", "package", "/usr/lib/erlang", "13.1.5", None)
    monkeypatch.setattr(node_files, "package_release", lambda packages, name: release)
    given = {"release": "rabbit", "packages": ["mine"], "tls": True, "env": {"ERL_AFLAGS": "+W w"}}
    write(root, settings("rabbit@10.0.0.1", service={"start": ["/bin/true"]}, **given), epmd=epmd)
    slots = [] if epmd else ["-start_epmd false", "-epmd_module slot_epmd", "-slot_epmd_base 21000"]
    tls = ["-proto_dist inet_tls", f"-ssl_dist_optfile {root}/nodes/rabbit/tls.config"]
    (node,) = load_nodes(str(root))
    assert node.start["env"]["ERL_AFLAGS"] == " ".join(["+W w", f"-pa {root}/lib/wombat/ebin", *slots, *tls])
    # Given twice, a flag like -proto_dist would count as none.
    assert not set(" ".join(slots + tls).split()) & set((root / "nodes/rabbit/vm.args").read_text().split())


def test_a_releases_own_commands(root):
    service = {
        "start": ["{release}/bin/kv", "run", "{node}"],
        "stop": ["{release}/bin/kv", "halt"],
        "env": {"S": "{slot}"},
    }
    write(root, settings("kv2@10.0.0.1", service=service))
    start = load_nodes(str(root))[0].start
    assert start["argv"][1:] == ["run", "kv2@10.0.0.1"]
    assert start["stop"][1:] == ["halt"]
    assert start["env"]["S"] == "2"


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ([settings("kv1")], "is no node name"),
        ([settings("../kv1@h")], "is no node name"),
        ([settings("kv1@h", slot=2)], "has slot 2, but others look for it at 1"),
        ([settings("kv1@h"), settings("kv1@i")], "Two nodes of this host are called kv1"),
        ([settings("kv1@h"), settings("web1@h")], "would listen on one port"),
        ([settings(family="../x")], "cannot be a folder's name"),
        ([settings(release="current")], "cannot be a folder's name"),
        ([settings(release="web")], "Release web is not installed"),
        ([settings(config={"kv": 1})], "configuration of kv"),
    ],
)
def test_settings_that_cannot_work_are_refused(root, nodes, sentence):
    with pytest.raises(WombatError, match=sentence):
        prepare(root, *nodes)


def test_without_epmd_a_port_is_needed(root):
    with pytest.raises(WombatError, match=r"distribution\.port is missing"):
        prepare(root, settings(), port=None)


@pytest.mark.parametrize("members", [{"kv": ["kv1@h"]}, {"kv": {"nodes": 3}}, {"kv": {"neighbours": ["web"]}}])
def test_members_of_another_shape_are_refused(root, members):
    with pytest.raises(WombatError, match=r"members\.kv must be like"):
        prepare(root, settings(), members=members)


def test_a_file_in_the_way_is_named(root):
    (root / "nodes").touch()
    with pytest.raises(WombatError, match=r"cannot be (read|made)"):
        write(root, settings())


def test_nodes_are_found_by_name_or_label_and_others_are_refused(root):
    write(root, settings(), settings("kv2@10.0.0.1"))
    assert [node.name for node in load_nodes(str(root), ["kv2", NAME, "kv1"])] == [NAME, "kv2@10.0.0.1"]
    assert load_nodes(str(root), ["kv3"], missing_ok=True) == []
    with pytest.raises(WombatError, match=r"There is no node kv1@other in .*: it has kv1@10\.0\.0\.1, kv2@10\.0\.0\.1"):
        load_nodes(str(root), ["kv1@other"])


def test_a_broken_description_is_named(root):
    write(root, settings())
    (root / "nodes/kv1/node.json").write_text("{}")
    with pytest.raises(WombatError, match=r"node\.json does not describe a node"):
        load_nodes(str(root))


def own(dest, content="x", **changes):
    encoded = base64.b64encode(content.encode()).decode()
    return {"dest": dest, "content": encoded, "mode": "0640", "validate": [], "diff": True, **changes}


def checked(dest, content, *command):
    return own(dest, content, validate=["/bin/sh", "-c", *command])


def test_a_familys_own_file_goes_into_the_release_and_makes_the_node_outdated(root):
    write(root, settings(files=[own("etc/kv.conf", "a")]))
    path = root / "releases/kv/1.2.0/etc/kv.conf"
    assert path.read_text() == "a"
    before = load_nodes(str(root))[0].digest()
    assert not prepare(root, settings(files=[own("etc/kv.conf", "a")])).changed
    work = prepare(root, settings(files=[own("etc/kv.conf", "b"), own("etc/secret", "s", diff=False)]))
    assert [diff["after"] for diff in work.diff if diff["after_header"].startswith(str(path.parent))] == ["b"]
    work.apply()
    assert load_nodes(str(root))[0].digest() != before


def test_a_package_finds_the_file_in_the_nodes_own_folder(root, monkeypatch):
    release = HostRelease("rabbit", "3.10.8", "package", "/usr/lib/erlang", "13.1.5", None)
    monkeypatch.setattr(node_files, "package_release", lambda packages, name: release)
    given = {"packages": ["rabbitmq-server"], "service": {"validate": ["/bin/true"]}}
    write(root, settings("rabbit@10.0.0.1", release="rabbit", files=[own("rabbitmq.conf")], **given))
    env = load_nodes(str(root))[0].start["env"]
    assert env["RABBITMQ_CONFIG_FILE"] == str(root / "nodes/rabbit/etc/rabbitmq.conf")
    assert "RABBITMQ_ADVANCED_CONFIG_FILE" not in env


def test_a_release_with_cuttlefish_checks_its_conf_without_writing_into_the_release(root):
    release = root / "releases/kv/1.2.0"
    (release / "share/schema").mkdir(parents=True)
    (release / "erts-13.1.5/bin").mkdir(parents=True)
    (release / "bin/cuttlefish").touch()
    escript = release / "erts-13.1.5/bin/escript"
    escript.write_text('#!/bin/sh\necho "$@" > "$WOMBAT_DATA/checked"; ! grep -n ring_sise "$9"\n')
    escript.chmod(0o755)
    write(root, settings(files=[own("etc/kv.conf", "ring_size = 64\n")]))
    node = root / "nodes/kv1"
    assert (node / "data/checked").read_text().split() == [
        *(str(release / "bin/cuttlefish"), "-e", str(release / "etc"), "-d", str(node / "tmp/generated.conf")),
        *("-s", str(release / "share/schema"), "-c", str(release / "etc/kv.conf")),
    ]
    with pytest.raises(WombatError, match="escript ends with code 1: 1:ring_sise = 64"):
        write(root, settings(files=[own("etc/kv.conf", "ring_sise = 64\n")]))
    assert (release / "etc/kv.conf").read_text() == "ring_size = 64\n"


def test_a_file_that_its_check_refuses_changes_nothing(root):
    write(root, settings(config={"kv": {"a": 1}}, files=[own("etc/kv.conf", "good")]))
    conf = root / "releases/kv/1.2.0/etc/kv.conf"
    files = [checked("etc/kv.conf", "bad", "cat {release}/etc/kv.conf; exit 3"), own("etc/new", "n")]
    before = {path: path.read_bytes() for path in (root / "nodes").rglob("*") if path.is_file()}
    sentence = (
        r"The configuration of kv1@10\.0\.0\.1 is refused, and its files stay as they were: sh ends with code 3: bad"
    )
    with pytest.raises(WombatError, match=sentence):
        write(root, settings(config={"kv": {"a": 2}}, files=files))
    assert conf.read_text() == "good"
    assert not (conf.parent / "new").exists()
    assert {path: path.read_bytes() for path in (root / "nodes").rglob("*") if path.is_file()} == before
    assert not (root / ".before.json").exists()


def test_what_a_killed_run_did_not_check_is_checked_by_the_next(root):
    write(root, settings(files=[own("etc/kv.conf", "good")]))
    conf = root / "releases/kv/1.2.0/etc/kv.conf"

    def killed(check, terms):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(configuration, "_run", killed)
        with pytest.raises(KeyboardInterrupt):
            write(root, settings(files=[own("etc/kv.conf", "bad")]))
    assert conf.read_text() == "bad"
    bad = settings(files=[checked("etc/kv.conf", "bad", "exit 1")])
    assert prepare(root, bad).changed
    with pytest.raises(WombatError, match="is refused"):
        write(root, bad)
    assert conf.read_text() == "good"
    assert not prepare(root, settings(files=[own("etc/kv.conf", "good")])).changed


def test_what_only_running_nodes_are_told_is_not_checked(root):
    files = [checked("etc/kv.conf", "x", "echo x >>{data}/checks")]
    write(root, settings(files=files))
    write(root, settings(files=files), members={"kv": {"nodes": [NAME]}})
    assert (root / "nodes/kv1/data/checks").read_text() == "x\n"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([own("../../kv.conf")], "would be written outside"),
        ([own("/etc/passwd")], "would be written outside"),
        ([own("etc/x", mode="rw")], "is none: write it like 0640"),
    ],
)
def test_files_elsewhere_are_refused(root, files, sentence):
    with pytest.raises(WombatError, match=sentence):
        prepare(root, settings(files=files))


def test_two_nodes_cannot_have_different_files_at_one_place(root):
    nodes = [settings(f"kv{slot}@10.0.0.1", files=[own("etc/x", str(slot))]) for slot in (1, 2)]
    with pytest.raises(WombatError, match="Two nodes of this host would have different files"):
        prepare(root, *nodes)
    prepare(root, *(settings(f"kv{slot}@10.0.0.1", files=[own("etc/x")]) for slot in (1, 2)))
