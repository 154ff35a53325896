"""How well papers are read: figures of the team, and the share of papers read by several."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from db.quality import Scope
from workbench.context import Context
from workbench.desk import sharing
from workbench.desk.quality import SECTIONS, Report
from workbench.people import Person
from workbench.routes.common import JSON_ONLY, Admin, Viewer

WAIT_S = 20.0
"""How long a download waits for its report."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Share(BaseModel):
    """How many per cent of a project's papers are read by how many people."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(min_length=1, max_length=100)]
    share: Annotated[int, Field(ge=0, le=100)]
    readers: Annotated[int, Field(ge=2, le=3)] = 2


def scope(
    project: Annotated[str, Query(max_length=100)] = "",
    person: Annotated[str, Query(max_length=100)] = "",
    model: Annotated[str, Query(max_length=300)] = "",
    since: date | None = None,
    until: date | None = None,
) -> Scope:
    """The figures' filters out of the query string."""
    return Scope(project or None, person or None, model or None, since, until)


Asked = Annotated[Scope, Depends(scope)]


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""
    _add_figures(routes, ctx)
    _add_share(routes, ctx)


def _add_figures(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/quality.json")
    def figures(who: Viewer, asked: Asked) -> Response:
        told = asdict(_report(ctx, asked, who))
        headers = {"Content-Disposition": 'attachment; filename="quality.json"'}
        return JSONResponse(told, headers=headers)

    @routes.get("/api/quality/{section}.csv")
    def table(who: Viewer, section: str, asked: Asked) -> StreamingResponse:
        if section not in SECTIONS:
            raise HTTPException(404, f"There is no {section}; known: {', '.join(SECTIONS)}.")
        lines = csv_lines(_report(ctx, asked, who).sections[section])
        headers = {"Content-Disposition": f'attachment; filename="{section}.csv"'}
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _add_share(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/quality/share")
    def share(who: Viewer, project: str = "inbox") -> dict[str, Any]:
        return sharing.share(ctx, project)

    @routes.post("/api/quality/share", dependencies=JSON_ONLY)
    def choose(who: Admin, body: Share) -> dict[str, Any]:
        return sharing.choose(ctx, body.project, body.share, body.readers, who)


def _report(ctx: Context, asked: Scope, who: Person) -> Report:
    """The report as this person may see it; 503 while it is being computed."""
    sharing.require_own(asked.person, who)
    entry = ctx.reports.wait(asked, WAIT_S)
    if entry.running or entry.report is None:
        told = entry.error or f"The figures are being computed ({entry.progress:.0%} done)."
        raise HTTPException(503, f"{told} Ask again in a moment.", {"Retry-After": "10"})
    return entry.report.seen_by(sharing.only(who))


def csv_lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A table as CSV; a text that a spreadsheet would take for a formula gets an apostrophe."""
    heads = list(rows[0]) if rows else []
    yield _line(heads)
    for row in rows:
        yield _line([safe(row[head]) for head in heads])


def safe(value: Any) -> Any:
    """A cell that no spreadsheet computes; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _line(cells: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
