"""The workers' signs of life: what each does and since when, in small files that anyone may read.

A worker's own thread writes its beat, so that a long call of the model does not silence it; when
the work itself last moved on is told apart. The app writes down how workers ended.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

import psutil
from pydantic import BaseModel, ValidationError

from db.columns import utc_now
from db.tables import JobRow

log = logging.getLogger(__name__)
BEAT_SECONDS = 2.0
SILENT_AFTER = timedelta(seconds=15)
STUCK_AFTER = timedelta(minutes=5)
"""Reading one part of a paper takes a slow laptop about a minute."""
RESTARTS_WITHIN = timedelta(minutes=10)
MANY_RESTARTS = 3
KEPT_EXITS = 20

State = Literal["starting", "idle", "working"]


class Beat(BaseModel):
    """A worker's newest sign of life; times are UTC."""

    role: str
    pid: int
    parent: int
    state: State = "starting"
    started_at: datetime
    beat_at: datetime
    moved_at: datetime
    since: datetime
    job: int | None = None
    kind: str | None = None
    name: str | None = None
    record: int | None = None
    model: str | None = None
    adapter: str | None = None


class Exit(BaseModel):
    """How a worker ended: the code of its process, a negative one for a signal."""

    at: datetime
    code: int


class Health(NamedTuple):
    """How a worker is: a word for it, how bad that is, and what to say of it."""

    level: Literal["ok", "warn", "bad"]
    key: str
    values: dict[str, Any]


class Pulse:
    """Writes the beat of this process until it is closed."""

    def __init__(self, home: Path, role: str, parent: int) -> None:
        now = utc_now()
        self._path = _file(home, role)
        self._beat = Beat(
            role=role,
            pid=os.getpid(),
            parent=parent,
            started_at=now,
            beat_at=now,
            moved_at=now,
            since=now,
        )
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin, with a beat at once."""
        self._write()
        self._thread.start()

    def close(self) -> None:
        """No beat follows."""
        self._ended.set()

    def idle(self) -> None:
        """There is no work."""
        if self._beat.state != "idle":
            self._change(state="idle", since=utc_now(), job=None, kind=None, name=None, record=None)

    @contextmanager
    def working(self, job: JobRow) -> Iterator[None]:
        """Say that a job is being done, from here on."""
        about = {"job": job.id, "kind": job.kind, "name": job.name, "record": job.record_id}
        now = utc_now()
        self._change(state="working", since=now, moved_at=now, **about)
        self._write()
        yield

    def moved(self) -> None:
        """The work went on by a step."""
        self._beat.moved_at = utc_now()

    def model(self, name: str, adapter: str | None) -> None:
        """Say which model is open."""
        self._change(model=name, adapter=adapter)

    def _change(self, **facts: Any) -> None:
        with self._lock:
            self._beat = self._beat.model_copy(update=facts)

    def _run(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            self._write()

    def _write(self) -> None:
        with self._lock:
            self._beat.beat_at = utc_now()
            text = self._beat.model_dump_json()
            try:
                _replace(self._path, text)
            except OSError as error:  # a full disk: the silence itself tells the doctor
                log.warning("no sign of life could be written: %s", error)


def read(home: Path, role: str) -> Beat | None:
    """The newest beat of a worker of that role, None where there was none."""
    try:
        return Beat.model_validate_json(_file(home, role).read_bytes())
    except (OSError, ValidationError):
        return None


def note_exit(home: Path, role: str, code: int) -> None:
    """Write down that a worker ended although it should not."""
    kept = [*exits(home, role), Exit(at=utc_now(), code=code)][-KEPT_EXITS:]
    try:
        _replace(_exits_file(home, role), json.dumps([e.model_dump(mode="json") for e in kept]))
    except OSError as error:
        log.warning("the end of the %s worker could not be written down: %s", role, error)


def exits(home: Path, role: str) -> list[Exit]:
    """The ends of workers of that role, the newest last."""
    try:
        rows = json.loads(_exits_file(home, role).read_bytes())
        return [Exit.model_validate(row) for row in rows]
    except (OSError, ValueError, TypeError):
        return []


def health(home: Path, role: str, alive: bool, now: datetime | None = None) -> Health:
    """How the worker of that role is; whatever is not well comes with the reason."""
    now = now or utc_now()
    beat = read(home, role)
    ended = [e for e in exits(home, role) if now - e.at < RESTARTS_WITHIN]
    facts: dict[str, Any] = {"minutes": int(RESTARTS_WITHIN.total_seconds() // 60)}
    if ended:
        facts |= {"n": len(ended), "code": reason_of(ended[-1].code)}
    if len(ended) >= MANY_RESTARTS:
        return Health("bad", "failing", facts)
    if not alive:
        return _absent(beat, ended, facts)
    if beat is None or beat.beat_at < now - SILENT_AFTER:
        silent = now - beat.beat_at if beat else SILENT_AFTER
        return Health("bad", "silent", {"time": span(silent), "pid": beat.pid if beat else "?"})
    told = {"time": span(now - beat.since), "pid": beat.pid, "name": beat.name or ""}
    if beat.state == "working" and beat.moved_at < now - STUCK_AFTER:
        return Health("warn", "stuck", told | {"still": span(now - beat.moved_at)})
    level: Literal["ok", "warn"] = "warn" if ended else "ok"
    key = f"{beat.state}_{beat.kind}" if beat.state == "working" else beat.state
    return Health(level, f"again_{key}" if ended else key, told | facts)


def _absent(beat: Beat | None, ended: list[Exit], facts: dict[str, Any]) -> Health:
    """A worker that does not run: the app is ended, or it starts one again."""
    if beat is None or not psutil.pid_exists(beat.parent):
        return Health("ok", "stopped", {})
    return Health("warn", "restarting", facts) if ended else Health("bad", "dead", {})


def reason_of(code: int) -> str:
    """The end of a process in words that need no translation: a signal's name, or its code."""
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def span(time: timedelta | float) -> str:
    """A length of time in its largest unit; the units' signs are the same in every language."""
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def _file(home: Path, role: str) -> Path:
    return home / "beats" / f"{role}.json"


def _exits_file(home: Path, role: str) -> Path:
    return home / "beats" / f"{role}.exits.json"


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, "utf-8")
    part.replace(path)
