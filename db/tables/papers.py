"""Documents, what models proposed, what curators decided, and work to be done."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime, Validated, Word, utc_now
from models.schemas import Answer, Page, Proposal, Verdict

RevisionKind = Literal["save", "undo", "import", "restore", "agreed", "adjudicated"]
JobKind = Literal["read", "propose", "ask"]
JobState = Literal["queued", "running", "done", "failed"]


class Reason(BaseModel):
    """Why a paper is worth a look: a kind for programs, what exactly for people."""

    model_config = ConfigDict(frozen=True)

    kind: str
    detail: str = ""


class DocumentRow(SQLModel, table=True):
    """A file that was read. The same bytes are one document, whatever the file is called.

    `text` is what every span points into, `raw` the text as the file gave it. `origin` and
    `words` are compressed arrays that only their writer understands. Small columns stand first:
    SQLite reads a row from the front, and so a list need not load any text. `doi` and `license`
    stand behind the texts in older stores: the index over the document's card holds them too.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index("ix_documents_doi", "doi"),
        Index("ix_documents_card", "sha256", "doi", "license", "name"),
    )

    sha256: str = Field(primary_key=True, min_length=64, max_length=64)
    name: str
    media_type: str
    size: int
    doi: str | None = None
    license: str | None = None
    pages: tuple[Page, ...] = Field(
        default=(), sa_column=Column(Validated(tuple[Page, ...]), nullable=False)
    )
    warnings: tuple[str, ...] = Field(
        default=(), sa_column=Column(Validated(tuple[str, ...]), nullable=False)
    )
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    text: str = Field(sa_column=Column(Text, nullable=False))
    raw: str = Field(sa_column=Column(Text, nullable=False))
    origin: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    words: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))


DECIDED = "status IN ('accepted', 'corrected', 'no_funding')"
"""Whether a record is anybody's gold: `GOLD_VERDICTS` as an index can hold them."""


class RecordRow(SQLModel, table=True):
    """A document to be decided for one task.

    `head` is the number of its newest revision, 0 where there is none: whoever saves names the
    head that they saw. `name`, `status`, `proposal_id`, `confidence` and `absent` repeat what the
    document, the newest revision and the newest proposal say, and `worth` (0 to 1) with `reasons`
    why the paper should be looked at: a queue of 100,000 is read from one index, so small columns
    stand first. `readers` people decide it, blind to each other where it is more than one.
    """

    __tablename__ = "records"
    __table_args__ = (
        UniqueConstraint("document_sha256", "task", name="uq_records_document_task"),
        Index("ix_records_project", "project", "id"),
        Index("ix_records_updated", "updated_at"),
        Index(
            "ix_records_queue",
            "task",
            "status",
            "project",
            "worth",
            "confidence",
            "absent",
            "proposal_id",
            "updated_at",
            "head",
            "name",
            "reasons",
        ),
        Index("ix_records_name", "task", "name"),
        Index("ix_records_worth", "task", "status", "worth"),
        Index(
            "ix_records_order",
            "task",
            text(f"({DECIDED})"),
            text("worth DESC"),
            "id",
            "status",
            "project",
            "confidence",
            "absent",
            "updated_at",
            "head",
        ),
    )

    id: int = Field(default=None, primary_key=True)
    document_sha256: str = Field(foreign_key="documents.sha256", max_length=64)
    task: str = "funding"
    project: str = "inbox"
    head: int = 0
    name: str = Field(default="", sa_column=Column(String(collation="NOCASE"), nullable=False))
    proposal_id: int | None = None
    status: Verdict = Field(default="proposed", sa_column=Column(Word(Verdict), nullable=False))
    confidence: float | None = None
    absent: int = 0
    worth: float = 0.0
    reasons: tuple[Reason, ...] = Field(
        default=(), sa_column=Column(Validated(tuple[Reason, ...]), nullable=False)
    )
    readers: int = 1
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    updated_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )

    @property
    def is_blind(self) -> bool:
        """Whether it waits for readings: what one reader says is hidden from the others."""
        return self.readers > 1 and self.status == "proposed"


class ProposalRow(SQLModel, table=True):
    """What a model said about a record; the newest is current. Never changed, never deleted.

    `confidence` is that of the least certain value, `absent` the number of values that are not
    in the text.
    """

    __tablename__ = "proposals"
    __table_args__ = (Index("ix_proposals_record", "record_id", "id", "confidence", "absent"),)

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="records.id")
    confidence: float | None = None
    absent: int = 0
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    proposal: Proposal = Field(sa_column=Column(Validated(Proposal), nullable=False))


class RevisionRow(SQLModel, table=True):
    """What a curator decided, in the order of `seq`. Never changed, never deleted.

    An undo is a revision too: it repeats the verdict and answer of the revision numbered
    `restores`, or goes back to the proposal where that is None; a restore repeats any older one.
    `reasons` says by JSON pointer into the answer why a value stays that is not in the text;
    revisions of one bulk action share their `batch`.
    """

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("record_id", "seq", name="uq_revisions_record_seq"),
        UniqueConstraint("client_event_id", name="uq_revisions_client_event"),
        Index("ix_revisions_verdict", "record_id", "seq", "verdict"),
        Index("ix_revisions_batch", "batch"),
        Index("ix_revisions_actor", "actor", "created_at"),
        Index("ix_revisions_decider", "actor", "record_id", "seq"),
    )

    id: int = Field(default=None, primary_key=True)
    record_id: int = Field(foreign_key="records.id")
    seq: int
    kind: RevisionKind = Field(sa_column=Column(Word(RevisionKind), nullable=False))
    verdict: Verdict = Field(sa_column=Column(Word(Verdict), nullable=False))
    restores: int | None = None
    parent_proposal_id: int | None = Field(default=None, foreign_key="proposals.id")
    parent_revision_id: int | None = Field(default=None, foreign_key="revisions.id")
    actor: str
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
    batch: str | None = None
    before: Answer | None = Field(default=None, sa_column=Column(Validated(Answer), nullable=True))
    after: Answer | None = Field(default=None, sa_column=Column(Validated(Answer), nullable=True))


class JobRow(SQLModel, table=True):
    """Work for the background: reading a file that came in, or asking a model about a record."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("client_event_id", name="uq_jobs_client_event"),
        Index("ix_jobs_state", "state", "kind", "id"),
        Index("ix_jobs_record", "record_id", "id"),
    )

    id: int = Field(default=None, primary_key=True)
    kind: JobKind = Field(sa_column=Column(Word(JobKind), nullable=False))
    record_id: int | None = Field(default=None, foreign_key="records.id")
    name: str
    path: str | None = None
    project: str = "inbox"
    state: JobState = Field(default="queued", sa_column=Column(Word(JobState), nullable=False))
    attempts: int = 0
    error: str | None = None
    hint: str | None = None
    progress: float = 0.0
    client_event_id: str | None = None
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    started_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
