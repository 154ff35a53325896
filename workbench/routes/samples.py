"""The sample papers, taken in from the page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from workbench import samples
from workbench.context import Context
from workbench.routes.common import JSON_ONLY, Curator


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""

    @routes.post("/api/samples", status_code=202, dependencies=JSON_ONLY)
    def add_samples(who: Curator) -> dict[str, Any]:
        return {"queued": samples.add(ctx), "project": samples.PROJECT}
