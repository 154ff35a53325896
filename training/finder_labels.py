"""Sentences of segmented documents as examples for the finder: about money, not, or unsure.

Corpora mark segments, not sentences, and miss footnotes; what they leave open is not trained on.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from models.cues import Unit
from models.grounding import find_value
from models.normalise import TextBuilder
from training.corpora import LabelledStatement, SegmentedDocument

Range = tuple[int, int]
RUNNING = frozenset({"page", "headnote"})
"""Segments that a reader leaves out: page numbers and running heads."""
_PLAIN = re.compile(
    r"\b(?:work|research|study|project|trial|paper|investigation|authors?)\b"
    r"\W+(?:\w+\W+){0,4}(?:supported|funded|sponsored|financed)\W+(?:\w+\W+){0,3}by\b",
    re.IGNORECASE,
)
_NOTHING_PAID = re.compile(r"\b(?:no|none|nil|not|without|n/a)\b", re.IGNORECASE)
_DISCLAIMER = re.compile(r"\bno role\b|\bany role\b|\bnot necessarily\b", re.IGNORECASE)
_MONEY = frozenset({"cue 0", "cue 1", "cue 2"})
_PAID = re.compile(
    r"\b(?:fund(?:s|ed|er|ers|ing)?|financ\w+|sponsor\w*|grants?|scholarships?|fellowships?|stipends?|"
    r"studentships?)\b",
    re.IGNORECASE,
)
_HEADING_CHARS = 40
_WIDTH_SHARE, _AROUND = 0.7, 5
"""A line this much shorter than the median of those around it ends a paragraph."""
_INTEREST = re.compile(
    r"\bpersonal fees\b|\bhonorari|\bconsult(?:ing|ant|ancy)\b|\badvisory (?:board|role)|\bspeaker|"
    r"\blecture fees\b|\boutside (?:of )?the submitted\b",
    re.IGNORECASE,
)
"""Money to an author that did not pay for the paper."""
_BODY = (0.12, 0.8)
"""Shares of the text between which footnotes and notes at the end are not to be expected."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The marked places of a document's text as it is read."""

    text: str
    funding: tuple[Range, ...] = ()
    thanks: tuple[Range, ...] = ()
    references: tuple[Range, ...] = ()
    statements: tuple[Range, ...] = ()
    values: tuple[str, ...] = ()
    """Names and award ids of the labelled statements."""
    no_funding: bool = False


def parts(document: SegmentedDocument, known: Sequence[LabelledStatement] = ()) -> Parts:
    """A document's text as a reader gives it, its segments, and its labelled statements."""
    text, places = _rejoined(document)
    found = [find_value(record.statement, text, fuzzy=False) for record in known]
    return Parts(
        text=text,
        funding=places.get("funding", ()),
        thanks=places.get("acknowledgment", ()),
        references=places.get("listBibl", ()),
        statements=tuple((match.start, match.end) for match in found if match),
        values=tuple(value for record in known for value in _values(record)),
        no_funding=document.clean_negative,
    )


def label(unit: Unit, parts: Parts) -> bool | None:
    """Whether a sentence tells who paid; None where the marks leave it open."""
    place = (unit.start, unit.end)
    if _is_bare(unit, parts.text) or _DISCLAIMER.search(parts.text, unit.start, unit.end):
        return None
    if _touches(place, parts.statements):
        return True if _speaks_of_money(unit, parts) else None
    if _touches(place, parts.funding):
        return True
    if parts.no_funding or _touches(place, parts.references):
        return False
    if within := _touches(place, parts.thanks):
        return _label_thanks(unit, parts, within)
    return _label_elsewhere(unit, parts)


def _label_thanks(unit: Unit, parts: Parts, segment: Range) -> bool | None:
    """Thanks hold both; the statement that was labelled in them tells, else the words do."""
    if any(_overlap(segment, statement) for statement in parts.statements):
        return False if unit.votes < 2 else None
    if unit.votes >= 2 and not _MONEY.isdisjoint(unit.flags):
        return True
    if _PAID.search(parts.text, unit.start, unit.end):
        return True
    return False if unit.votes < 1 else None


def _label_elsewhere(unit: Unit, parts: Parts) -> bool | None:
    is_headed = not {"funding 0", "funding 1"}.isdisjoint(unit.flags)
    if is_headed:
        return True if unit.votes >= 2 else None
    if unit.votes < 2:
        return False
    if "section references" in unit.flags:
        return False
    if _INTEREST.search(parts.text, unit.start, unit.end):
        return False
    is_plain = _PLAIN.search(parts.text, unit.start, unit.end) is not None
    if _BODY[0] <= unit.start / len(parts.text) <= _BODY[1] and "section none" in unit.flags:
        return None if is_plain else False
    if "section interests" in unit.flags and not is_plain:
        return False if parts.funding else None
    return True if is_plain else None


def _is_bare(unit: Unit, text: str) -> bool:
    """Whether the unit is a heading and nothing else; "Funding: none" is more."""
    sentence = text[unit.start : unit.end]
    is_short = len(sentence) < _HEADING_CHARS and "heads funding" in unit.flags
    return is_short and _NOTHING_PAID.search(sentence) is None and len(sentence.split()) < 4


def _speaks_of_money(unit: Unit, parts: Parts) -> bool:
    if unit.votes > 0.5:
        return True
    sentence = parts.text[unit.start : unit.end]
    return any(value in sentence for value in parts.values)


def _values(record: LabelledStatement) -> Iterator[str]:
    for funder in record.funders:
        if funder.funder_name:
            yield funder.funder_name
        for award in funder.awards:
            yield from award.award_ids


def _touches(place: Range, ranges: Sequence[Range]) -> Range | None:
    return next((other for other in ranges if _overlap(place, other)), None)


def _overlap(a: Range, b: Range) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _rejoined(document: SegmentedDocument) -> tuple[str, dict[str, tuple[Range, ...]]]:
    """The text with its printed lines joined to paragraphs, and the segments by their type.

    Only documents in PDF order have printed lines; they are the ones whose body is marked.
    """
    if not any(segment.type == "body" for segment in document.segments):
        return document.text, _by_type(document, range(len(document.text) + 1))
    builder = TextBuilder(document.text)
    lines = list(_lines(document))
    widths = [end - start for start, end, _ in lines]
    for index, (start, end, kind) in enumerate(lines):
        follows = lines[index + 1] if index + 1 < len(lines) else None
        around = median(widths[max(0, index - _AROUND) : index + _AROUND + 1])
        if follows is None or follows[2] != kind or end - start < _WIDTH_SHARE * around:
            builder.add(start, end)
            builder.separate("\n", end - 1)
        elif _is_hyphenated(document.text, end, follows[0]):
            builder.add(start, end - 1)
        else:
            builder.add(start, end)
            builder.separate(" ", end - 1)
    built = builder.build()
    return built.text, _by_type(document, built.origin)


def _lines(document: SegmentedDocument) -> Iterator[tuple[int, int, str]]:
    """Printed lines with the type of their segment; running heads and blank lines left out."""
    segments = sorted(document.segments, key=lambda segment: segment.start)
    offset, current = 0, 0
    for line in document.text.splitlines(keepends=True):
        start, end = offset, offset + len(line.rstrip())
        offset += len(line)
        while current + 1 < len(segments) and segments[current].end <= start:
            current += 1
        holds = bool(segments) and segments[current].start < end and segments[current].end > start
        kind = segments[current].type if holds else ""
        if end > start and kind not in RUNNING:
            yield start, end, kind


def _is_hyphenated(text: str, end: int, following: int) -> bool:
    return text[end - 1] == "-" and text[end - 2 : end - 1].isalpha() and text[following].islower()


def _by_type(document: SegmentedDocument, origin: Sequence[int]) -> dict[str, tuple[Range, ...]]:
    places: dict[str, tuple[Range, ...]] = {}
    for segment in document.segments:
        start, end = bisect_left(origin, segment.start), bisect_left(origin, segment.end)
        places[segment.type] = (*places.get(segment.type, ()), (start, end))
    return places
