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
from typing import Any, Callable, Iterable, List, NoReturn

from ansible_collections.wombat.erlang.plugins.module_utils.errors import WombatError
from ansible_collections.wombat.erlang.plugins.module_utils.term_parser import parse
from ansible_collections.wombat.erlang.plugins.module_utils.term_text import (
    MAX_ATOM_CHARACTERS,
    MAX_DEPTH,
    MAX_INTEGER_BITS,
    Node,
    map_node,
    write,
)

# The keys and indexes that lead to a part of the data.
_Path = List[Any]


def to_erlang(value: Any) -> str:
    """The ASCII text of the Erlang term that C(value) says, on one line and without a final dot.

    Raises WombatError, with the path of the part in question, where it says none.
    """
    return write(_node(value, []))


def from_erlang(text: str, plain: bool = False) -> Any:
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


def sys_config(apps: dict[str, dict[str, Any]]) -> str:
    """The text of a C(sys.config) file for C({application: {key: value}}), ordered by application and key.

    Raises WombatError where C(apps) has another shape or a value is no term.
    """
    lines = []
    for app, settings in _sorted_items(apps, "sys.config"):
        keys = []
        for key, value in _sorted_items(settings, app):
            keys.append("{" + write(_atom(key, [app, key])) + "," + write(_node(value, [app, key])) + "}")
        lines.append("{" + write(_atom(app, [app])) + ",[" + ",\n  ".join(keys) + "]}")
    return "[" + ",\n ".join(lines) + "].\n"


def _sorted_items(value: Any, name: str) -> list[tuple[str, Any]]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise WombatError(f"The configuration of {name} must be a dictionary whose keys are names.")
    return sorted(value.items())


def _node(value: Any, path: _Path) -> Node:
    """The node of some data; C(path) holds the keys and indexes that led to it, for errors and against cycles."""
    if len(path) >= MAX_DEPTH:
        _fail(path[:3], f"is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        if len(value) == 1:
            ((tag, content),) = value.items()
            if isinstance(tag, str) and tag.startswith("$"):
                return _tagged(tag, content, path)
        return map_node(_pairs(value, path))
    if isinstance(value, (list, tuple)):
        return "list", _items(value, path)
    return _scalar_node(value, path)


def _scalar_node(value: Any, path: _Path) -> Node:
    if isinstance(value, str):
        return "string", _text(value, path)
    if value is None or isinstance(value, bool):
        return "atom", "undefined" if value is None else str(value).lower()
    if isinstance(value, (bytes, bytearray)):
        return "binary", bytes(value)
    if isinstance(value, int):
        if value.bit_length() > MAX_INTEGER_BITS:
            _fail(path, f"is an integer of more than {MAX_INTEGER_BITS} bits")
        return "number", int(value)
    if isinstance(value, float) and math.isfinite(value):
        return "number", float(value)
    return _fail(path, f"is of type {type(value).__name__} (or not a finite number), which no Erlang term stands for")


def _items(values: Iterable[Any], path: _Path) -> list[Node]:
    nodes = []
    for index, value in enumerate(values):
        path.append(index)
        nodes.append(_node(value, path))
        path.pop()
    return nodes


def _pairs(data: dict[Any, Any], path: _Path) -> list[tuple[Node, Node]]:
    """Pairs of nodes of a dictionary's items; its string keys are atoms."""
    nodes = []
    for key, value in data.items():
        path.append(key)
        nodes.append((_atom(key, path) if isinstance(key, str) else _node(key, path), _node(value, path)))
        path.pop()
    return nodes


def _tagged(tag: str, content: Any, path: _Path) -> Node:
    if tag in _TAGS:
        _kind, types, convert = _TAGS[tag]
        if isinstance(content, types):
            return convert(content, path)
    known = ", ".join(f"{name} with {row[0]}" for name, row in _TAGS.items())
    return _fail(path, f"has the tag {tag}, which is unknown or on the wrong type: known are {known}")


def _atom(name: str, path: _Path) -> Node:
    if len(name) > MAX_ATOM_CHARACTERS:
        _fail(path, f"is an atom of more than {MAX_ATOM_CHARACTERS} characters")
    return "atom", _text(name, path)


def _binary(content: Any, path: _Path) -> Node:
    if isinstance(content, str):
        return "binary", _text(content, path).encode("utf-8")
    try:
        return "binary", bytes(content)
    except (TypeError, ValueError):
        _fail(path, "has a $binary of something else than bytes from 0 to 255")


def _map(content: Any, path: _Path) -> Node:
    if not all(isinstance(pair, (list, tuple)) and len(pair) == len(("key", "value")) for pair in content):
        _fail(path, "has a $map that is not a list of [key, value] pairs")
    nodes = [_items(pair, path) for pair in content]
    return map_node([(pair[0], pair[1]) for pair in nodes])


def _proplist(content: Any, path: _Path) -> Node:
    return "list", [("tuple", pair) for pair in _pairs(content, path)]


def _checked_term(content: str, path: _Path) -> Node:
    try:
        return parse(content)
    except WombatError as error:
        _fail(path, "has a $term that is " + str(error).rstrip(".").replace("Not an", "no", 1))


_TAGS: dict[str, tuple[str, tuple[type, ...], Callable[[Any, _Path], Node]]] = {
    "$atom": ("a string", (str,), _atom),
    "$binary": ("a string or a list of bytes", (str, list, tuple), _binary),
    "$map": ("a list of pairs", (list, tuple), _map),
    "$proplist": ("a dictionary", (dict,), _proplist),
    "$term": ("a string", (str,), _checked_term),
    "$tuple": ("a list", (list, tuple), lambda data, path: ("tuple", _items(data, path))),
}


def _text(text: str, path: _Path) -> str:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        _fail(path, "holds half a surrogate pair, which is no character")
    return text


def _fail(path: _Path, reason: str) -> NoReturn:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    raise WombatError(f"Cannot write data as an Erlang term: the value{place and ' at ' + place} {reason}.")


def _exact(node: Node) -> Any:
    """Data that `_node` turns back into an equal node."""
    kind, value = node
    return _EXACT[kind](value) if kind in _EXACT else {"$term": write(node)}


def _exact_atom(name: str) -> Any:
    return _CONSTANTS.get(name, {"$atom": name})


def _exact_list(nodes: list[Node]) -> Any:
    pairs: dict[str, Node] = {}
    for kind, value in nodes:
        if kind != "tuple" or len(value) != len(("key", "value")) or value[0][0] != "atom":
            break
        pairs[value[0][1]] = value[1]
    if pairs and len(pairs) == len(nodes):
        return {"$proplist": {key: _exact(value) for key, value in pairs.items()}}
    return [_exact(node) for node in nodes]


def _exact_map(pairs: list[tuple[Node, Node]]) -> dict[str, Any]:
    if all(key[0] == "atom" for key, value in pairs):
        data = {key[1]: _exact(value) for key, value in pairs}
        if len(data) != 1 or not next(iter(data)).startswith("$"):  # or else it would be taken for a tag
            return data
    return {"$map": [[_exact(key), _exact(value)] for key, value in pairs]}


def _exact_binary(data: bytes) -> dict[str, Any]:
    text = _utf8(data)
    return {"$binary": list(data) if text is None else text}


_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "undefined": None}
_EXACT: dict[str, Callable[[Any], Any]] = {
    "atom": _exact_atom,
    "binary": _exact_binary,
    "list": _exact_list,
    "map": _exact_map,
    "number": lambda value: value,
    "string": lambda value: value,
    "tuple": lambda nodes: {"$tuple": [_exact(node) for node in nodes]},
}


def _plain(node: Node) -> Any:
    """What JSON can say about a node."""
    kind, value = node
    if kind == "atom":
        return _CONSTANTS.get(value, value)
    if kind in ("list", "tuple"):
        return [_plain(item) for item in value]
    if kind == "map":
        keys = [_plain_text(key) for key, item in value]
        if len(set(keys)) < len(keys):  # as with a and <<"a">>: no entry may hide another
            keys = [write(key) for key, item in value]
        return {key: _plain(item) for key, (_key, item) in zip(keys, value)}
    return value if kind == "number" else _plain_text(node)


def _plain_text(node: Node) -> str:
    kind, value = node
    text = _utf8(value) if kind == "binary" else value if kind in ("atom", "string") else None
    return write(node) if text is None else text


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
