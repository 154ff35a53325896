"""The first schema: documents, records, proposals, revisions, jobs and the search index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPEND_ONLY = ("proposals", "revisions")


def upgrade() -> None:
    _documents()
    _records()
    _proposals()
    _revisions()
    _jobs()
    _append_only()
    _search()


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Text(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("origin", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
    )


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "document_sha256", sa.String(64), sa.ForeignKey("documents.sha256"), nullable=False
        ),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("document_sha256", "task", name="uq_records_document_task"),
    )
    op.create_index("ix_records_project", "records", ["project", "id"])


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("record_id", sa.Integer(), sa.ForeignKey("records.id"), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("absent", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
    )
    op.create_index("ix_proposals_record", "proposals", ["record_id", "id", "confidence", "absent"])


def _revisions() -> None:
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("record_id", sa.Integer(), sa.ForeignKey("records.id"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.Column("parent_proposal_id", sa.Integer(), sa.ForeignKey("proposals.id")),
        sa.Column("parent_revision_id", sa.Integer(), sa.ForeignKey("revisions.id")),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("lead_ms", sa.Integer(), nullable=False),
        sa.Column("client_event_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("accepted", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.UniqueConstraint("record_id", "seq", name="uq_revisions_record_seq"),
        sa.UniqueConstraint("client_event_id", name="uq_revisions_client_event"),
    )
    op.create_index("ix_revisions_verdict", "revisions", ["record_id", "seq", "verdict"])


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_id", sa.Integer(), sa.ForeignKey("records.id"), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("hint", sa.String(), nullable=True),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("client_event_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.UniqueConstraint("client_event_id", name="uq_jobs_client_event"),
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "kind", "id"])
    op.create_index("ix_jobs_record", "jobs", ["record_id", "id"])


def _append_only() -> None:
    for table in APPEND_ONLY:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are added and never rewritten'); END"
            )


def _search() -> None:
    # Three-letter pieces without their places: a sixth of the text's size, 7 ms a document, and
    # they leave few documents to look into. Keyed by the record: VACUUM renumbers the hidden row
    # ids of `documents`, whose key is a string.
    op.execute(
        "CREATE VIRTUAL TABLE record_search USING fts5"
        "(text, content='', detail=none, tokenize='trigram')"
    )
    op.execute(
        "CREATE TRIGGER records_search AFTER INSERT ON records BEGIN "
        "INSERT INTO record_search (rowid, text) SELECT NEW.id, name || char(10) || text "
        "FROM documents WHERE sha256 = NEW.document_sha256; END"
    )
