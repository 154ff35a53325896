"""Every refusal is {"error": a sentence with the next step}, in one place."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from db.errors import (
    AccountRefused,
    EventReused,
    NotFound,
    NothingToRestore,
    NothingToUndo,
    ReadBlind,
    StoreError,
)
from db.views import ViewNameTaken
from models.errors import WorkbenchError
from workbench import texts
from workbench.desk.reasons import ReasonMissing
from workbench.people import NotAllowed

REFUSALS = (NotFound, NothingToUndo, NothingToRestore, EventReused, ReadBlind, ViewNameTaken)
"""Errors of the store that are no fault of it."""


def explain_errors(app: FastAPI) -> None:
    """Have the app tell errors so."""

    @app.exception_handler(WorkbenchError)
    def refused(request: Request, error: WorkbenchError) -> JSONResponse:
        refusals = (
            NotFound,
            NothingToUndo,
            NothingToRestore,
            EventReused,
            ReadBlind,
            ViewNameTaken,
        )
        broken = isinstance(error, StoreError) and not isinstance(error, refusals)
        status = 404 if isinstance(error, NotFound) else 503 if broken else 422
        status = 403 if isinstance(error, NotAllowed) else status
        told = error.told() if isinstance(error, ReasonMissing) else []
        return JSONResponse({"error": str(error), "errors": told}, status)

    @app.exception_handler(AccountRefused)
    def not_so(request: Request, error: AccountRefused) -> JSONResponse:
        told = texts.say(f"people.refused.{error.reason}", texts.language_of(request))
        return JSONResponse({"error": told, "errors": []}, 422)

    @app.exception_handler(HTTPException)
    def not_served(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail, "errors": []}, error.status_code, error.headers)

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
