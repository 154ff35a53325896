"""What people who share a store need: who reads what, who has it open, what they say of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime, Validated, Word, utc_now
from models.schemas import Answer, Verdict


class AssignmentRow(SQLModel, table=True):
    """A paper given to a person."""

    __tablename__ = "assignments"
    __table_args__ = (
        UniqueConstraint("record_id", "person", name="uq_assignments_record_person"),
        Index("ix_assignments_person", "person", "record_id"),
    )

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="records.id")
    person: str
    assigned_by: str
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )


class LeaseRow(SQLModel, table=True):
    """Who has a paper open, and until when it counts as theirs unless they go on."""

    __tablename__ = "leases"

    record_id: int = Field(primary_key=True, foreign_key="records.id")
    person: str
    until: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class ReadingRow(SQLModel, table=True):
    """What one of several readers decided, blind to the others. Never changed, never deleted.

    The newest of a person counts. When enough people have read a paper and agree, a revision
    repeats what they say; where they differ an adjudicator decides.
    """

    __tablename__ = "readings"
    __table_args__ = (
        UniqueConstraint("client_event_id", name="uq_readings_client_event"),
        Index("ix_readings_record", "record_id", "person", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="records.id")
    person: str
    proposal_id: int | None = Field(default=None, foreign_key="proposals.id")
    verdict: Verdict = Field(sa_column=Column(Word(Verdict), nullable=False))
    note: str | None = None
    lead_ms: int = 0
    client_event_id: str
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    accepted: tuple[str, ...] = Field(
        default=(), sa_column=Column(Validated(tuple[str, ...]), nullable=False)
    )
    reasons: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(Validated(dict[str, str]), nullable=False)
    )
    answer: Answer | None = Field(default=None, sa_column=Column(Validated(Answer), nullable=True))


class CommentRow(SQLModel, table=True):
    """What somebody says of a paper, or of one `value` of it at `path`, a JSON pointer."""

    __tablename__ = "comments"
    __table_args__ = (
        UniqueConstraint("client_event_id", name="uq_comments_client_event"),
        Index("ix_comments_record", "record_id", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="records.id")
    seq: int = 0
    person: str
    body: str
    path: str | None = None
    value: str | None = None
    client_event_id: str
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )


class ViewRow(SQLModel, table=True):
    """Filters and order of the queue under a name; a shared one is seen by all."""

    __tablename__ = "views"
    __table_args__ = (UniqueConstraint("owner", "name", name="uq_views_owner_name"),)

    id: int = Field(default=None, primary_key=True)
    owner: str
    name: str
    shared: bool = False
    filters: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Validated(dict[str, Any]), nullable=False)
    )
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
