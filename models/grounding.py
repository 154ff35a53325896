"""Where a value stands in the text, and how sure that is. A value that is not there is kept.

Order of trust: the same characters; the same after folding case, white space, dashes and quotes;
similar (names and titles only: an award id that differs in a digit is another award); absent.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from models.decoding import Located, locate_strings
from models.documents import Document
from models.normalise import squeeze
from models.schemas import Alignment, Funder, FunderList, GroundedField, Statement

FUZZY_CUTOFF = 85.0
"""Least rapidfuzz partial ratio (0 to 100) at which a name counts as found."""
FUZZY_MIN_CHARS = 6
"""Shorter values are found everywhere by chance."""


@dataclass(frozen=True, slots=True)
class Match:
    """Characters `[start, end)` of a text that a value was found at."""

    start: int
    end: int
    alignment: Alignment


def find_value(
    value: str, text: str, start: int = 0, end: int | None = None, *, fuzzy: bool = True
) -> Match | None:
    """The first place in `text[start:end]` where the value stands, by the order of trust."""
    window = text[start:end]
    found = _exact(value, window) or _normalised(value, window)
    if found is None and fuzzy:
        found = _fuzzy(value, window)
    return found and Match(found.start + start, found.end + start, found.alignment)


def _exact(value: str, window: str) -> Match | None:
    for match in re.finditer(re.escape(value), window) if value else ():
        if _is_whole(window, match.start(), match.end()):
            return Match(match.start(), match.end(), "exact")
    return None


def _is_whole(window: str, start: int, end: int) -> bool:
    """Whether the match does not cut a word or number: "12" is not found in "2012"."""
    before, after = window[max(0, start - 1) : start], window[end : end + 1]
    return not (before.isalnum() and window[start : start + 1].isalnum()) and not (
        after.isalnum() and window[end - 1 : end].isalnum()
    )


def _normalised(value: str, window: str) -> Match | None:
    needle, _ = squeeze(value)
    if not needle or len(needle) > 4 * len(window):
        return None
    hay, origin = _squeezed(window)
    at = hay.find(needle)
    while at >= 0:
        start, end = origin[at], origin[at + len(needle) - 1] + 1
        if _is_whole(window, start, end) and not _joins_numbers(value, window[start:end]):
            return Match(start, end, "normalised")
        at = hay.find(needle, at + 1)
    return None


@lru_cache(maxsize=16)
def _squeezed(window: str) -> tuple[str, array[int]]:
    """A window is searched for each value of a paper; it is folded once."""
    return squeeze(window)


def _joins_numbers(value: str, found: str) -> bool:
    """Whether only white space between two numbers made them one: "2019 876" is not 9876."""
    return _GAP.search(found) is not None and _GAP.search(value) is None


_GAP = re.compile(r"\d\s+\d")


def _fuzzy(value: str, window: str) -> Match | None:
    from rapidfuzz import fuzz

    if len(value) < FUZZY_MIN_CHARS or not window:
        return None
    low_value, low_window = value.lower(), window.lower()
    if len(low_value) > len(low_window) or len(low_window) != len(window):
        return None
    found = fuzz.partial_ratio_alignment(low_value, low_window, score_cutoff=FUZZY_CUTOFF)
    if found is None or found.dest_end <= found.dest_start:
        return None
    return Match(*_to_words(window, found.dest_start, found.dest_end), "fuzzy")


def _to_words(window: str, start: int, end: int) -> tuple[int, int]:
    """Widen a match that begins or ends inside a word, and drop white space at its ends."""
    while start > 0 and window[start].isalnum() and window[start - 1].isalnum():
        start -= 1
    while end < len(window) and window[end - 1].isalnum() and window[end].isalnum():
        end += 1
    while start < end and window[start].isspace():
        start += 1
    while end > start and window[end - 1].isspace():
        end -= 1
    return start, end


def ground_statement(
    text: str, document: Document, windows: Sequence[tuple[int, int]] = ()
) -> Statement:
    """A statement with its place: looked for in the windows that the model read, then anywhere.

    A statement that is in the text but for case, spaces, dashes or quotes takes the document's
    own characters; it is offered verbatim, as it is printed.
    """
    for start, end in (*windows, (0, len(document.text))):
        fuzzy = (start, end) != (0, len(document.text)) or len(document.text) < 20_000
        found = find_value(text, document.text, start, end, fuzzy=fuzzy)
        if found is not None:
            span = document.span(found.start, found.end)
            own = document.text[found.start : found.end]
            kept = text if found.alignment == "fuzzy" else own
            return Statement(text=kept, span=span, alignment=found.alignment)
    return Statement(text=text, span=None, alignment="absent")


def ground_fields(
    funders: Sequence[Funder], statements: Sequence[Statement], document: Document
) -> tuple[GroundedField, ...]:
    """Each value of the funders with its place: in the statements first, then in the document.

    A value printed several times takes the place that follows the funder's name most closely.
    """
    windows = [(s.span.start, s.span.end) for s in statements if s.span is not None]
    fields: list[GroundedField] = []
    anchor = 0
    for located in strings(funders):
        name = located.path.endswith("/funder_name")
        found = _ground(located, windows, document, 0 if name else anchor)
        if name and found is not None:
            anchor = found.start
        fields.append(_field(located, found, document))
    return tuple(fields)


def strings(funders: Sequence[Funder]) -> list[Located]:
    """Every string of the funders with its JSON pointer."""
    return locate_strings(FunderList.dump_json(tuple(funders)).decode())


def _ground(
    located: Located, windows: Sequence[tuple[int, int]], document: Document, anchor: int
) -> Match | None:
    is_id = "/award_ids/" in located.path
    best: Match | None = None
    for start, end in _windows(windows, anchor):
        found = find_value(located.value, document.text, start, end, fuzzy=not is_id)
        if found is not None and (best is None or _rank(found) < _rank(best)):
            best = found
        if best is not None and best.alignment == "exact":
            return best
    if best is None:  # outside the statements only literally: a paper is long
        best = find_value(located.value, document.text, fuzzy=False)
    return best


def _windows(windows: Sequence[tuple[int, int]], anchor: int) -> Iterator[tuple[int, int]]:
    """The statements, the part after the anchor first."""
    yield from ((max(start, anchor), end) for start, end in windows if end > anchor)
    yield from windows


def _rank(match: Match) -> int:
    return ("exact", "normalised", "fuzzy", "absent").index(match.alignment)


def _field(located: Located, found: Match | None, document: Document) -> GroundedField:
    return GroundedField(
        path=located.path,
        value=located.value,
        span=document.span(found.start, found.end) if found else None,
        alignment=found.alignment if found else "absent",
    )
