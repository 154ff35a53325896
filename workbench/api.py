"""The HTTP face of the desk, for the cockpit and for other programs: JSON in, JSON out.

Bodies must be sent as `application/json`: a page of another site cannot send that without the
browser asking first, and this server never agrees.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, ValidationError

from db import store
from db.engine import reading
from db.errors import Conflict, EventReused, NotFound, NothingToUndo, StoreError
from db.files import file_path
from db.listing import Filters, Sort
from models.errors import WorkbenchError
from models.schemas import Answer, Verdict
from workbench import desk, doctor, exports
from workbench.context import Context
from workbench.desk import Decision, Undo


class Draft(BaseModel):
    """An answer in the making, to be grounded."""

    model_config = ConfigDict(extra="forbid")

    answer: Answer


def filters(
    status: Verdict | Literal[""] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    sort: Sort = "uncertain",
    project: Annotated[str, Query(max_length=100)] = "",
) -> Filters:
    """The queue's filters out of the query string."""
    return Filters(status=status or None, q=q, sort=sort, project=project or None)


Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
RecordId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Chosen = Annotated[Filters, Depends(filters)]


def _require_json(request: Request) -> None:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send the body as application/json.")


def router(ctx: Context) -> APIRouter:
    """All routes, over one context."""
    routes = APIRouter()
    _add_reading(routes, ctx)
    _add_documents(routes, ctx)
    _add_deciding(routes, ctx)
    _add_exports(routes, ctx)
    return routes


def _add_reading(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/records")
    def records(
        chosen: Chosen,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        return desk.queue(ctx, chosen, offset, limit)

    @routes.get("/api/records/{record_id}")
    def record(record_id: RecordId, chosen: Chosen) -> dict[str, Any]:
        return desk.review(ctx, record_id, chosen)

    @routes.get("/healthz")
    def health() -> Response:
        problems = [check for check in doctor.quick(ctx) if not check.ok]
        detail = {check.name: check.detail for check in problems}
        return JSONResponse(
            {"ok": not problems, "problems": detail}, status_code=503 if problems else 200
        )


def _add_documents(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/documents/{sha256}/pages/{number}")
    def page(sha256: Sha256, number: int) -> dict[str, Any]:
        return desk.page(ctx, sha256, number)

    @routes.get("/files/{sha256}")
    def file(sha256: Sha256) -> FileResponse:
        with reading(ctx.engine) as session:
            row = store.document(session, sha256)
        kind = row.media_type if row.media_type == "application/pdf" else "text/plain"
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
            "Cache-Control": "private, max-age=86400, immutable",
        }
        return FileResponse(file_path(ctx.files, sha256), media_type=kind, headers=headers)


def _add_deciding(routes: APIRouter, ctx: Context) -> None:
    guarded = [Depends(_require_json)]

    @routes.post("/api/records/{record_id}/revisions", status_code=201, dependencies=guarded)
    def save(record_id: RecordId, decision: Decision, chosen: Chosen) -> Response:
        try:
            revision = desk.decide(ctx, record_id, decision)
        except Conflict as error:
            return JSONResponse(desk.conflict(ctx, record_id, error.current), 409)
        return JSONResponse(
            {
                "seq": revision.seq,
                "status": revision.verdict,
                "next": desk.next_record(ctx, record_id, chosen),
            },
            201,
        )

    @routes.post("/api/records/{record_id}/undo", status_code=201, dependencies=guarded)
    def undo(record_id: RecordId, body: Undo) -> Response:
        try:
            revision = desk.take_back(ctx, record_id, body)
        except Conflict as error:
            return JSONResponse(desk.conflict(ctx, record_id, error.current), 409)
        return JSONResponse({"seq": revision.seq, "status": revision.verdict}, 201)

    @routes.post("/api/records/{record_id}/ground", dependencies=guarded)
    def ground(record_id: RecordId, draft: Draft) -> dict[str, Any]:
        return desk.reground(ctx, record_id, draft.answer)

    @routes.post("/api/records/{record_id}/propose", status_code=202, dependencies=guarded)
    def propose(record_id: RecordId) -> dict[str, Any]:
        return {"job": desk.propose_again(ctx, record_id)}


def _add_exports(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/export/{name}.jsonl")
    def export(name: str, project: str | None = None) -> StreamingResponse:
        lines: Iterator[str] = exports.lines(ctx, name, project)
        headers = {"Content-Disposition": f'attachment; filename="{name}.jsonl"'}
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


def explain_errors(app: FastAPI) -> None:
    """Every refusal is {"error": a sentence with the next step}, in one place."""

    @app.exception_handler(WorkbenchError)
    def refused(request: Request, error: WorkbenchError) -> JSONResponse:
        refusals = (NotFound, NothingToUndo, EventReused)
        broken = isinstance(error, StoreError) and not isinstance(error, refusals)
        status = 404 if isinstance(error, NotFound) else 503 if broken else 422
        return JSONResponse({"error": str(error), "errors": []}, status)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        return _malformed(error.errors())

    @app.exception_handler(ValidationError)
    def invalid(request: Request, error: ValidationError) -> JSONResponse:
        return _malformed(error.errors())


def _malformed(errors: Any) -> JSONResponse:
    """Pydantic's messages with JSON pointers that the raw tab can show."""
    told = [{"path": _pointer(error["loc"]), "message": error["msg"]} for error in errors]
    first = f" {told[0]['path']}: {told[0]['message']}." if told else ""
    return JSONResponse({"error": f"This is not valid.{first}", "errors": told}, 422)


def _pointer(location: tuple[str | int, ...]) -> str:
    parts = [str(part) for part in location if part not in ("body", "answer")]
    return "/" + "/".join(parts)
