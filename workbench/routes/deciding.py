"""What curators send: decisions, undo, drafts to be grounded, a request to read once more."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from db.errors import Conflict
from models.schemas import Answer
from workbench import desk
from workbench.context import Context
from workbench.desk import Decision, Undo
from workbench.routes.common import JSON_ONLY, Chosen, Curator, Passed, RecordId, Viewer, read_for


class Draft(BaseModel):
    """An answer in the making, to be grounded."""

    model_config = ConfigDict(extra="forbid")

    answer: Answer


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""

    @routes.post("/api/records/{record_id}/revisions", status_code=201, dependencies=JSON_ONLY)
    def save(
        who: Curator, record_id: RecordId, decision: Decision, chosen: Chosen, passed: Passed
    ) -> Response:
        # Asked before: a decided paper stands elsewhere in the queue.
        following = desk.next_record(ctx, record_id, read_for(chosen, who), who.name, passed)
        try:
            revision = desk.decide(ctx, record_id, decision, who.name)
        except Conflict as error:
            return JSONResponse(desk.conflict(ctx, record_id, error.current, who), 409)
        return JSONResponse(
            {
                "seq": revision.seq,
                "status": revision.verdict,
                "next": following,
            },
            201,
        )

    @routes.post("/api/records/{record_id}/undo", status_code=201, dependencies=JSON_ONLY)
    def undo(who: Curator, record_id: RecordId, body: Undo) -> Response:
        try:
            revision = desk.take_back(ctx, record_id, body, who.name)
        except Conflict as error:
            return JSONResponse(desk.conflict(ctx, record_id, error.current, who), 409)
        return JSONResponse({"seq": revision.seq, "status": revision.verdict}, 201)

    @routes.post("/api/records/{record_id}/ground", dependencies=JSON_ONLY)
    def ground(who: Viewer, record_id: RecordId, draft: Draft) -> dict[str, Any]:
        return desk.reground(ctx, record_id, draft.answer)

    @routes.post("/api/records/{record_id}/propose", status_code=202, dependencies=JSON_ONLY)
    def propose(who: Curator, record_id: RecordId) -> dict[str, Any]:
        return {"job": desk.propose_again(ctx, record_id)}
