"""Exports, at once or in the background with a proof, and the cards of documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path as FilePath
from tempfile import NamedTemporaryFile
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from db import cards
from db.engine import writing
from models.dois import normalised
from models.errors import WorkbenchError
from workbench import exports
from workbench.context import Context
from workbench.exchange import jobs
from workbench.exchange.writing import Spec
from workbench.routes.common import JSON_ONLY, Curator, Sha256, Viewer


class Wanted(BaseModel):
    """An export to begin."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(max_length=40)
    project: str | None = Field(default=None, max_length=100)
    options: dict[str, str] = Field(default_factory=dict)
    split: int = Field(default=0, ge=0, le=10_000_000)


class Card(BaseModel):
    """What is known of a document; what is left out stays, null or blank is taken away."""

    model_config = ConfigDict(extra="forbid")

    doi: str | None = Field(default=None, max_length=250)
    license: str | None = Field(default=None, max_length=200)


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""
    _add_pieces(routes, ctx)
    _add_jobs(routes, ctx)
    _add_cards(routes, ctx)


def _add_pieces(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/export/{name}.{suffix}")
    def export(who: Viewer, name: str, suffix: str, project: str | None = None) -> Response:
        of = exports.open_format(name)
        if suffix != of.suffix or of.name == "parquet":
            raise exports.UnknownFormat(
                f"{name}.{suffix} cannot be streamed.", "Begin an export with POST /api/exports."
            )
        headers = {"Content-Disposition": f'attachment; filename="{name}.{of.suffix}"'}
        pieces: Iterator[bytes] = exports.pieces(ctx, name, project)
        return StreamingResponse(pieces, media_type=of.media_type, headers=headers)


def _add_jobs(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/exports")
    def listing(who: Viewer) -> dict[str, Any]:
        return {"items": [asdict(job) for job in jobs.jobs(ctx)]}

    @routes.post("/api/exports", status_code=202, dependencies=JSON_ONLY)
    def begin(who: Curator, wanted: Wanted) -> dict[str, Any]:
        return asdict(jobs.start(ctx, Spec(**wanted.model_dump()), who.name))

    @routes.post("/api/exports/{job}/cancel", dependencies=JSON_ONLY)
    def cancel(who: Curator, job: str) -> dict[str, Any]:
        return asdict(jobs.cancel(ctx, job))

    @routes.post("/api/exports/{job}/resume", status_code=202, dependencies=JSON_ONLY)
    def resume(who: Curator, job: str) -> dict[str, Any]:
        return asdict(jobs.resume(ctx, job))

    @routes.delete("/api/exports/{job}", status_code=204, dependencies=JSON_ONLY)
    def remove(who: Curator, job: str) -> None:
        jobs.remove(ctx, job)

    @routes.get("/api/exports/{job}/file")
    def file(who: Viewer, job: str) -> Response:
        path = jobs.file_of(ctx, job)
        return _zipped(path) if path.is_dir() else FileResponse(path, filename=path.name)

    @routes.get("/api/exports/{job}/unfit")
    def unfit(who: Viewer, job: str) -> FileResponse:
        path = jobs.report_of(ctx, job)
        return FileResponse(path, filename=path.name)


def _zipped(folder: FilePath) -> Response:
    """The files of a split export, as one."""
    from starlette.background import BackgroundTask

    from workbench.exchange.archive import zip_folder

    with NamedTemporaryFile(suffix=".zip", dir=folder.parent, delete=False) as out:
        zip_folder(folder, out)
    path = FilePath(out.name)
    name = f"{folder.stem}.zip"
    return FileResponse(path, filename=name, background=BackgroundTask(path.unlink))


def _add_cards(routes: APIRouter, ctx: Context) -> None:
    @routes.patch("/api/documents/{sha256}", dependencies=JSON_ONLY)
    def describe(who: Curator, sha256: Sha256, card: Card) -> dict[str, Any]:
        sent = card.model_dump(exclude_unset=True)
        facts = {name: (sent[name] or "").strip() or None for name in cards.FIELDS if name in sent}
        if doi := facts.get("doi"):
            facts["doi"] = _sound(doi)
        with writing(ctx.engine) as session:
            row = cards.correct(session, sha256, who.name, facts)
            return {"sha256": row.sha256, "doi": row.doi, "license": row.license}


def _sound(doi: str) -> str:
    found = normalised(doi)
    if found is None:
        raise WorkbenchError(f"{doi} is no DOI.", "One looks like 10.1234/abc.")
    return found
