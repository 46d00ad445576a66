# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is a member, who joins whom, who is forgotten first: decided from what all nodes of a family say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ansible_collections.wombat.erlang.plugins.module_utils.strategies.base import Strategy, View


class Decision(NamedTuple):
    """What is to be done with one family."""

    members: tuple[str, ...]  # who is in the family's cluster now and answers
    seeds: dict[str, str]  # who is to join, each through a member of its own domain where there is one
    lead: str | None  # the member that does what is done once
    forget: tuple[str, ...]  # members that lost their memory of the cluster, and must be forgotten before they join
    split: tuple[str, ...]  # where there is more than one cluster: who sees whom, as sentences; then nobody joins


def decide(
    views: Mapping[str, View],
    wanted: Sequence[str],
    domains: Mapping[str, str] | None = None,
    dead: Sequence[str] = (),
) -> Decision:
    """Decide for one family.

    A family that is new has no cluster of several nodes: then the first of C(wanted), and no other, begins it. As that
    is a node of the oldest instance, two runs that see the family grow begin it with the same node.

    :arg views: What the nodes say; one that is not here or has an error does not answer.
    :arg wanted: Who is to be a member, the oldest first; members that are not here are to leave, and are no seeds.
    :arg domains: The domain of each node.
    :arg dead: Members that the operator wants to be forgotten.
    """
    answering = {name: view for name, view in views.items() if view.error is None}
    clusters = [group for group in _groups(answering) if _established(group, answering)]
    order = {name: number for number, name in enumerate(wanted)}
    if len(clusters) > 1:
        return Decision((), {}, None, (), tuple(_split(clusters, answering)))
    if not clusters and wanted and wanted[0] not in answering:
        text = f"Nobody can join, for no cluster of the family answers, nor does {wanted[0]}, which would begin it."
        return Decision((), {}, None, (), (text,))
    present = [name for name in wanted if name in answering]
    cluster = clusters[0] if clusters else present[:1]
    members = sorted((name for name in cluster if name in order), key=order.__getitem__)
    if not members:
        text = f"Nobody can join, for no member that answers is to stay: {', '.join(cluster)}. Keep one of them."
        return Decision((), {}, None, (), (text,) if present else ())
    joiners = [name for name in present if name not in cluster]
    counted = {other for name in cluster for other in answering[name].members}
    forget = [name for name in joiners if name in counted]
    forget += [name for name in dead if name in counted and name not in answering]
    return Decision(
        tuple(members),
        {name: _seed(name, members, domains or {}) for name in joiners},
        members[0],
        tuple(forget),
        (),
    )


def why_unsafe(strategy: Strategy, views: Mapping[str, View]) -> list[str]:
    """Why the leavers of a family must not leave, as sentences: what holds for all systems, and what its own says."""
    family = strategy.family
    leavers = family.leaving
    if not leavers or not strategy.REMEMBERS:
        return strategy.unsafe(dict(views)) if leavers else []
    stay = [name for name in family.wanted if name in views and views[name].error is None]
    sentences = []
    if not stay:
        sentences.append(f"{', '.join(leavers)} cannot leave {family.name}, for nobody that answers would be left.")
    errors = {name: views[name].error if name in views else "its host does not tell" for name in leavers}
    counted = {other for name in stay for other in views[name].members}
    dead = [f"{name} ({error})" for name, error in errors.items() if error is not None and name in counted]
    if dead:
        sentences.append(f"{', '.join(dead)} cannot leave {family.name}, and would have to be forgotten as dead.")
    return sentences + strategy.unsafe(dict(views))


def _groups(views: Mapping[str, View]) -> list[list[str]]:
    """The nodes that count each other in, directly or through others, in the order of their names."""
    left, groups = sorted(views), []
    while left:
        group, found = [], [left.pop(0)]
        while found:
            name = found.pop()
            group.append(name)
            mutual = [other for other in left if other in views[name].members and name in views[other].members]
            left = [other for other in left if other not in mutual]
            found += mutual
        groups.append(sorted(group))
    return groups


def _established(group: Sequence[str], views: Mapping[str, View]) -> bool:
    """Whether this is a cluster: several nodes, or one whose other members do not answer.

    One that counts in nodes that answer, but do not count it in, was forgotten by them: it is none.
    """
    if len(group) > 1:
        return True
    others = set(views[group[0]].members) - set(group)
    return bool(others) and not any(other in views and len(views[other].members) > 1 for other in others)


def _seed(name: str, members: Sequence[str], domains: Mapping[str, str]) -> str:
    """The oldest member in the node's own domain, else in its region or provider, else the oldest."""

    def distance(member: str) -> int:
        mine, theirs = (domains.get(one, "").split("/") for one in (name, member))
        same = 0
        while same < min(len(mine), len(theirs)) and mine[same] == theirs[same]:
            same += 1
        return -same

    return min(members, key=distance)


def _split(clusters: Sequence[Sequence[str]], views: Mapping[str, View]) -> list[str]:
    sentences = []
    for group in clusters:
        counted = sorted({other for name in group for other in views[name].members} - set(group))
        and_others = f", count in {', '.join(counted)} too, and are not counted in by them" if counted else ""
        sentences.append(f"{', '.join(group)} {'see' if len(group) > 1 else 'sees'} each other{and_others}.")
    return sentences
