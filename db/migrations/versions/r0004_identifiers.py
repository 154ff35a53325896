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
