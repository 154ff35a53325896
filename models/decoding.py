"""Keeping a reply inside its JSON schema, and closing one that was cut short."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from json.decoder import py_scanstring  # type: ignore[attr-defined]
from typing import Any, NamedTuple


def grammar(schema: Mapping[str, Any]) -> str:
    """The llama.cpp grammar (GBNF) of a JSON schema, on one line with single spaces."""
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    text: str = json_schema_to_gbnf(json.dumps(schema))
    # Control characters inside a string are invalid JSON; the converter lets them pass.
    return text.replace(r'[^"\\]', r'[^"\\\x7F\x00-\x1F]')


def repetition(tokens: Sequence[int], longest: int = 120, times: int = 3) -> int:
    """Length of the part that the last tokens repeat `times` times in a row, or 0.

    A small model that loses the thread repeats itself until it is cut; a run of at least 12
    equal tokens in all tells that from a list that merely has a rhythm.
    """
    for period in range(1, min(longest, len(tokens) // times) + 1):
        needed = max(times, -(-12 // period))
        tail = tokens[-period * needed :]
        if len(tail) == period * needed and all(
            tail[i] == tail[i + period] for i in range(len(tail) - period)
        ):
            return period * (needed - 1)
    return 0


def close_json(prefix: str) -> str:
    """The longest complete part of cut JSON, closed: what was unfinished is left out.

    Objects that lack keys are completed by the reader's schema, not here. Returns "" when not
    even an opening bracket stands.
    """
    best = ""
    stack: list[str] = []
    for end, closers in _complete_points(prefix, stack):
        best = prefix[:end] + "".join(reversed(closers))
    return best


_PIECE = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"|[\[\]{},:]|true|false|null|-?\d[\d.eE+-]*|\s+')


def _complete_points(text: str, stack: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Each place where the text could be cut and closed, with the brackets open there."""
    position, is_key = 0, False
    while (match := _PIECE.match(text, position)) is not None:
        piece, position = match.group(), match.end()
        if piece in "[{":
            stack.append("]" if piece == "[" else "}")
            is_key = piece == "{"
            yield position, list(stack)
        elif piece in "]}":
            if not stack:
                return
            stack.pop()
            is_key = False
            yield position, list(stack)
        elif piece == ",":
            is_key = bool(stack) and stack[-1] == "}"
        elif piece == ":":
            is_key = False
        elif not piece.isspace() and not is_key:
            yield position, list(stack)


class Located(NamedTuple):
    """A string value of a JSON text: its JSON pointer and its characters, quotes aside."""

    path: str
    value: str
    start: int
    end: int


def locate_strings(text: str) -> list[Located]:
    """Where each string value of a valid JSON text stands. Object keys are left out."""
    found: list[Located] = []
    _walk(text, _skip(text, 0), "", found)
    return found


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _walk(text: str, position: int, path: str, found: list[Located]) -> int:
    char = text[position]
    if char == '"':
        value, end = py_scanstring(text, position + 1)
        found.append(Located(path, value, position + 1, end - 1))
        return int(end)
    if char in "[{":
        return _walk_container(text, position, path, found)
    match = re.compile(r"[^\s,\]}]+").match(text, position)
    return match.end() if match else position + 1


def _walk_container(text: str, position: int, path: str, found: list[Located]) -> int:
    is_object, index = text[position] == "{", 0
    position = _skip(text, position + 1)
    while text[position] not in "]}":
        key = str(index)
        if is_object:
            key, position = py_scanstring(text, position + 1)
            position = _skip(text, _skip(text, position) + 1)
        position = _skip(text, _walk(text, position, f"{path}/{key}", found))
        if text[position] == ",":
            position = _skip(text, position + 1)
        index += 1
    return position + 1
