"""The queue's own routes: what it can be filtered by, views, leases, assignment, many at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from zlib import crc32

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from db import assignments, leases, store, views
from db import worth as worth_store
from db.engine import reading, writing
from db.listing import Sort
from db.tables import LeaseRow, ViewRow
from models.schemas import Verdict
from workbench import desk, judging
from workbench.context import Context
from workbench.desk import Bulk, BulkUndo, Outcome
from workbench.routes.common import JSON_ONLY, Adjudicator, Curator, RecordId, Viewer
from workbench.worth import WEIGHTS

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
ViewId = Annotated[int, Path(ge=1, le=2**31 - 1)]
MOST_ASSIGNED = 500


class Body(BaseModel):
    """What is sent has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class ViewFilters(Body):
    """Filters of a view, as the query string has them; `@me` stays and is whoever looks."""

    status: Verdict | Literal[""] = ""
    q: str = Field(default="", max_length=200)
    sort: Sort = "worth"
    project: str = Field(default="", max_length=100)
    assigned: str = Field(default="", max_length=100)
    reason: str = Field(default="", pattern="^[a-z_]{0,40}$")
    decided_by: str = Field(default="", max_length=100)
    least: float | None = Field(default=None, ge=0, le=1)
    most: float | None = Field(default=None, ge=0, le=1)
    absent: bool = False
    since: datetime | None = None


class NewView(Body):
    """A view to keep."""

    name: Name
    filters: ViewFilters
    shared: bool = False


class ChangedView(Body):
    """What changes of a view."""

    name: Name | None = None
    filters: ViewFilters | None = None
    shared: bool | None = None


class Taking(Body):
    """Open a paper; `over` takes it from who has it open."""

    over: bool = False


class Assigning(Body):
    """Give papers to people, or take them back (from all, where nobody is named)."""

    records: tuple[int, ...] = Field(min_length=1, max_length=MOST_ASSIGNED)
    people: tuple[Name, ...] = Field(default=(), max_length=50)
    take_back: bool = False


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""
    _add_queue(routes, ctx)
    _add_views(routes, ctx)
    _add_leases(routes, ctx)
    _add_many(routes, ctx)


def _add_queue(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/queue/options")
    def options(who: Viewer) -> dict[str, Any]:
        """What there is to choose from, and who asks."""
        with reading(ctx.engine) as session:
            names = assignments.names(session)
            return {
                "me": who.name,
                "role": who.role,
                "projects": store.projects(session),
                "people": sorted({*names, who.name}, key=str.casefold),
                "deciders": assignments.deciders(session),
                "reasons": [*WEIGHTS, "audit"],
            }

    @routes.get("/api/queue/pulse")
    def pulse(who: Viewer) -> dict[str, Any]:
        """A stamp that is another one when the queue should be asked again, and the jobs."""
        with reading(ctx.engine) as session:
            stamp = (*worth_store.stamp(session), *leases.stamp(session))
        jobs = desk.jobs(ctx)
        states = crc32(repr([(job["id"], job["state"]) for job in jobs]).encode())
        return {"stamp": "-".join(map(str, (*stamp, states))), "jobs": jobs}

    @routes.post("/api/queue/refresh", dependencies=JSON_ONLY)
    def refresh(who: Curator) -> dict[str, int]:
        return {"papers": judging.refresh(ctx)}

    @routes.post("/api/jobs/{job_id}/retry", dependencies=JSON_ONLY)
    def retry(who: Curator, job_id: RecordId) -> dict[str, int]:
        desk.retry(ctx, job_id)
        return {"job": job_id}


def _add_views(routes: APIRouter, ctx: Context) -> None:
    @routes.get("/api/views")
    def listed(who: Viewer) -> dict[str, Any]:
        with reading(ctx.engine) as session:
            return {"views": [_view(row, who.name) for row in views.views(session, who.name)]}

    @routes.post("/api/views", status_code=201, dependencies=JSON_ONLY)
    def make(who: Curator, body: NewView) -> dict[str, Any]:
        filters = body.filters.model_dump(mode="json", exclude_defaults=True)
        with writing(ctx.engine) as session:
            row = views.add(session, who.name, body.name, filters, shared=body.shared)
            return _view(row, who.name)

    @routes.post("/api/views/{view_id}", dependencies=JSON_ONLY)
    def change(who: Curator, view_id: ViewId, body: ChangedView) -> dict[str, Any]:
        given = body.filters
        filters = given.model_dump(mode="json", exclude_defaults=True) if given else None
        with writing(ctx.engine) as session:
            row = views.change(
                session, view_id, who.name, name=body.name, filters=filters, shared=body.shared
            )
            return _view(row, who.name)

    @routes.post("/api/views/{view_id}/delete", dependencies=JSON_ONLY)
    def delete(who: Curator, view_id: ViewId) -> dict[str, int]:
        with writing(ctx.engine) as session:
            views.delete(session, view_id, who.name)
        return {"deleted": view_id}


def _add_leases(routes: APIRouter, ctx: Context) -> None:
    @routes.post("/api/records/{record_id}/lease", dependencies=JSON_ONLY)
    def take(who: Curator, record_id: RecordId, body: Taking) -> dict[str, Any]:
        """Take or renew the lease. Somebody else's is told, not refused: it blocks nothing."""
        with writing(ctx.engine) as session:
            return _lease(leases.take(session, record_id, who.name, over=body.over), who.name)

    @routes.post("/api/records/{record_id}/lease/release", dependencies=JSON_ONLY)
    def release(who: Curator, record_id: RecordId) -> dict[str, bool]:
        with writing(ctx.engine) as session:
            return {"released": leases.release(session, record_id, who.name)}


def _add_many(routes: APIRouter, ctx: Context) -> None:
    @routes.post("/api/bulk", dependencies=JSON_ONLY)
    def bulk(who: Curator, body: Bulk) -> Outcome:
        return desk.act_on_many(ctx, body, who.name)

    @routes.post("/api/bulk/undo", dependencies=JSON_ONLY)
    def undo(who: Curator, body: BulkUndo) -> Outcome:
        return desk.undo_batch(ctx, body.batch, who.name)

    @routes.post("/api/assignments", dependencies=JSON_ONLY)
    def assign(who: Adjudicator, body: Assigning) -> dict[str, int]:
        with writing(ctx.engine) as session:
            if body.take_back:
                return {"changed": assignments.take_back(session, body.records, body.people)}
            made = assignments.assign(session, body.records, body.people, who.name)
            return {"changed": made}


def _view(row: ViewRow, person: str) -> dict[str, Any]:
    told = {"id": row.id, "name": row.name, "owner": row.owner, "shared": row.shared}
    return told | {"mine": row.owner == person, "filters": row.filters}


def _lease(row: LeaseRow, person: str) -> dict[str, Any]:
    return {"person": row.person, "mine": row.person == person, "until": row.until.isoformat()}
