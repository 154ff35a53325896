"""Webhooks: who is told of what happens here, and what was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from db.columns import UtcDateTime, Validated, Word, utc_now

DeliveryState = Literal["queued", "done", "failed"]


class WebhookRow(SQLModel, table=True):
    """An address that is told of events. `secret` signs what is sent."""

    __tablename__ = "webhooks"

    id: int = Field(default=None, primary_key=True)
    url: str
    secret: str
    events: tuple[str, ...] = Field(sa_column=Column(Validated(tuple[str, ...]), nullable=False))
    active: bool = True
    created_by: str
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )


class DeliveryRow(SQLModel, table=True):
    """One event for one webhook, sent until it is taken or given up."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_state", "state", "next_at"),)

    id: int = Field(default=None, primary_key=True)
    webhook_id: int = Field(foreign_key="webhooks.id")
    event: str
    body: dict[str, Any] = Field(sa_column=Column(Validated(dict[str, Any]), nullable=False))
    state: DeliveryState = Field(
        default="queued", sa_column=Column(Word(DeliveryState), nullable=False)
    )
    attempts: int = 0
    status_code: int | None = None
    error: str | None = None
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
    next_at: datetime = Field(
        default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False)
    )
