"""Questions to the model from outside: put to the worker that has it open, and waited for.

The model is in memory once, in the worker's process; whoever asks waits beside the papers, ahead
of those that are queued. A question that nobody waits for any more is dropped, also in the middle.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from db import jobs
from db.engine import reading, writing
from models.errors import WorkbenchError
from workbench import beats
from workbench.context import Context

MOST_WAITING = 16
"""Questions at a time; each takes the model seconds to a minute."""
LONGEST_TEXT = 20_000
"""Characters of a statement; the model reads some 6,000 of them."""
LOOK_SECONDS = 0.1


class Busy(WorkbenchError):
    """More is asked than the model can answer."""


class NoAnswer(WorkbenchError):
    """The model did not answer in time."""


def extract(ctx: Context, source: Path, name: str) -> dict[str, Any]:
    """What `workbench extract --json` tells of a file. Nothing of it is kept.

    Raises `WorkbenchError` where it cannot be read, or the model does not answer in time.
    """
    folder = _folder(ctx)
    copy = folder / f"{uuid4().hex}{source.suffix[:10]}"
    try:
        shutil.copyfile(source, copy)
        return _ask(ctx, {"do": "extract", "file": str(copy), "name": name}, name)
    finally:
        copy.unlink(missing_ok=True)


def parse(ctx: Context, statement: str, seconds: int | None = None) -> dict[str, Any]:
    """The funders of a statement, in the cometadata format, and a note where one is due.

    Raises `NoAnswer` after so many seconds, by default those of the settings.
    """
    if not statement.strip():
        raise WorkbenchError("The statement is empty.", "Send the text of a funding statement.")
    if len(statement) > LONGEST_TEXT:
        raise WorkbenchError(
            f"The statement has {len(statement)} characters.",
            f"Send {LONGEST_TEXT} at most, or the whole paper to extract.",
        )
    return _ask(ctx, {"do": "parse", "statement": statement}, "a statement", seconds)


def _ask(
    ctx: Context, question: dict[str, Any], name: str, seconds: int | None = None
) -> dict[str, Any]:
    path = _folder(ctx) / f"{uuid4().hex}.json"
    answer = answer_path(path)
    path.write_text(json.dumps(question), "utf-8")
    job_id = None
    try:
        job_id = _enqueue(ctx, path, name)
        _wait(ctx, job_id, seconds or ctx.settings.answer_seconds)
        found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return found
    finally:
        if job_id is not None:
            with writing(ctx.engine) as session:
                jobs.withdraw(session, job_id)
        path.unlink(missing_ok=True)
        answer.unlink(missing_ok=True)


def _enqueue(ctx: Context, path: Path, name: str) -> int:
    with writing(ctx.engine) as session:
        if jobs.waiting(session, "ask") >= MOST_WAITING:
            raise Busy(f"{MOST_WAITING} questions wait for the model.", "Try again in a minute.")
        return jobs.enqueue(session, "ask", name, path=str(path)).id


def _wait(ctx: Context, job_id: int, limit: int) -> None:
    """Until the job is done. Raises what it failed with, or `NoAnswer` after the time is up."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        with reading(ctx.engine) as session:
            job = jobs.job(session, job_id)
        if job.state == "done":
            return
        if job.state == "failed":
            raise WorkbenchError(job.error or "The model failed.", job.hint or "")
        time.sleep(LOOK_SECONDS)
    raise NoAnswer(f"The model did not answer within {limit} seconds.", _why(ctx))


def _why(ctx: Context) -> str:
    from workbench.workers import is_alive

    beat = beats.read(ctx.home, "propose")
    if not is_alive(ctx, "propose"):
        return "Its worker does not run: see the Doctor page."
    if beat is not None and beat.state == "working" and beat.kind == "propose":
        return (
            "It reads a paper just now: try again, or give it longer with WORKBENCH_ANSWER_SECONDS."
        )
    return "Try again, or give it longer with WORKBENCH_ANSWER_SECONDS; see also the Doctor page."


def answer_path(question: Path) -> Path:
    """Where the answer to a question is put."""
    return question.with_suffix(".answer")


def put_answer(question: Path, answer: dict[str, Any]) -> None:
    """Leave an answer where the one who asks looks for it, in one step."""
    part = question.with_suffix(".part")
    part.write_text(json.dumps(answer), "utf-8")
    os.replace(part, answer_path(question))


def _folder(ctx: Context) -> Path:
    folder = ctx.home / "asks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
