"""Papers given to people. Nobody is kept from a paper by it: it is who should look, not who may."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, select

from db.errors import NotFound
from db.tables import AssignmentRow, PersonRow, RecordRow, RevisionRow


def assign(
    session: Session, record_ids: Collection[int], people: Sequence[str], assigned_by: str
) -> int:
    """Give these papers to these people; how many assignments are new.

    Raises `NotFound` for a record that is not there, or a name that is no account where there are
    accounts.
    """
    _require_known(session, record_ids, people)
    given = set(_pairs(session, record_ids))
    fresh = [(r, p) for r in sorted(record_ids) for p in people if (r, p) not in given]
    session.add_all(
        AssignmentRow(record_id=record_id, person=person, assigned_by=assigned_by)
        for record_id, person in dict.fromkeys(fresh)
    )
    session.flush()
    return len(dict.fromkeys(fresh))


def take_back(session: Session, record_ids: Collection[int], people: Sequence[str] = ()) -> int:
    """Take these papers from these people, or from all; how many assignments ended."""
    query = select(AssignmentRow).where(col(AssignmentRow.record_id).in_(record_ids))
    if people:
        query = query.where(col(AssignmentRow.person).in_(people))
    rows = session.exec(query).all()
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)


def names(session: Session) -> list[str]:
    """Whom papers may be given to: the active accounts, else everybody who was seen here."""
    accounts = _accounts(session)
    if accounts:
        return accounts
    found = set(session.exec(select(AssignmentRow.person).distinct()))
    return sorted(found | set(deciders(session)), key=str.casefold)


def deciders(session: Session) -> list[str]:
    """Everybody who has made a revision."""
    return sorted(session.exec(select(RevisionRow.actor).distinct()), key=str.casefold)


def _accounts(session: Session) -> list[str]:
    query = select(PersonRow.name).where(col(PersonRow.active)).order_by(PersonRow.name)
    return list(session.exec(query))


def _pairs(session: Session, record_ids: Collection[int]) -> list[tuple[int, str]]:
    query = select(AssignmentRow.record_id, AssignmentRow.person)
    return list(session.exec(query.where(col(AssignmentRow.record_id).in_(record_ids))))


def _require_known(session: Session, record_ids: Collection[int], people: Sequence[str]) -> None:
    there = set(session.exec(select(RecordRow.id).where(col(RecordRow.id).in_(record_ids))))
    if missing := sorted(set(record_ids) - there):
        raise NotFound(f"There is no record {missing[0]}.", "Reload the queue.")
    accounts = _accounts(session)
    strange = [name for name in people if accounts and name not in accounts]
    if strange:
        raise NotFound(f"There is no account {strange[0]!r}.", "Choose a name from the list.")
