"""Papers whose readers differ, for those who decide between them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from db.errors import Conflict
from workbench.context import Context
from workbench.desk import adjudication
from workbench.desk.adjudication import Judgement
from workbench.routes.common import JSON_ONLY, Adjudicator, RecordId


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""

    @routes.get("/api/adjudicate")
    def waiting(who: Adjudicator, project: str = "") -> dict[str, Any]:
        return adjudication.waiting(ctx, who, project or None)

    @routes.get("/api/adjudicate/{record_id}")
    def compare(who: Adjudicator, record_id: RecordId) -> Response:
        try:
            return JSONResponse(adjudication.compare(ctx, record_id, who))
        except Conflict as error:
            return _decided(error)

    @routes.post("/api/adjudicate/{record_id}", status_code=201, dependencies=JSON_ONLY)
    def settle(who: Adjudicator, record_id: RecordId, sent: Judgement) -> Response:
        try:
            return JSONResponse(adjudication.settle(ctx, record_id, sent, who), 201)
        except Conflict as error:
            return _decided(error)


def _decided(error: Conflict) -> Response:
    """Somebody was first: who, and what became of the paper."""
    current = error.current
    told = f"{current.actor} decided this paper ({current.verdict})" if current else "It is decided"
    return JSONResponse(
        {"error": f"{told} in the meantime. Go on with the next one.", "errors": []}, 409
    )
