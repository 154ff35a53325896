"""Filters and order of the queue, kept under a name: one's own, and those that are shared."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, or_, select

from db.errors import NotFound, StoreError
from db.tables import ViewRow


class ViewNameTaken(StoreError):
    """The person has a view of this name."""


def views(session: Session, person: str) -> list[ViewRow]:
    """The person's views and those that others share, by name."""
    query = select(ViewRow).where(or_(ViewRow.owner == person, col(ViewRow.shared)))
    return list(session.exec(query.order_by(ViewRow.name, col(ViewRow.id))))


def add(
    session: Session, person: str, name: str, filters: dict[str, Any], *, shared: bool = False
) -> ViewRow:
    """Keep filters under a name. Raises `ViewNameTaken` where the person has that name."""
    _require_free(session, person, name)
    row = ViewRow(owner=person, name=name, filters=filters, shared=shared)
    session.add(row)
    session.flush()
    return row


def change(
    session: Session,
    view_id: int,
    person: str,
    *,
    name: str | None = None,
    filters: dict[str, Any] | None = None,
    shared: bool | None = None,
) -> ViewRow:
    """Change a view of one's own; what is None stays."""
    row = _own(session, view_id, person)
    if name is not None and name != row.name:
        _require_free(session, person, name)
        row.name = name
    row.filters = row.filters if filters is None else filters
    row.shared = row.shared if shared is None else shared
    session.flush()
    return row


def delete(session: Session, view_id: int, person: str) -> None:
    """Forget a view of one's own."""
    session.delete(_own(session, view_id, person))
    session.flush()


def _own(session: Session, view_id: int, person: str) -> ViewRow:
    row = session.get(ViewRow, view_id)
    if row is None or row.owner != person:
        raise NotFound("There is no such view of yours.", "Save one under a name of your own.")
    return row


def _require_free(session: Session, person: str, name: str) -> None:
    query = select(ViewRow.id).where(ViewRow.owner == person, ViewRow.name == name)
    if session.exec(query).first() is not None:
        raise ViewNameTaken(f"You have a view named {name!r}.", "Choose another name.")
