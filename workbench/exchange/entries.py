"""A paper as a file of any format tells it, and the facts it consists of; no store, no format.

A fact is a field, the funder that it is about and a value. What a file keeps of a paper is the
facts that are still there when it is read again, as often and in the order as they were told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
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
    "order",
)
"""What a fact may be about. `award` says which ids, schemes and titles are of one award, `order`
that the values of a field stand in the order of the decision."""
MERGED = {
    "funder_name": "funders of one name and identifier are one",
    "ror": "funders of one name and identifier are one",
    "funder_id": "funders of one name and identifier are one",
    "award_id": "an award that a funder has twice stands once",
    "order": "awards of funders of one name and identifier stand together",
}
"""Why repetition has no place where a file tells funders by their awards."""


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


def facts(entry: Entry) -> set[Fact]:
    """All facts of a paper, each once."""
    return set(_facts(entry, once=True))


def listed(entry: Entry) -> list[Fact]:
    """All facts of a paper in their order, each as often as it is told."""
    return list(_facts(entry, once=False))


def _facts(entry: Entry, once: bool) -> Iterator[Fact]:
    if entry.doi:
        yield "doi", "", entry.doi.lower()
    for statement in entry.statements or ():
        yield "statement", "", statement
    paid = list(_funder_facts(entry, once))
    if entry.funders is not None and not paid:
        yield "no_funding", "", "yes"
    yield from paid


def _funder_facts(entry: Entry, once: bool) -> Iterator[Fact]:
    for funder, link in pairs(entry):
        name = funder.funder_name or ""
        if name:
            yield "funder_name", name, name
        if link and link.ror:
            yield "ror", name, link.ror
        if link and link.funder_id:
            yield "funder_id", name, link.funder_id
        yield from _award_facts(funder, name, once)


def _award_facts(funder: Funder, name: str, once: bool) -> Iterator[Fact]:
    for award in funder.awards:
        parts: list[list[str]] = []
        for field, values in (
            ("award_id", award.award_ids),
            ("funding_scheme", award.funding_scheme),
            ("award_title", award.award_title),
        ):
            yield from ((field, name, value) for value in values)
            parts.append(sorted(set(values) if once else values))
        if sum(map(len, parts)) > 1:
            yield "award", name, json.dumps(parts, ensure_ascii=False)


def spelled(entry: Entry, spell: Callable[[str], str]) -> Entry:
    """The paper with its statements, names and awards written as `spell` writes them."""

    def all_of(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(spell, values))

    def award_of(award: Award) -> Award:
        return award.model_copy(
            update={name: all_of(getattr(award, name)) for name in Award.model_fields}
        )

    def funder_of(funder: Funder) -> Funder:
        name = funder.funder_name and spell(funder.funder_name)
        awards = tuple(map(award_of, funder.awards))
        return funder.model_copy(update={"funder_name": name, "awards": awards})

    return replace(
        entry,
        statements=None if entry.statements is None else all_of(entry.statements),
        funders=None if entry.funders is None else tuple(map(funder_of, entry.funders)),
    )


def pairs(entry: Entry | Answer) -> Iterator[tuple[Funder, Link | None]]:
    """Each funder with its link."""
    funders = entry.funders or ()
    links = entry.links or (None,) * len(funders)
    yield from zip(funders, links, strict=True)


def merged(
    given: Iterable[tuple[Funder, Link | None]], each_once: bool = True
) -> tuple[tuple[Funder, ...], tuple[Link | None, ...]]:
    """Funders of one name and the same identifiers as one; by default each award once.

    One that says nothing at all holds no place for others.
    """
    found: dict[tuple[str | None, str | None, str | None], tuple[Link | None, list[Award]]] = {}
    for funder, link in given:
        ids = (link.ror, link.funder_id) if link else (None, None)
        key = (funder.funder_name, *ids)
        if not any(key) and all(award == Award() for award in funder.awards):
            continue
        _, awards = found.setdefault(key, (link, []))
        if each_once:
            new = dict.fromkeys(award for award in funder.awards if award != Award())
            awards += [award for award in new if award not in awards]
        else:
            awards += funder.awards
    names = [key[0] for key in found]
    funders = tuple(
        Funder(funder_name=name, awards=tuple(awards))
        for name, (_, awards) in zip(names, found.values(), strict=True)
    )
    return funders, answer_links([link for link, _ in found.values()])


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
