# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One module a cloud, each with its `CASES`; those of `WIRELESS` are made for a folder."""

from __future__ import annotations

from cases import azure_arm, cloudstack, ec2, gce, generic, opennebula, openstack, outscale, regions, wireless

CASES = [
    case
    for module in (azure_arm, cloudstack, ec2, gce, generic, opennebula, openstack, outscale, regions)
    for case in module.CASES
]
WIRELESS = wireless.CASES
