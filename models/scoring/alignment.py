"""The same answer given several times, put side by side: statements, funders, awards, values.

Sides are laid over each other one by one, each by the assignment of greatest total likeness
(`matching.assign`) to what is there already. Unlike `funders.pair_funders` nothing is merged and
awards stay what they are: every value of every side is in exactly one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from models.normalise import squeeze
from models.schemas import Answer, Award, Funder
from models.scoring.funders import VALUE_FIELDS, ValueLevel
from models.scoring.matching import assign, criteria
from models.scoring.statements import RESEMBLANCES
from models.scoring.text import normalize_award_id, normalize_text, similarity

T = TypeVar("T")
Kind = Literal["statement", "funder", "award_id", "scheme", "title"]
KINDS: tuple[Kind, ...] = ("statement", "funder", "award_id", "scheme", "title")

SAME_AWARD = 0.9
"""Likeness of two funders whose names differ but who gave an award of the same id."""
ONLY_AWARD = 0.31
"""Likeness of awards that have nothing in common, just above what is asked: one beside one."""
LEAST_AWARD = 0.3
LEAST_VALUE = 0.5
"""Values less alike than this stand in rows of their own."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of one side; `path` is its JSON pointer into that side's answer."""

    path: str
    value: str | None


Row = tuple[Cell | None, ...]
"""The same value as each side has it, None where it has none."""


@dataclass(frozen=True, slots=True)
class AwardRows:
    """One award of all sides, its values by field."""

    values: dict[ValueLevel, list[Row]]


@dataclass(frozen=True, slots=True)
class FunderRows:
    """One funder of all sides: its names, and its awards."""

    name: Row
    awards: list[AwardRows]


@dataclass(frozen=True, slots=True)
class Aligned:
    """Several answers side by side."""

    statements: list[Row]
    funders: list[FunderRows]

    def rows(self) -> Iterator[tuple[Kind, Row]]:
        """Every row with what it holds, in the order of the form."""
        yield from (("statement", row) for row in self.statements)
        for funder in self.funders:
            yield "funder", funder.name
            for award in funder.awards:
                for level, rows in award.values.items():
                    yield from ((level, row) for row in rows)


def align(answers: Sequence[Answer]) -> Aligned:
    """The answers side by side, in their order."""
    texts = [[statement.text for statement in answer.statements] for answer in answers]
    statements = [
        tuple(
            None if at is None else Cell(f"/statements/{at}", texts[side][at])
            for side, at in enumerate(places)
        )
        for places in _lay(texts, _statement_likeness, LEAST_VALUE)
    ]
    return Aligned(statements, _funders([answer.funders for answer in answers]))


def key(kind: Kind, value: str | None) -> str:
    """A value as it is compared: ids as the scorer has them, words without their spelling."""
    if kind == "award_id":
        return normalize_award_id(value or "")
    return squeeze(normalize_text(value or ""))[0]


def _funders(sides: Sequence[Sequence[Funder]]) -> list[FunderRows]:
    least = criteria("balanced").funder_threshold
    rows = []
    for places in _lay(sides, _funder_likeness, least):
        name = tuple(
            None if at is None else Cell(f"/{at}/funder_name", sides[side][at].funder_name)
            for side, at in enumerate(places)
        )
        rows.append(FunderRows(name, _awards(sides, places)))
    return rows


def _awards(sides: Sequence[Sequence[Funder]], at: Sequence[int | None]) -> list[AwardRows]:
    given = [() if i is None else sides[side][i].awards for side, i in enumerate(at)]
    alone = all(len(awards) <= 1 for awards in given)

    def alike(a: Award, b: Award) -> float:
        return max(_award_likeness(a, b), ONLY_AWARD if alone else 0.0)

    rows = []
    for places in _lay(given, alike, LEAST_AWARD):
        prefixes = [f"/{at[side]}/awards/{place}" for side, place in enumerate(places)]
        awards = [None if p is None else given[side][p] for side, p in enumerate(places)]
        rows.append(AwardRows({level: _values(awards, prefixes, level) for level in VALUE_FIELDS}))
    return rows


def _values(
    awards: Sequence[Award | None], prefixes: Sequence[str], level: ValueLevel
) -> list[Row]:
    field = VALUE_FIELDS[level]
    sides = [getattr(award, field) if award else () for award in awards]

    def alike(a: str, b: str) -> float:
        return 1.0 if key(level, a) == key(level, b) else similarity(a, b) * 0.99

    return [
        tuple(
            None if at is None else Cell(f"{prefixes[side]}/{field}/{at}", sides[side][at])
            for side, at in enumerate(places)
        )
        for places in _lay(sides, alike, LEAST_VALUE)
    ]


def _lay(
    sides: Sequence[Sequence[T]], alike: Callable[[T, T], float], least: float
) -> list[list[int | None]]:
    """Rows of places, one a side: each side in turn laid over the rows that there are."""
    rows: list[list[int | None]] = []
    for side, items in enumerate(sides):
        scores = [
            [
                max(alike(sides[n][at], item) for n, at in enumerate(row) if at is not None)
                for item in items
            ]
            for row in rows
        ]
        over = {j: i for i, j, _ in assign(scores, least)}
        for row in rows:
            row.append(None)
        for place in range(len(items)):
            if place in over:
                rows[over[place]][side] = place
            else:
                rows.append([*([None] * side), place])
    return rows


def _statement_likeness(a: str, b: str) -> float:
    if key("statement", a) == key("statement", b):
        return 1.0
    return RESEMBLANCES["best@0.85"].measure(a, b) * 0.99


def _funder_likeness(a: Funder, b: Funder) -> float:
    if key("funder", a.funder_name) == key("funder", b.funder_name):
        return 1.0
    named = a.funder_name and b.funder_name
    names = similarity(a.funder_name or "", b.funder_name or "") * 0.99 if named else 0.0
    return max(names, SAME_AWARD if _ids(a.awards) & _ids(b.awards) else 0.0)


def _award_likeness(a: Award, b: Award) -> float:
    if _ids([a]) & _ids([b]):
        return 1.0
    pairs = [
        (x, y)
        for field in VALUE_FIELDS.values()
        for x in getattr(a, field)
        for y in getattr(b, field)
    ]
    return max((similarity(x, y) * 0.9 for x, y in pairs), default=0.0)


def _ids(awards: Sequence[Award]) -> set[str]:
    return {normalize_award_id(value) for award in awards for value in award.award_ids}
