# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distribution over mutual TLS: the files of a node that it needs, and what a release must bring for it.

C(<root>/nodes/<label>) holds tls.config, and in tls the node's own certificate with its key, one file so that the two
never differ, and the authorities that it trusts.
"""

from __future__ import annotations

import glob
import os
import re

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.host_release import HostRelease
from ansible_collections.wombat.erlang.plugins.module_utils.terms import to_erlang

# What inet_tls_dist is made of, besides kernel and stdlib.
_APPLICATIONS = ("asn1", "crypto", "public_key", "ssl")
_SSL = re.compile(r"\{\s*ssl\s*,")


def config_path(folder: str) -> str:
    """The file of a node's folder that -ssl_dist_optfile names."""
    return os.path.join(folder, "tls.config")


def own_path(folder: str) -> str:
    """The file with a node's certificate and its key."""
    return os.path.join(folder, "tls", "node.pem")


def trusted_path(folder: str) -> str:
    """The file with the certificates of the authorities that a node trusts."""
    return os.path.join(folder, "tls", "trusted.pem")


def config_text(folder: str) -> str:
    """The text of a node's tls.config: both sides show a certificate and verify the other's."""
    own = {"$tuple": [{"$atom": "certfile"}, own_path(folder)]}
    key = {"$tuple": [{"$atom": "keyfile"}, own_path(folder)]}
    trusted = {"$tuple": [{"$atom": "cacertfile"}, trusted_path(folder)]}
    verify = {"$tuple": [{"$atom": "verify"}, {"$atom": "verify_peer"}]}
    require = {"$tuple": [{"$atom": "fail_if_no_peer_cert"}, True]}
    client = [own, key, trusted, verify]
    sides = [{"$tuple": [{"$atom": "server"}, [*client, require]]}, {"$tuple": [{"$atom": "client"}, client]}]
    return to_erlang(sides) + ".\n"


def require_ssl(release: HostRelease) -> None:
    """Refuse a release that cannot speak TLS; raises WombatError.

    What a release contains is in its .rel file; where there is none it takes applications from its host.
    """
    texts = []
    for path in glob.glob(os.path.join(glob.escape(release.version_path), "*.rel")):
        with open(path, encoding="utf-8", errors="replace") as file:
            texts.append(file.read())
    if texts and not any(_SSL.search(text) for text in texts):
        raise WombatError(
            f"Release {release.name} {release.version} lacks the application ssl, which distribution over TLS is made "
            "of: add ssl to the release's applications (relx) or to extra_applications (mix) and build it again."
        )


def code_arguments(release: HostRelease) -> list[str]:
    """Arguments by which a host's own runtime system finds the release's ssl where it has none itself."""
    patterns = [os.path.join(glob.escape(release.path), "lib", name + "-*", "ebin") for name in _APPLICATIONS]
    return [word for pattern in patterns for path in glob.glob(pattern) for word in ("-pz", path)]


def check(folder: str, name: str) -> None:
    """Refuse to start a node without its certificate: it would only say that it cannot listen. Raises WombatError."""
    for path in (own_path(folder), trusted_path(folder)):
        if not os.path.isfile(path):
            raise WombatError(f"Node {name} has no certificate: {path} is missing; give it one with certificates.")
