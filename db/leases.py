"""Who has a paper open: a hint to others, never a lock. Saving asks the revision number alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from db.columns import utc_now
from db.store import record
from db.tables import LeaseRow

LEASE = timedelta(minutes=2)
"""How long a paper counts as open after the page was last heard of."""


def take(
    session: Session,
    record_id: int,
    person: str,
    *,
    over: bool = False,
    now: datetime | None = None,
) -> LeaseRow:
    """The lease of a record: this person's, taken or renewed, unless somebody else has it.

    Theirs is left as it is and returned, if it has not run out; with `over` it is taken over.
    Raises `NotFound` for a record that is not there.
    """
    record(session, record_id)
    now = now or utc_now()
    lease = session.get(LeaseRow, record_id)
    if lease is None:
        lease = LeaseRow(record_id=record_id, person=person, until=now + LEASE)
        session.add(lease)
    elif over or lease.person == person or lease.until <= now:
        lease.person, lease.until = person, now + LEASE
    session.flush()
    return lease


def release(session: Session, record_id: int, person: str) -> bool:
    """Give a record back; False where this person does not have it."""
    lease = session.get(LeaseRow, record_id)
    if lease is None or lease.person != person:
        return False
    session.delete(lease)
    session.flush()
    return True


def stamp(session: Session, now: datetime | None = None) -> tuple[int, int]:
    """Two numbers that change when a paper is opened or closed, and not when a lease is renewed."""
    held = select(func.count(), func.coalesce(func.sum(LeaseRow.record_id), 0))
    count, total = session.exec(held.where(col(LeaseRow.until) > (now or utc_now()))).one()
    return count, total
