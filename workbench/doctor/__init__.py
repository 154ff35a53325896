"""Why something does not work: looks at everything that the workbench stands on.

Each look gives a finding that is ok, a warning or bad, with what it means and what to do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial

from workbench import texts
from workbench.context import Context
from workbench.doctor import looks
from workbench.doctor.findings import Check, Look, check
from workbench.worker import ROLES

__all__ = ["Check", "answering", "as_json", "as_text", "full", "page", "quick"]

QUICK: dict[str, Look] = {"disk": looks.disk, "store": looks.store}
PAGE: dict[str, Look] = {
    **{f"worker.{role}": partial(looks.worker, role) for role in ROLES},
    "queue": looks.queue,
    "model": looks.model,
    **QUICK,
    "backup": looks.backup,
    "training": looks.training,
    "errors": looks.errors,
    "versions": looks.versions,
}


def quick(ctx: Context) -> list[Check]:
    """The checks that cost nothing: for the health route, many times a minute."""
    return _looked(QUICK, ctx, texts.DEFAULT)


def page(ctx: Context, language: str = texts.DEFAULT) -> list[Check]:
    """What the Doctor page shows, again and again: all that needs no model and reads no file."""
    return _looked(PAGE, ctx, language)


def full(ctx: Context, language: str = texts.DEFAULT) -> list[Check]:
    """Everything, for the command line: every file compared, the model opened and asked."""
    found = _looked(PAGE | {"files": looks.files, "model": looks.model_opened}, ctx, language)
    return found


def answering(ctx: Context, language: str = texts.DEFAULT) -> list[Check]:
    """Every file compared, and the worker's model asked; for the page of the running app."""
    return _looked({"model": looks.model_asked, "files": looks.files}, ctx, language)


def as_text(checks: Iterable[Check]) -> str:
    """For a report of a mistake: what was seen, without the names of papers."""
    rows = []
    for found in checks:
        rows.append(f"[{found.level}] {found.title}: {found.detail}")
        rows += [f"    {line}" for line in found.lines]
    return "\n".join(rows) + "\n"


def as_json(checks: Iterable[Check]) -> str:
    """One line of JSON."""
    return json.dumps([found.told() for found in checks])


def _looked(wanted: dict[str, Look], ctx: Context, language: str) -> list[Check]:
    return [check(name, look, ctx, language) for name, look in wanted.items()]
