"""Exports in the background: each a folder under HOME/exports and a process of its own.

`python -m workbench.exchange.jobs HOME ID` does one. It outlives the app that started it; whether
it lives is what the lock of its folder says, for a killed process frees it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from filelock import FileLock, Timeout

from db.columns import utc_now
from db.errors import NotFound
from models.errors import WorkbenchError
from workbench.context import Context, Settings
from workbench.exchange.writing import Spec, Stopped, export
from workbench.exports import open_format

State = Literal["starting", "running", "done", "stopped", "interrupted", "failed"]
JOB, STATUS, CANCEL, ALIVE = "job.json", "status.json", "cancel", "alive"
ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z_]{1,40}-[0-9a-f]{6}")
MOST_RUNNING = 2


@dataclass(frozen=True, slots=True)
class Job:
    """An export that somebody asked for, and how it stands."""

    id: str
    spec: Spec
    person: str
    created_at: str
    state: State
    step: str = ""
    done: int = 0
    total: int = 0
    error: str = ""
    file: str | None = None
    outcome: dict[str, Any] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether a process works on it."""
        return self.state in ("starting", "running")


def folder(ctx: Context) -> Path:
    """Where the exports lie."""
    return ctx.home / "exports"


def start(ctx: Context, spec: Spec, person: str) -> Job:
    """Begin an export; raises where the format or an option is unknown, or too many run."""
    of = open_format(spec.format, spec.options)
    if sum(job.is_active for job in jobs(ctx)) >= MOST_RUNNING:
        raise WorkbenchError("Two exports are running already.", "Wait for one, or cancel it.")
    now = utc_now()
    id_ = f"{now:%Y%m%d-%H%M%S}-{of.name}-{uuid4().hex[:6]}"
    place = folder(ctx) / id_
    place.mkdir(parents=True)
    told = {"spec": asdict(spec), "person": person, "created_at": now.isoformat()}
    _put(place / JOB, told)
    _put(place / STATUS, {"state": "starting"})
    _spawn(ctx, id_)
    return job(ctx, id_)


def resume(ctx: Context, id_: str) -> Job:
    """Go on with an export that was stopped or killed."""
    found = job(ctx, id_)
    if found.state not in ("stopped", "interrupted", "failed"):
        raise WorkbenchError("This export is not waiting to go on.", "Start a new one.")
    (_place(ctx, id_) / CANCEL).unlink(missing_ok=True)
    _put(_place(ctx, id_) / STATUS, {"state": "starting"})
    _spawn(ctx, id_)
    return job(ctx, id_)


def cancel(ctx: Context, id_: str) -> Job:
    """Ask an export to stop after the chunk in hand; it can be resumed."""
    if job(ctx, id_).is_active:
        (_place(ctx, id_) / CANCEL).touch()
    return job(ctx, id_)


def remove(ctx: Context, id_: str) -> None:
    """Delete an export and its files; one that runs must be cancelled first."""
    if job(ctx, id_).is_active:
        raise WorkbenchError("This export is running.", "Cancel it first.")
    shutil.rmtree(_place(ctx, id_))


def jobs(ctx: Context) -> list[Job]:
    """All exports, the newest first."""
    if not folder(ctx).is_dir():
        return []
    names = sorted((p.name for p in folder(ctx).iterdir() if ID.fullmatch(p.name)), reverse=True)
    return [job(ctx, name) for name in names if (folder(ctx) / name / JOB).exists()]


def job(ctx: Context, id_: str) -> Job:
    """An export by its id. Raises `NotFound`."""
    place = _place(ctx, id_)
    told, status = _read(place / JOB), _read(place / STATUS)
    state: State = status.get("state", "interrupted")
    if state == "running" and not _is_alive(place):
        # Its process may have ended between the two looks.
        status = _read(place / STATUS)
        state = "interrupted" if status.get("state") == "running" else status["state"]
    return Job(
        id=id_,
        spec=Spec(**told["spec"]),
        person=told["person"],
        created_at=told["created_at"],
        state=state,
        **{
            k: status[k]
            for k in ("step", "done", "total", "error", "file", "outcome")
            if k in status
        },
    )


def file_of(ctx: Context, id_: str) -> Path:
    """The finished file of an export."""
    found = job(ctx, id_)
    if found.file is None:
        raise NotFound("This export has no file yet.", "Wait until it is done.")
    return _place(ctx, id_) / found.file


def report_of(ctx: Context, id_: str) -> Path:
    """The list of the records that did not fit."""
    path = _place(ctx, id_) / f"{job(ctx, id_).file}.unfit.jsonl"
    if not path.is_file():
        raise NotFound("No record was left out.", "There is no list.")
    return path


def run(ctx: Context, id_: str) -> None:
    """Do an export to its end, in this process."""
    place = _place(ctx, id_)
    spec = Spec(**_read(place / JOB)["spec"])
    with FileLock(place / ALIVE, timeout=5):
        _put(place / STATUS, {"state": "running", "step": "freezing"})
        try:
            _put(place / STATUS, _run(ctx, spec, place))
        except Stopped:
            _put(place / STATUS, {"state": "stopped"})
        except WorkbenchError as error:
            _put(place / STATUS, {"state": "failed", "error": str(error)})
        except Exception as error:
            _put(place / STATUS, {"state": "failed", "error": f"{type(error).__name__}: {error}"})
            raise


def _run(ctx: Context, spec: Spec, place: Path) -> dict[str, Any]:
    of = open_format(spec.format, spec.options)
    target = place / f"{of.name}.{of.suffix}"

    def progress(step: str, done: int, total: int) -> None:
        _put(place / STATUS, {"state": "running", "step": step, "done": done, "total": total})

    made = export(
        ctx.engine, of, spec, target, resume=True, progress=progress,
        should_stop=(place / CANCEL).exists,
    )  # fmt: skip
    return {"state": "done", "file": target.name, "outcome": made.told()}


def _spawn(ctx: Context, id_: str) -> None:
    log = (_place(ctx, id_) / "log.txt").open("ab")
    command = [sys.executable, "-m", "workbench.exchange.jobs", str(ctx.home), id_]
    with log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    # Without somebody who waits for it, the process would stay a zombie when it ends.
    threading.Thread(target=_wait, args=(child, _place(ctx, id_)), daemon=True).start()


def _wait(child: subprocess.Popen[bytes], place: Path) -> None:
    code = child.wait()
    status = place / STATUS
    if code and status.exists() and _read(status).get("state") == "starting":
        _put(status, {"state": "failed", "error": "The export did not start. See its log."})


def _place(ctx: Context, id_: str) -> Path:
    place = folder(ctx) / id_
    if not ID.fullmatch(id_) or not (place / JOB).is_file():
        raise NotFound("There is no such export.", "It may have been removed.")
    return place


def _is_alive(place: Path) -> bool:
    try:
        with FileLock(place / ALIVE, timeout=0):
            return False
    except Timeout:
        return True


def _put(path: Path, told: dict[str, Any]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    part.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    os.replace(part, path)


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def main() -> None:
    """Do the export that the command line names."""
    os.nice(5) if hasattr(os, "nice") else None
    home, id_ = sys.argv[1:3]
    run(Context(Settings(home=Path(home))), id_)


if __name__ == "__main__":
    main()
