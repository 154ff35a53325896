"""What people decided that funders' names mean: added, and asked for by name.

Names come as the keys under which they are compared; this module does not fold them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from db.tables import LinkDecisionRow

ASKED_AT_ONCE = 400
"""Names in one query: SQLite takes some thousands of values."""


@dataclass(slots=True)
class Learned:
    """What people said of a name and an organisation: who confirmed it, who refused, how often.

    `ror` is empty where people said that none is meant.
    """

    ror: str
    funder_id: str | None = None
    organisation: str = ""
    confirmed: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def disputed(self) -> bool:
        """Whether somebody confirmed it and somebody refused it."""
        return bool(self.confirmed) and bool(self.refused)


def add_decisions(session: Session, rows: Iterable[LinkDecisionRow]) -> None:
    """Add decisions; one that is there already, as when a save is sent again, is left."""
    for row in rows:
        same = select(LinkDecisionRow).where(
            LinkDecisionRow.record_id == row.record_id,
            LinkDecisionRow.seq == row.seq,
            LinkDecisionRow.key == row.key,
            LinkDecisionRow.person == row.person,
            LinkDecisionRow.verdict == row.verdict,
            LinkDecisionRow.ror == row.ror,
        )
        if session.exec(same).first() is None:
            session.add(row)
    session.flush()


def of_revision(session: Session, record_id: int, seq: int) -> list[LinkDecisionRow]:
    """The decisions that came with a revision."""
    asked = select(LinkDecisionRow).where(
        LinkDecisionRow.record_id == record_id, LinkDecisionRow.seq == seq
    )
    return list(session.exec(asked))


def of_record(session: Session, record_id: int) -> list[LinkDecisionRow]:
    """All decisions of a paper, the oldest first, with those that count no more."""
    asked = select(LinkDecisionRow).where(LinkDecisionRow.record_id == record_id)
    return list(session.exec(asked.order_by(col(LinkDecisionRow.id))))


def of_person(session: Session, record_id: int, person: str) -> list[LinkDecisionRow]:
    """What a person says of the names of a paper, by their newest decision on each."""
    asked = select(LinkDecisionRow).where(
        LinkDecisionRow.record_id == record_id, LinkDecisionRow.person == person
    )
    return [row for rows in _latest(list(session.exec(asked))).values() for row in rows]


def learned(session: Session, keys: Iterable[str]) -> dict[str, list[Learned]]:
    """What people said of names, the organisation with most confirmations first."""
    wanted = sorted(set(keys))
    rows: list[LinkDecisionRow] = []
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        part = wanted[start : start + ASKED_AT_ONCE]
        asked = select(LinkDecisionRow).where(col(LinkDecisionRow.key).in_(part))
        rows += session.exec(asked.order_by(col(LinkDecisionRow.id)))
    return {key: _summed(said) for key, said in _latest(rows).items() if said}


def _latest(rows: list[LinkDecisionRow]) -> dict[str, list[LinkDecisionRow]]:
    """Of what a person said of a name in a paper, what they said with its newest revision."""
    newest: dict[tuple[str, str, int], int] = {}
    for row in rows:
        place = (row.key, row.person, row.record_id)
        newest[place] = max(row.seq, newest.get(place, row.seq))
    found: dict[str, list[LinkDecisionRow]] = defaultdict(list)
    for row in rows:
        stands = newest[row.key, row.person, row.record_id] == row.seq
        if stands and row.verdict != "withdrawn":
            found[row.key].append(row)
    return found


def _summed(rows: Iterable[LinkDecisionRow]) -> list[Learned]:
    known: dict[str, Learned] = {}
    for row in rows:
        told = known.setdefault(row.ror, Learned(row.ror))
        told.funder_id = row.funder_id or told.funder_id
        told.organisation = row.organisation or told.organisation
        people = told.refused if row.verdict == "refused" else told.confirmed
        people[row.person] = people.get(row.person, 0) + 1
    return sorted(known.values(), key=lambda each: -sum(each.confirmed.values()))
