"""What people said of documents: their DOI, their licence; one row each, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime, Word, utc_now

CardField = Literal["doi", "license"]


class CorrectionRow(SQLModel, table=True):
    """A person's word on a fact of a document; `value` is None where they took it away.

    The document's own columns repeat the newest, and hold what was found where there is none.
    """

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_document", "document_sha256", "field", "id"),)

    id: int = Field(default=None, primary_key=True)
    document_sha256: str = Field(foreign_key="documents.sha256", max_length=64)
    field: CardField = Field(sa_column=Column(Word(CardField), nullable=False))
    value: str | None = None
    person: str
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
