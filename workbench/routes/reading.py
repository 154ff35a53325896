"""The queue, a paper under review, the text and the file of a document."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from db import store
from db.engine import reading
from db.files import file_path
from workbench import desk, doctor
from workbench.context import Context
from workbench.people import person_of
from workbench.routes.common import Chosen, Passed, RecordId, Sha256, Viewer, read_for


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""
    _add_records(routes, ctx)
    _add_documents(routes, ctx)


def _add_records(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/records")
    def records(
        who: Viewer,
        chosen: Chosen,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        return desk.queue(ctx, chosen, offset, limit)

    @routes.get("/api/records/{record_id}")
    def record(who: Viewer, record_id: RecordId, chosen: Chosen, passed: Passed) -> dict[str, Any]:
        return desk.review(ctx, record_id, read_for(chosen, who), who, passed)

    @routes.get("/healthz")
    def health(request: Request) -> Response:
        problems = [check for check in doctor.quick(ctx) if not check.ok]
        told: dict[str, Any] = {"ok": not problems}
        if person_of(request) is not None:  # paths and the like are nobody else's business
            told["problems"] = {check.name: check.detail for check in problems}
        return JSONResponse(told, status_code=503 if problems else 200)


def _add_documents(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/documents/{sha256}/pages/{number}")
    def page(who: Viewer, sha256: Sha256, number: int) -> dict[str, Any]:
        return desk.page(ctx, sha256, number)

    @routes.get("/files/{sha256}")
    def file(who: Viewer, sha256: Sha256) -> FileResponse:
        with reading(ctx.engine) as session:
            row = store.document(session, sha256)
        kind = row.media_type if row.media_type == "application/pdf" else "text/plain"
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
            "Cache-Control": "private, max-age=86400, immutable",
        }
        return FileResponse(file_path(ctx.files, sha256), media_type=kind, headers=headers)
