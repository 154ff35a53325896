"""The HTTP face of the desk, for the cockpit and for other programs: JSON in, JSON out.

Each module adds its routes; every route but the health check says which role it needs.
"""

from __future__ import annotations

from fastapi import APIRouter

from workbench.context import Context
from workbench.routes import deciding, exporting, funders, reading, texts

PARTS = (reading, deciding, exporting, texts, funders)


def router(ctx: Context) -> APIRouter:
    """All routes, over one context."""
    routes = APIRouter()
    for part in PARTS:
        part.add(routes, ctx)
    return routes
