"""Organisations to link funders to: searched while somebody types, and one by its id."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query

from models.linking.ids import ror_id
from workbench.context import Context
from workbench.desk import links
from workbench.routes.common import Viewer


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""

    @routes.get("/api/funders")
    def search(
        who: Viewer,
        q: Annotated[str, Query(min_length=1, max_length=200)],
        country: Annotated[str, Query(pattern="^([A-Za-z]{2})?$")] = "",
        limit: Annotated[int, Query(ge=1, le=50)] = 10,
    ) -> dict[str, Any]:
        return {"items": links.search(ctx, q, country.upper(), limit)}

    @routes.get("/api/funders/{ror}")
    def one(who: Viewer, ror: Annotated[str, Path(max_length=40)]) -> dict[str, Any]:
        if ror_id(ror) is None:
            raise HTTPException(422, f"{ror} is no ROR id: its form or check digits are wrong.")
        found = links.organisation(ctx, ror)
        if found is None:
            raise HTTPException(404, f"The index has no organisation {ror}.")
        return found
