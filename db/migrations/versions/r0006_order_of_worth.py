"""An index that stands in the order of worth, so that a page of the queue sorts nothing."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_records_order ON records (task, "
        "(status IN ('accepted', 'corrected', 'no_funding')), worth DESC, id, status, "
        "project, confidence, absent, updated_at, head)"
    )
