"""Links of a paper that several people read: joined by name, and kept as each one's word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from db.tables import ReadingRow, RevisionRow
from models.linking.names import name_key
from models.schemas import Answer, Link
from workbench.desk import links

Offered = Mapping[str, str | None]
"""By the key of a name the ROR id that is linked where nobody says anything."""
_Identity = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Votes:
    """What readers chose for each name: one link by all who chose, or several that differ."""

    chosen: Mapping[str, Link] = field(default_factory=dict)
    disputed: frozenset[str] = frozenset()


def votes(rows: Sequence[ReadingRow]) -> Votes:
    """What the readers of a paper chose; links that were made by themselves are nobody's choice."""
    said: dict[str, dict[_Identity, Link]] = defaultdict(dict)
    for row in rows:
        for key, link in _chosen(row.answer):
            said[key].setdefault(_identity(link), link)
    return Votes(
        chosen={key: next(iter(all_said.values())) for key, all_said in said.items()},
        disputed=frozenset(key for key, all_said in said.items() if len(all_said) > 1),
    )


def joined(answer: Answer, cast: Votes) -> Answer:
    """An answer with the links that its readers chose; a name on which they differ has none.

    Links that stand in the answer stay where no reader chose one.
    """
    given = answer.links or (None,) * len(answer.funders)
    linked = []
    for funder, link in zip(answer.funders, given, strict=True):
        key = name_key(funder.funder_name or "")
        linked.append(None if key in cast.disputed else cast.chosen.get(key, link))
    return answer.model_copy(update={"links": tuple(linked) if any(linked) else ()})


def offered(answer: Answer | None, alone: Sequence[str | None]) -> Offered:
    """The ids that `links.settled` gave for the funders of an answer, by name."""
    funders = answer.funders if answer else ()
    return {name_key(f.funder_name or ""): ror for f, ror in zip(funders, alone, strict=False)}


def remember(
    session: Session,
    revision: RevisionRow,
    rows: Sequence[ReadingRow],
    refused: Offered,
    settled: Mapping[str, Link] | None = None,
) -> None:
    """Keep what each reader chose, as decided with the revision that joins them.

    With `settled`, the links that somebody decided between them, only what agrees with it.
    """
    for row in rows:
        own = row.answer
        if own is None or not own.links:
            continue
        if settled is not None:
            own = _agreeing(own, settled)
        ids = [refused.get(name_key(funder.funder_name or "")) for funder in own.funders]
        links.remember(session, revision, row.person, ids, own)


def of_answer(answer: Answer | None) -> dict[str, Link]:
    """The links that somebody chose, by name."""
    return dict(_chosen(answer))


def _agreeing(own: Answer, settled: Mapping[str, Link]) -> Answer:
    def stands(name: str | None, link: Link | None) -> bool:
        final = settled.get(name_key(name or ""))
        return link is not None and final is not None and _identity(final) == _identity(link)

    kept = tuple(
        link if stands(funder.funder_name, link) else None
        for funder, link in zip(own.funders, own.links, strict=True)
    )
    return own.model_copy(update={"links": kept})


def _chosen(answer: Answer | None) -> list[tuple[str, Link]]:
    if answer is None:
        return []
    pairs = zip(answer.funders, answer.links, strict=False)
    return [
        (name_key(funder.funder_name), link)
        for funder, link in pairs
        if link is not None and link.method == "curator" and funder.funder_name
    ]


def _identity(link: Link) -> _Identity:
    return link.ror, link.funder_id
