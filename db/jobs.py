"""Work for the background: queued, taken by one worker, done or failed; never what it does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import median

from sqlalchemy import func
from sqlmodel import Session, col, select

from db import hooks
from db.columns import utc_now
from db.errors import EventReused, NotFound, StoreError
from db.tables import JobKind, JobRow


def enqueue(
    session: Session,
    kind: JobKind,
    name: str,
    *,
    path: str | None = None,
    record_id: int | None = None,
    project: str = "inbox",
    client_event_id: str | None = None,
) -> JobRow:
    """Queue a file to be read or a record to be proposed; `name` is what the screen calls it.

    Sending the same event again returns the same job.
    """
    repeated = find_event(session, client_event_id) if client_event_id else None
    if repeated and repeated.kind != kind:
        raise EventReused("This upload was sent before for something else.", "Reload the page.")
    if repeated:
        return repeated
    job = JobRow(
        kind=kind,
        name=name,
        path=path,
        record_id=record_id,
        project=project,
        client_event_id=client_event_id,
    )
    session.add(job)
    session.flush()
    return job


def find_event(session: Session, client_event_id: str) -> JobRow | None:
    """The job that this event of a browser made, if it came before."""
    query = select(JobRow).where(JobRow.client_event_id == client_event_id)
    found: JobRow | None = session.exec(query).first()
    return found


def job(session: Session, job_id: int) -> JobRow:
    """The job with this number."""
    found = session.get(JobRow, job_id)
    if found is None:
        raise NotFound(f"There is no job {job_id}.", "Reload the page.")
    return found


def exists(session: Session, job_id: int) -> bool:
    """Whether there is such a job; one that nobody waits for any more is withdrawn."""
    return session.get(JobRow, job_id) is not None


def has_queued(session: Session, kinds: Collection[JobKind]) -> bool:
    """Whether a job waits: a look that takes no write lock, for workers that poll."""
    query = select(JobRow.id).where(col(JobRow.state) == "queued", col(JobRow.kind).in_(kinds))
    return session.exec(query.limit(1)).first() is not None


def claim(session: Session, kinds: Collection[JobKind]) -> JobRow | None:
    """Take the oldest queued job of these kinds, None where there is none.

    The write transaction holds the store's only write lock, so no two workers get the same.
    """
    query = select(JobRow).where(col(JobRow.state) == "queued", col(JobRow.kind).in_(kinds))
    found: JobRow | None = session.exec(query.order_by(col(JobRow.id)).limit(1)).first()
    if found:
        found.state = "running"
        found.attempts += 1
        found.progress = 0.0
        found.started_at = utc_now()
        session.flush()
    return found


def progress(session: Session, job_id: int, share: float) -> None:
    """Say how much of a job is done, from 0 to 1."""
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a share is from 0 to 1, got {share}")
    job(session, job_id).progress = share


def finish(session: Session, job_id: int, record_id: int | None = None) -> JobRow:
    """A job is done; reading a file names the record that came of it."""
    done = job(session, job_id)
    done.state, done.progress, done.finished_at = "done", 1.0, utc_now()
    done.error = done.hint = None
    done.record_id = done.record_id if record_id is None else record_id
    session.flush()
    return done


def fail(session: Session, job_id: int, error: str, hint: str = "") -> JobRow:
    """A job cannot be done; `error` and `hint` are for the curator."""
    failed = job(session, job_id)
    failed.state, failed.finished_at = "failed", utc_now()
    failed.error, failed.hint = error, hint or None
    session.flush()
    if failed.kind != "ask":
        body = {"job": job_id, "kind": failed.kind, "name": failed.name, "error": error}
        hooks.emit(session, "paper.failed", body | {"record": failed.record_id, "hint": hint})
    return failed


def put_back(session: Session, job_id: int) -> JobRow:
    """Queue a running job again that was interrupted on purpose; it does not count as a try."""
    waiting = job(session, job_id)
    waiting.attempts = max(0, waiting.attempts - 1)
    return _requeue(session, waiting)


def unfinished_paths(session: Session) -> set[str]:
    """The incoming files that jobs still need: all but those of jobs that are done."""
    query = select(JobRow.path).where(col(JobRow.state) != "done", col(JobRow.path).is_not(None))
    return {path for path in session.exec(query) if path}


def unfinished(session: Session, project: str) -> Sequence[JobRow]:
    """The jobs of a project that are queued or running."""
    active = col(JobRow.state).in_(("queued", "running"))
    return list(session.exec(select(JobRow).where(active, JobRow.project == project)))


def retry(session: Session, job_id: int) -> JobRow:
    """Queue a failed job again, with its attempts counted anew."""
    again = job(session, job_id)
    if again.state != "failed":
        raise StoreError(f"{again.name} has not failed.", "Wait until it is done.")
    again.attempts, again.error, again.hint = 0, None, None
    return _requeue(session, again)


def requeue_stale(
    session: Session, kinds: Collection[JobKind], max_attempts: int = 3
) -> list[JobRow]:
    """Take back the running jobs of a worker that is gone; call it where no worker runs.

    A job that has stopped the worker `max_attempts` times fails, so that others get their turn.
    Returns the jobs that were touched.
    """
    query = select(JobRow).where(col(JobRow.state) == "running", col(JobRow.kind).in_(kinds))
    stale = list(session.exec(query.order_by(col(JobRow.id))))
    for left in stale:
        if left.attempts < max_attempts:
            _requeue(session, left)
        else:
            times = "once" if left.attempts == 1 else f"{left.attempts} times"
            fail(
                session,
                left.id,
                f"The worker stopped {times} on {left.name}.",
                "Retry it when nothing else runs, or leave this file out.",
            )
    return stale


def recent_jobs(session: Session, limit: int = 50) -> Sequence[JobRow]:
    """The newest jobs about papers, the newest first."""
    query = select(JobRow).where(col(JobRow.kind) != "ask").order_by(col(JobRow.id).desc())
    return list(session.exec(query.limit(limit)))


def waiting(session: Session, kind: JobKind) -> int:
    """How many jobs of a kind are queued."""
    query = select(func.count()).select_from(JobRow)
    count: int = session.exec(query.where(JobRow.state == "queued", JobRow.kind == kind)).one()
    return count


def failed(session: Session) -> int:
    """How many jobs about papers have failed and were not tried again."""
    query = select(func.count()).select_from(JobRow)
    wanted = (JobRow.state == "failed", col(JobRow.kind) != "ask")
    count: int = session.exec(query.where(*wanted)).one()
    return count


def pace(session: Session, kind: JobKind, last: int = 20) -> float | None:
    """Seconds that a job of a kind takes, by the median of the last done ones; None before one."""
    query = select(JobRow.started_at, JobRow.finished_at).where(
        JobRow.kind == kind, JobRow.state == "done", col(JobRow.started_at).is_not(None)
    )
    rows = session.exec(query.order_by(col(JobRow.id).desc()).limit(last)).all()
    times = [(end - begun).total_seconds() for begun, end in rows if begun and end]
    return median(times) if times else None


def withdraw(session: Session, job_id: int) -> None:
    """Forget a job that nobody waits for; whoever does it finds it gone."""
    found = session.get(JobRow, job_id)
    if found is not None:
        session.delete(found)


def newest_job(session: Session, record_id: int) -> JobRow | None:
    """The newest job about a record."""
    query = select(JobRow).where(JobRow.record_id == record_id)
    newest: JobRow | None = session.exec(query.order_by(col(JobRow.id).desc()).limit(1)).first()
    return newest


def _requeue(session: Session, waiting: JobRow) -> JobRow:
    waiting.state, waiting.progress = "queued", 0.0
    waiting.started_at = waiting.finished_at = None
    session.flush()
    return waiting
