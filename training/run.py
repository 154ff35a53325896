"""The folder of a training run: what goes in, what comes out. It knows no process and no store.

    run.json        what to do, written once                    lock          held while it trains
    *.jsonl         the frozen rows, named by the phases        process.json  who holds the lock
    status.json     where it stands, replaced whole             stop          asks it to stop
    metrics.jsonl   one object a log event                      log.txt       what it printed
    1-NAME/ …       a phase's checkpoints and adapter           adapter/      the result
    gate.json       how the result compares with the live adapter
    group.json      what came of a phase on several devices

Readers take what a killed writer left: a file that is absent or half written reads as None.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import WorkbenchError
from training import checkpoints

Kind = Literal["sft", "dpo", "grpo"]
State = Literal["starting", "waiting", "running", "stopping", "finished", "stopped", "failed"]
ENDED: tuple[State, ...] = ("finished", "stopped", "failed")

RUN, STATUS, PROCESS, METRICS = "run.json", "status.json", "process.json", "metrics.jsonl"
LOCK, STOP, LOG, ADAPTER, GATE = "lock", "stop", "log.txt", "adapter", "gate.json"
GROUP = "group.json"
LIBRARIES = ("torch", "transformers", "peft", "trl", "accelerate", "datasets", "tokenizers")


class InvalidRun(WorkbenchError):
    """A run whose folder does not hold what it needs."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PhaseSpec(_Frozen):
    """One phase: its trainer, the parameters of that trainer's phase class, its rows.

    `data` is a file of the run's folder; with `sha256`, no other contents are trained on. `merged`:
    what was learned before is merged into the base, and a fresh adapter is trained on that.
    """

    kind: Kind
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    parameters: dict[str, Any] = Field(default_factory=dict)
    data: str = Field(pattern=r"^[A-Za-z0-9_-]+\.jsonl$")
    sha256: str | None = None
    merged: bool = False


class GateSpec(_Frozen):
    """What the finished adapter is compared with, and on what.

    `live` is the adapter in use (a folder, or a name of the catalog), `data` the held-out gold in
    the run's folder, `models` where merged models are kept, `chains` where those of chains lie.
    """

    live: str
    models: Path
    chains: Path | None = None
    data: str = "held_out.jsonl"
    sha256: str | None = None


class Made(_Frozen):
    """What a run was made from and by which code."""

    snapshot_sha256: str
    code: str
    libraries: dict[str, str]
    python: str
    created_at: datetime


class RunSpec(_Frozen):
    """What to do. `base` is a transformers folder, `adapter` a PEFT folder to go on from.

    `device_lock` is one file a device, the same for all programs of the machine: who holds it
    trains. At most `devices` of them work together. `base_name` and `parent` are what the adapter's
    card calls base and adapter, `parent_sha256` is of the latter's weights: no others are gone on
    from. `tasks` are the tasks, stage 1 and 2, that it answers.
    """

    id: str
    recipe: str
    base: Path
    base_name: str
    adapter: Path | None = None
    parent: str | None = None
    parent_sha256: str | None = None
    tasks: tuple[str, str] | None = None
    phases: tuple[PhaseSpec, ...] = Field(min_length=1)
    threads: int | None = Field(default=None, ge=1)
    devices: int = Field(default=1, ge=1)
    device_lock: Path | None = None
    gate: GateSpec | None = None
    made: Made


class Status(_Frozen):
    """Where a run stands; `step` of `steps` in the phase `phase`, the `number`th from 1.

    `phase_at` is when this process took the phase up, at the step `phase_from`.
    """

    state: State
    phase: str | None = None
    number: int = 0
    step: int = 0
    steps: int = 0
    phase_from: int = 0
    phase_at: datetime | None = None
    started_at: datetime
    updated_at: datetime
    message: str = ""
    adapter: Path | None = None


class Pid(_Frozen):
    """A process that no later one with the same number can be taken for: `created` is seconds."""

    pid: int
    created: float


Model = TypeVar("Model", bound=BaseModel)


def save_spec(run_dir: Path, spec: RunSpec) -> Path:
    """Write `run.json` into a folder, which is made if need be."""
    run_dir.mkdir(parents=True, exist_ok=True)
    replace(run_dir / RUN, spec.model_dump_json(indent=2))
    return run_dir


def load_spec(run_dir: Path) -> RunSpec:
    """What the run is to do. Raises `InvalidRun`: without it there is no run."""
    path = run_dir / RUN
    try:
        return RunSpec.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise InvalidRun(f"There is no run in {run_dir}.", "Check the folder.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidRun(
            f"{path} cannot be read: {place}: {first['msg']}.", "Start a new run."
        ) from error


def write_rows(run_dir: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """Freeze a phase's rows as JSON Lines; return the sha256 of the file."""
    run_dir.mkdir(parents=True, exist_ok=True)
    replace(run_dir / name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return sha256_of(run_dir / name)


def read_rows(run_dir: Path, phase: PhaseSpec | GateSpec) -> list[dict[str, Any]]:
    """The rows of a phase or of the gate. Raises `InvalidRun` for a file that was not frozen so."""
    path = run_dir / phase.data
    again = "Start a new run: it freezes the data anew."
    if not path.is_file():
        raise InvalidRun(f"The data file {phase.data} is missing.", again)
    if phase.sha256 is not None and sha256_of(path) != phase.sha256:
        raise InvalidRun(f"The data file {phase.data} was altered after the run was made.", again)
    rows = []
    # split at "\n" alone: a text may hold other characters that Python takes for line ends
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if line.strip():
            row = _object(line)
            if row is None:
                raise InvalidRun(f"Line {number} of the data file {phase.data} is broken.", again)
            rows.append(row)
    if not rows:
        raise InvalidRun(f"The data file {phase.data} is empty.", again)
    return rows


def read_status(run_dir: Path) -> Status | None:
    """Where the run stood when it last wrote; None where that cannot be read."""
    return _read(run_dir / STATUS, Status)


def write_status(run_dir: Path, status: Status) -> None:
    """Replace the status: a reader sees the old one or the new one."""
    replace(run_dir / STATUS, status.model_dump_json())


def read_process(run_dir: Path) -> Pid | None:
    """The process that last held the run's lock; it may be gone."""
    return _read(run_dir / PROCESS, Pid)


def metrics(run_dir: Path, since: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The log events after the first `since` bytes, and where to go on reading.

    An event has `phase`, `step` and the trainer's figures. A line that is still being written
    waits for the next call, a broken one is left out. A resumed phase repeats the steps after its
    checkpoint: of two events of one step the later one counts.
    """
    try:
        with (run_dir / METRICS).open("rb") as lines:
            lines.seek(since)
            read = lines.read()
    except FileNotFoundError:
        return [], since
    whole = read[: read.rfind(b"\n") + 1]
    rows = [row for line in whole.split(b"\n") if (row := _object(line)) is not None]
    return rows, since + len(whole)


def append_metrics(run_dir: Path, event: Mapping[str, Any]) -> None:
    """Add a log event; a line that a killed writer left torn is ended first."""
    path = run_dir / METRICS
    with path.open("ab+") as lines:
        if lines.tell():
            lines.seek(-1, os.SEEK_END)
            if lines.read(1) != b"\n":
                lines.write(b"\n")
        lines.write(json.dumps(event).encode() + b"\n")


def phase_dir(run_dir: Path, spec: RunSpec, number: int) -> Path:
    """The folder of the `number`th phase, from 1."""
    return run_dir / f"{number}-{spec.phases[number - 1].name}"


def last_checkpoint(run_dir: Path) -> Path | None:
    """The newest whole checkpoint of the last phase that has one."""
    numbered = [path for path in run_dir.glob("[0-9]*-*") if path.is_dir()]
    for folder in sorted(numbered, key=lambda path: int(path.name.split("-")[0]), reverse=True):
        if found := checkpoints.newest(folder / "checkpoints"):
            return found
    return None


def made(snapshot_sha256: str) -> Made:
    """What stands in the card of every adapter that this code trains on a snapshot."""
    return Made(
        snapshot_sha256=snapshot_sha256,
        code=code_version(),
        libraries={name: _version(name) for name in LIBRARIES},
        python=platform.python_version(),
        created_at=now(),
    )


def code_version() -> str:
    """The package's version and a hash of the code that trains: `0.1.0+1f2e3d4c5b6a`."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for package in ("models", "training"):
        for path in sorted((root / package).rglob("*.py")):
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return f"{_version('funding-workbench')}+{digest.hexdigest()[:12]}"


def replace(path: Path, text: str) -> None:
    """Give a file new contents in one step, so that no reader sees half of them."""
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def now() -> datetime:
    """The present, with its time zone."""
    return datetime.now(timezone.utc)


def _read(path: Path, kind: type[Model]) -> Model | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(line)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
