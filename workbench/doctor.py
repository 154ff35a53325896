"""Why something does not work: checks of everything that the workbench stands on."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from models.errors import WorkbenchError
from workbench.context import Context

LOW_DISK = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `detail` says what was seen or what to do."""

    name: str
    ok: bool
    detail: str


def quick(ctx: Context) -> list[Check]:
    """The checks that cost nothing: for the health route, many times a minute."""
    return [_check("disk", _disk, ctx), _check("store", _store, ctx)]


def full(ctx: Context) -> list[Check]:
    """Everything, the model opened and asked included."""
    checks = [Check("program", True, _program()), *quick(ctx)]
    checks += [_check("files", _files, ctx), _check("workers", _workers, ctx)]
    checks += [_check("model", _model, ctx), Check("training", True, _training())]
    return checks


def _check(name: str, look: Callable[[Context], tuple[bool, str]], ctx: Context) -> Check:
    try:
        ok, detail = look(ctx)
    except (WorkbenchError, OSError) as error:
        return Check(name, False, str(error))
    return Check(name, ok, detail)


def _program() -> str:
    version = importlib.metadata.version("funding-workbench")
    return f"{version} on Python {sys.version.split()[0]}, {platform.system()} {platform.machine()}"


def _disk(ctx: Context) -> tuple[bool, str]:
    ctx.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(ctx.home).free
    detail = f"{free / 2**30:.1f} GB free under {ctx.home}"
    return free > LOW_DISK, detail if free > LOW_DISK else f"{detail}. Free some space."


def _store(ctx: Context) -> tuple[bool, str]:
    from sqlalchemy import text

    from db import jobs, listing
    from db.engine import reading

    with reading(ctx.engine) as session:
        mode = session.connection().execute(text("PRAGMA journal_mode")).scalar()
        records = listing.queue(session, limit=0).total
        waiting = jobs.active_jobs(session)
    return True, f"{records} papers, {waiting} jobs waiting; {str(mode).upper()} mode"


def _files(ctx: Context) -> tuple[bool, str]:
    from db.checks import check

    problems = check(ctx.engine, ctx.files)
    worst = [problem.message for problem in problems if problem.level == "error"]
    return not worst, "; ".join(worst[:5]) or "store and files are whole"


def _workers(ctx: Context) -> tuple[bool, str]:
    from workbench.worker import ROLES
    from workbench.workers import is_alive

    alive = {role: is_alive(ctx, role) for role in ROLES}
    states = {True: "running", False: "stopped"}
    told = ", ".join(f"{role}: {states[lives]}" for role, lives in alive.items())
    both = all(alive.values()) or not any(alive.values())
    return both, told + ("" if any(alive.values()) else " (they run while the app runs)")


def _model(ctx: Context) -> tuple[bool, str]:
    from models.extract import Pipeline

    model = ctx.open_model()
    try:
        parsed = Pipeline.funding(model).parse(["Funded by the National Science Foundation."])
    finally:
        model.close()
    ok = parsed[0].funders is not None
    return ok, f"{model.name} answers" if ok else f"{model.name} does not answer in JSON"


def _training() -> str:
    try:
        return f"torch {importlib.metadata.version('torch')} is installed"
    except importlib.metadata.PackageNotFoundError:
        return "not installed; extraction and review do not need it"
