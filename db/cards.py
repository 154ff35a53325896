"""What is known of documents besides their text: found, or said by people, who are kept."""

from __future__ import annotations

from typing import Any, get_args

from sqlalchemy import func
from sqlmodel import Session, col, select

from db import store
from db.tables import CardField, CorrectionRow, DocumentRow
from models.schemas import Page

FIELDS: tuple[CardField, ...] = get_args(CardField)


def correct(
    session: Session, sha256: str, person: str, facts: dict[CardField, str | None]
) -> DocumentRow:
    """Keep what a person says of a document; what is so already adds nothing."""
    row = store.document(session, sha256)
    for name in FIELDS:
        if name in facts and facts[name] != getattr(row, name):
            said = CorrectionRow(
                document_sha256=sha256, field=name, value=facts[name], person=person
            )
            session.add(said)
            setattr(row, name, facts[name])
    session.flush()
    return row


def corrections(session: Session, sha256: str) -> dict[CardField, CorrectionRow]:
    """The newest word of a person on each fact of a document."""
    query = select(CorrectionRow).where(CorrectionRow.document_sha256 == sha256)
    return {row.field: row for row in session.exec(query.order_by(col(CorrectionRow.id)))}


def without_doi(
    session: Session, after: str, limit: int, characters: int
) -> list[tuple[str, str, tuple[Page, ...], str]]:
    """Documents that have no DOI and of whose DOI nobody said anything, by number.

    Of each: its sha256, name, pages and the beginning of its text. `after` is the last sha256 that
    was seen before.
    """
    said = select(CorrectionRow.document_sha256).where(CorrectionRow.field == "doi")
    beginning = func.substr(DocumentRow.text, 1, characters)
    query: Any = select(DocumentRow.sha256, DocumentRow.name, DocumentRow.pages, beginning)
    query = query.where(
        col(DocumentRow.doi).is_(None),
        DocumentRow.sha256 > after,
        col(DocumentRow.sha256).not_in(said),
    )
    return [tuple(row) for row in session.exec(query.order_by(DocumentRow.sha256).limit(limit))]


def put_doi(session: Session, sha256: str, doi: str) -> bool:
    """Keep a DOI that was found, unless the document got one meanwhile; whether it was kept."""
    row = store.document(session, sha256)
    if row.doi is not None or "doi" in corrections(session, sha256):
        return False
    row.doi = doi
    return True
