"""Training runs and the adapters that come of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime, Validated, Word, utc_now

RunState = Literal["queued", "running", "finished", "stopped", "interrupted", "failed"]
AdapterState = Literal["candidate", "live", "retired"]


class TrainingRunRow(SQLModel, table=True):
    """A training run: its data and results lie in `folder`, its process is `pid`.

    At most one waits. Whether one that says "running" really runs is asked of its process.
    `parent` is the adapter that it goes on from, `adapter` the one that came of it.
    """

    __tablename__ = "training_runs"
    __table_args__ = (
        Index(
            "uq_training_runs_queued", "state", unique=True, sqlite_where=text("state = 'queued'")
        ),
    )

    id: int = Field(default=None, primary_key=True)
    recipe: str
    base: str
    parent: str | None = None
    snapshot_sha256: str = Field(max_length=64)
    folder: str
    state: RunState = Field(default="queued", sa_column=Column(Word(RunState), nullable=False))
    pid: int | None = None
    pid_created: float | None = None
    message: str = ""
    adapter: str | None = None
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    started_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))


class AdapterRow(SQLModel, table=True):
    """An adapter that was trained or brought in; one is live for a base and a task.

    `replaces` is the adapter that was live before this one: a rollback goes there. `actor` and
    `reason` are of the last act, promotion or rollback, that changed its state.
    """

    __tablename__ = "adapters"
    __table_args__ = (
        UniqueConstraint("name", name="uq_adapters_name"),
        UniqueConstraint("run_id", name="uq_adapters_run"),
        Index("uq_adapters_live", "base", "task", unique=True, sqlite_where=text("state = 'live'")),
    )

    id: int = Field(default=None, primary_key=True)
    name: str
    base: str
    task: str = "funding"
    parent: str | None = None
    run_id: int | None = Field(default=None, foreign_key="training_runs.id")
    folder: str
    sha256: str = Field(max_length=64)
    state: AdapterState = Field(
        default="candidate", sa_column=Column(Word(AdapterState), nullable=False)
    )
    metrics: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(Validated(dict[str, Any]), nullable=False)
    )
    replaces: str | None = None
    reason: str | None = None
    actor: str | None = None
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    promoted_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
