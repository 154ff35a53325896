"""Raw characters to readable ones, with the way back: knows Unicode, knows no pages.

Everything that a model, a curator or an export sees is the normalised text. `Normalised.origin`
gives for each of its characters the offset of the raw character that it came from.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u200e\u200f")
LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
_PRIVATE = re.compile(r"[\ue000-\uf8ff]")

# Stems in which a publisher's private-use ligature glyph is recognised. They need not be many:
# one paper uses the glyph dozens of times, and the ligature with most hits wins.
_LIGATURE_STEMS = {
    "fi": "scienti_c _nanc _nd _rst _eld _gure speci_c con_rm de_n identi_ modi_ bene_t pro_le",
    "fl": "con_ict in_uenc _uoresc _ow re_ect _ux _uid _exib",
    "ff": "e_ect di_er a_ect o_er su_er di_us e_ort",
    "ffi": "coe_cient e_cien su_cient di_cult o_ce a_liat",
}


@dataclass(frozen=True, slots=True)
class Normalised:
    """Readable text and, for each of its characters, the offset of its raw character."""

    text: str
    origin: array[int]


def private_ligatures(raw: str) -> dict[str, str]:
    """What each private-use character stands for, judged by the words that it makes.

    Some publishers map fi, fl and ff to private-use code points; read as they are they break
    "scientific" and every search for it.
    """
    votes: dict[str, Counter[str]] = {}
    for match in _PRIVATE.finditer(raw):
        glyph, word = match.group(), raw[max(0, match.start() - 12) : match.end() + 12]
        for ligature, stems in _LIGATURE_STEMS.items():
            hits = sum(stem.replace("_", glyph) in word.lower() for stem in stems.split())
            votes.setdefault(glyph, Counter())[ligature] += hits
    best = {glyph: counts.most_common(1)[0] for glyph, counts in votes.items()}
    return {glyph: ligature for glyph, (ligature, hits) in best.items() if hits}


def fold(char: str, ligatures: dict[str, str]) -> str:
    """The readable form of one raw character: possibly empty, possibly several characters."""
    if char in ZERO_WIDTH:
        return ""
    if char in LIGATURES:
        return LIGATURES[char]
    if char in ligatures:
        return ligatures[char]
    if char.isspace():
        return " "
    category = unicodedata.category(char)
    return "" if category in ("Cc", "Cs", "Cn") or char in "\ufffe\uffff" else char


class TextBuilder:
    """Collects pieces of raw text into one normalised text; spaces never double."""

    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._ligatures = private_ligatures(raw)
        self._chars: list[str] = []
        self._origin = array("i")

    def __len__(self) -> int:
        return len(self._chars)

    def add(self, start: int, end: int) -> None:
        """Append `raw[start:end]`, folded."""
        for offset in range(start, end):
            for char in fold(self._raw[offset], self._ligatures):
                self._put(char, offset)

    def separate(self, separator: str, offset: int) -> None:
        """Append a line or paragraph separator that stands for `raw[offset]`."""
        if separator == "\n":
            self._strip(" ")
            if self._chars and self._chars[-1] != "\n":
                self._append("\n", offset)
        else:
            for char in separator:
                self._put(char, offset)

    def build(self) -> Normalised:
        """The text so far, without white space at its end."""
        self._strip(" \n")
        return Normalised("".join(self._chars), self._origin)

    def _put(self, char: str, offset: int) -> None:
        if char == " " and (not self._chars or self._chars[-1] in " \n"):
            return
        if unicodedata.combining(char) and self._compose(char):
            return
        self._append(char, offset)

    def _compose(self, mark: str) -> bool:
        composed = unicodedata.normalize("NFC", self._chars[-1] + mark) if self._chars else ""
        if len(composed) != 1:
            return False
        self._chars[-1] = composed
        return True

    def _append(self, char: str, offset: int) -> None:
        self._chars.append(char)
        self._origin.append(offset)

    def _strip(self, space: str) -> None:
        while self._chars and self._chars[-1] in space:
            self._chars.pop()
            self._origin.pop()


_LONG_LINE, _WRAP_LIMIT = 40, 120
_MARKUP = re.compile(r"\s*(?:[#>|*+-]|\d+[.)]\s|```|$)")


def normalise_lines(raw: str) -> Normalised:
    """Plain text: paragraphs kept, the lines of a hard-wrapped file joined, the rest folded."""
    builder = TextBuilder(raw)
    lines = list(_lines(raw))
    wrapped = _is_wrapped([raw[start:end] for start, end in lines])
    for index, (start, end) in enumerate(lines):
        builder.add(start, end)
        following = raw[slice(*lines[index + 1])] if index + 1 < len(lines) else ""
        goes_on = wrapped and _continues(raw[start:end], following)
        builder.separate(" " if goes_on else "\n", min(end, len(raw) - 1))
    return builder.build()


def _lines(raw: str) -> Iterable[tuple[int, int]]:
    offset = 0
    for line in raw.splitlines(keepends=True):
        yield offset, offset + len(line.rstrip("\r\n\f\v\x1c\x1d\x1e\x85\u2028\u2029"))
        offset += len(line)


def _is_wrapped(lines: list[str]) -> bool:
    """Whether an editor broke the lines at a fixed width."""
    lengths = sorted(len(line) for line in lines if line.strip())
    return bool(lengths) and lengths[-1] <= _WRAP_LIMIT


def _continues(line: str, following: str) -> bool:
    return len(line) >= _LONG_LINE and not _MARKUP.match(line) and not _MARKUP.match(following)


_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-")
_QUOTES = dict.fromkeys(
    map(ord, "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033"), '"'
) | dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u0060\u00b4"), "'")


def squeeze(text: str) -> tuple[str, array[int]]:
    """Text as it is compared: NFKC, case, dashes and quotes folded, white space removed.

    Returns the folded characters and, for each, the offset of the character it came from, so
    that a match found in the folded text can be shown in the real one.
    """
    folded: list[str] = []
    origin = array("i")
    for offset, char in enumerate(text):
        for plain in _comparable(char):
            folded.append(plain)
            origin.append(offset)
    return "".join(folded), origin


def _comparable(char: str) -> Iterable[str]:
    if char.isascii():
        return "" if char.isspace() else char.lower()
    if char in ZERO_WIDTH:
        return ""
    plain = unicodedata.normalize("NFKC", char.translate(_DASHES).translate(_QUOTES))
    return "".join(plain.casefold().split())
