# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads one mapping of a deployment file key by key; whatever is wrong becomes one sentence with the key's path."""

from __future__ import annotations

import difflib
import re
import typing as t

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

MEMORY_UNITS = {"MB": 1e6 / 2**20, "MIB": 1.0, "GB": 1e9 / 2**20, "GIB": 1024.0, "TB": 1e12 / 2**20, "TIB": 1024.0**2}
MOST_MEMORY = 1e12  # MiB
MOST_SHOWN = 200  # characters of a value in an error sentence


def suggestion(word: object, known: t.Iterable[str]) -> str:
    """Give the tail of an error sentence: the likeliest of the `known` words, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(str(word), names, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"use one of: {', '.join(names)}" if names else "none is defined there"


def mebibytes(value: object) -> float | None:
    """Read an amount of memory: a number of MiB, or a text as `4 GiB`. None when it is neither."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*", value) if isinstance(value, str) else None
    if match and (match[2].upper() or "MIB") in MEMORY_UNITS:
        amount = float(match[1]) * MEMORY_UNITS[match[2].upper() or "MIB"]
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < MOST_MEMORY:
        amount = float(value)
    else:
        return None
    return amount if 0 <= amount < MOST_MEMORY else None


NAME = r"[a-z][a-z0-9]*"
NAME_MEANING = "small letters and digits, a letter first"


class Section:
    """A mapping at `path` of the file. Each reader takes one key; `end` refuses the keys that nobody read.

    :param data: the mapping; None counts as empty.
    :param path: the dotted path of the mapping in the file, "" at its top.
    :raises WombatError: when `data` is no mapping.
    """

    def __init__(self, data: object, path: str = "") -> None:
        if data is None:
            data = {}
        if not isinstance(data, t.Mapping):
            # What stands in the place of the whole file may be anything, a decrypted secret too.
            raise WombatError(
                f"{path} must be a mapping, but is {kind(data)}" if path else "the file must be a mapping"
            )
        self.data = data
        self.path = path
        self.seen: set[str] = set()

    def called(self, name: str, pattern: str, meaning: str) -> None:
        """Refuse the name that the mapping itself has."""
        if not re.fullmatch(pattern, name):
            raise WombatError(f"{self.path} must have a name of {meaning}")

    def where(self, key: object) -> str:
        return f"{self.path}.{key}" if self.path else str(key)

    def take(self, key: str, default: t.Any = None) -> t.Any:
        """The raw value of `key`; an absent or null one is the default."""
        self.seen.add(key)
        value = self.data.get(key)
        return default if value is None else value

    def need(self, key: str) -> t.Any:
        value = self.take(key)
        if value is None:
            raise self.missing(key, "add it")
        return value

    def missing(self, key: str, advice: str) -> WombatError:
        """The error of a key that is not there; one that is written like it is what is wrong."""
        close = difflib.get_close_matches(key, [str(other) for other in self.data if other not in self.seen], n=1)
        if close:
            return WombatError(f"{self.where(close[0])} is not a known key; did you mean '{key}'?")
        return WombatError(f"{self.where(key)} is missing; {advice}")

    def wrong(self, key: object, value: object, wanted: str) -> WombatError:
        return WombatError(f"{self.where(key)} must be {wanted}, but is {kind(value)}")

    def text(self, key: str, default: str | None = None) -> str | None:
        value = self.take(key, default)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, value, "a text")
        return value

    def name(self, key: str, pattern: str, meaning: str) -> str:
        value = self.need(key)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise self.wrong(key, value, meaning)
        return value

    def choice(self, key: str, choices: t.Iterable[str], default: str) -> str:
        value, choices = self.take(key, default), list(choices)
        if value not in choices:
            shown = " ".join(str(value).split())[:MOST_SHOWN]
            raise WombatError(f"{self.where(key)} cannot be '{shown}'; {suggestion(value, choices)}")
        return str(value)

    def flag(self, key: str, default: bool | None = None) -> bool | None:
        value = self.take(key, default)
        if isinstance(value, str) and value.lower() in ("true", "yes", "false", "no"):
            value = value.lower() in ("true", "yes")
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, value, "true or false")
        return value

    def integer(self, key: str, default: int, low: int = 0, high: int = 1_000_000) -> int:
        """A whole number from low to high; a template's text such as "5" counts as its number."""
        value = self.take(key, default)
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.wrong(key, value, f"a whole number from {low} to {high}")
        return int(value)

    def number(self, key: str, low: float, high: float) -> float | None:
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value.strip()):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self.wrong(key, value, f"a number from {low:g} to {high:g}")
        return float(value)

    def memory(self, key: str) -> float | None:
        """An amount in MiB."""
        value = self.take(key)
        if value is None:
            return None
        amount = mebibytes(value)
        if amount is None:
            raise self.wrong(key, value, "an amount such as '4 GiB' or a number of MiB")
        return amount

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of texts; one text counts as a list of one."""
        value = self.take(key, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, value, "a list of texts")
        return tuple(value)

    def mapping(self, key: str, secret: bool = False) -> dict[str, t.Any]:
        """A mapping as it is; the error sentence does not show what stands for a `secret` one."""
        value = self.take(key, {})
        if not isinstance(value, t.Mapping):
            raise WombatError(f"{self.where(key)} must be a mapping") if secret else self.wrong(key, value, "a mapping")
        return dict(value)

    def section(self, key: str) -> Section:
        return Section(self.take(key, {}), self.where(key))

    def sections(self, key: str) -> dict[str, Section]:
        """The entries of the mapping at `key`, each a section of its own, by name."""
        entries = self.section(key)
        return {str(name): Section(value, entries.where(name)) for name, value in entries.data.items()}

    def end(self) -> None:
        """Refuse keys that no reader took."""
        for key in self.data:
            if key not in self.seen:
                raise WombatError(f"{self.where(key)} is not a known key; {suggestion(key, self.seen)}")


def kind(value: object) -> str:
    """Say what a value is, for an error sentence."""
    if value is None:
        return "empty"
    if isinstance(value, t.Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    try:
        text = repr(str(value)) if isinstance(value, str) else repr(value)
    except ValueError:  # Python writes no number of more than 4300 digits
        return "a number without end"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."
