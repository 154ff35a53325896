"""Gold and preference pairs as files."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from workbench import exports
from workbench.context import Context
from workbench.routes.common import Viewer


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""

    @routes.get("/api/export/{name}.jsonl")
    def export(who: Viewer, name: str, project: str | None = None) -> StreamingResponse:
        lines: Iterator[str] = exports.lines(ctx, name, project)
        headers = {"Content-Disposition": f'attachment; filename="{name}.jsonl"'}
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)
