"""What routes share: their parameters, who may call them, and what a body must be sent as."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Path, Query, Request

from db.listing import Filters, Sort
from models.schemas import Verdict
from workbench.people import Person, needs


def filters(
    status: Verdict | Literal[""] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    sort: Sort = "uncertain",
    project: Annotated[str, Query(max_length=100)] = "",
) -> Filters:
    """The queue's filters out of the query string."""
    return Filters(status=status or None, q=q, sort=sort, project=project or None)


def read_for(chosen: Filters, who: Person) -> Filters:
    """The filters without the papers that need nothing of this person any more."""
    return replace(chosen, reader=who.name)


def require_json(request: Request) -> None:
    """Refuse other bodies: a page of another site cannot send JSON unasked."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Send the body as application/json.")


Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
RecordId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Chosen = Annotated[Filters, Depends(filters)]
Viewer = Annotated[Person, Depends(needs("viewer"))]
Curator = Annotated[Person, Depends(needs("curator"))]
Adjudicator = Annotated[Person, Depends(needs("adjudicator"))]
Admin = Annotated[Person, Depends(needs("admin"))]
JSON_ONLY = [Depends(require_json)]
