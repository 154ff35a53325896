"""A text with marks at its gold values, and edits that the marks follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

MarkKind = Literal["name", "id", "scheme", "title"]
Edit = tuple[int, int, str]  # characters [start, end) become the string


@dataclass(frozen=True, slots=True)
class Mark:
    """The characters `[start, end)` of a text are a gold value."""

    start: int
    end: int
    kind: MarkKind


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and its gold values. Marks may overlap: a scheme can stand inside a name."""

    text: str
    marks: tuple[Mark, ...] = ()

    def value(self, mark: Mark) -> str:
        """The marked value as it is printed."""
        return self.text[mark.start : mark.end]


def apply(marked: Marked, edits: Iterable[Edit]) -> Marked:
    """The text after the edits, the marks moved along.

    Of overlapping edits the first wins; an edit across the edge of a mark is dropped, and one that
    inserts at the edge stays outside of the value.
    """
    kept = _compatible(marked, edits)
    pieces: list[str] = []
    done = 0
    for start, end, new in kept:
        pieces += [marked.text[done:start], new]
        done = end
    text = "".join([*pieces, marked.text[done:]])
    return Marked(text, tuple(_moved(mark, kept) for mark in marked.marks))


def _compatible(marked: Marked, edits: Iterable[Edit]) -> list[Edit]:
    edges = {edge for mark in marked.marks for edge in (mark.start, mark.end)}
    kept: list[Edit] = []
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        if kept and start < kept[-1][1]:
            continue
        if not any(start < edge < end for edge in edges):
            kept.append((start, end, new))
    return kept


def _moved(mark: Mark, edits: Sequence[Edit]) -> Mark:
    before = sum(len(new) - (end - start) for start, end, new in edits if end <= mark.start)
    inside = sum(
        len(new) - (end - start)
        for start, end, new in edits
        if mark.start < end <= mark.end and start < mark.end
    )
    return replace(mark, start=mark.start + before, end=mark.end + before + inside)


_FIELDS: tuple[tuple[str, MarkKind], ...] = (
    ("award_ids", "id"),
    ("funding_scheme", "scheme"),
    ("award_title", "title"),
)


def locate(text: str, funders: Iterable[dict[str, Any]]) -> Marked | None:
    """The text with a mark for each value, in the order that `fill` expects.

    An award's values are looked for behind the funder's name first. None where a value does not
    stand in the text on word boundaries.
    """
    marks: list[Mark] = []
    for funder in funders:
        anchor = 0
        if funder["funder_name"]:
            mark = _find(text, funder["funder_name"], "name", 0)
            if mark is None:
                return None
            marks.append(mark)
            anchor = mark.end
        for award in funder.get("awards") or []:
            for field, kind in _FIELDS:
                for value in award.get(field) or []:
                    mark = _find(text, value, kind, anchor) or _find(text, value, kind, 0)
                    if mark is None:
                        return None
                    marks.append(mark)
    return Marked(text, tuple(marks))


def fill(funders: Iterable[dict[str, Any]], values: Iterable[str]) -> list[dict[str, Any]]:
    """The funders with the values put in the places of the old ones, in the order of `locate`."""
    given = iter(values)
    return [
        {
            **funder,
            "funder_name": next(given) if funder["funder_name"] else None,
            "awards": [
                {field: [next(given) for _ in award.get(field) or []] for field, _ in _FIELDS}
                for award in funder.get("awards") or []
            ],
        }
        for funder in funders
    ]


def _find(text: str, value: str, kind: MarkKind, start: int) -> Mark | None:
    at = text.find(value, start) if value else -1
    while at >= 0:
        end = at + len(value)
        if on_word_boundaries(text, at, end):
            return Mark(at, end, kind)
        at = text.find(value, at + 1)
    return None


def on_word_boundaries(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit of a word goes on beyond the edges of `[start, end)`.

    Scripts without spaces between words (Chinese, Japanese) have no such edges.
    """
    left = start == 0 or not (_spaced(text[start - 1]) and _spaced(text[start]))
    right = end == len(text) or not (_spaced(text[end - 1]) and _spaced(text[end]))
    return left and right


def _spaced(char: str) -> bool:
    return char.isalnum() and not "\u3000" <= char <= "\u9fff"
