# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/riak, loaded and planned by the playbook on recorded replies, and its riak.conf rendered."""

from __future__ import annotations

import base64
import os
import pathlib
import subprocess
import sys

from ansible.parsing.dataloader import DataLoader

from ansible_collections.wombat.erlang.plugins.plugin_utils import loader
from ansible_collections.wombat.erlang.plugins.plugin_utils.releases.files import render

HERE = pathlib.Path(__file__).parent
INVENTORY = HERE.parents[1] / "inventories" / "riak"


def test_riak_fills_the_private_cloud_and_web_is_beside_it(tmp_path):
    variables = {
        "OS_USERNAME": "operator",
        "OS_PASSWORD": "secretOfStack",
        "AWS_ACCESS_KEY_ID": "operator",
        "AWS_SECRET_ACCESS_KEY": "secretOfAmazon",
        # of the other clouds at the wires' ends
        "ONE_AUTH": str(tmp_path / "one_auth"),
        "CLOUDSTACK_KEY": "operator",
        "CLOUDSTACK_SECRET": "secretOfCloudStack",
    }
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    done = subprocess.run(
        [sys.executable, str(HERE / "multicloud.py"), "-i", str(INVENTORY), "wombat.erlang.plan", "-vv"],
        env={**kept, **variables, "HOME": str(tmp_path), "ANSIBLE_NOCOWS": "1", "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    for start in (
        "riak: 5 new nodes on 5 instances",
        "4 x attic/RegionOne/nova",  # as many as the file allows
        "1 x aws/eu-north-1/",
        "web: 2 new nodes on 2 instances",
    ):
        assert any(line.startswith(start) for line in lines), done.stdout
    assert "secretOf" not in done.stdout + done.stderr


def test_riak_conf_names_the_node_and_its_own_cookie(tmp_path):
    (tmp_path / "cookie").write_text("ourOwnCookie")
    files = DataLoader()
    deployment = loader.load(str(INVENTORY / "riak.wombat.yml"), files)
    family = deployment.families["riak"]
    assert family.bootstrap == {"admin": "riak admin", "n_val": 3, "location": "zone"}
    node = {
        "node": "riak@192.0.2.7",
        "address": "192.0.2.7",
        "cookie_file": str(tmp_path / "cookie"),
        "data_dir": "/srv/wombat/nodes/riak/data",
        "log_dir": "/srv/wombat/nodes/riak/log",
    }
    (file,) = render(deployment, "riak", deployment.settings("riak", node)["files"], node, files)
    assert (file["dest"], file["mode"], file["diff"]) == ("etc/riak.conf", "0640", False)  # its group is the node's own
    lines = base64.b64decode(file["content"]).decode().splitlines()
    assert "nodename = riak@192.0.2.7" in lines
    assert "distributed_cookie = ourOwnCookie" in lines
    assert "platform_data_dir = /srv/wombat/nodes/riak/data" in lines
