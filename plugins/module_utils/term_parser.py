# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of Erlang terms as C(~p), C(~w), C(~tp) and C(~0tp) print them."""

from __future__ import annotations

import math
import re
import sys
from typing import Iterator, Match, NoReturn

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.term_text import (
    MAX_ATOM_CHARACTERS,
    MAX_DEPTH,
    MAX_INTEGER_BITS,
    RESERVED,
    Node,
    ascii_only,
    map_node,
    write,
)

# Within each alternative a character matches in one way only, so that no text makes the matcher try again and again.
_QUOTED = r"[^{0}\\]*(?:\\.[^{0}\\]*)*"
_TOKENS = re.compile(
    r"(?P<space>[\x00-\x20\x80-\xa0]+|%[^\n]*)"
    r"|(?P<float>[0-9][0-9_]*\.[0-9][0-9_]*(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<based>[0-9]{1,2}\#[0-9A-Za-z_]+)"
    r"|(?P<integer>[0-9][0-9_]*)"
    r"|(?P<atom>[a-zß-öø-ÿ][A-Za-z0-9_@À-ÖØ-öø-ÿ]*)"
    r"|(?P<string>\"" + _QUOTED.format('"') + r"\")"
    r"|(?P<quoted>'" + _QUOTED.format("'") + r"')"
    r"|(?P<identity><[0-9]+\.[0-9]+\.[0-9]+>|\#(?:Fun|Ref|Port)<(?:'" + _QUOTED.format("'") + r"'|[^<>'\n])+>)"
    r"|(?P<character>\$(?:\\(?:x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[0-7]{1,3}|\^.|.)|[^\\]))"
    r"|(?P<sign><<|>>|=>|\#\{|[\[\]{},|:/.+-])"
    r"|(?P<wrong>.)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|([0-7]{1,3})|\^(.)|(.))", re.DOTALL)
_NAMED_ESCAPES = {"b": "\b", "d": "\x7f", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "s": " ", "t": "\t", "v": "\v"}
_SURROGATES = range(0xD800, 0xE000)
_BASES = range(2, 37)
_FOUND = {"string": "a string", "sign": "'{0}'", "wrong": "'{0}'", "end": "the end of the text"}
_FOUND.update(dict.fromkeys(("atom", "quoted", "identity"), "a name"))
_UNCLOSED = {'"': "a string is not closed", "'": "a quoted atom is not closed"}


def parse(text: str) -> Node:
    """The node of the one term in a text; comments, white space and a final dot are allowed.

    Raises WombatError with line and column.
    """
    parser = _Parser(text)
    node = parser.term(1)
    parser.take_if(".")
    if parser.token[0] != "end":
        parser.fail(f"one term was expected, but {parser.found()} follows it")
    return node


class _Parser:
    """Recursive descent over (kind, text, position) tokens; C(token) is the one not yet taken."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self.scan()
        self.advance()

    def scan(self) -> Iterator[tuple[str, str, int]]:
        # Lazily: behind a token that is wrong nothing is looked at any more.
        for match in _TOKENS.finditer(self.text):
            if match.lastgroup and match.lastgroup != "space":
                yield match.lastgroup, match.group(), match.start()
        yield "end", "", len(self.text)

    def advance(self) -> None:
        self.token = next(self.tokens)

    def take_if(self, sign: str) -> bool:
        """Whether the next token is this sign; if so it is taken."""
        if self.token[0] != "sign" or self.token[1] != sign:
            return False
        self.advance()
        return True

    def expect(self, sign: str, place: str) -> None:
        if not self.take_if(sign):
            self.fail(f"'{sign}' was expected {place}, but not {self.found()}")

    def found(self) -> str:
        """What stands here, for an error; of names, strings and numbers only the kind, as they may be secret."""
        kind, text, _place = self.token
        return _FOUND.get(kind, "a number").format(text)

    def fail(self, reason: str, position: int | None = None) -> NoReturn:
        position = self.token[2] if position is None else position
        line = self.text.count("\n", 0, position) + 1
        column = position - self.text.rfind("\n", 0, position)
        raise WombatError(f"Not an Erlang term: {reason} (line {line}, column {column}).")

    def term(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self.fail(f"it is nested more than {MAX_DEPTH} levels deep")
        kind, text, _place = self.token
        if kind == "sign" and text in _OPENING:
            self.advance()
            return _OPENING[text](self, depth)
        if kind == "string":
            return "string", self.string()
        if kind in ("atom", "quoted"):
            return self.fun() if text in RESERVED else self.atom()
        if kind == "identity":
            self.advance()
            return "raw", ascii_only(text)
        return "number", self.number()

    def atom(self) -> Node:
        kind, text, position = self.token
        name = self.unescape(text[1:-1], position) if kind == "quoted" else text
        if len(name) > MAX_ATOM_CHARACTERS:
            self.fail(f"an atom has more than {MAX_ATOM_CHARACTERS} characters")
        self.advance()
        return "atom", name

    def items(self, close: str, depth: int) -> list[Node]:
        items: list[Node] = []
        if self.take_if(close):
            return items
        while True:
            items.append(self.term(depth + 1))
            if not self.take_if(","):
                break
        if not (close == "]" and self.token[1] == "|"):
            self.expect(close, "after an element")
        return items

    def tuple_term(self, depth: int) -> Node:
        return "tuple", self.items("}", depth)

    def list_term(self, depth: int) -> Node:
        items = self.items("]", depth)
        if not items or not self.take_if("|"):
            return "list", items
        kind, tail = self.term(depth + 1)
        self.expect("]", "after the tail of a list")
        if kind == "list":
            return "list", items + tail
        if kind == "string":
            return "list", items + [("number", ord(character)) for character in tail]
        return "improper", (items + tail[0], tail[1]) if kind == "improper" else (items, (kind, tail))

    def map_term(self, depth: int) -> Node:
        pairs: list[tuple[Node, Node]] = []
        if self.take_if("}"):
            return "map", pairs
        while True:
            key = self.term(depth + 1)
            self.expect("=>", "after the key of a map")
            pairs.append((key, self.term(depth + 1)))
            if not self.take_if(","):
                break
        self.expect("}", "after an element")
        return map_node(pairs)

    def number(self) -> int | float:
        sign = -1 if self.take_if("-") else 1
        if sign == 1:
            self.take_if("+")
        kind, text, position = self.token
        if kind not in ("character", "float", "based", "integer"):
            self.fail(_UNCLOSED.get(text) or f"a term was expected, but not {self.found()}")
        value = ord(self.unescape(text[1:], position)) if kind == "character" else _number(kind, text.replace("_", ""))
        if value is None:
            self.fail("a number is malformed or too large")
        self.advance()
        return sign * value

    def string(self) -> str:
        """One string; neighbouring literals are one string, which is how C(~p) breaks long ones."""
        parts = []
        while self.token[0] == "string":
            parts.append(self.unescape(self.token[1][1:-1], self.token[2]))
            self.advance()
        return "".join(parts)

    def fun(self) -> Node:
        """C(fun module:name/arity), the only term that begins with a reserved word."""
        if self.token[1] != "fun":
            self.fail(f"the reserved word '{self.token[1]}' must be quoted to be an atom")
        self.advance()
        names = []
        for sign in (":", "/"):
            if self.token[0] not in ("atom", "quoted"):
                self.fail("of the funs only 'fun module:name/arity' is a term")
            names.append(write(self.atom()))
            self.expect(sign, "in a fun")
        if self.token[0] != "integer":
            self.fail(f"the arity of a fun was expected, but not {self.found()}")
        return "raw", f"fun {names[0]}:{names[1]}/{self.number()}"

    def bits(self, depth: int) -> Node:
        """What follows C(<<): strings, C("..."/utf8), and integers with an optional size in bits."""
        data, rest, size = bytearray(), 0, 0  # the rest: the last bits, when they do not fill a byte
        if self.take_if(">>"):
            return "binary", b""
        while True:
            position = self.token[2]
            if size:
                self.fail("only the last segment of a bit string may be other than whole bytes")
            if self.token[0] == "string":
                data += self.text_segment()
            else:
                value = self.number()
                bits: int | float = 8
                if self.take_if(":"):
                    bits = self.number()
                if isinstance(value, float) or isinstance(bits, float) or not 0 <= bits <= MAX_INTEGER_BITS:
                    self.fail("a segment of a binary must be a string or an integer of a sensible size", position)
                size = bits % 8
                value &= (1 << bits) - 1
                data += (value >> size).to_bytes(bits // 8, "big")
                rest = value & ((1 << size) - 1)
            if not self.take_if(","):
                break
        self.expect(">>", "after a segment")
        if size:
            return "raw", "<<" + ",".join([str(byte) for byte in data] + [f"{rest}:{size}"]) + ">>"
        return "binary", bytes(data)

    def text_segment(self) -> bytes:
        text = self.string()
        if self.take_if("/"):
            if self.token[1] != "utf8":
                self.fail("of the types of segments only utf8 is known")
            self.advance()
            return text.encode("utf-8")
        # Without a type every character is one byte, as in Erlang.
        return bytes([ord(character) & 255 for character in text])

    def unescape(self, text: str, position: int) -> str:
        if "\\" in text:
            text = _ESCAPE.sub(lambda match: self.unescaped(match, position), text)
        return text

    def unescaped(self, match: Match[str], position: int) -> str:
        braced, hexadecimal, octal, control, other = match.groups()
        if control:
            return chr(ord(control) & 31)
        if other:
            if other == "x":
                self.fail("\\x needs two hexadecimal digits or braces", position)
            return _NAMED_ESCAPES.get(other, other)
        code = int(octal, 8) if octal else int(braced or hexadecimal, 16)
        if code > sys.maxunicode or code in _SURROGATES:
            self.fail("an escape names no character", position)
        return chr(code)


_OPENING = {"[": _Parser.list_term, "{": _Parser.tuple_term, "#{": _Parser.map_term, "<<": _Parser.bits}


def _number(kind: str, digits: str) -> int | float | None:
    """The number, or None where it is malformed or larger than Python or a float can say."""
    try:
        if kind == "float":
            value = float(digits)
            return value if value != math.inf else None
        base = 10
        if kind == "based":
            text, digits = digits.split("#")
            base = int(text)
        if len(digits) > MAX_INTEGER_BITS or base not in _BASES:
            return None
        value = int(digits, base)
        return value if value.bit_length() <= MAX_INTEGER_BITS else None
    except ValueError:
        return None
