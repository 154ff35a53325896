"""How fast whoever asks decides papers: nobody else's figures are told."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

from fastapi import APIRouter, Query

from db import pace
from db.columns import utc_now
from db.engine import reading
from workbench.context import Context
from workbench.routes.common import Curator

DAY = 24 * 60


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""

    @routes.get("/api/me/pace")
    def mine(
        who: Curator,
        offset: Annotated[int, Query(ge=-DAY, le=DAY, description="minutes east of UTC")] = 0,
    ) -> dict[str, Any]:
        now = utc_now()
        with reading(ctx.engine) as session:
            found = asdict(pace.pace(session, who.name, midnight(now, offset), now))
        return {"today": found.pop("since"), "per_hour": found.pop("last_hour"), **found}


def midnight(now: datetime, offset: int) -> datetime:
    """When the day began at a place so many minutes east of UTC."""
    there = now.astimezone(timezone(timedelta(minutes=offset)))
    return there.replace(hour=0, minute=0, second=0, microsecond=0)
