"""How well papers are read: figures of the team, and the share of papers read twice."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from workbench.context import Context
from workbench.desk import sharing
from workbench.routes.common import JSON_ONLY, Admin, Viewer


class Share(BaseModel):
    """How many per cent of a project's papers are read by how many people."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(min_length=1, max_length=100)]
    share: Annotated[int, Field(ge=0, le=100)]
    readers: Annotated[int, Field(ge=2, le=3)] = 2


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""

    @routes.get("/api/quality/share")
    def share(who: Viewer, project: str = "inbox") -> dict[str, Any]:
        return sharing.share(ctx, project)

    @routes.post("/api/quality/share", dependencies=JSON_ONLY)
    def choose(who: Admin, body: Share) -> dict[str, Any]:
        return sharing.choose(ctx, body.project, body.share, body.readers, who)
