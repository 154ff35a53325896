"""What a model got wrong in one document, named: compares two lists of funders, knows no model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from models.normalise import squeeze
from models.schemas import Funder, Statement

ErrorType = Literal[
    "unparsable",
    "missed_statement",
    "spurious_statement",
    "statement_bounds",
    "missed_funder",
    "spurious_funder",
    "funder_name",
    "missed_award",
    "spurious_award",
    "award_id",
    "wrong_funder",
    "scheme",
    "title",
    "grouping",
]
"""Kinds of error, the gravest first: a pair carries the first that applies."""


def canonical(funders: Sequence[Funder]) -> list[tuple[str, list[tuple[tuple[str, ...], ...]]]]:
    """Funders as they are compared: values folded, order of funders, awards and values ignored."""
    return sorted(
        (
            fold(funder.funder_name or ""),
            sorted(
                (_folded(a.award_ids), _folded(a.funding_scheme), _folded(a.award_title))
                for a in funder.awards
            ),
        )
        for funder in funders
    )


def fold(text: str) -> str:
    """A value as it is compared: case, spaces, dashes and quotes folded."""
    return squeeze(text)[0]


def same_funders(a: Sequence[Funder], b: Sequence[Funder]) -> bool:
    """Whether two lists say the same."""
    return canonical(a) == canonical(b)


def same_statements(a: Sequence[Statement], b: Sequence[Statement]) -> bool:
    """Whether two lists hold the same statements, in any order."""
    return sorted(fold(s.text) for s in a) == sorted(fold(s.text) for s in b)


def statement_error(said: Sequence[str], gold: Sequence[str]) -> ErrorType | None:
    """The gravest difference between proposed statements and the right ones."""
    said_keys, gold_keys = set(map(fold, said)), set(map(fold, gold))
    if said_keys == gold_keys:
        return None
    only_gold, only_said = gold_keys - said_keys, said_keys - gold_keys
    if all(any(_overlap(g, s) for s in only_said) for g in only_gold) and only_gold:
        return "statement_bounds"
    return "missed_statement" if only_gold else "spurious_statement"


def _overlap(a: str, b: str) -> bool:
    return a in b or b in a


def funder_error(said: Sequence[Funder] | None, gold: Sequence[Funder]) -> ErrorType | None:
    """The gravest difference between proposed funders and the right ones."""
    if said is None:
        return "unparsable"
    if same_funders(said, gold):
        return None
    return (
        _name_error(said, gold)
        or _id_error(said, gold)
        or _set_error(_values(said, "funding_scheme"), _values(gold, "funding_scheme"), "scheme")
        or _set_error(_values(said, "award_title"), _values(gold, "award_title"), "title")
        or "grouping"
    )


def _name_error(said: Sequence[Funder], gold: Sequence[Funder]) -> ErrorType | None:
    said_names = {fold(f.funder_name) for f in said if f.funder_name}
    gold_names = {fold(f.funder_name) for f in gold if f.funder_name}
    missed, spurious = gold_names - said_names, said_names - gold_names
    if missed and all(any(_overlap(m, s) for s in spurious) for m in missed):
        return "funder_name"
    if missed:
        return "missed_funder"
    return "spurious_funder" if spurious else None


def _id_error(said: Sequence[Funder], gold: Sequence[Funder]) -> ErrorType | None:
    said_ids, gold_ids = _values(said, "award_ids"), _values(gold, "award_ids")
    missed, spurious = gold_ids - said_ids, said_ids - gold_ids
    if missed and spurious:
        return "award_id"
    if missed:
        return "missed_award"
    if spurious:
        return "spurious_award"
    return None if _owners(said) == _owners(gold) else "wrong_funder"


def _set_error(said: set[str], gold: set[str], kind: ErrorType) -> ErrorType | None:
    return None if said == gold else kind


def _owners(funders: Sequence[Funder]) -> set[tuple[str, str]]:
    return {
        (fold(funder.funder_name or ""), fold(award_id))
        for funder in funders
        for award in funder.awards
        for award_id in award.award_ids
    }


def _values(funders: Sequence[Funder], name: str) -> set[str]:
    return {
        fold(value)
        for funder in funders
        for award in funder.awards
        for value in getattr(award, name)
    }


def _folded(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(map(fold, values)))
