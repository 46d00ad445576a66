# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An integer program with objectives in order, as plain lists; it knows nothing of families or clouds."""

from __future__ import annotations

import dataclasses
import math
import typing as t

Terms = list[tuple[int, float]]


@dataclasses.dataclass
class Stage:
    """One objective, to be minimised after those before it. `integral`: its value is always a whole number."""

    name: str
    terms: Terms
    integral: bool
    constant: float = 0.0


@dataclasses.dataclass
class Program:
    """Columns and rows with bounds, stages in order, then `ties`: objectives that choose among equals, without proof.

    `unchanged` holds the columns that decide, at the values that create and retire nothing.
    """

    lower: list[float] = dataclasses.field(default_factory=list)
    upper: list[float] = dataclasses.field(default_factory=list)
    integer: list[bool] = dataclasses.field(default_factory=list)
    starts: list[int] = dataclasses.field(default_factory=lambda: [0])
    index: list[int] = dataclasses.field(default_factory=list)
    value: list[float] = dataclasses.field(default_factory=list)
    row_lower: list[float] = dataclasses.field(default_factory=list)
    row_upper: list[float] = dataclasses.field(default_factory=list)
    stages: list[Stage] = dataclasses.field(default_factory=list)
    ties: list[Stage] = dataclasses.field(default_factory=list)
    unchanged: dict[int, float] = dataclasses.field(default_factory=dict)

    def column(self, lower: float, upper: float, integer: bool = True) -> int:
        """Add a variable and give its index."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.lower) - 1

    def row(self, terms: Terms, lower: float, upper: float) -> None:
        """Add `lower <= terms <= upper`; a column may come in several terms, which are summed."""
        merged: dict[int, float] = {}
        for column, factor in terms:
            merged[column] = merged.get(column, 0.0) + factor
        self.index.extend(merged)
        self.value.extend(merged.values())
        self.starts.append(len(self.index))
        self.row_lower.append(lower)
        self.row_upper.append(upper)

    def at_most(self, terms: Terms, upper: float) -> None:
        """Add `terms <= upper`."""
        self.row(terms, -math.inf, upper)

    def equal(self, terms: Terms, value: float) -> None:
        """Add `terms == value`."""
        self.row(terms, value, value)


def negated(terms: t.Iterable[tuple[int, float]], factor: float = 1.0) -> Terms:
    """The terms times minus `factor`."""
    return [(column, -factor * value) for column, value in terms]
