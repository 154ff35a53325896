"""Training runs in the store: queued, taken, ended; never how one is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlmodel import Session, col, select

from db import hooks
from db.columns import utc_now
from db.errors import NotFound, StoreError
from db.tables import RunState, TrainingRunRow

RESUMABLE: tuple[RunState, ...] = ("stopped", "interrupted", "failed")


class Ending(NamedTuple):
    """How a run ended, in words that a curator understands."""

    state: RunState
    message: str = ""


def queue_run(
    session: Session,
    recipe: str,
    base: str,
    folder: str,
    snapshot_sha256: str,
    parent: str | None = None,
) -> TrainingRunRow:
    """Queue a run. At most one waits: a run that waited before ends as stopped, its data older."""
    waiting = queued(session)
    if waiting is not None:
        _end(waiting, Ending("stopped", "A run with newer data took its place."))
        session.flush()
    row = TrainingRunRow(
        recipe=recipe, base=base, folder=folder, snapshot_sha256=snapshot_sha256, parent=parent
    )
    session.add(row)
    session.flush()
    return row


def queued(session: Session) -> TrainingRunRow | None:
    """The run that waits, if one does."""
    return _first(session, "queued")


def run(session: Session, run_id: int) -> TrainingRunRow:
    """The run with this number."""
    found = session.get(TrainingRunRow, run_id)
    if found is None:
        raise NotFound(f"There is no training run {run_id}.", "See `workbench runs list`.")
    return found


def recent_runs(session: Session, limit: int = 50) -> Sequence[TrainingRunRow]:
    """The newest runs, the newest first."""
    query = select(TrainingRunRow).order_by(col(TrainingRunRow.id).desc())
    return session.exec(query.limit(limit)).all()


def claim(session: Session) -> TrainingRunRow | None:
    """Take the waiting run; None where none waits or another one runs.

    The write transaction holds the store's only write lock, so no two callers get the same.
    """
    waiting = queued(session)
    if waiting is None or _first(session, "running") is not None:
        return None
    return _begin(session, waiting)


def take(session: Session, run_id: int) -> TrainingRunRow:
    """Take a run that ended early, to go on with it. Raises `StoreError` where that cannot be."""
    found = run(session, run_id)
    if found.state not in RESUMABLE:
        raise StoreError(f"Run {run_id} is {found.state}.", "Only a run that ended early resumes.")
    other = _first(session, "running")
    if other is not None:
        raise StoreError(f"Run {other.id} is running.", "Wait until it ends, or stop it.")
    return _begin(session, found)


def note_started(session: Session, run_id: int, pid: int, pid_created: float) -> TrainingRunRow:
    """Write down the run's process; `pid_created` is when it began, in seconds."""
    found = run(session, run_id)
    found.pid, found.pid_created = pid, pid_created
    session.flush()
    return found


def note_ended(
    session: Session, run_id: int, ending: Ending, adapter: str | None = None
) -> TrainingRunRow:
    """A run ended; one that had ended before stays as it is."""
    found = run(session, run_id)
    if found.state in ("queued", "running"):
        _end(found, ending)
        found.adapter = adapter
        session.flush()
        _tell(session, found)
    return found


def doubtful(session: Session) -> Sequence[TrainingRunRow]:
    """The runs whose process must be looked at: those that run, and the interrupted ones.

    A process may outlive the app that was about to write down that it began.
    """
    query = select(TrainingRunRow).where(col(TrainingRunRow.state).in_(("running", "interrupted")))
    found: Sequence[TrainingRunRow] = session.exec(query.order_by(col(TrainingRunRow.id))).all()
    return found


def reconcile(
    session: Session,
    alive: Callable[[TrainingRunRow], bool],
    ending: Callable[[TrainingRunRow], Ending],
) -> list[TrainingRunRow]:
    """Make the rows say what is so: no row runs without a process, no process without a row.

    `ending` tells how a run ended whose process is gone. Returns the rows that changed.
    """
    changed = []
    for row in doubtful(session):
        if (row.state == "running") == alive(row):
            continue
        if row.state == "running":
            _end(row, ending(row))
            _tell(session, row)
        else:
            _begin(session, row)
        changed.append(row)
    session.flush()
    return changed


def _first(session: Session, state: RunState) -> TrainingRunRow | None:
    query = select(TrainingRunRow).where(col(TrainingRunRow.state) == state)
    found: TrainingRunRow | None = session.exec(query.order_by(col(TrainingRunRow.id))).first()
    return found


def _begin(session: Session, row: TrainingRunRow) -> TrainingRunRow:
    row.state, row.message, row.started_at, row.finished_at = "running", "", utc_now(), None
    row.pid = row.pid_created = None
    session.flush()
    return row


def _tell(session: Session, row: TrainingRunRow) -> None:
    body = {"run": row.id, "recipe": row.recipe, "state": row.state, "message": row.message}
    hooks.emit(session, "run.finished", body)


def _end(row: TrainingRunRow, ending: Ending) -> None:
    row.state, row.message, row.finished_at = ending.state, ending.message, utc_now()
