# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes of Erlang terms and their text.

A node is a pair of a kind and its value; the parser and the data conversion both speak it:

    ("number", int or float)   ("atom", str)   ("string", str)   ("binary", bytes)
    ("list", [node])           ("tuple", [node])                  ("map", [(node, node)])
    ("improper", ([node], node))               a list whose tail is not a list
    ("raw", str)               pids, ports, references, funs and bit strings: their ASCII text
"""

from __future__ import annotations

import re
from typing import Any, Callable, Tuple

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

# A kind and its value; what the value is depends on the kind.
Node = Tuple[str, Any]

# Every level costs up to five Python frames (of 1000), and Ansible needs its own.
MAX_DEPTH = 100
# Beyond this Python itself refuses to turn digits into an integer (4300 digits) and back.
MAX_INTEGER_BITS = 14000
MAX_ATOM_CHARACTERS = 255

RESERVED = frozenset(
    re.findall(
        "[a-z]+",
        "after and andalso band begin bnot bor bsl bsr bxor case catch cond div end fun if let "
        "not of or orelse receive rem try when xor",
    )
)

# Reserved with some releases and options only: Erlang may print them bare, but cannot always read them bare.
_ALWAYS_QUOTED = RESERVED | {"else", "maybe"}

_BARE_ATOM = re.compile(r"[a-z][A-Za-z0-9_@]*\Z")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")
_SPECIAL = {'"': re.compile(r'[^\x20-\x7e]|["\\]'), "'": re.compile(r"[^\x20-\x7e]|['\\]")}
_WRITTEN_ESCAPES = {'"': '\\"', "'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def write(node: Node, depth: int = 1) -> str:
    """The ASCII text of a node, without a final dot, on one line. Raises WombatError where it is too deep."""
    if depth > MAX_DEPTH:
        raise WombatError(f"An Erlang term is nested more than {MAX_DEPTH} levels deep; flatten it.")
    kind, value = node
    return _WRITERS[kind](value, depth + 1)


def map_node(pairs: list[tuple[Node, Node]]) -> Node:
    """The node of a map; of two equal keys the last one wins, as in Erlang."""
    return "map", list({write(key): (key, item) for key, item in pairs}.values())


def ascii_only(text: str) -> str:
    """The text with everything but printable ASCII written as escapes."""
    return _NOT_ASCII.sub(lambda match: _escape(match.group()), text)


def _quote(text: str, mark: str) -> str:
    return mark + _SPECIAL[mark].sub(lambda match: _escape(match.group()), text) + mark


def _escape(character: str) -> str:
    return _WRITTEN_ESCAPES.get(character) or f"\\x{{{ord(character):X}}}"


def _write_atom(name: str, depth: int) -> str:
    return name if _BARE_ATOM.match(name) and name not in _ALWAYS_QUOTED else _quote(name, "'")


def _write_number(value: float, depth: int) -> str:
    digits = repr(value)
    # Erlang wants a fraction before the exponent: 1e+22 is 1.0e+22 there.
    return digits.replace("e", ".0e") if "e" in digits and "." not in digits else digits


def _write_items(nodes: list[Node], depth: int) -> str:
    return ",".join([write(node, depth) for node in nodes])


def _write_map(pairs: list[tuple[Node, Node]], depth: int) -> str:
    return "#{" + ",".join([write(key, depth) + " => " + write(item, depth) for key, item in pairs]) + "}"


def _write_binary(value: bytes, depth: int) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return "<<" + ",".join([str(byte) for byte in value]) + ">>"
    if not text:
        return "<<>>"
    return "<<" + _quote(text, '"') + (">>" if text.isascii() else "/utf8>>")


_WRITERS: dict[str, Callable[[Any, int], str]] = {
    "atom": _write_atom,
    "binary": _write_binary,
    "improper": lambda value, depth: f"[{_write_items(value[0], depth)}|{write(value[1], depth)}]",
    "list": lambda nodes, depth: f"[{_write_items(nodes, depth)}]",
    "map": _write_map,
    "number": _write_number,
    "raw": lambda text, depth: text,
    "string": lambda text, depth: _quote(text, '"'),
    "tuple": lambda nodes, depth: f"{{{_write_items(nodes, depth)}}}",
}
