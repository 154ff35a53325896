"""What a reply may say next, byte by byte: the short form's shape, and only words of the source.

A model that copies award ids and names makes two kinds of slip: it drops or changes a character, or
it stops inside a word. Both are impossible when a value may only go on as the source goes on. The
states are those of a nondeterministic suffix automaton over the source: the set of places that the
value begun so far could be copied from.

A rule sees bytes, so it holds for any tokenizer; a backend asks it about the token that the model
wants and, where it is refused, about the next best ones.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol

from models import compact

SPACE, NEWLINE, QUOTE, BACKSLASH = 0x20, 0x0A, 0x22, 0x5C
_WHITE = frozenset(b" \t\r\n")


class Rule(Protocol):
    """The state of one reply under a rule."""

    def allows(self, piece: bytes) -> bool:
        """Whether the reply may go on with these bytes."""

    def accept(self, piece: bytes) -> None:
        """Go on with bytes that are allowed."""

    def may_end(self) -> bool:
        """Whether the reply may end here."""


class Source:
    """A text that values are copied from, as UTF-8, with the places where words begin and end.

    White space counts as single spaces and characters as NFC, as the model is shown them.
    """

    def __init__(self, text: str) -> None:
        folded = compact.fold(text)
        self.data = folded.encode()
        self.starts: dict[int, tuple[int, ...]] = {}
        self.word_ends: set[int] = set()
        starts: dict[int, list[int]] = {}
        offset, before = 0, ""
        for char in folded:
            if not (before.isalnum() and char.isalnum()):
                self.word_ends.add(offset)
                if char != " ":
                    starts.setdefault(char.encode()[0], []).append(offset)
            offset += len(char.encode())
            before = char
        self.word_ends.add(offset)
        self.starts = {byte: tuple(places) for byte, places in starts.items()}

    def begin(self, byte: int) -> tuple[int, ...]:
        """Places after the first byte of a value."""
        return tuple(place + 1 for place in self.starts.get(byte, ()))

    def go_on(self, places: tuple[int, ...], byte: int) -> tuple[int, ...]:
        """Those of the places where the source goes on with this byte, moved past it."""
        data, size = self.data, len(self.data)
        return tuple(place + 1 for place in places if place < size and data[place] == byte)

    def at_word_end(self, places: tuple[int, ...]) -> bool:
        """Whether a value could end here without cutting a word."""
        return any(place in self.word_ends for place in places)


class LinesRule:
    """The short form of funders (`models.compact`); values are copied when a source is given."""

    def __init__(self, source: Source | None) -> None:
        self._source = source
        self._state: _Line = _START

    def allows(self, piece: bytes) -> bool:
        return self._after(piece) is not None

    def accept(self, piece: bytes) -> None:
        state = self._after(piece)
        if state is None:
            raise ValueError(f"{piece!r} is not allowed here")
        self._state = state

    def may_end(self) -> bool:
        return self._ends_line(self._state) or self._state.mode == "none"

    def _after(self, piece: bytes) -> _Line | None:
        state = self._state
        for byte in piece:
            after = self._step(state, byte)
            if after is None:
                return None
            state = after
        return state

    def _step(self, state: _Line, byte: int) -> _Line | None:
        if state.mode == "letter":
            return _letter(state, byte)
        if state.mode == "space":
            return state.to("value") if byte == SPACE else None
        if state.mode == "value":
            return self._first(state, byte)
        if byte == NEWLINE:
            return state.to("letter") if self._ends_line(state) else None
        if state.mode == "copy":
            places = self._source.go_on(state.places, byte) if self._source else ()
            return state.to("copy", places) if places or not self._source else None
        return None

    def _first(self, state: _Line, byte: int) -> _Line | None:
        """The first byte of a value."""
        if state.letter == b"F"[0] and byte == compact.NO_NAME.encode()[0]:
            return state.to("no name")
        if self._source is None:
            return state.to("copy") if byte not in _WHITE else None
        places = self._source.begin(byte)
        return state.to("copy", places) if places else None

    def _ends_line(self, state: _Line) -> bool:
        if state.mode == "no name":
            return True
        if state.mode != "copy":
            return False
        return self._source is None or self._source.at_word_end(state.places)


class _Line:
    """Where a reply in lines stands. Immutable."""

    __slots__ = ("award", "letter", "mode", "places")

    def __init__(
        self, mode: str, letter: int = 0, award: bool = False, places: tuple[int, ...] = ()
    ) -> None:
        self.mode = mode
        self.letter = letter
        self.award = award
        self.places = places

    def to(self, mode: str, places: tuple[int, ...] = ()) -> _Line:
        return _Line(mode, self.letter, self.award, places)


_START = _Line("letter")
_AWARD = frozenset(b"IST")
_MORE = frozenset(b"ist")


def _letter(state: _Line, byte: int) -> _Line | None:
    """The letter of a line: a funder first, then awards, and small letters only inside an award."""
    is_first = state.letter == 0
    if is_first and byte == compact.NONE.encode()[0]:
        return _Line("none")
    if byte == b"F"[0]:
        return _Line("space", byte)
    if not is_first and (byte in _AWARD or (byte in _MORE and state.award)):
        return _Line("space", byte, award=True)
    return None


class NumbersRule:
    """Rising numbers from 1 to `count` with single spaces between, or `0` alone."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._text = ""

    def allows(self, piece: bytes) -> bool:
        try:
            return self._is_begun(self._text + piece.decode("ascii"))
        except UnicodeDecodeError:
            return False

    def accept(self, piece: bytes) -> None:
        self._text += piece.decode("ascii")

    def may_end(self) -> bool:
        if self._text == compact.NONE:
            return True
        numbers = [int(part) for part in self._text.split(" ") if part]
        return self._text[-1:].isdigit() and all(a < b for a, b in pairwise(numbers))

    def _is_begun(self, text: str) -> bool:
        """Whether rising numbers could begin with this text; the last may be unfinished."""
        if text == compact.NONE:
            return True
        *full, last = text.split(" ")
        if not all(part.isascii() and part.isdigit() for part in full):
            return False
        numbers = [0, *map(int, full)]
        if not all(a < b for a, b in pairwise(numbers)):
            return False
        return any(str(n).startswith(last) for n in range(numbers[-1] + 1, self._count + 1))


class JsonCopyRule:
    """Beside a JSON schema: every string value, keys aside, is copied from the source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._state = _Json()

    def allows(self, piece: bytes) -> bool:
        return self._after(piece) is not None

    def accept(self, piece: bytes) -> None:
        state = self._after(piece)
        if state is None:
            raise ValueError(f"{piece!r} is not allowed here")
        self._state = state

    def may_end(self) -> bool:
        return True  # where JSON may end is the grammar's to say

    def _after(self, piece: bytes) -> _Json | None:
        state = self._state
        for byte in piece:
            after = self._step(state, byte)
            if after is None:
                return None
            state = after
        return state

    def _step(self, state: _Json, byte: int) -> _Json | None:
        if state.mode == "outside":
            return state.outside(byte)
        if state.mode == "key":
            return state.in_key(byte)
        if state.mode == "escape":
            return self._escaped(state, byte)
        if byte == BACKSLASH:
            return state.to("escape", state.places)
        if byte == QUOTE:
            done = state.places is None or self._source.at_word_end(state.places)
            return state.to("outside") if done else None
        return self._copied(state, byte)

    def _escaped(self, state: _Json, byte: int) -> _Json | None:
        plain = _ESCAPES.get(byte)  # \uXXXX is never needed: the text itself is UTF-8
        return None if plain is None else self._copied(state.to("value", state.places), plain)

    def _copied(self, state: _Json, byte: int) -> _Json | None:
        byte = SPACE if byte in _WHITE else byte
        if state.places is None:
            places = self._source.begin(byte)
        else:
            places = self._source.go_on(state.places, byte)
        return state.to("value", places) if places else None


_ESCAPES = {QUOTE: QUOTE, BACKSLASH: BACKSLASH, 0x2F: 0x2F, 0x6E: SPACE, 0x74: SPACE, 0x72: SPACE}


class _Json:
    """Where a JSON reply stands. Immutable. `places` is None before a value's first byte."""

    __slots__ = ("expects_key", "mode", "places", "stack")

    def __init__(
        self,
        mode: str = "outside",
        stack: bytes = b"",
        expects_key: bool = False,
        places: tuple[int, ...] | None = None,
    ) -> None:
        self.mode = mode
        self.stack = stack
        self.expects_key = expects_key
        self.places = places

    def to(self, mode: str, places: tuple[int, ...] | None = None) -> _Json:
        return _Json(mode, self.stack, self.expects_key, places)

    def outside(self, byte: int) -> _Json:
        """Between strings: brackets, commas and colons tell keys from values."""
        char = bytes([byte])
        if char in b"{[":
            return _Json("outside", self.stack + char, char == b"{")
        if char in b"}]":
            return _Json("outside", self.stack[:-1], False)
        if char == b",":
            return _Json("outside", self.stack, self.stack[-1:] == b"{")
        if char == b":":
            return _Json("outside", self.stack, False)
        if char == b'"':
            return _Json("key" if self.expects_key else "value", self.stack, self.expects_key)
        return self

    def in_key(self, byte: int) -> _Json:
        return self.to("outside") if byte == QUOTE else self
