"""What routes share: their parameters, who may call them, and what a body must be sent as."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Path, Query, Request

from db.listing import Filters, Sort
from models.schemas import Verdict
from workbench.people import Person, needs, person_of


def filters(
    request: Request,
    status: Verdict | Literal[""] = "",
    q: Annotated[str, Query(max_length=200)] = "",
    sort: Sort = "worth",
    project: Annotated[str, Query(max_length=100)] = "",
    assigned: Annotated[str, Query(max_length=100)] = "",
    reason: Annotated[str, Query(pattern="^[a-z_]{0,40}$")] = "",
    decided_by: Annotated[str, Query(max_length=100)] = "",
    least: Annotated[float | None, Query(ge=0, le=1)] = None,
    most: Annotated[float | None, Query(ge=0, le=1)] = None,
    absent: bool = False,
    since: datetime | None = None,
) -> Filters:
    """The queue's filters out of the query string; `@me` is who asks, `@nobody` no one."""
    person = person_of(request)
    me = person.name if person else ""
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=timezone.utc)
    return Filters(
        status=status or None,
        q=q,
        sort=sort,
        project=project or None,
        assigned=(me if assigned == "@me" else assigned) or None,
        reason=reason or None,
        decided_by=(me if decided_by == "@me" else decided_by) or None,
        least=least,
        most=most,
        absent=absent,
        since=since,
    )


def passed(
    passed: Annotated[str | None, Query(pattern="^([0-9]{1,10}(,[0-9]{1,10}){0,400})?$")] = None,
) -> list[int] | None:
    """The papers that the caller has had open in this sitting; None where it does not say."""
    return None if passed is None else [int(number) for number in passed.split(",") if number]


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
Passed = Annotated[list[int] | None, Depends(passed)]
Viewer = Annotated[Person, Depends(needs("viewer"))]
Curator = Annotated[Person, Depends(needs("curator"))]
Adjudicator = Annotated[Person, Depends(needs("adjudicator"))]
Admin = Annotated[Person, Depends(needs("admin"))]
JSON_ONLY = [Depends(require_json)]
