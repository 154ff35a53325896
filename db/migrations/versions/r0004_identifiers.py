"""Papers by their DOI, and under which licence their text stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("documents", sa.Column("doi", sa.String(), nullable=True))
    op.add_column("documents", sa.Column("license", sa.String(), nullable=True))
    op.create_index("ix_documents_doi", "documents", ["doi"])
    op.create_index("ix_documents_card", "documents", ["sha256", "doi", "license", "name"])
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "document_sha256",
            sa.String(length=64),
            sa.ForeignKey("documents.sha256"),
            nullable=False,
        ),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_corrections_document", "corrections", ["document_sha256", "field", "id"])
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER corrections_refuse_{act.lower()} BEFORE {act} ON corrections "
            "BEGIN SELECT RAISE(ABORT, 'corrections are added and never rewritten'); END"
        )
