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

    @routes.get("/api/export/{name}.{suffix}")
    def export(
        who: Viewer, name: str, suffix: str, project: str | None = None
    ) -> StreamingResponse:
        of = exports.open_format(name)
        if suffix != of.suffix:
            raise exports.UnknownFormat(
                f"{of.name} is no {suffix}.", f"Ask for {of.name}.{of.suffix}."
            )
        headers = {"Content-Disposition": f'attachment; filename="{of.name}.{of.suffix}"'}
        pieces: Iterator[bytes] = exports.pieces(ctx, name, project)
        return StreamingResponse(pieces, media_type=of.media_type, headers=headers)
