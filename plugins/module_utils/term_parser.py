# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser of Erlang terms as C(~p), C(~w), C(~tp) and C(~0tp) print them."""

from __future__ import annotations

import math
import re

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.term_text import (
    MAX_ATOM_CHARACTERS,
    MAX_DEPTH,
    MAX_INTEGER_BITS,
    RESERVED,
    ascii_only,
    map_node,
    write,
)

# Written without nested repeats, so that no text makes the matcher search twice.
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
_FOUND = {"float": "a number", "based": "a number", "integer": "a number", "string": "a string", "character": "a number"}
_UNCLOSED = {'"': "a string is not closed", "'": "a quoted atom is not closed"}


def parse(text):
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
    """Recursive descent over a list of (kind, text, position) tokens; C(token) is the one not yet taken."""

    def __init__(self, text):
        self.text = text
        matches = _TOKENS.finditer(text)
        tokens = [(match.lastgroup, match.group(), match.start()) for match in matches if match.lastgroup != "space"]
        tokens.append(("end", "", len(text)))
        self.tokens = iter(tokens)
        self.advance()

    def advance(self):
        self.token = next(self.tokens)

    def take_if(self, sign):
        """Whether the next token is this sign; if so it is taken."""
        if self.token[0] != "sign" or self.token[1] != sign:
            return False
        self.advance()
        return True

    def expect(self, sign, place):
        if not self.take_if(sign):
            self.fail(f"'{sign}' was expected {place}, but not {self.found()}")

    def found(self):
        kind, text, position = self.token
        if kind == "end":
            return "the end of the text"
        # Only signs and the odd character are shown: other tokens may be somebody's secret.
        if kind in ("sign", "wrong"):
            return f"'{text}'"
        return _FOUND.get(kind, "a name")

    def fail(self, reason, position=None):
        position = self.token[2] if position is None else position
        line = self.text.count("\n", 0, position) + 1
        column = position - self.text.rfind("\n", 0, position)
        raise WombatError("Not an Erlang term: %s (line %d, column %d)." % (reason, line, column))

    def term(self, depth):
        kind, text, position = self.token
        if depth > MAX_DEPTH:
            self.fail("it is nested more than %d levels deep" % MAX_DEPTH)
        if kind in ("integer", "float", "based", "character"):
            return "number", self.number()
        if kind == "atom":
            if text in RESERVED:
                return self.fun(position)
            self.advance()
            return "atom", self.checked_atom(text, position)
        if kind == "quoted":
            self.advance()
            return "atom", self.checked_atom(self.unescape(text[1:-1], position), position)
        if kind == "string":
            return "string", self.string()
        if kind == "identity":
            self.advance()
            return "raw", ascii_only(text)
        if kind == "sign":
            if self.take_if("["):
                return self.list(depth)
            if self.take_if("{"):
                return "tuple", self.items("}", depth)
            if self.take_if("#{"):
                return self.map(depth)
            if self.take_if("<<"):
                return self.bits()
            if text in "+-":
                return "number", self.number()
        self.fail(_UNCLOSED.get(text) or f"a term was expected, but not {self.found()}")

    def items(self, close, depth):
        items = []
        if self.take_if(close):
            return items
        while True:
            items.append(self.term(depth + 1))
            if not self.take_if(","):
                break
        if not (close == "]" and self.token[1] == "|"):
            self.expect(close, "after an element")
        return items

    def list(self, depth):
        items = self.items("]", depth)
        if not items or not self.take_if("|"):
            return "list", items
        kind, tail = self.term(depth + 1)
        self.expect("]", "after the tail of a list")
        if kind == "list":
            return "list", items + tail
        if kind == "string":
            return "list", items + [("number", ord(character)) for character in tail]
        if kind == "improper":
            return "improper", (items + tail[0], tail[1])
        return "improper", (items, (kind, tail))

    def map(self, depth):
        pairs = []
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

    def number(self):
        sign = -1 if self.take_if("-") else 1
        if sign == 1:
            self.take_if("+")
        kind, text, position = self.token
        if kind == "character":
            value = ord(self.unescape(text[1:], position))
        elif kind in ("float", "based", "integer"):
            value = _number(kind, text.replace("_", ""))
        else:
            self.fail(f"a number was expected, but not {self.found()}")
        if value is None:
            self.fail("a number is malformed or too large")
        self.advance()
        return sign * value

    def string(self):
        """One string; neighbouring literals are one string, which is how C(~p) breaks long ones."""
        parts = []
        while self.token[0] == "string":
            parts.append(self.unescape(self.token[1][1:-1], self.token[2]))
            self.advance()
        return "".join(parts)

    def fun(self, position):
        word = self.token[1]
        self.advance()
        if word != "fun":
            self.fail(f"the reserved word '{word}' must be quoted to be an atom", position)
        names = []
        for sign in (":", "/"):
            if self.token[0] not in ("atom", "quoted"):
                self.fail("of the funs only 'fun module:name/arity' is a term", position)
            names.append(write(self.term(MAX_DEPTH)))
            self.expect(sign, "in a fun")
        if self.token[0] != "integer":
            self.fail(f"the arity of a fun was expected, but not {self.found()}")
        return "raw", "fun %s:%s/%d" % (names[0], names[1], self.number())

    def bits(self):
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
                value, bits = self.number(), 8
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
            return "raw", "<<" + ",".join([str(byte) for byte in data] + ["%d:%d" % (rest, size)]) + ">>"
        return "binary", bytes(data)

    def text_segment(self):
        text = self.string()
        if self.take_if("/"):
            if self.token[1] != "utf8":
                self.fail("of the types of segments only utf8 is known")
            self.advance()
            return text.encode("utf-8")
        # Without a type every character is one byte, as in Erlang.
        return bytes([ord(character) & 255 for character in text])

    def checked_atom(self, name, position):
        if len(name) > MAX_ATOM_CHARACTERS:
            self.fail("an atom has more than %d characters" % MAX_ATOM_CHARACTERS, position)
        return name

    def unescape(self, text, position):
        if "\\" in text:
            text = _ESCAPE.sub(lambda match: self.unescaped(match, position), text)
        return text

    def unescaped(self, match, position):
        braced, hexadecimal, octal, control, other = match.groups()
        if control:
            return chr(ord(control) & 31)
        if other:
            if other == "x":
                self.fail("\\x needs two hexadecimal digits or braces", position)
            return _NAMED_ESCAPES.get(other, other)
        code = int(octal, 8) if octal else int(braced or hexadecimal, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            self.fail("an escape names no character", position)
        return chr(code)


def _number(kind, digits):
    """The number, or None where it is malformed or larger than Python or a float can say."""
    try:
        if kind == "float":
            value = float(digits)
            return value if value != math.inf else None
        base = 10
        if kind == "based":
            text, digits = digits.split("#")
            base = int(text)
        if len(digits) > MAX_INTEGER_BITS or not 2 <= base <= 36:
            return None
        value = int(digits, base)
        return value if value.bit_length() <= MAX_INTEGER_BITS else None
    except ValueError:
        return None
