"""Where a record stands in the queue, and where to go on from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, literal, or_
from sqlmodel import Session, col, select

from db.columns import utc_now
from db.errors import NotFound
from db.listing import Filters, Key, conditions, order_for, ranked, undecided
from db.tables import LeaseRow, RecordRow


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record stands in the queue, from 1, and the records next to it.

    `left` is how many other records of the queue nobody has decided.
    """

    index: int
    total: int
    left: int
    next: int | None
    previous: int | None


def neighbours(
    session: Session,
    record_id: int,
    filters: Filters | None = None,
    *,
    person: str | None = None,
    passed: Collection[int] | None = None,
) -> Position:
    """The record's place in the queue, and where to go on from it.

    A record that no longer fits, such as one just decided in the queue of undecided ones, is
    counted where it would stand, so that going on from it leads to the next. With a `person`,
    papers that somebody else has open are passed over, though they count.

    The order of worth moves with every decision, so that walking down it would miss what rises.
    Told what somebody has `passed` in this sitting, it goes on with the first paper to decide that
    is not among these.
    """
    filters = filters or Filters()
    order = order_for(filters)
    columns: Any = [key for key, _ in order]
    keys: Any = select(*columns).where(RecordRow.id == record_id)
    here = session.connection().execute(keys).first()
    if here is None:
        raise NotFound(f"There is no record {record_id}.", "Go back to the queue.")
    others = and_(*conditions(filters), col(RecordRow.id) != record_id)
    before = _beyond(order, here, back=True)
    counted: Any = select(func.count(), _number(before), _number(undecided()))
    total, ahead, left = session.exec(counted.select_from(RecordRow).where(others)).one()
    free = and_(others, _free_for(person)) if person else others
    if passed is not None and filters.sort == "worth":
        following = _to_decide(session, order, here, free, {record_id, *passed})
    else:
        following = _nearest(session, order, here, free, back=False)
    return Position(
        index=ahead + 1,
        total=total + 1,
        left=left,
        next=following,
        previous=_nearest(session, order, here, free, back=True),
    )


def _beyond(order: Sequence[Key], here: Sequence[Any], *, back: bool) -> Any:
    """Whether a record stands after the one with these keys, or before it."""
    found: Any = literal(False)
    for (key, falls), value in reversed(list(zip(order, here, strict=True))):
        after = key < value if falls != back else key > value
        found = or_(after, and_(key == value, found))
    return found


def _nearest(
    session: Session, order: Sequence[Key], here: Sequence[Any], wanted: Any, *, back: bool
) -> int | None:
    query = select(RecordRow.id).where(wanted, _beyond(order, here, back=back))
    nearest: int | None = session.exec(query.order_by(*ranked(order, back)).limit(1)).first()
    return nearest


def _to_decide(
    session: Session, order: Sequence[Key], here: Sequence[Any], free: Any, passed: Collection[int]
) -> int | None:
    """The first to decide that is not among these; else what comes after `here`.

    Past the last one that is left, a walk that began at an undecided paper ends.
    """
    left = and_(free, undecided())
    query: Any = select(RecordRow.id).where(left).order_by(*ranked(order)).limit(len(passed) + 1)
    first: int | None = next((found for found in session.exec(query) if found not in passed), None)
    if first is not None:
        return first
    is_decided = bool(here[0])
    return _nearest(session, order, here, free if is_decided else left, back=False)


def _number(condition: Any) -> Any:
    """How many rows fulfil it."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _free_for(person: str) -> Any:
    """Whether nobody else has the record open."""
    taken = select(LeaseRow.record_id).where(
        col(LeaseRow.until) > utc_now(), LeaseRow.person != person
    )
    return col(RecordRow.id).not_in(taken)
