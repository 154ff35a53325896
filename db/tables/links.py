"""What people decided a funder's name means, one row each, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime, Word, utc_now

LinkVerdict = Literal["confirmed", "refused", "none", "withdrawn"]
"""That a name means an organisation, or does not, or none that is known; `withdrawn` takes back
what the person said of the name in this paper."""


class LinkDecisionRow(SQLModel, table=True):
    """One person's word on one name in one paper. The newest of these three counts."""

    __tablename__ = "link_decisions"
    __table_args__ = (
        UniqueConstraint(
            "record_id", "seq", "key", "person", "verdict", "ror", name="uq_link_decisions"
        ),
        Index("ix_link_decisions_key", "key", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="records.id")
    seq: int
    key: str
    name: str
    verdict: LinkVerdict = Field(sa_column=Column(Word(LinkVerdict), nullable=False))
    ror: str = ""
    funder_id: str | None = None
    organisation: str = ""
    person: str
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
