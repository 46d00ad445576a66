# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `lab`: images, the lab's network, and the end of it all."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# As package `lab`, for before anything is installed no path leads to the collection.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lab import images
from lab.common import LabError
from lab.hosts import Lab


def main(arguments: list[str]) -> int:
    """Do what a command line says; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="lab", description="Real hosts on this machine, in a network with no way out."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    image = verbs.add_parser("image", help="build an image, unless it is there")
    image.add_argument("--name", default="debian")
    image.add_argument("--offered", action="store_true", help="leave the packages for the hosts' own apt to install")
    image.add_argument("packages", nargs="*", metavar="PACKAGE")
    run = verbs.add_parser("run", help="run a command where the hosts can be reached, and nothing else can")
    run.add_argument("command", nargs=argparse.REMAINDER)
    verbs.add_parser("list", help="the hosts: name, address, state, account")
    for verb, what in (("cut", "unplug a host"), ("heal", "plug a host in again")):
        verbs.add_parser(verb, help=what).add_argument("name")
    down = verbs.add_parser("down", help="take all hosts and the network away; images stay")
    down.add_argument("--images", action="store_true", help="the images too")
    chosen = parser.parse_args(arguments)
    lab = Lab()
    try:
        return act(lab, chosen)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def act(lab: Lab, chosen: argparse.Namespace) -> int:
    """Do one verb."""
    if chosen.verb == "image":
        built = images.build(chosen.name, chosen.packages, chosen.offered)
        print(f"image {chosen.name} {'built' if built else 'is there already'}")
    elif chosen.verb == "run":
        enter(lab, chosen.command)
    elif chosen.verb == "list":
        for record in lab.records():
            print(record["name"], record["address"], lab.state(record["id"]), record["account"])
    elif chosen.verb == "down":
        print(f"{lab.down()} hosts taken away")
        if chosen.images:
            images.remove_all()
    else:
        named = [record["id"] for record in lab.records() if record["name"] == chosen.name]
        if not named:
            raise LabError(f"there is no host {chosen.name}; 'lab list' shows the hosts")
        for identity in named:
            lab.network.switch(identity, "down" if chosen.verb == "cut" else "up")
    return 0


def enter(lab: Lab, command: list[str]) -> None:
    """Become a command inside the lab's network.

    :raises LabError: when that network is not what it must be; nothing is run then.
    """
    if not command:
        raise LabError("run needs a command")
    lab.root.mkdir(parents=True, exist_ok=True)
    lab.network.make()
    lab.network.check()
    sys.stdout.flush()
    os.execvp("nsenter", ["nsenter", f"--net={lab.network.namespace}", *command])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
