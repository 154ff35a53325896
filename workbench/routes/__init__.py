"""The HTTP face of the desk, for the cockpit and for other programs: JSON in, JSON out.

Each module adds its routes; every route says which role it needs, but for those that the gate
leaves open.
"""

from __future__ import annotations

from fastapi import APIRouter

from workbench.context import Context
from workbench.routes import (
    adjudicating,
    deciding,
    doctor,
    exporting,
    funders,
    history,
    hooks,
    oidc,
    pace,
    people,
    quality,
    queue,
    reading,
    samples,
    sign_in,
    texts,
)

PARTS = (
    adjudicating,
    deciding,
    doctor,
    exporting,
    funders,
    history,
    hooks,
    oidc,
    pace,
    people,
    quality,
    queue,
    reading,
    samples,
    sign_in,
    texts,
)


def router(ctx: Context) -> APIRouter:
    """All routes, over one context."""
    routes = APIRouter()
    for part in PARTS:
        part.add(routes, ctx)
    return routes
