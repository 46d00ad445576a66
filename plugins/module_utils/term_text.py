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

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError

# Every level costs at most three Python frames (of 1000), and Ansible and JSON need theirs too.
MAX_DEPTH = 150
# Beyond this Python itself refuses to turn digits into an integer (4300 digits) and back.
MAX_INTEGER_BITS = 14000
MAX_ATOM_CHARACTERS = 255

RESERVED = frozenset(
    "after and andalso band begin bnot bor bsl bsr bxor case catch cond div else end fun if let maybe "
    "not of or orelse receive rem try when xor".split()
)

_BARE_ATOM = re.compile(r"[a-z][A-Za-z0-9_@]*\Z")
_NOT_ASCII = re.compile(r"[^\x20-\x7e]")
_SPECIAL = {'"': re.compile(r'[^\x20-\x7e]|["\\]'), "'": re.compile(r"[^\x20-\x7e]|['\\]")}
_WRITTEN_ESCAPES = {'"': '\\"', "'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def write(node, depth=1):
    """The ASCII text of a node, without a final dot, on one line. Raises WombatError where it is too deep."""
    if depth > MAX_DEPTH:
        raise WombatError("An Erlang term is nested more than %d levels deep; flatten it." % MAX_DEPTH)
    kind, value = node
    if kind == "atom":
        return value if _BARE_ATOM.match(value) and value not in RESERVED else _quote(value, "'")
    if kind == "string":
        return _quote(value, '"')
    if kind == "number":
        return _write_float(value) if isinstance(value, float) else str(value)
    depth += 1
    if kind == "list":
        return "[" + ",".join([write(item, depth) for item in value]) + "]"
    if kind == "tuple":
        return "{" + ",".join([write(item, depth) for item in value]) + "}"
    if kind == "map":
        return "#{" + ",".join([write(key, depth) + " => " + write(item, depth) for key, item in value]) + "}"
    if kind == "binary":
        return _write_binary(value)
    if kind == "improper":
        return "[" + ",".join([write(item, depth) for item in value[0]]) + "|" + write(value[1], depth) + "]"
    return value


def map_node(pairs):
    """The node of a map; of two equal keys the last one wins, as in Erlang."""
    return "map", list({write(key): (key, item) for key, item in pairs}.values())


def ascii_only(text):
    """The text with everything but printable ASCII written as escapes."""
    return _NOT_ASCII.sub(lambda match: _escape(match.group()), text)


def _quote(text, mark):
    return mark + _SPECIAL[mark].sub(lambda match: _escape(match.group()), text) + mark


def _escape(character):
    return _WRITTEN_ESCAPES.get(character) or f"\\x{{{ord(character):X}}}"


def _write_float(value):
    digits = repr(value)
    # Erlang wants a fraction before the exponent: 1e+22 is 1.0e+22 there.
    return digits if "." in digits else digits.replace("e", ".0e")


def _write_binary(value):
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return "<<" + ",".join([str(byte) for byte in value]) + ">>"
    if not text:
        return "<<>>"
    return "<<" + _quote(text, '"') + (">>" if text.isascii() else "/utf8>>")
