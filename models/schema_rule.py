"""Keeping a reply inside its JSON schema byte by byte, for backends that bring no grammar.

The schemas are those of tasks (`models.tasks`): arrays, objects whose keys all stand in the order
of the schema, strings, numbers, literals, and alternatives that their first byte tells apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

Schema = Mapping[str, Any]
LONGEST_SPACE = 24
"""White space in a row, in bytes: a line break and its indentation."""

_WHITE: Final = frozenset(b" \t\r\n")
_NUMBER = re.compile(rb"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_NUMBER_BEGUN = re.compile(rb"-?((0|[1-9]\d*)(\.\d*)?([eE][+-]?\d*)?)?")
_INTEGER_BEGUN = re.compile(rb"-?(0|[1-9]\d*)?")
_LITERALS: Final = {"null": (b"null",), "boolean": (b"true", b"false")}


class _Frame(NamedTuple):
    """A value in the making. `at` says what may come next, `size` how many parts it has.

    `text` holds what is left of a literal or a key, or the digits so far.
    """

    kind: Literal["value", "array", "object", "string", "escape", "hex", "literal", "number", "key"]
    schema: Schema
    at: Literal["first", "item", "colon", "after"] = "first"
    size: int = 0
    text: bytes = b""


class _State(NamedTuple):
    """The open values, innermost last, and the white space since the last other byte."""

    stack: tuple[_Frame, ...]
    white: int = 0


class SchemaRule:
    """A `models.rules.Rule`: the reply is one JSON value of the schema.

    Raises `ValueError` for a schema of another kind, when that part is reached.
    """

    def __init__(self, schema: Schema) -> None:
        self._state = _State((_Frame("value", schema),))

    def allows(self, piece: bytes) -> bool:
        return _after(self._state, piece) is not None

    def accept(self, piece: bytes) -> None:
        state = _after(self._state, piece)
        if state is None:
            raise ValueError(f"{piece!r} is not allowed here")
        self._state = state

    def may_end(self) -> bool:
        stack = self._state.stack
        return not stack or (len(stack) == 1 and _is_number(stack[0]))


def _after(state: _State, piece: bytes) -> _State | None:
    stepped: _State | None = state
    for byte in piece:
        if stepped is None:
            return None
        stepped = _step(stepped, byte)
    return stepped


def _step(state: _State, byte: int) -> _State | None:
    stack = state.stack
    if stack and stack[-1].kind == "number":
        more = _digits(stack, byte)
        if more is not None or not _is_number(stack[-1]):
            return more
        stack = stack[:-1]  # the byte ends the number and belongs to what is around it
    inside = bool(stack) and stack[-1].kind in ("string", "escape", "hex", "literal", "key")
    if byte in _WHITE and not inside:
        return _State(stack, state.white + 1) if stack and state.white < LONGEST_SPACE else None
    return _STEPS[stack[-1].kind](stack, byte) if stack else None


def _value(stack: tuple[_Frame, ...], byte: int) -> _State | None:
    """The first byte of a value."""
    schema, rest = stack[-1].schema, stack[:-1]
    for option in schema.get("anyOf", (schema,)):
        opened = _open(option, byte)
        if opened is not None:
            return _State((*rest, opened))
    return None


def _open(schema: Schema, byte: int) -> _Frame | None:
    kind = schema.get("type")
    if kind == "array":
        return _Frame("array", schema) if byte == ord("[") else None
    if kind == "object":
        return _Frame("object", schema) if byte == ord("{") else None
    if kind in ("integer", "number"):
        begun = bytes([byte])
        return _Frame("number", schema, text=begun) if begun in b"-0123456789" else None
    if "enum" in schema:
        return _literal(tuple(json.dumps(v).encode() for v in schema["enum"]), byte)
    if kind == "string":
        return _Frame("string", schema) if byte == ord('"') else None
    if kind in _LITERALS:
        return _literal(_LITERALS[kind], byte)
    raise ValueError(f"a schema of the type {kind!r} cannot be followed")


def _literal(known: tuple[bytes, ...], byte: int) -> _Frame | None:
    """Where the literal stands; those that share a beginning are kept apart by line breaks."""
    left = [word[1:] for word in known if word[0] == byte]
    return _Frame("literal", {}, text=b"\n".join(left)) if left else None


def _spell(stack: tuple[_Frame, ...], byte: int) -> _State | None:
    frame = stack[-1]
    left = [word[1:] for word in frame.text.split(b"\n") if word[:1] == bytes([byte])]
    if not left:
        return None
    if b"" in left:
        return _closed(stack)
    return _State((*stack[:-1], frame._replace(text=b"\n".join(left))))


def _digits(stack: tuple[_Frame, ...], byte: int) -> _State | None:
    frame = stack[-1]
    text = frame.text + bytes([byte])
    begun = _INTEGER_BEGUN if frame.schema.get("type") == "integer" else _NUMBER_BEGUN
    if not begun.fullmatch(text):
        return None
    return _State((*stack[:-1], frame._replace(text=text)))


def _is_number(frame: _Frame) -> bool:
    return frame.kind == "number" and _NUMBER.fullmatch(frame.text) is not None


def _array(stack: tuple[_Frame, ...], byte: int) -> _State | None:
    frame, rest = stack[-1], stack[:-1]
    enough = frame.size >= frame.schema.get("minItems", 0)
    room = frame.size < frame.schema.get("maxItems", float("inf"))
    if byte == ord("]"):
        return _closed(stack) if frame.at in ("first", "after") and enough else None
    if frame.at == "after":
        asked = byte == ord(",") and room
        return _State((*rest, frame._replace(at="item"))) if asked else None
    if not room:
        return None
    below = frame._replace(at="after", size=frame.size + 1)
    return _value((*rest, below, _Frame("value", frame.schema["items"])), byte)


def _object(stack: tuple[_Frame, ...], byte: int) -> _State | None:
    frame, rest = stack[-1], stack[:-1]
    keys = list(frame.schema["properties"])
    if frame.at == "colon":
        value = _Frame("value", frame.schema["properties"][keys[frame.size]])
        below = frame._replace(at="after", size=frame.size + 1)
        return _State((*rest, below, value)) if byte == ord(":") else None
    if byte == ord("}") and frame.size == len(keys) and frame.at != "item":
        return _closed(stack)
    if frame.at == "after":
        asked = byte == ord(",") and frame.size < len(keys)
        return _State((*rest, frame._replace(at="item"))) if asked else None
    if byte != ord('"') or frame.size == len(keys):
        return None
    key = _Frame("key", {}, text=json.dumps(keys[frame.size]).encode()[1:])
    return _State((*rest, frame._replace(at="colon"), key))


def _key(stack: tuple[_Frame, ...], byte: int) -> _State | None:
    left = stack[-1].text
    if left[0] != byte:
        return None
    rest = (stack[-1]._replace(text=left[1:]),) if left[1:] else ()
    return _State((*stack[:-1], *rest))


def _string(stack: tuple[_Frame, ...], byte: int) -> _State | None:
    frame = stack[-1]
    if byte == ord('"'):
        return _closed(stack) if frame.size >= frame.schema.get("minLength", 0) else None
    if byte == ord("\\"):
        return _State((*stack, _Frame("escape", {})))
    if byte < 0x20 or byte == 0x7F:
        return None
    return _State((*stack[:-1], frame._replace(size=frame.size + 1)))


def _escape(stack: tuple[_Frame, ...], byte: int) -> _State | None:
    if byte == ord("u"):
        return _State((*stack[:-1], _Frame("hex", {})))
    return _longer(stack[:-1]) if byte in b'"\\/bfnrt' else None


def _hex(stack: tuple[_Frame, ...], byte: int) -> _State | None:
    if byte not in b"0123456789abcdefABCDEF":
        return None
    frame = stack[-1]
    if frame.size == 3:
        return _longer(stack[:-1])
    return _State((*stack[:-1], frame._replace(size=frame.size + 1)))


def _longer(stack: tuple[_Frame, ...]) -> _State:
    """The string around an escape has one more character."""
    return _State((*stack[:-1], stack[-1]._replace(size=stack[-1].size + 1)))


def _closed(stack: tuple[_Frame, ...]) -> _State:
    return _State(stack[:-1])


_STEPS: Final = {
    "value": _value,
    "array": _array,
    "object": _object,
    "string": _string,
    "escape": _escape,
    "hex": _hex,
    "literal": _spell,
    "key": _key,
}
