"""What people decided a funder's name means."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "link_decisions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("record_id", sa.Integer(), sa.ForeignKey("records.id"), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("ror", sa.String(), nullable=False),
        sa.Column("funder_id", sa.String(), nullable=True),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint(
            "record_id", "seq", "key", "person", "verdict", "ror", name="uq_link_decisions"
        ),
    )
    op.create_index("ix_link_decisions_key", "link_decisions", ["key", "id"])
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER link_decisions_refuse_{act.lower()} BEFORE {act} ON link_decisions "
            "BEGIN SELECT RAISE(ABORT, 'decisions are added and never rewritten'); END"
        )
