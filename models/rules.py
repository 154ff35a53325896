"""What a reply may say next, byte by byte: the short form's shape, and only words of the source.

A model that copies award ids and names makes two kinds of slip: it drops or changes a character, or
it stops inside a word. Both are impossible when a value may only go on as the source goes on. The
states are those of a nondeterministic suffix automaton over the source: the set of places that the
value begun so far could be copied from.

A rule sees bytes, so it holds for any tokenizer; a backend asks it about the token that the model
wants and, where it is refused, about the next best ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Generic, Literal, Protocol, TypeVar

from models import compact

SPACE, NEWLINE, QUOTE, BACKSLASH = 0x20, 0x0A, 0x22, 0x5C
_WHITE = frozenset(b" \t\r\n")
State = TypeVar("State")


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


class _ByteRule(ABC, Generic[State]):
    """A rule whose state steps from byte to byte."""

    def __init__(self, state: State) -> None:
        self._state = state

    @abstractmethod
    def _step(self, state: State, byte: int) -> State | None:
        """The state after one more byte, None where it is not allowed."""

    @abstractmethod
    def may_end(self) -> bool:
        """Whether the reply may end here."""

    def allows(self, piece: bytes) -> bool:
        return self._after(piece) is not None

    def accept(self, piece: bytes) -> None:
        state = self._after(piece)
        if state is None:
            raise ValueError(f"{piece!r} is not allowed here")
        self._state = state

    def _after(self, piece: bytes) -> State | None:
        state: State | None = self._state
        for byte in piece:
            if state is None:
                return None
            state = self._step(state, byte)
        return state


@dataclass(frozen=True, slots=True)
class _Line:
    """Where a reply in lines stands.

    `places` and `size` are the value's so far: offsets in the source behind it, and its bytes.
    `floor` is where the first value of this funder may begin, `next_floor` that of the next one.
    """

    mode: Literal["start", "group", "letter", "space", "value", "copy", "none"] = "start"
    letter: int = 0
    is_named: bool = False
    is_awarded: bool = False
    is_first: bool = True
    places: tuple[int, ...] = ()
    size: int = 0
    floor: int = 0
    next_floor: int = 0


class LinesRule(_ByteRule[_Line]):
    """The short form of funders (`models.compact`); values are copied when a source is given.

    A copied reply moves forward: no funder's first value begins before that of the funder above
    it, which is the order of the form and leaves a model no way to go round in a circle.
    """

    def __init__(self, source: Source | None) -> None:
        super().__init__(_Line())
        self._source = source

    def may_end(self) -> bool:
        return self._state.mode == "none" or self._ends_value(self._state)

    def _step(self, state: _Line, byte: int) -> _Line | None:
        if state.mode in ("start", "group", "letter"):
            return self._letter(state, byte)
        if state.mode == "space":
            return replace(state, mode="value") if byte == SPACE else None
        if state.mode == "value":
            return self._first(state, byte)
        if state.mode == "copy" and byte == NEWLINE:
            return self._next_line(state) if self._ends_value(state) else None
        if state.mode == "copy":
            places = self._source.go_on(state.places, byte) if self._source else ()
            if places or not self._source:
                return replace(state, places=places, size=state.size + 1)
        return None

    def _letter(self, state: _Line, byte: int) -> _Line | None:
        """The letter of a line: at most one name a funder, small letters inside an award."""
        if state.mode == "start" and byte == compact.NONE.encode()[0]:
            return replace(state, mode="none")
        if state.mode == "letter" and byte == NEWLINE:
            return _Line("group", floor=state.next_floor)
        if byte == compact.NAME.encode()[0]:
            return None if state.is_named else replace(state, mode="space", is_named=True)
        if byte in _AWARD or (byte in _MORE and state.is_awarded):
            return replace(state, mode="space", is_awarded=True)
        return None

    def _first(self, state: _Line, byte: int) -> _Line | None:
        """The first byte of a value."""
        if self._source is None:
            return None if byte in _WHITE else replace(state, mode="copy")
        places = self._source.begin(byte)
        if state.is_first:
            places = tuple(place for place in places if place > state.floor)
        return replace(state, mode="copy", places=places, size=1) if places else None

    def _next_line(self, state: _Line) -> _Line:
        if not state.is_first or self._source is None:
            return replace(state, mode="letter", is_first=False)
        begins = min(p for p in state.places if self._source.at_word_end((p,))) - state.size
        return replace(state, mode="letter", is_first=False, next_floor=begins)

    def _ends_value(self, state: _Line) -> bool:
        if state.mode != "copy":
            return False
        return self._source is None or self._source.at_word_end(state.places)


_AWARD = frozenset("".join(compact.FIELDS).encode())
_MORE = frozenset("".join(compact.FIELDS).lower().encode())


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


@dataclass(frozen=True, slots=True)
class _Json:
    """Where a JSON reply stands. `places` is None before a value's first byte."""

    mode: Literal["outside", "key", "value", "escape"] = "outside"
    stack: bytes = b""
    expects_key: bool = False
    places: tuple[int, ...] | None = None

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
        return replace(self, mode="outside") if byte == QUOTE else self


class JsonCopyRule(_ByteRule[_Json]):
    """Beside a JSON schema: every string value, keys aside, is copied from the source."""

    def __init__(self, source: Source) -> None:
        super().__init__(_Json())
        self._source = source

    def may_end(self) -> bool:
        return True  # where JSON may end is the grammar's to say

    def _step(self, state: _Json, byte: int) -> _Json | None:
        if state.mode == "outside":
            return state.outside(byte)
        if state.mode == "key":
            return state.in_key(byte)
        if state.mode == "escape":
            return self._escaped(state, byte)
        if byte == BACKSLASH:
            return replace(state, mode="escape")
        if byte == QUOTE:
            done = state.places is None or self._source.at_word_end(state.places)
            return replace(state, mode="outside", places=None) if done else None
        return self._copied(state, byte)

    def _escaped(self, state: _Json, byte: int) -> _Json | None:
        plain = _ESCAPES.get(byte)  # \uXXXX is never needed: the text itself is UTF-8
        return None if plain is None else self._copied(state, plain)

    def _copied(self, state: _Json, byte: int) -> _Json | None:
        byte = SPACE if byte in _WHITE else byte
        if state.places is None:
            places = self._source.begin(byte)
        else:
            places = self._source.go_on(state.places, byte)
        return replace(state, mode="value", places=places) if places else None


_ESCAPES = {QUOTE: QUOTE, BACKSLASH: BACKSLASH, 0x2F: 0x2F, 0x6E: SPACE, 0x74: SPACE, 0x72: SPACE}
