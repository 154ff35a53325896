"""What several readers say of a paper, blind to each other, until they agree or one decides.

A paper is blind while it has more than one reader and no decision (`RecordRow.is_blind`). A
reader's newest reading counts; one with the verdict `proposed` takes theirs back, one with
`skipped` leaves the paper to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import func
from sqlmodel import Session, col, select

from db import store
from db.errors import EventReused, NothingToUndo
from db.tables import DocumentRow, ReadingRow, RecordRow
from models.schemas import GOLD_VERDICTS, Answer, Verdict


@dataclass(frozen=True, slots=True)
class Waiting:
    """A paper that enough people have read and nobody has decided; `since` the last reading."""

    record_id: int
    name: str
    project: str
    people: tuple[str, ...]
    since: datetime


def add_reading(
    session: Session,
    record_id: int,
    *,
    person: str,
    verdict: Verdict,
    client_event_id: str,
    answer: Answer | None = None,
    accepted: Sequence[str] = (),
    reasons: Mapping[str, str] | None = None,
    note: str | None = None,
    lead_ms: int = 0,
) -> ReadingRow:
    """Keep what a person says of a paper. The same event again returns the same reading."""
    repeated = find_event(session, record_id, client_event_id)
    if repeated:
        return repeated
    _require_sound(person, verdict, client_event_id, answer, lead_ms)
    proposed = store.newest_proposal(session, record_id)
    row = ReadingRow(
        record_id=store.record(session, record_id).id,
        person=person,
        proposal_id=proposed.id if proposed else None,
        verdict=verdict,
        answer=Answer() if verdict == "no_funding" else answer,
        accepted=tuple(accepted),
        reasons=dict(reasons or {}),
        note=note,
        lead_ms=lead_ms,
        client_event_id=client_event_id,
    )
    session.add(row)
    session.flush()
    return row


def take_back(session: Session, record_id: int, *, person: str, client_event_id: str) -> ReadingRow:
    """A reading that says nothing any more; raises `NothingToUndo` where there is none."""
    repeated = find_event(session, record_id, client_event_id)
    if repeated:
        return repeated
    own = readings_by(session, record_id, person)
    if not own or own[-1].verdict == "proposed":
        raise NothingToUndo("You have no reading to take back.", "Go on with the paper as it is.")
    return add_reading(
        session, record_id, person=person, verdict="proposed", client_event_id=client_event_id
    )


def find_event(session: Session, record_id: int, client_event_id: str) -> ReadingRow | None:
    """The reading that this event of a browser made; raises `EventReused` for another paper's."""
    query = select(ReadingRow).where(ReadingRow.client_event_id == client_event_id)
    found: ReadingRow | None = session.exec(query).first()
    if found and found.record_id != record_id:
        raise EventReused(
            "This save was sent before for something else.", "Reload the page and save again."
        )
    return found


def readings_by(session: Session, record_id: int, person: str) -> list[ReadingRow]:
    """All that one person said of a paper, the oldest first."""
    query = select(ReadingRow).where(ReadingRow.record_id == record_id, ReadingRow.person == person)
    return list(session.exec(query.order_by(col(ReadingRow.id))))


def readings(session: Session, record_id: int) -> list[ReadingRow]:
    """The newest reading of each person, by name; those taken back are left out."""
    query = select(ReadingRow).where(
        ReadingRow.record_id == record_id,
        col(ReadingRow.id).in_(_newest()),
        ReadingRow.verdict != "proposed",
    )
    return list(session.exec(query.order_by(col(ReadingRow.person))))


def has_read(session: Session, record_id: int, person: str) -> bool:
    """Whether the person ever said something of the paper, even if they took it back."""
    return bool(readings_by(session, record_id, person))


def full(rows: Iterable[ReadingRow]) -> list[ReadingRow]:
    """The readings that count: who skipped a paper has not read it."""
    return [row for row in rows if row.verdict != "skipped"]


def hides(session: Session, record: RecordRow, person: str, role: str) -> bool:
    """Whether what others do with a paper is hidden from somebody now.

    While it is blind, only who may adjudicate and is none of its readers sees the others.
    """
    if not record.is_blind:
        return False
    return role not in ("adjudicator", "admin") or has_read(session, record.id, person)


def closed_to(person: str) -> Any:
    """The blind records that need nothing of a person, as a SELECT for `IN`.

    They have read them, or enough others have.
    """
    theirs = func.sum(col(ReadingRow.person) == person) > 0
    enough = func.sum(col(ReadingRow.verdict) != "skipped") >= func.max(RecordRow.readers)
    query: Any = _current(ReadingRow.record_id)
    return query.group_by(ReadingRow.record_id).having(theirs | enough)


def waiting(session: Session, project: str | None = None) -> list[Waiting]:
    """Papers for an adjudicator, those that wait longest first."""
    query = _current(RecordRow, ReadingRow).where(ReadingRow.verdict != "skipped")
    if project is not None:
        query = query.where(RecordRow.project == project)
    found: dict[int, list[ReadingRow]] = {}
    records: dict[int, RecordRow] = {}
    for record, row in session.exec(query):
        records[record.id] = record
        found.setdefault(record.id, []).append(row)
    enough = {id: rows for id, rows in found.items() if len(rows) >= records[id].readers}
    names = _names(session, [records[id].document_sha256 for id in enough])
    listed = [
        Waiting(
            id,
            names[records[id].document_sha256],
            records[id].project,
            tuple(sorted(row.person for row in rows)),
            max(row.created_at for row in rows),
        )
        for id, rows in enough.items()
    ]
    return sorted(listed, key=lambda one: (one.since, one.record_id))


def agreed_verdict(rows: Sequence[ReadingRow]) -> Verdict:
    """The verdict of readings that say the same."""
    said = {row.verdict for row in rows}
    if len(said) == 1:
        return rows[0].verdict
    return "no_funding" if "no_funding" in said else "corrected"


def verdict_class(verdict: Verdict) -> str:
    """What verdicts must have in common to agree: gold is gold, whatever was proposed."""
    return "gold" if verdict in GOLD_VERDICTS else verdict


def _newest() -> Any:
    """The number of each person's newest reading of each record."""
    return select(func.max(ReadingRow.id)).group_by(
        col(ReadingRow.record_id), col(ReadingRow.person)
    )


def _current(*columns: Any) -> Any:
    """The readings that count of blind records."""
    query: Any = select(*columns).select_from(ReadingRow)
    return query.join(RecordRow, col(RecordRow.id) == ReadingRow.record_id).where(
        RecordRow.readers > 1,
        RecordRow.status == "proposed",
        col(ReadingRow.id).in_(_newest()),
        ReadingRow.verdict != "proposed",
    )


def _names(session: Session, shas: Sequence[str]) -> dict[str, str]:
    query = select(DocumentRow.sha256, DocumentRow.name)
    found: dict[str, str] = {}
    for start in range(0, len(shas), 500):
        some = col(DocumentRow.sha256).in_(shas[start : start + 500])
        found |= {sha: name for sha, name in session.exec(query.where(some))}
    return found


def _require_sound(
    person: str, verdict: Verdict, client_event_id: str, answer: Answer | None, lead_ms: int
) -> None:
    if not person.strip() or not client_event_id.strip() or lead_ms < 0:
        raise ValueError("a reading needs a person, a client_event_id and a lead_ms from 0")
    if verdict not in get_args(Verdict):
        raise ValueError(f"unknown verdict {verdict!r}")
    if answer is None and verdict in ("accepted", "corrected"):
        raise ValueError(f"a reading that is {verdict} needs an answer")
