"""Work for the background: files that come in, papers to be read by the model, and how it goes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

from db import jobs as job_store
from db import listing, store
from db.engine import reading, writing
from db.errors import StoreError
from workbench.context import Context


def receive(ctx: Context, source: Path, name: str, project: str = "inbox") -> int:
    """Take a file in: copy it to the incoming folder and queue its reading; returns the job."""
    ctx.incoming.mkdir(parents=True, exist_ok=True)
    event = uuid4().hex
    target = ctx.incoming / event
    partial = target.with_suffix(".part")
    shutil.copyfile(source, partial)
    os.replace(partial, target)
    with writing(ctx.engine) as session:
        job = job_store.enqueue(
            session, "read", name, path=str(target), project=project, client_event_id=event
        )
        return job.id


def propose_again(ctx: Context, record_id: int) -> int:
    """Ask the model once more; returns the job."""
    with writing(ctx.engine) as session:
        record = store.record(session, record_id)
        name = store.document(session, record.document_sha256).name
        return job_store.enqueue(session, "propose", name, record_id=record_id).id


def propose_outdated(ctx: Context, adapter: str) -> int:
    """Let the adapter read what waits for review and was read by another; how many papers."""
    with writing(ctx.engine) as session:
        waiting = listing.outdated(session, adapter)
        for record_id, name in waiting:
            job_store.enqueue(session, "propose", name, record_id=record_id)
    return len(waiting)


def retry(ctx: Context, job_id: int) -> None:
    """Try a failed job again. A file that could not be read at all must be dropped again."""
    with writing(ctx.engine) as session:
        job = job_store.job(session, job_id)
        if job.path is not None and not Path(job.path).is_file():
            raise StoreError(
                f"The file of {job.name} was not kept: it could not be read.",
                "Drop the file again.",
            )
        job_store.retry(session, job_id)


def jobs(ctx: Context, limit: int = 30) -> list[dict[str, Any]]:
    """The newest jobs that are not done, and the last done ones."""
    with reading(ctx.engine) as session:
        rows = job_store.recent_jobs(session, limit)
    return [
        {
            "id": row.id,
            "name": row.name,
            "kind": row.kind,
            "state": row.state,
            "progress": row.progress,
            "error": row.error,
            "hint": row.hint,
            "can_retry": row.state == "failed" and (row.path is None or Path(row.path).is_file()),
        }
        for row in rows
    ]
