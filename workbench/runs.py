"""Training runs as the app sees them: the rows of the store and the processes in their folders.

A row is only what was last seen. `reconcile` compares it with the process, at the app's start and
again and again; whoever starts, stops or compares does so one at a time in a home.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout

from db import adapters, runs
from db.engine import reading, writing
from db.errors import StoreError
from db.runs import Ending
from db.tables import AdapterRow, TrainingRunRow
from models import catalog
from models.errors import WorkbenchError
from training import process
from training import run as folders
from training.run import GateSpec, PhaseSpec, RunSpec, Status
from workbench.context import Context

log = logging.getLogger(__name__)
WATCH_SECONDS = 5.0
HELD_OUT = "held_out.jsonl"
WEIGHTS = "adapter_model.safetensors"
LOG_BYTES = 8_000
GATE_ACTOR = "gate"
PATIENCE_SECONDS = 120.0
"""A step of a large base on a CPU takes that long."""
ENDINGS: Mapping[str, Any] = {"finished": "finished", "stopped": "stopped", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Progress:
    """A run as it stands: its row, what its process last wrote, whether that lives."""

    row: TrainingRunRow
    status: Status | None
    alive: bool
    metrics: list[dict[str, Any]]

    @property
    def seconds_left(self) -> float | None:
        """To the end of the phase by its pace so far; None before there is one."""
        status = self.status
        if status is None or status.phase_at is None or status.step <= status.phase_from:
            return None
        pace = (status.updated_at - status.phase_at).total_seconds() / (
            status.step - status.phase_from
        )
        return pace * (status.steps - status.step)

    def told(self) -> dict[str, Any]:
        """For programs: the row, and beside it status, life and the newest figures."""
        status = self.status.model_dump(mode="json") if self.status else None
        newest = self.metrics[-1] if self.metrics else None
        return self.row.model_dump(mode="json") | {
            "status": status,
            "alive": self.alive,
            "newest": newest,
        }


def queue(
    ctx: Context,
    recipe: str,
    base: Path,
    phases: Iterable[tuple[PhaseSpec, Iterable[Mapping[str, Any]]]],
    snapshot_sha256: str,
    *,
    base_name: str,
    parent: tuple[str, Path] | None = None,
    live: Path | None = None,
    tasks: tuple[str, str] | None = None,
    fresh: bool = False,
    threads: int | None = None,
    devices: int = 1,
    held_out: Sequence[Mapping[str, Any]] = (),
) -> TrainingRunRow:
    """Freeze the rows of a run and queue it; a run that waited makes room for it.

    `parent` is the base's adapter, its name and folder, to go on from unless the run begins
    `fresh`, at the plain base. With `held_out` gold the result is compared with the adapter `live`
    in use, by default the parent, and goes live where it is better. `tasks` are those that the
    result answers; it trains on so many `devices` at most. It starts with `start_queued`.
    """
    folder = ctx.home / "runs" / uuid4().hex
    frozen = [
        phase.model_copy(update={"sha256": folders.write_rows(folder, phase.data, rows)})
        for phase, rows in phases
    ]
    gate = None
    live = live or (parent[1] if parent else None)
    if held_out and live:
        sha256 = folders.write_rows(folder, HELD_OUT, held_out)
        models = ctx.home / "models"
        gate = GateSpec(
            live=str(live), models=models, chains=ctx.chains, data=HELD_OUT, sha256=sha256
        )
    spec = RunSpec(
        id=folder.name,
        recipe=recipe,
        base=base,
        base_name=base_name,
        adapter=parent[1] if parent and not fresh else None,
        parent=parent[0] if parent and not fresh else None,
        parent_sha256=_weights_sha(parent[1]) if parent and not fresh else None,
        tasks=tasks,
        phases=tuple(frozen),
        threads=threads,
        devices=devices,
        device_lock=device_lock(),
        gate=gate,
        made=folders.made(snapshot_sha256),
    )
    folders.save_spec(folder, spec)
    with _alone(ctx), writing(ctx.engine) as session:
        waiting = runs.queued(session)
        row = runs.queue_run(
            session, recipe, base_name, str(folder), snapshot_sha256, parent=spec.parent
        )
    if waiting is not None:  # it never began: its rows are of use to nobody
        shutil.rmtree(waiting.folder, ignore_errors=True)
    return row


def _weights_sha(adapter: Path) -> str | None:
    """The sha256 of an adapter's weights; without them the run will say what is missing."""
    path = adapter / WEIGHTS
    return folders.sha256_of(path) if path.is_file() else None


def device_lock(device: int = 0) -> Path:
    """The file that whoever trains on that device of this machine holds."""
    return Path(tempfile.gettempdir()) / f"funding-workbench-device-{device}.lock"


def start_queued(ctx: Context) -> TrainingRunRow | None:
    """Start the run that waits, unless another one runs."""
    with reading(ctx.engine) as session:
        if runs.queued(session) is None:
            return None
    with _alone(ctx):
        with writing(ctx.engine) as session:
            row = runs.claim(session)
        return _start(ctx, row) if row is not None else None


def resume(ctx: Context, run_id: int) -> TrainingRunRow:
    """Go on with a run that ended early, from its newest checkpoint."""
    reconcile(ctx)
    with _alone(ctx):
        with writing(ctx.engine) as session:
            row = runs.take(session, run_id)
        return _start(ctx, row)


def stop(ctx: Context, run_id: int, patience_seconds: float = PATIENCE_SECONDS) -> TrainingRunRow:
    """End a run, with a checkpoint if it answers in time; a waiting one leaves the queue."""
    with _alone(ctx), writing(ctx.engine) as session:
        row = runs.run(session, run_id)
        if row.state == "queued":
            return runs.note_ended(session, run_id, Ending("stopped", "It was taken back."))
    if process.stop(Path(row.folder), patience_seconds) == "alive":
        raise WorkbenchError(f"Run {run_id} does not end.", f"End the process {row.pid} by hand.")
    reconcile(ctx)
    with reading(ctx.engine) as session:
        return runs.run(session, run_id)


def reconcile(ctx: Context) -> list[TrainingRunRow]:
    """Make the rows say what is so; adapters of finished runs become candidates."""
    with reading(ctx.engine) as session:
        if all(map(_is_so, runs.doubtful(session))):
            return []
    with _alone(ctx), writing(ctx.engine) as session:
        changed = runs.reconcile(session, _is_alive, _ending)
        for row in changed:
            if row.state == "finished":
                _register(ctx, session, row)
        for row in runs.doubtful(session):
            who = folders.read_process(Path(row.folder))
            if row.state == "running" and row.pid is None and who is not None:
                runs.note_started(session, row.id, who.pid, who.created)
    return changed


def progress(ctx: Context, run_id: int, since: int = 0) -> Progress:
    """A run as it stands, with its log events after the first `since` bytes."""
    with reading(ctx.engine) as session:
        row = runs.run(session, run_id)
    folder = Path(row.folder)
    rows, _ = folders.metrics(folder, since)
    return Progress(row, folders.read_status(folder), _is_alive(row), rows)


class Watch:
    """Compares rows and processes again and again, and starts what waits, beside the app."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="runs", daemon=True)

    def start(self) -> None:
        """Begin, with a look at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the watching; a run goes on."""
        self._stopping.set()
        self._thread.join(timeout=WATCH_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                reconcile(self._ctx)
                start_queued(self._ctx)
            except WorkbenchError as error:  # a full disk, a busy store: look again later
                log.warning("training runs: %s", error)
            except Exception:
                log.exception("training runs cannot be looked after")
            if self._stopping.wait(WATCH_SECONDS):
                return


@contextmanager
def _alone(ctx: Context) -> Iterator[None]:
    """One at a time: between taking a row and its process's lock the two do not agree."""
    try:
        with FileLock(ctx.home / "runs.lock", timeout=PATIENCE_SECONDS):
            yield
    except Timeout as error:
        raise WorkbenchError("Another program starts a training run.", "Try again.") from error


def _start(ctx: Context, row: TrainingRunRow) -> TrainingRunRow:
    try:
        who = process.start(Path(row.folder))
    except (WorkbenchError, OSError) as error:
        with writing(ctx.engine) as session:
            return runs.note_ended(session, row.id, Ending("failed", str(error)))
    with writing(ctx.engine) as session:
        return runs.note_started(session, row.id, who.pid, who.created)


def _is_alive(row: TrainingRunRow) -> bool:
    return process.is_alive(Path(row.folder))


def _is_so(row: TrainingRunRow) -> bool:
    """Whether the row says what is so; an app killed amid a start left no process's number."""
    alive = _is_alive(row)
    return (row.state == "running") == alive and not (alive and row.pid is None)


def _ending(row: TrainingRunRow) -> Ending:
    """How a run ended whose process is gone: as it wrote, else it was interrupted."""
    folder = Path(row.folder)
    if not (folder / folders.RUN).is_file():
        return Ending("failed", f"Its files are not in {folder}; a backup holds none of a run.")
    status = folders.read_status(folder)
    if status is not None and status.state in folders.ENDED:
        return Ending(ENDINGS[status.state], status.message)
    last = folders.last_checkpoint(folder)
    kept = (
        f"It can go on from {last.parent.parent.name}/{last.name}."
        if last
        else ("It had no checkpoint yet and begins anew.")
    )
    return Ending("interrupted", f"The trainer was killed or the machine went down. {kept}")


def promote(ctx: Context, name: str, actor: str, reason: str) -> AdapterRow:
    """Make an adapter the live one; the worker opens it, and its base, with its next paper."""
    with reading(ctx.engine) as session:
        chosen = adapters.adapter(session, name)
    if not Path(chosen.folder).is_dir():
        raise WorkbenchError(f"The files of {name} are gone.", "Train a new one.")
    if chosen.metrics.get("opens") is False:  # live, it would fail every paper
        raise WorkbenchError(f"The adapter {name} does not open.", "Train a new one.")
    _try_out(ctx, Path(chosen.folder), was_opened="passes" in chosen.metrics)
    with writing(ctx.engine) as session:
        return adapters.promote(session, name, actor, reason)


def _try_out(ctx: Context, folder: Path, was_opened: bool) -> None:
    """Open an adapter that no gate has opened, as one from the Hub, before it may go live.

    Of one that a gate has opened the base may be gone since. Raises `ModelUnavailable` for what
    would fail every paper.
    """
    models = ctx.home / "models"
    if not was_opened:
        catalog.try_out(catalog.from_folder(folder), models, ctx.chains)
    else:
        catalog.refuse_missing_base(catalog.from_folder(folder), ctx.chains)


def log_tail(ctx: Context, run_id: int) -> str:
    """What a run's process printed last."""
    with reading(ctx.engine) as session:
        path = Path(runs.run(session, run_id).folder) / folders.LOG
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _register(ctx: Context, session: Any, row: TrainingRunRow) -> None:
    """The run's adapter in its own folder, a candidate; live at once where the gate says so."""
    made = Path(row.folder) / folders.ADAPTER
    if not (made / WEIGHTS).is_file():
        row.state, row.message = "failed", f"The run finished, but its adapter is gone: {made}."
        return
    name = f"{row.recipe}-{row.id}"
    folder = ctx.home / "adapters" / name
    if _weights_sha(folder) != _weights_sha(made):
        part = folder.with_name(f".{name}.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(made, part)
        if folder.exists():  # of a store that was there before a restore
            os.replace(folder, folder.with_name(f"{name}.{uuid4().hex[:8]}"))
        os.replace(part, folder)
    sha = folders.sha256_of(folder / WEIGHTS)
    decision = _decision(row)
    try:
        adapters.register(
            session,
            name,
            row.base,
            str(folder),
            sha,
            parent=row.parent,
            run_id=row.id,
            metrics=decision,
        )
        row.adapter = name
    except StoreError as error:
        row.message = str(error)
        return
    if decision:
        row.message = " ".join(decision["reasons"])
    if decision.get("passes"):
        adapters.promote(session, name, GATE_ACTOR, row.message)


def _decision(row: TrainingRunRow) -> dict[str, Any]:
    """What the gate found; empty where the run was not compared."""
    try:
        read = json.loads((Path(row.folder) / folders.GATE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
