# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A result as a picture (SVG): a grid of domains and families that one can put into a review."""

from __future__ import annotations

import typing as t
from xml.sax.saxutils import escape

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.plugin_utils.placement.explaining import explain, money, place_name

LEFT, TOP, ROW, COLUMN, RIGHT = 330, 96, 26, 96, 110
# Domains that take nothing are shown up to this number.
MOST_EMPTY = 12
COLOURS = {
    "new": "#1f7a4d",
    "kept": "#5b7083",
    "refused": "#b8bec4",
    "line": "#e4e7ea",
    "text": "#1c2833",
    "soft": "#6b7785",
}
STYLE = "font-family:'DejaVu Sans',Verdana,sans-serif;font-size:12px"


def picture(
    result: t.Mapping[str, t.Any],
    existing: t.Sequence[t.Mapping[str, t.Any]] = (),
    neighbours: t.Mapping[str, t.Sequence[str]] | None = None,
) -> str:
    """Draw a placement: a row for each domain, grouped by provider and region, a column for each family.

    Green numbers are new nodes, grey ones run already; an empty ring is a refused domain, with the reason as its title.

    :param result: what `place` returned.
    :param existing: the instances that `place` was given; those that stay are drawn too.
    :param neighbours: for each family those that it needs; they are named above its column.
    :return: the text of a standalone SVG file.
    :raises WombatError: when these are something else.
    """
    headline = explain(result)[0]
    try:
        return _Grid(result, existing).draw(headline, neighbours or {})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise WombatError(
            f"picture cannot read this result ({error}); pass what place got and returned, unchanged"
        ) from error


class _Grid:
    def __init__(self, result: t.Mapping[str, t.Any], existing: t.Sequence[t.Mapping[str, t.Any]]) -> None:
        self.families = sorted(result["refusals"])
        self.new: dict[tuple[str, str], int] = {}
        self.kept: dict[tuple[str, str], int] = {}
        self.price: dict[str, float] = {}
        self.reasons = {
            (domain, family): entry["reason"]
            for family, entries in result["refusals"].items()
            for entry in entries
            for domain in entry["domains"]
        }
        for row in result["assignments"]:
            for family, nodes in {row["family"]: row["nodes"], **row.get("together", {})}.items():
                _add(self.new, (place_name(row), family), nodes)
            _add(self.price, place_name(row), (row["price"] or 0.0) * row["instances"])
        staying = set(result["kept"])
        for row in existing:
            if row["name"] in staying:
                _add(self.kept, (place_name(row), row["family"]), row["nodes"])
        used = {domain for domain, _family in [*self.new, *self.kept]}
        empty = sorted({domain for domain, _family in self.reasons} - used)
        self.left_out = len(empty[MOST_EMPTY:])
        self.domains = sorted(used | set(empty[:MOST_EMPTY]))

    def draw(self, headline: str, neighbours: t.Mapping[str, t.Sequence[str]]) -> str:
        width = max(LEFT + COLUMN * len(self.families) + RIGHT, 20 + 8 * len(headline))
        height = TOP + ROW * len(self.domains) + 60
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" style="{STYLE}">',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            _text(20, 30, headline, size=14),
        ]
        for number, family in enumerate(self.families):
            total = sum(
                nodes for counts in (self.new, self.kept) for (_d, name), nodes in counts.items() if name == family
            )
            parts.append(_text(self._x(number), TOP - 30, family, middle=True))
            if neighbours.get(family):
                needs = f"needs {', '.join(neighbours[family])}"
                parts.append(_text(self._x(number), TOP - 44, needs, middle=True, colour="soft", size=10))
            parts.append(_text(self._x(number), TOP - 14, f"{total} nodes", middle=True, colour="soft"))
        parts.append(_text(LEFT + COLUMN * len(self.families), TOP - 14, "new, an hour", colour="soft"))
        before = ""
        for number, domain in enumerate(self.domains):
            y = TOP + ROW * number
            group = domain.rpartition("/")[0]
            if group != before:
                parts.append(f'<line x1="20" x2="{width - 20}" y1="{y}" y2="{y}" stroke="{COLOURS["line"]}"/>')
                before = group
            parts += self._row(domain, y + ROW / 2)
        y = TOP + ROW * len(self.domains) + 24
        if self.left_out:
            parts.append(_text(20, y, f"and {self.left_out} more domains that take nothing", colour="soft"))
        parts.append(_text(20, y + 20, "green: new nodes, grey: running, ring: refused (see its title)", colour="soft"))
        return "\n".join([*parts, "</svg>", ""])

    def _x(self, number: int) -> float:
        return LEFT + COLUMN * (number + 0.5) - 20

    def _row(self, domain: str, y: float) -> list[str]:
        parts = [_text(20, y + 4, domain)]
        for number, family in enumerate(self.families):
            x = self._x(number)
            new, kept = self.new.get((domain, family), 0), self.kept.get((domain, family), 0)
            if new or kept:
                both = 16 if new and kept else 0
                if new:
                    parts.append(_badge(x - both, y, new, "new", f"{new} new nodes of {family} in {domain}"))
                if kept:
                    parts.append(_badge(x + both, y, kept, "kept", f"{kept} running nodes of {family} in {domain}"))
            elif (domain, family) in self.reasons:
                title = escape(f"{family}, {domain}: {self.reasons[domain, family]}")
                ring = f'fill="none" stroke="{COLOURS["refused"]}"'
                parts.append(f'<circle cx="{x}" cy="{y}" r="4" {ring}><title>{title}</title></circle>')
        if domain in self.price:
            parts.append(_text(LEFT + COLUMN * len(self.families), y + 4, money(self.price[domain]), colour="soft"))
        return parts


def _add(counts: dict[t.Any, t.Any], key: t.Any, amount: float) -> None:
    counts[key] = counts.get(key, 0) + amount


def _badge(x: float, y: float, nodes: int, colour: str, title: str) -> str:
    box = f'<rect x="{x - 15}" y="{y - 9}" width="30" height="18" rx="4" fill="{COLOURS[colour]}"/>'
    number = f'<text x="{x}" y="{y + 4}" text-anchor="middle" fill="#ffffff">{nodes}</text>'
    return f"<g><title>{escape(title)}</title>{box}{number}</g>"


def _text(x: float, y: float, text: str, middle: bool = False, colour: str = "text", size: int = 12) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{COLOURS[colour]}"{anchor}>{escape(text)}</text>'
