"""Run by Alembic: the connection comes from `db.migrations.config`, the target from the tables."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from db import tables as tables
from db.migrations import is_ours

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    include_name=is_ours,
)
with context.begin_transaction():
    context.run_migrations()
