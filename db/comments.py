"""What people say of a paper or of one of its values; said once, never edited and never deleted."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from db import store
from db.errors import EventReused
from db.tables import CommentRow


def add(
    session: Session,
    record_id: int,
    *,
    person: str,
    body: str,
    client_event_id: str,
    path: str | None = None,
    value: str | None = None,
) -> CommentRow:
    """Keep a comment upon the record as it stands, or upon its `value` at a JSON pointer.

    Sending the same event again returns the same comment. Raises `EventReused` where it was sent
    for another one, and `ValueError` for a comment without words or without a person.
    """
    if not body.strip() or not person.strip() or not client_event_id.strip():
        raise ValueError("a comment needs words, a person and a client_event_id")
    query = select(CommentRow).where(CommentRow.client_event_id == client_event_id)
    known: CommentRow | None = session.exec(query).first()
    if known is None:
        about = {"path": path, "value": value, "client_event_id": client_event_id}
        return _added(session, record_id, person, body.strip(), about)
    if (known.record_id, known.person, known.body) != (record_id, person, body.strip()):
        raise EventReused("This was sent before for another comment.", "Reload and say it again.")
    return known


def _added(
    session: Session, record_id: int, person: str, body: str, about: dict[str, Any]
) -> CommentRow:
    row = CommentRow(
        record_id=record_id,
        seq=store.record(session, record_id).head,
        person=person,
        body=body,
        **about,
    )
    session.add(row)
    session.flush()
    return row


def of_record(session: Session, record_id: int) -> list[CommentRow]:
    """What was said of a record, the oldest first."""
    query = select(CommentRow).where(CommentRow.record_id == record_id)
    return list(session.exec(query.order_by(col(CommentRow.id))))
