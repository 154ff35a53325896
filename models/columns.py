"""Pages whose columns PDFium glues together, read again with pdfplumber, column after column."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from models.layout import HYPHEN, Line, PageReading
from models.words import Word


def has_mixed_columns(reading: PageReading) -> bool:
    """Whether PDFium glued the lines of two columns together.

    It does so when a file draws left line 1, right line 1, left line 2, ... Then many lines have
    a wide gap at the same place, with prose on both sides; a table has numbers there.
    """
    gaps = Counter(gap for line in reading.lines if (gap := _gap(line)) is not None)
    if not gaps:
        return False
    place, _ = gaps.most_common(1)[0]
    glued = gaps[place - 1] + gaps[place] + gaps[place + 1]
    return glued >= 6 and glued > 0.4 * len(reading.lines)


def _gap(line: Line) -> int | None:
    """Where a line of prose has its gap, in twentieths of the page, if it has one in the middle."""
    for index in range(3, len(line.words) - 2):
        left, right = line.words[index - 1], line.words[index]
        if right.x0 - left.x1 > 1.2 * line.height and 0.3 < left.x1 < 0.7:
            sides = line.text.split()[:index], line.text.split()[index:]
            if all(sum(word.isalpha() for word in side) >= 3 for side in sides):
                return round((left.x1 + right.x0) / 2 * 20)
    return None


def reread_mixed(data: bytes, readings: Sequence[PageReading]) -> list[PageReading]:
    """Read the pages with mixed columns again with pdfplumber; where it fails they stay."""
    mixed = {reading.number for reading in readings if has_mixed_columns(reading)}
    if not mixed:
        return list(readings)
    import pdfplumber
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(io.BytesIO(data), pages=sorted(mixed)) as pdf:
            again = {page.page_number: _reread(page, readings) for page in pdf.pages}
    except (PdfminerException, ValueError, KeyError, TypeError):
        return list(readings)  # pdfminer is stricter than PDFium about damage
    return [again.get(reading.number, reading) for reading in readings]


def _reread(page: Any, readings: Sequence[PageReading]) -> PageReading:
    """A page column after column, its boxes within the crop box, which is what is shown."""
    reading: PageReading = readings[page.page_number - 1]
    x0, top, x1, bottom = page.cropbox
    if abs((x1 - x0) - reading.width) > 1 or abs((bottom - top) - reading.height) > 1:
        return reading  # rotated or scaled: the two libraries disagree about the page
    found = [
        word
        | {"x0": word["x0"] - x0, "x1": word["x1"] - x0}
        | {"top": word["top"] - top, "bottom": word["bottom"] - top}
        for word in page.extract_words(x_tolerance_ratio=0.15, use_text_flow=False)
    ]
    builder = _PlumberPage(reading.number, reading.width, reading.height)
    for column in _columns(found, _gutter(found, reading.width)):
        for row in _rows(column):
            builder.add(row)
    return builder.build()


def _gutter(words: Sequence[dict[str, Any]], width: float) -> float:
    """The x in the middle of the page that the fewest words cross, in points."""
    candidates = [width * share / 200 for share in range(70, 131)]
    crossing = {x: sum(1 for w in words if w["x0"] < x < w["x1"]) for x in candidates}
    least = min(crossing.values())
    best = [x for x in candidates if crossing[x] == least]
    return best[len(best) // 2]


def _columns(words: Sequence[dict[str, Any]], gutter: float) -> list[list[dict[str, Any]]]:
    left = [w for w in words if (w["x0"] + w["x1"]) / 2 < gutter]
    right = [w for w in words if (w["x0"] + w["x1"]) / 2 >= gutter]
    return [left, right]


def _rows(words: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    from pdfplumber.utils.clustering import cluster_objects

    rows = cluster_objects(list(words), lambda w: (w["top"] + w["bottom"]) / 2, tolerance=3)
    return [sorted(row, key=lambda w: w["x0"]) for row in rows]


class _PlumberPage:
    """Writes rows of pdfplumber words into a page's text, keeping each word's place."""

    def __init__(self, number: int, width: float, height: float) -> None:
        self._number, self._width, self._height = number, width, height
        self._raw = ""
        self._lines: list[Line] = []

    def add(self, row: Sequence[dict[str, Any]]) -> None:
        start, words = len(self._raw), []
        for index, word in enumerate(row):
            at = len(self._raw)
            is_split = index == len(row) - 1 and re.search(r"\w-$", word["text"])
            text = word["text"][:-1] + HYPHEN if is_split else word["text"]
            self._raw += text
            words.append(
                Word(
                    at,
                    at + len(text),
                    self._number,
                    word["x0"] / self._width,
                    word["top"] / self._height,
                    word["x1"] / self._width,
                    word["bottom"] / self._height,
                )
            )
            self._raw += " "
        end = len(self._raw) - 1
        self._raw = self._raw[:end] + "\n"
        self._lines.append(Line.of(self._number, start, end, self._raw[start:end], words))

    def build(self) -> PageReading:
        return PageReading(
            self._number, self._width, self._height, self._raw, tuple(self._lines), "pdfplumber"
        )
