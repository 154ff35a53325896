"""What a run says while it trains, and what it hears: its status, its figures, the wish to stop."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from models.errors import WorkbenchError
from training import run as runs
from training.run import State, Status

log = logging.getLogger("training")
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

    def __init__(self, run_dir: Path, goes_on: bool = False) -> None:
        self._dir = run_dir
        moment = runs.now()
        self._status = Status(state="starting", started_at=moment, updated_at=moment)
        if goes_on:
            self.reread()
        else:
            self.tell()

    def reread(self) -> None:
        """Go on from what another process of the run wrote last."""
        self._status = runs.read_status(self._dir) or self._status

    def tell(self, state: State | None = None, **changes: Any) -> None:
        """Write a status that differs from the last one in this."""
        changed = changes | ({"state": state} if state else {}) | {"updated_at": runs.now()}
        self._status = self._status.model_copy(update=changed)
        runs.write_status(self._dir, self._status)


def beat(run_dir: Path, phase: str, request: Request, report: Reporter) -> Any:
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
            if not state.is_world_process_zero:
                return
            event = {"phase": phase, "step": state.global_step, **(logs or {})}
            runs.append_metrics(run_dir, event)
            log.info(
                "%s, step %d of %d: %s", phase, state.global_step, state.max_steps, _line(logs)
            )
            report.tell(step=state.global_step, steps=state.max_steps)

    return Beat()


def own_session_stands_back() -> None:
    """Lower a session's priority: a desktop Linux weighs sessions, not processes."""
    if hasattr(os, "getsid") and os.getsid(0) == os.getpid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(NICENESS))


def _line(logs: Mapping[str, Any] | None) -> str:
    """The figures of a log event, for people."""
    figures = ((name, value) for name, value in (logs or {}).items() if name != "epoch")
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in figures
    )


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
