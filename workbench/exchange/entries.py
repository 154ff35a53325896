"""A paper as a file of any format tells it, and the facts it consists of; no store, no format.

A fact is a field, the funder that it is about and a value. What a file keeps of a paper is the
facts that are still there when it is read again: order and repetition are none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from db.gold import Decided
from models.schemas import Answer, Award, Funder, Link, Verdict

Fact = tuple[str, str, str]
FIELDS = (
    "doi",
    "statement",
    "no_funding",
    "funder_name",
    "ror",
    "funder_id",
    "award_id",
    "funding_scheme",
    "award_title",
    "award",
)
"""What a fact may be about. `award` says which ids, schemes and titles are of one award."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file says of one paper; None is what it does not say.

    `place` names the line or element for messages, `id` is the record's number where the file
    was written by an export.
    """

    place: str
    id: int | None = None
    doi: str | None = None
    sha256: str | None = None
    name: str | None = None
    project: str | None = None
    license: str | None = None
    text: str | None = None
    statements: tuple[str, ...] | None = None
    funders: tuple[Funder, ...] | None = None
    links: tuple[Link | None, ...] = ()
    verdict: Verdict | None = None
    actor: str | None = None
    model: str | None = None


def entry_of(record: Decided) -> Entry:
    """A decided record as a file that loses nothing would tell it."""
    answer = record.answer
    return Entry(
        place=f"record {record.id}",
        id=record.id,
        doi=record.doi,
        sha256=record.sha256,
        name=record.document,
        project=record.project,
        license=record.license,
        statements=tuple(statement.text for statement in answer.statements),
        funders=answer.funders,
        links=answer.links,
        verdict=record.verdict,
        actor=record.actor,
    )


def facts(entry: Entry, spell: Callable[[str], str] = str) -> set[Fact]:
    """All facts of a paper, their values written as `spell` writes them."""
    return set(_facts(entry, spell))


def _facts(entry: Entry, spell: Callable[[str], str]) -> Iterator[Fact]:
    if entry.doi:
        yield "doi", "", entry.doi.lower()
    for statement in entry.statements or ():
        yield "statement", "", spell(statement)
    paid = set(_funder_facts(entry, spell))
    if entry.funders is not None and not paid:
        yield "no_funding", "", "yes"
    yield from paid


def _funder_facts(entry: Entry, spell: Callable[[str], str]) -> Iterator[Fact]:
    for funder, link in pairs(entry):
        name = spell(funder.funder_name or "")
        if name:
            yield "funder_name", name, name
        if link and link.ror:
            yield "ror", name, link.ror
        if link and link.funder_id:
            yield "funder_id", name, link.funder_id
        yield from _award_facts(funder, name, spell)


def _award_facts(funder: Funder, name: str, spell: Callable[[str], str]) -> Iterator[Fact]:
    for award in funder.awards:
        parts: list[list[str]] = []
        for field, values in (
            ("award_id", award.award_ids),
            ("funding_scheme", award.funding_scheme),
            ("award_title", award.award_title),
        ):
            spelled = [spell(value) for value in values]
            yield from ((field, name, value) for value in spelled)
            parts.append(sorted(set(spelled)))
        if sum(map(len, parts)) > 1:
            yield "award", name, json.dumps(parts, ensure_ascii=False)


def pairs(entry: Entry | Answer) -> Iterator[tuple[Funder, Link | None]]:
    """Each funder with its link."""
    funders = entry.funders or ()
    links = entry.links or (None,) * len(funders)
    yield from zip(funders, links, strict=True)


def alone(award: Award) -> list[tuple[str, ...]]:
    """The ids of an award one by one; an award without any is still one."""
    ids: list[tuple[str, ...]] = [(id_,) for id_ in award.award_ids]
    return ids or [()]


def answer_links(links: list[Link | None]) -> tuple[Link | None, ...]:
    """Links as an answer holds them: none at all where no funder has one."""
    return tuple(links) if any(links) else ()


def text_of(value: Any) -> str | None:
    """A value of a file as text, None where it is blank or no text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = str(value).encode("utf-8", "replace").decode().strip()
    return text or None
