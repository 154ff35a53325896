"""How a project wants its papers read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime, utc_now


class ProjectRow(SQLModel, table=True):
    """Settings of a project; one without a row has these defaults.

    `share` per cent of its papers are read by `readers` people, blind to each other.
    """

    __tablename__ = "projects"

    name: str = Field(primary_key=True)
    share: int = 0
    readers: int = 2
    changed_by: str
    changed_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
