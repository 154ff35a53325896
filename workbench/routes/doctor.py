"""What the Doctor page shows."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from workbench import doctor
from workbench.context import Context
from workbench.doctor import Check
from workbench.routes.common import JSON_ONLY, Curator, Viewer
from workbench.texts import DEFAULT, language_of


def add(routes: APIRouter, ctx: Context) -> None:
    """Add the routes."""

    @routes.get("/api/doctor")
    def look(who: Viewer, request: Request) -> dict[str, Any]:
        language = language_of(request)
        found = doctor.page(ctx, language)
        # A report of a mistake is read by those who make the program: in English, without names.
        report = doctor.as_text(found if language == DEFAULT else doctor.page(ctx))
        return _told(found) | {"text": _without_names(ctx, report)}

    @routes.post("/api/doctor/full", dependencies=JSON_ONLY)
    def full(who: Curator, request: Request) -> dict[str, Any]:
        return _told(doctor.answering(ctx, language_of(request)))


def _told(checks: list[Check]) -> dict[str, Any]:
    levels = [check.level for check in checks]
    worst = "bad" if "bad" in levels else "warn" if "warn" in levels else "ok"
    return {"level": worst, "checks": [check.told() for check in checks]}


def _without_names(ctx: Context, text: str) -> str:
    """Without the names of the papers in work and of the person's folder."""
    from workbench import beats
    from workbench.worker import ROLES

    for role in ROLES:
        beat = beats.read(ctx.home, role)
        if beat is not None and beat.name:
            text = text.replace(beat.name, f"job {beat.job}")
    return text.replace(str(ctx.home), "HOME")
