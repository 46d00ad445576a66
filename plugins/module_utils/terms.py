# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data to Erlang terms and back: one convention for filters, configuration files and remote calls.

    Erlang                    data
    "abc"                     "abc"
    1, 1.5                    1, 1.5
    true, false, undefined    true, false, null
    [1, 2]                    [1, 2]
    #{a => 1}                 {"a": 1}
    any other atom            {"$atom": "ok"}
    {1, 2}                    {"$tuple": [1, 2]}
    [{a, 1}, {b, 2}]          {"$proplist": {"a": 1, "b": 2}}    pairs with distinct atoms as keys
    <<"text">>                {"$binary": "text"}                or a list of bytes where they are no UTF-8
    #{1 => 2}                 {"$map": [[1, 2]]}                 keys that are not atoms
    <0.9.0>, [1|2], fun m:f/1, <<1:3>>    {"$term": "<0.9.0>"}   whatever else a term can be
"""

from __future__ import annotations

import math

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.term_parser import parse
from ansible_collections.wombat.erlang.plugins.module_utils.term_text import (
    MAX_ATOM_CHARACTERS,
    MAX_DEPTH,
    MAX_INTEGER_BITS,
    map_node,
    write,
)

_CONSTANTS = {"true": True, "false": False, "undefined": None}


def to_erlang(value):
    """The ASCII text of the Erlang term that C(value) says, on one line and without a final dot.

    Raises WombatError, with the path of the part in question, where it says none.
    """
    return write(_node(value, []))


def from_erlang(text, plain=False):
    """The data that one printed Erlang term says.

    :arg text: what C(~p), C(~w), C(~tp) or C(~0tp) prints, or a file that C(file:consult/1) reads one term from.
    :arg plain: Give what JSON can say, for reading rather than for turning back: atoms and binaries become strings,
        tuples become lists, keys of maps become strings, and the rest its Erlang text.
    :raises WombatError: The text is not one term; the sentence names line and column.
    """
    if not isinstance(text, str):
        raise WombatError(f"Not an Erlang term: a string was expected, but not a value of type {type(text).__name__}.")
    node = parse(text)
    return _plain(node) if plain else _exact(node)


def sys_config(apps):
    """The text of a C(sys.config) file for C({application: {key: value}}), ordered by application and key.

    Raises WombatError where C(apps) has another shape or a value is no term.
    """
    lines = []
    for app, settings in _sorted_items(apps, "sys.config"):
        keys = [
            f"{{{write(_atom(key, [app, key]))},{write(_node(value, [app, key]))}}}"
            for key, value in _sorted_items(settings, app)
        ]
        lines.append(" {{{},[{}]}}".format(write(_atom(app, [app])), ",\n  ".join(keys)))
    return "[" + ",\n".join(lines).lstrip() + "].\n"


def _sorted_items(value, name):
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise WombatError(f"The configuration of {name} must be a dictionary whose keys are names.")
    return sorted(value.items())


def _node(value, path):
    """The node of some data; C(path) holds the keys and indexes that led to it, for errors and against endless nesting."""
    if len(path) >= MAX_DEPTH:
        _fail(path[:3], "is nested more than %d levels deep" % MAX_DEPTH)
    if isinstance(value, str):
        return "string", _text(value, path)
    if value is None:
        return "atom", "undefined"
    if isinstance(value, bool):
        return "atom", "true" if value else "false"
    if isinstance(value, int):
        if value.bit_length() > MAX_INTEGER_BITS:
            _fail(path, "is an integer of more than %d bits" % MAX_INTEGER_BITS)
        return "number", int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            _fail(path, f"is a float that Erlang does not have ({value!r})")
        return "number", float(value)
    if isinstance(value, (list, tuple)):
        return "list", _items(value, path)
    if isinstance(value, (bytes, bytearray)):
        return "binary", bytes(value)
    if isinstance(value, dict):
        if len(value) == 1:
            ((tag, content),) = value.items()
            if isinstance(tag, str) and tag.startswith("$"):
                return _tagged(tag, content, path)
        return map_node(_pairs(value.items(), path))
    return _fail(path, f"is of type {type(value).__name__}, which no Erlang term stands for")


def _items(values, path):
    nodes = []
    for index, value in enumerate(values):
        path.append(index)
        nodes.append(_node(value, path))
        path.pop()
    return nodes


def _pairs(items, path):
    """Pairs of nodes of a dictionary's items; its string keys are atoms."""
    nodes = []
    for key, value in items:
        path.append(key)
        nodes.append((_atom(key, path) if isinstance(key, str) else _node(key, path), _node(value, path)))
        path.pop()
    return nodes


def _tagged(tag, content, path):
    if tag == "$atom" and isinstance(content, str):
        return _atom(content, path)
    if tag == "$tuple" and isinstance(content, (list, tuple)):
        return "tuple", _items(content, path)
    if tag == "$proplist" and isinstance(content, dict):
        return "list", [("tuple", list(pair)) for pair in _pairs(content.items(), path)]
    if tag == "$map" and isinstance(content, (list, tuple)):
        if all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in content):
            return map_node([tuple(_items(pair, path)) for pair in content])
    if tag == "$binary" and isinstance(content, str):
        return "binary", _text(content, path).encode("utf-8")
    if tag == "$binary" and isinstance(content, (list, tuple)):
        if all(isinstance(byte, int) and 0 <= byte <= 255 for byte in content):
            return "binary", bytes(content)
    if tag == "$term" and isinstance(content, str):
        try:
            return parse(content)
        except WombatError as error:
            _fail(path, "has a $term that is {}".format(str(error).rstrip(".").replace("Not an", "no", 1)))
    return _fail(
        path,
        "has a tag that is misspelt or on the wrong type: $atom and $term take a string, $tuple a list, "
        "$proplist a dictionary, $map a list of pairs, $binary a string or a list of bytes",
    )


def _atom(name, path):
    if len(name) > MAX_ATOM_CHARACTERS:
        _fail(path, "is an atom of more than %d characters" % MAX_ATOM_CHARACTERS)
    return "atom", _text(name, path)


def _text(text, path):
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        _fail(path, "holds half a surrogate pair, which is no character")
    return text


def _fail(path, reason):
    place = "".join("[%d]" % step if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    raise WombatError("Cannot write data as an Erlang term: the value{} {}.".format(place and " at " + place, reason))


def _exact(node):
    """Data that `_node` turns back into an equal node."""
    kind, value = node
    if kind in ("number", "string"):
        return value
    if kind == "atom":
        return _CONSTANTS[value] if value in _CONSTANTS else {"$atom": value}
    if kind == "list":
        if value and all(item[0] == "tuple" and len(item[1]) == 2 and item[1][0][0] == "atom" for item in value):
            pairs = {item[1][0][1]: item[1][1] for item in value}
            if len(pairs) == len(value):
                return {"$proplist": {key: _exact(item) for key, item in pairs.items()}}
        return [_exact(item) for item in value]
    if kind == "tuple":
        return {"$tuple": [_exact(item) for item in value]}
    if kind == "map":
        if all(key[0] == "atom" for key, item in value):
            data = {key[1]: _exact(item) for key, item in value}
            if len(data) != 1 or not next(iter(data)).startswith("$"):  # it would be taken for a tag
                return data
        return {"$map": [[_exact(key), _exact(item)] for key, item in value]}
    if kind == "binary":
        text = _utf8(value)
        return {"$binary": list(value) if text is None else text}
    return {"$term": write(node)}


def _plain(node):
    """What JSON can say about a node."""
    kind, value = node
    if kind in ("number", "string"):
        return value
    if kind == "atom":
        return _CONSTANTS.get(value, value)
    if kind in ("list", "tuple"):
        return [_plain(item) for item in value]
    if kind == "map":
        keys = [_plain_key(key) for key, item in value]
        if len(set(keys)) < len(keys):  # as with a and <<"a">>: no entry may hide another
            keys = [write(key) for key, item in value]
        return dict(zip(keys, [_plain(item) for key, item in value]))
    if kind == "binary":
        text = _utf8(value)
        return write(node) if text is None else text
    return write(node)


def _plain_key(node):
    kind, value = node
    text = _utf8(value) if kind == "binary" else value if kind in ("atom", "string") else None
    return write(node) if text is None else text


def _utf8(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
