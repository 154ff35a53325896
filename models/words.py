"""Where each word of a text stands on its pages: columns of numbers, and nothing about PDFs."""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from models.schemas import Box


class Word(NamedTuple):
    """Characters `[start, end)` on a page, and their box in shares of the page."""

    start: int
    end: int
    page: int
    x0: float
    y0: float
    x1: float
    y1: float


_GRID = 20_000  # coordinates are stored as whole steps of 1/20,000 of the page: 0.015 mm on A4


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a document in the order of its text, packed in arrays."""

    offsets: array[int] = field(default_factory=lambda: array("i"))
    """start, end, page of each word, one after the other"""
    corners: array[int] = field(default_factory=lambda: array("H"))
    """x0, y0, x1, y1 of each word, in steps of the grid"""

    @classmethod
    def of(cls, words: Iterable[Word]) -> Words:
        """Pack words, sorted by their start."""
        offsets, corners = array("i"), array("H")
        for word in sorted(words):
            offsets.extend(word[:3])
            corners.extend(round(min(1.0, max(0.0, value)) * _GRID) for value in word[3:])
        return cls(offsets, corners)

    def __len__(self) -> int:
        return len(self.offsets) // 3

    def __getitem__(self, index: int) -> Word:
        start, end, page = self.offsets[3 * index : 3 * index + 3]
        x0, y0, x1, y1 = (value / _GRID for value in self.corners[4 * index : 4 * index + 4])
        return Word(start, end, page, x0, y0, x1, y1)

    def __iter__(self) -> Iterator[Word]:
        return (self[index] for index in range(len(self)))

    def between(self, start: int, end: int) -> Iterator[Word]:
        """The words that overlap `[start, end)`."""
        starts = range(len(self))
        first = bisect_right(starts, start, key=lambda i: self.offsets[3 * i + 1])
        last = bisect_left(starts, end, key=lambda i: self.offsets[3 * i])
        return (self[index] for index in range(first, last))

    def on_page(self, number: int) -> list[Word]:
        """The words of one page, in the order of the text."""
        return [self[i] for i in range(len(self)) if self.offsets[3 * i + 2] == number]

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """One box for each line or part of a line on which `[start, end)` stands."""
        merged: list[Word] = []
        for word in (_clip(word, start, end) for word in self.between(start, end)):
            if merged and _continues(merged[-1], word):
                merged[-1] = _union(merged[-1], word)
            else:
                merged.append(word)
        return tuple(Box(page=w.page, x0=w.x0, y0=w.y0, x1=w.x1, y1=w.y1) for w in merged)

    def pack(self) -> bytes:
        """The words as bytes, for a store."""
        return zlib.compress(self.offsets.tobytes() + self.corners.tobytes(), 6)

    @classmethod
    def unpack(cls, data: bytes) -> Words:
        """The words of `pack`."""
        if not data:
            return cls()
        plain = zlib.decompress(data)
        offsets, corners = array("i"), array("H")
        count = len(plain) // (3 * offsets.itemsize + 4 * corners.itemsize)
        cut = 3 * offsets.itemsize * count
        offsets.frombytes(plain[:cut])
        corners.frombytes(plain[cut:])
        return cls(offsets, corners)


def _clip(word: Word, start: int, end: int) -> Word:
    """The part of a word that lies in `[start, end)`, its characters taken as equally wide."""
    if start <= word.start and word.end <= end:
        return word
    step = (word.x1 - word.x0) / (word.end - word.start)
    x0 = word.x0 + step * max(0, start - word.start)
    x1 = word.x1 - step * max(0, word.end - end)
    return word._replace(start=max(start, word.start), end=min(end, word.end), x0=x0, x1=x1)


def _continues(line: Word, word: Word) -> bool:
    """Whether the word goes on on the same line: same page, same height, just to the right."""
    height = max(line.y1 - line.y0, 1e-6)
    overlap = min(line.y1, word.y1) - max(line.y0, word.y0)
    same_line = overlap > 0.5 * min(height, max(word.y1 - word.y0, 1e-6))
    return line.page == word.page and same_line and -height < word.x0 - line.x1 < 4 * height


def _union(a: Word, b: Word) -> Word:
    return Word(
        a.start, b.end, a.page, min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1)
    )
