# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/multicloud, planned by the playbook: the private clouds first, and elsewhere what they do not hold."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
INVENTORY = HERE.parents[1] / "inventories" / "multicloud"


def test_the_plan_fills_the_private_clouds_and_overflows(tmp_path):
    (tmp_path / "one_auth").write_text("operator:secretOfNebula\n")
    variables = {
        "OS_USERNAME": "operator",
        "OS_PASSWORD": "secretOfStack",
        "ONE_AUTH": str(tmp_path / "one_auth"),
        "CLOUDSTACK_KEY": "operator",
        "CLOUDSTACK_SECRET": "secretOfCloudStack",
        "AWS_ACCESS_KEY_ID": "operator",
        "AWS_SECRET_ACCESS_KEY": "secretOfAmazon",
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
        "kv: 9 new nodes on 9 instances",
        "6 x attic/RegionOne/nova",  # as many as are left of the quota that nova tells
        "2 x cellar/default/default",  # as many as the file allows
        "1 x partner/Frankfurt/Frankfurt",
        "web: 4 new nodes on 4 instances",
        "2 x aws/eu-north-1/",
        "2 x aws/eu-west-1/",
    ):
        assert any(line.startswith(start) for line in lines), done.stdout
    assert "unknown and left out" not in done.stdout + done.stderr
    assert "secretOf" not in done.stdout + done.stderr
