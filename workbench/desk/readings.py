"""Papers that several people decide, blind to each other: what each sees, says and takes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from db import readings, store
from db.errors import Conflict
from db.tables import ReadingRow, RecordRow, RevisionRow
from models.schemas import Answer, Verdict
from training.errors import same_funders, same_statements
from workbench.desk import link_votes
from workbench.people import Person

OWN = 2**30
"""Heads of a reader's own count start here, where revisions never come.

So a page that was open since before the paper was decided cannot pass for one that saw it.
"""


@dataclass(frozen=True, slots=True)
class Given:
    """A reading that was kept: the head that its reader goes on from, and what they said."""

    seq: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class View:
    """What somebody sees of a blind paper: their own head, and revisions that they may know."""

    head: int
    revisions: list[RevisionRow]


def is_reading(session: Session, record_id: int, client_event_id: str) -> bool:
    """Whether a decision that comes now is a reading, or was one when it came before."""
    if readings.find_event(session, record_id, client_event_id):
        return True
    return store.record(session, record_id).is_blind


def give(
    session: Session,
    record_id: int,
    person: str,
    *,
    base_seq: int,
    verdict: Verdict,
    client_event_id: str,
    answer: Answer | None = None,
    accepted: Sequence[str] = (),
    reasons: dict[str, str] | None = None,
    note: str | None = None,
    lead_ms: int = 0,
    offered: link_votes.Offered | None = None,
) -> Given:
    """Keep a reading; where it completes the paper and all agree, a revision says so too.

    Raises `Conflict` where the person gave another reading meanwhile, in another window.
    """
    if not readings.find_event(session, record_id, client_event_id):
        _on_top_of(session, record_id, person, base_seq)
        readings.add_reading(
            session,
            record_id,
            person=person,
            verdict=verdict,
            answer=answer,
            accepted=accepted,
            reasons=reasons,
            note=note,
            lead_ms=lead_ms,
            client_event_id=client_event_id,
        )
        _settle(session, store.record(session, record_id), client_event_id, offered or {})
    return _given(session, record_id, person)


def take_back(
    session: Session, record_id: int, person: str, *, base_seq: int, client_event_id: str
) -> Given:
    """Take one's own reading back."""
    if not readings.find_event(session, record_id, client_event_id):
        _on_top_of(session, record_id, person, base_seq)
        readings.take_back(session, record_id, person=person, client_event_id=client_event_id)
    return _given(session, record_id, person)


def reopen(
    session: Session, record_id: int, person: str, *, base_seq: int, client_event_id: str
) -> Given | None:
    """Undo of an agreement by one of its readers: their reading goes, and the paper waits again.

    None where the newest revision is no agreement that the person had part in: any other undo.
    """
    head = store.revision(session, record_id, store.record(session, record_id).head)
    own = [row for row in readings.readings(session, record_id) if row.person == person]
    if head is None or head.kind != "agreed" or not own:
        return None
    store.undo(
        session,
        record_id,
        base_seq=base_seq,
        actor=person,
        client_event_id=f"{client_event_id}-agreed",
    )
    readings.take_back(session, record_id, person=person, client_event_id=client_event_id)
    return _given(session, record_id, person)


def seen(session: Session, record_id: int, base_seq: int, person: str) -> RevisionRow | None:
    """The decision that somebody worked upon: a revision, or on a blind paper their own reading."""
    if base_seq < OWN:
        return store.revision(session, record_id, base_seq)
    own = readings.readings_by(session, record_id, person)
    return _as_revision(own[-1], len(own)) if own else None


def view(session: Session, record: RecordRow, who: Person | None) -> View | None:
    """What somebody sees of a paper that is read blind; None for a paper that is not.

    Without a person nothing is seen but the paper and the proposal.
    """
    if not record.is_blind:
        return None
    own = readings.readings_by(session, record.id, who.name) if who else []
    if who and not readings.hides(session, record, who.name, who.role):
        return View(_head(own), store.revisions(session, record.id))
    return View(_head(own), [_as_revision(row, seq) for seq, row in enumerate(own, 1)])


def agree(a: ReadingRow, b: ReadingRow) -> bool:
    """Whether two readings say the same: funders, statements and what becomes of the paper."""
    if readings.verdict_class(a.verdict) != readings.verdict_class(b.verdict):
        return False
    one, other = a.answer or Answer(), b.answer or Answer()
    return same_funders(one.funders, other.funders) and same_statements(
        one.statements, other.statements
    )


def _settle(session: Session, record: RecordRow, event: str, offered: link_votes.Offered) -> None:
    rows = readings.full(readings.readings(session, record.id))
    if len(rows) < record.readers or not all(agree(rows[0], row) for row in rows[1:]):
        return
    newest = max(rows, key=lambda row: row.id)
    answer = newest.answer and link_votes.joined(newest.answer, link_votes.votes(rows))
    saved = store.save_revision(
        session,
        record.id,
        base_seq=record.head,
        verdict=readings.agreed_verdict(rows),
        answer=answer,
        actor=" + ".join(row.person for row in rows),
        accepted=newest.accepted,
        reasons={key: why for row in rows for key, why in row.reasons.items()},
        note="; ".join(row.note for row in rows if row.note) or None,
        client_event_id=f"{event}-agreed",
        kind="agreed",
    )
    link_votes.remember(session, saved, rows, offered)


def _on_top_of(session: Session, record_id: int, person: str, base_seq: int) -> None:
    if base_seq != _head(readings.readings_by(session, record_id, person)):
        raise Conflict(None)


def _given(session: Session, record_id: int, person: str) -> Given:
    record = store.record(session, record_id)
    if not record.is_blind:
        return Given(record.head, record.status)
    own = readings.readings_by(session, record_id, person)
    return Given(_head(own), own[-1].verdict if own else "proposed")


def _head(own: Sequence[ReadingRow]) -> int:
    return OWN + len(own) if own else 0


def _as_revision(row: ReadingRow, seq: int) -> RevisionRow:
    """A reading in the form that the cockpit knows; it is never kept so."""
    return RevisionRow(
        record_id=row.record_id,
        seq=seq,
        kind="undo" if row.verdict == "proposed" else "save",
        verdict=row.verdict,
        actor=row.person,
        note=row.note,
        lead_ms=row.lead_ms,
        client_event_id=row.client_event_id,
        created_at=row.created_at,
        accepted=row.accepted,
        reasons=row.reasons,
        after=row.answer,
    )
