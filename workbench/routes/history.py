"""What happened to a paper and what was said of it; going back to an older revision."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from db.errors import Conflict
from workbench import desk
from workbench.context import Context
from workbench.desk.history import Restore, history, restore
from workbench.desk.talk import Comment, comment, talk
from workbench.routes.common import JSON_ONLY, Curator, RecordId, Viewer


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""
    _add_history(routes, ctx)
    _add_comments(routes, ctx)


def _add_history(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/records/{record_id}/history")
    def read(who: Viewer, record_id: RecordId) -> dict[str, Any]:
        return history(ctx, record_id, who)

    @routes.post("/api/records/{record_id}/restore", status_code=201, dependencies=JSON_ONLY)
    def back(who: Curator, record_id: RecordId, body: Restore) -> Response:
        try:
            revision = restore(ctx, record_id, body, who.name)
        except Conflict as error:
            return JSONResponse(desk.conflict(ctx, record_id, error.current, who), 409)
        return JSONResponse({"seq": revision.seq, "status": revision.verdict}, 201)


def _add_comments(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/records/{record_id}/comments")
    def said(who: Viewer, record_id: RecordId) -> list[dict[str, Any]]:
        return talk(ctx, record_id, who)

    @routes.post("/api/records/{record_id}/comments", status_code=201, dependencies=JSON_ONLY)
    def say(who: Curator, record_id: RecordId, body: Comment) -> dict[str, Any]:
        return comment(ctx, record_id, body, who.name)
