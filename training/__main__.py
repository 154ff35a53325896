"""The trainer's process: `python -m training RUN_DIR`. It reads files and writes files.

It holds the run's lock as long as it lives, waits for its device, trains, and says in
`status.json` where it stands. The file `stop`, SIGTERM and SIGINT end it after the step in hand
with a checkpoint. Exit status: 0 finished or stopped, 1 failed, 2 no folder given, 3 the run is
already being trained.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from models.errors import WorkbenchError
from training import run as runs
from training.run import GateSpec, PhaseSpec, Pid, RunSpec, State, Status

log = logging.getLogger("training")
FINISHED, FAILED, USAGE, HELD = 0, 1, 2, 3
LOCK_SECONDS = 1.0
"""Who only looks whether a run lives holds its lock for an instant: wait that long."""
DEVICE_SECONDS = 0.5
NICENESS = 10
"""How far the trainer stands back: whoever saves or reads a paper meanwhile comes first."""
FULL_BYTES = 10_000_000
"""With less than that free, a write that failed is put down to the full disk."""


class Stopped(Exception):
    """The run was asked to stop, and everything worth keeping is saved."""


class Request:
    """Whether somebody wants the run to stop: by the file `stop` or by a signal."""

    def __init__(self, run_dir: Path) -> None:
        self._file = run_dir / runs.STOP
        self._signalled = False

    def listen(self) -> None:
        """Take SIGTERM and Ctrl-C as a request instead of dying amid a step."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def made(self) -> bool:
        """Whether to stop now."""
        return self._signalled or self._file.exists()

    def obey(self) -> None:
        """Raise `Stopped` where somebody asked; call it where nothing can be lost."""
        if self.made():
            raise Stopped

    def _note(self, number: int, frame: object) -> None:
        self._signalled = True


class Reporter:
    """Writes the status; it remembers what was last written."""

    def __init__(self, run_dir: Path) -> None:
        self._dir = run_dir
        moment = runs.now()
        self._status = Status(state="starting", started_at=moment, updated_at=moment)
        self.tell()

    def tell(self, state: State | None = None, **changes: Any) -> None:
        """Write a status that differs from the last one in this."""
        changed = changes | ({"state": state} if state else {}) | {"updated_at": runs.now()}
        self._status = self._status.model_copy(update=changed)
        runs.write_status(self._dir, self._status)


def main(arguments: list[str]) -> int:
    """Train the run in the given folder; return the exit status."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: python -m training RUN_DIR", file=sys.stderr)
        return USAGE
    run_dir = Path(arguments[0]).resolve()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    request = Request(run_dir)
    request.listen()
    _stand_back()
    try:
        with FileLock(run_dir / runs.LOCK, timeout=LOCK_SECONDS):
            return _hold(run_dir, request)
    except Timeout:
        log.error("the run in %s is already being trained", run_dir)
        return HELD


def _stand_back() -> None:
    """Lower this process's priority, before libraries start the threads that inherit it."""
    if not hasattr(os, "nice"):
        return
    os.nice(NICENESS)
    # A desktop Linux weighs sessions, not processes, against each other.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(NICENESS))


def _hold(run_dir: Path, request: Request) -> int:
    """All that happens under the run's lock; what goes wrong ends as the status "failed"."""
    try:
        for torn in run_dir.glob(".*.json-*"):  # a killed writer's
            torn.unlink()
        _say_who(run_dir)
        report = Reporter(run_dir)
    except OSError as error:  # there is nowhere to write it down but in the log
        log.exception("the run cannot begin")
        print(explain(error, run_dir), file=sys.stderr)
        return FAILED
    try:
        spec = runs.load_spec(run_dir)
        adapter = _train(spec, run_dir, request, report)
        report.tell("finished", adapter=adapter, message="")
    except Stopped:
        report.tell("stopped", message=_kept(run_dir))
    except Exception as error:
        log.exception("the run failed")
        report.tell("failed", message=explain(error, run_dir))
        return FAILED
    return FINISHED


def _train(spec: RunSpec, run_dir: Path, request: Request, report: Reporter) -> Path:
    from training import phases

    def callbacks(number: int, phase: PhaseSpec) -> list[Any]:
        request.obey()
        report.tell(phase=phase.name, number=number, step=0, steps=0)
        return [_beat(run_dir, phase.name, request, report)]

    with ExitStack() as stack:
        if spec.device_lock is not None:
            stack.callback(_device(spec.device_lock, request, report).release)
        report.tell("running", message="")
        adapter = phases.run(spec, run_dir, callbacks)
        if spec.gate is not None:
            _compare(spec, spec.gate, run_dir, adapter, request, report)
        return adapter


def _compare(
    spec: RunSpec,
    gate: GateSpec,
    run_dir: Path,
    adapter: Path,
    request: Request,
    report: Reporter,
) -> None:
    """Let the finished adapter and the live one read the held-out gold; the app decides on it."""
    from training.corpora import LabelledStatement
    from training.gate import compare, regression

    held_out = [LabelledStatement.model_validate(row) for row in runs.read_rows(run_dir, gate)]
    gold = held_out + regression()
    report.tell(
        phase="compare", step=0, steps=len(gold), phase_from=0, phase_at=runs.now(), message=""
    )

    def tell(done: int) -> None:
        request.obey()
        report.tell(step=done)

    told = compare(gate.live, str(adapter), gold, gate.models, spec.threads, tell)
    runs.replace(run_dir / runs.GATE, json.dumps(told, indent=2, ensure_ascii=False))


def _device(path: Path, request: Request, report: Reporter) -> FileLock:
    """The device's lock, once no other run holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=0)
    while True:
        request.obey()
        try:
            lock.acquire()
            return lock
        except Timeout:
            report.tell("waiting", message="Another run trains on this device.")
            time.sleep(DEVICE_SECONDS)


def _beat(run_dir: Path, phase: str, request: Request, report: Reporter) -> Any:
    """A trainer's callback: status at each step, metrics at each log event, stop on request."""
    from transformers import TrainerCallback

    class Beat(TrainerCallback):
        """Leaves the trainer only at moments when a checkpoint holds all that was learned."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            request.obey()
            at = {"phase_from": state.global_step, "phase_at": runs.now()}
            report.tell("running", step=state.global_step, steps=state.max_steps, message="", **at)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            wanted = request.made()
            control.should_save = control.should_save or wanted
            now: State = "stopping" if wanted else "running"
            report.tell(now, step=state.global_step, steps=state.max_steps)

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            request.obey()

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            event = {"phase": phase, "step": state.global_step, **(logs or {})}
            runs.append_metrics(run_dir, event)
            log.info(
                "%s, step %d of %d: %s", phase, state.global_step, state.max_steps, _line(logs)
            )
            report.tell(step=state.global_step, steps=state.max_steps)

    return Beat()


def _line(logs: Mapping[str, Any] | None) -> str:
    """The figures of a log event, for people."""
    figures = ((name, value) for name, value in (logs or {}).items() if name != "epoch")
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in figures
    )


def _say_who(run_dir: Path) -> None:
    import psutil

    me = Pid(pid=os.getpid(), created=psutil.Process().create_time())
    runs.replace(run_dir / runs.PROCESS, me.model_dump_json())


def _kept(run_dir: Path) -> str:
    last = runs.last_checkpoint(run_dir)
    return f"Stopped; it goes on from {last.name}." if last else "Stopped before the first step."


def explain(error: Exception, run_dir: Path) -> str:
    """What went wrong and what to do, for a curator."""
    if isinstance(error, WorkbenchError):
        return str(error)
    said = str(error)
    if _is_full(error, said, run_dir):
        return f"The disk of {run_dir} is full. Free some space and resume the run."
    if isinstance(error, MemoryError) or "out of memory" in said or "can't allocate memory" in said:
        return "The memory is not enough for this run. Lower the batch size, or end other programs."
    if isinstance(error, PermissionError):
        return f"{error.filename} may not be written. Check its permissions and resume the run."
    first = said.splitlines()[0] if said.strip() else ""
    return f"The training failed ({type(error).__name__}: {first}). The details are in {runs.LOG}."


def _is_full(error: Exception, said: str, run_dir: Path) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    # torch and safetensors tell a failed write each in their own words
    wrote = "No space left" in said or "file write failed" in said or "failed writing" in said
    return "No space left" in said or (wrote and shutil.disk_usage(run_dir).free < FULL_BYTES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
