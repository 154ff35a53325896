"""The looks: each reads one thing and says how it is. None of them changes anything."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from db.columns import utc_now
from models.errors import WorkbenchError
from workbench import asks, beats
from workbench.context import Context
from workbench.doctor.findings import Finding, size
from workbench.doctor.measures import file_sha256, folder_sizes
from workbench.logs import last_errors

LOW_DISK = 500 * 1024 * 1024
OLD_BACKUP = timedelta(days=7)
LONG_QUEUE_SECONDS = 2 * 3600
TRIAL_SECONDS = 60
TRIAL = "Funded by the National Science Foundation."
PACKAGES = (
    "funding-workbench",
    "gradio",
    "sqlmodel",
    "llama-cpp-python",
    "pypdfium2",
    "pydantic",
    "torch",
    "trl",
)


def disk(ctx: Context) -> Finding:
    """Free space where the data lies, and what takes it."""
    ctx.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(ctx.home).free
    values = {"free": size(free), "home": str(ctx.home), "need": size(LOW_DISK)}
    parts = sorted(folder_sizes(ctx.home).items(), key=lambda part: -part[1])
    lines = tuple(f"{name}: {size(held)}" for name, held in parts)
    return Finding("ok" if free > LOW_DISK else "bad", "free" if free > LOW_DISK else "low",
                   values, lines)  # fmt: skip


def store(ctx: Context) -> Finding:
    """Mode and schema of the database."""
    from sqlalchemy import text

    from db import store as stored
    from db.engine import reading
    from db.migrations import head

    with reading(ctx.engine) as session:
        ask = session.connection().execute
        mode = str(ask(text("PRAGMA journal_mode")).scalar()).upper()
        keys = ask(text("PRAGMA foreign_keys")).scalar() == 1
        schema = str(ask(text("SELECT version_num FROM alembic_version")).scalar())
        papers = stored.count(session)
    values = {"mode": mode, "schema": schema, "wanted": head(), "papers": papers}
    if schema != values["wanted"]:
        return Finding("bad", "schema", values)
    if mode != "WAL" or not keys:
        return Finding("bad", "mode", values | {"keys": "ON" if keys else "OFF"})
    return Finding("ok", "fine", values)


def files(ctx: Context) -> Finding:
    """Every file of the store, compared with its name."""
    from db.checks import check

    found = [problem for problem in check(ctx.engine, ctx.files) if problem.level == "error"]
    if found:
        told = tuple(problem.message for problem in found[:20])
        return Finding("bad", "broken", {"n": len(found)}, told)
    return Finding("ok", "whole")


def worker(role: str, ctx: Context) -> Finding:
    """Whether a worker lives and gets on, and if not, why."""
    from workbench.workers import is_alive

    health = beats.health(ctx.home, role, is_alive(ctx, role))
    log = str(ctx.home / "logs" / f"{role}.log")
    return Finding(health.level, health.key, {**health.values, "role": role, "log": log})


def queue(ctx: Context) -> Finding:
    """How much waits and how long that takes at the pace of the last jobs."""
    from db import jobs
    from db.engine import reading

    with reading(ctx.engine) as session:
        waiting = {kind: jobs.waiting(session, kind) for kind in ("read", "propose")}
        paces = {kind: jobs.pace(session, kind) for kind in ("read", "propose")}
        failed = jobs.failed(session)
    lines = tuple(
        f"{kind}: {waiting[kind]}" + (f" × {pace:.1f} s" if pace is not None else "")
        for kind, pace in paces.items()
    )
    n = sum(waiting.values())
    values: dict[str, Any] = {"n": n, "failed": failed}
    if not n:
        return Finding("warn" if failed else "ok", "failed" if failed else "empty", values, lines)
    left = max(waiting[kind] * (paces[kind] or 0.0) for kind in waiting)
    if not left:
        return Finding("ok", "waiting", values, lines)
    values["time"] = beats.span(left)
    return Finding("warn" if left > LONG_QUEUE_SECONDS else "ok", "waiting_time", values, lines)


def model(ctx: Context) -> Finding:
    """Which model is in use, and the hash of its file; it is not opened."""
    from models.catalog import model_file

    name = ctx.model_in_use()
    chosen = model_file(name, ctx.home / "models")
    if chosen.path is None or not chosen.path.is_file():
        level = "ok" if chosen.made_at_first_use else "bad"
        key = "first_use" if chosen.made_at_first_use else "missing"
        return Finding(level, key, {"name": chosen.name})  # type: ignore[arg-type]
    sha256 = file_sha256(chosen.path)
    values = {"name": chosen.name, "adapter": chosen.adapter or "—", "sha256": sha256[:16]}
    return Finding("ok", "in_use", values, (f"{chosen.path.name}  sha256 {sha256}",))


def model_opened(ctx: Context) -> Finding:
    """Whether the model opens and answers, here in this process."""
    from models.extract import Pipeline

    opened = ctx.open_model()
    try:
        parsed = Pipeline.funding(opened).parse([TRIAL])
    finally:
        opened.close()
    return _answers(opened.name, parsed[0].funders is not None)


def model_asked(ctx: Context) -> Finding:
    """Whether the worker's model answers; it is not opened a second time."""
    answer = asks.parse(ctx, TRIAL, min(TRIAL_SECONDS, ctx.settings.answer_seconds))
    return _answers(str(answer["model"]), "error" not in answer)


def _answers(name: str, good: bool) -> Finding:
    return Finding("ok" if good else "bad", "answers" if good else "silent", {"name": name})


def training(ctx: Context) -> Finding:
    """Whether training is installed, and how the newest run stands."""
    from db import runs as rows
    from db.engine import reading
    from workbench import runs

    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return Finding("ok", "not_installed")
    with reading(ctx.engine) as session:
        newest = next(iter(rows.recent_runs(session, 1)), None)
    if newest is None:
        return Finding("ok", "none", {"torch": torch})
    values: dict[str, Any] = {"run": newest.id, "state": newest.state, "message": newest.message}
    if newest.state == "running":
        going = runs.progress(ctx, newest.id)
        if not going.alive:
            return Finding("warn", "gone", values)
        left = beats.span(going.seconds_left) if going.seconds_left is not None else "…"
        return Finding("ok", "running", values | {"time": left})
    ended_badly = newest.state in ("failed", "interrupted")
    return Finding("warn" if ended_badly else "ok", "ended_badly" if ended_badly else "ended",
                   values)  # fmt: skip


def backup(ctx: Context) -> Finding:
    """When the newest backup was made, beside what was decided since."""
    from db import store as stored
    from db.engine import reading
    from models.schemas import GOLD_VERDICTS

    newest = newest_backup(ctx.home)
    with reading(ctx.engine) as session:
        decided = stored.count(session, GOLD_VERDICTS)
    if newest is None:
        return Finding("warn" if decided else "ok", "none" if decided else "not_needed",
                       {"n": decided})  # fmt: skip
    age = utc_now() - datetime.fromisoformat(newest["at"])
    values = {"time": beats.span(age), "path": newest["path"], "n": newest["records"]}
    if not Path(newest["path"]).is_file():
        return Finding("warn", "gone", values)
    return Finding("warn" if age > OLD_BACKUP else "ok", "old" if age > OLD_BACKUP else "fresh",
                   values)  # fmt: skip


def newest_backup(home: Path) -> dict[str, Any] | None:
    """What `note_backup` wrote down last."""
    try:
        found: dict[str, Any] = json.loads((home / "last_backup.json").read_text("utf-8"))
        return found if {"at", "path", "records"} <= found.keys() else None
    except (OSError, ValueError, AttributeError):
        return None


def note_backup(home: Path, path: Path, records: int) -> None:
    """Write down that a backup was made; raises `WorkbenchError` where the disk refuses."""
    row = {"at": utc_now().isoformat(), "path": str(path.absolute()), "records": records}
    part = home / "last_backup.json.part"
    try:
        part.write_text(json.dumps(row), "utf-8")
        part.replace(home / "last_backup.json")
    except OSError as error:
        raise WorkbenchError(
            f"The backup {path} is whole, but it could not be noted: {error.strerror}.",
            "Free some space.",
        ) from error


def errors(ctx: Context) -> Finding:
    """The last things that went wrong, by the logs: without what stands in papers."""
    found = last_errors(ctx.home / "logs")
    if not found:
        return Finding("ok", "none")
    return Finding("warn", "some", {"n": len(found), "folder": str(ctx.home / "logs")}, found)


def versions(ctx: Context) -> Finding:
    """What runs here."""
    known = {name: _version(name) for name in PACKAGES}
    lines = tuple(f"{name} {version}" for name, version in known.items() if version)
    values = {
        "version": known["funding-workbench"] or "?",
        "python": sys.version.split()[0],
        "system": f"{platform.system()} {platform.machine()}",
    }
    return Finding("ok", "here", values, lines)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
