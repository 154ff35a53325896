"""Webhooks, for administrators: add, test, pause, remove, and what was sent."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from db import hooks
from db.engine import reading, writing
from db.tables import DeliveryRow, WebhookRow
from workbench.addresses import LONGEST_URL, target
from workbench.context import Context
from workbench.routes.common import JSON_ONLY, Admin

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class Wanted(BaseModel):
    """A webhook to be added."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=LONGEST_URL)
    events: tuple[str, ...] = hooks.EVENTS


class Active(BaseModel):
    """Whether a webhook is to be sent to."""

    model_config = ConfigDict(extra="forbid")

    active: bool


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""
    _add_hooks(routes, ctx)
    _add_deliveries(routes, ctx)


def _add_hooks(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/hooks")
    def every(who: Admin) -> dict[str, Any]:
        with reading(ctx.engine) as session:
            rows = [_told(row) for row in hooks.every(session)]
        return {"hooks": rows, "events": hooks.EVENTS, "inside": ctx.settings.hooks_private}

    @routes.post("/api/hooks", status_code=201, dependencies=JSON_ONLY)
    def create(who: Admin, wanted: Wanted) -> dict[str, Any]:
        target(wanted.url, ctx.settings.hooks_private)
        with writing(ctx.engine) as session:
            row = hooks.add(session, wanted.url, wanted.events, who.name)
        # The only time that the secret is told.
        return _told(row) | {"secret": row.secret}

    @routes.post("/api/hooks/{hook_id}/active", dependencies=JSON_ONLY)
    def set_active(who: Admin, hook_id: Number, wanted: Active) -> dict[str, Any]:
        with writing(ctx.engine) as session:
            return _told(hooks.set_active(session, hook_id, wanted.active))

    @routes.post("/api/hooks/{hook_id}/test", status_code=202, dependencies=JSON_ONLY)
    def test(who: Admin, hook_id: Number) -> dict[str, Any]:
        with writing(ctx.engine) as session:
            return _sent(hooks.ping(session, hook_id))

    @routes.delete("/api/hooks/{hook_id}")
    def remove(who: Admin, hook_id: Number) -> dict[str, Any]:
        with writing(ctx.engine) as session:
            hooks.remove(session, hook_id)
        return {"removed": hook_id}


def _add_deliveries(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/hooks/{hook_id}/deliveries")
    def deliveries(who: Admin, hook_id: Number) -> dict[str, Any]:
        with reading(ctx.engine) as session:
            hooks.hook(session, hook_id)
            return {"deliveries": [_sent(row) for row in hooks.deliveries(session, hook_id)]}

    @routes.post("/api/deliveries/{delivery_id}/again", status_code=202, dependencies=JSON_ONLY)
    def again(who: Admin, delivery_id: Number) -> dict[str, Any]:
        with writing(ctx.engine) as session:
            return _sent(hooks.again(session, delivery_id))


def _told(row: WebhookRow) -> dict[str, Any]:
    """A webhook without its secret."""
    return {
        "id": row.id,
        "url": row.url,
        "events": list(row.events),
        "active": row.active,
        "created_by": row.created_by,
        "created_at": row.created_at.isoformat(),
    }


def _sent(row: DeliveryRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "event": row.event,
        "state": row.state,
        "attempts": row.attempts,
        "status_code": row.status_code,
        "error": row.error,
        "created_at": row.created_at.isoformat(),
        "next_at": row.next_at.isoformat() if row.state == "queued" else None,
    }
