"""The trainer's process: `python -m training RUN_DIR`. It reads files and writes files.

It holds the run's lock as long as it lives, waits for its device, trains, and says in
`status.json` where it stands. The file `stop`, SIGTERM and SIGINT end it after the step in hand
with a checkpoint. Exit status: 0 finished or stopped, 1 failed, 2 no folder given, 3 the run is
already being trained.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from training import run as runs
from training.reporting import (
    NICENESS,
    Reporter,
    Request,
    Stopped,
    beat,
    explain,
    own_session_stands_back,
)
from training.run import GateSpec, PhaseSpec, Pid, RunSpec

log = logging.getLogger("training")
FINISHED, FAILED, USAGE, HELD = 0, 1, 2, 3
LOCK_SECONDS = 1.0
"""Who only looks whether a run lives holds its lock for an instant: wait that long."""
DEVICE_SECONDS = 0.5


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
    if hasattr(os, "nice"):
        os.nice(NICENESS)
        own_session_stands_back()


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
    from training import group, phases

    in_groups = group.is_wanted(spec)
    if not in_groups:
        os.environ |= group.first_device(dict(os.environ))

    def callbacks(number: int, phase: PhaseSpec) -> list[Any]:
        request.obey()
        report.tell(phase=phase.name, number=number, step=0, steps=0)
        return [] if in_groups else [beat(run_dir, phase.name, request, report)]

    train = group.Group(spec, run_dir, request, report).train if in_groups else phases.train
    with ExitStack() as stack:
        if spec.device_lock is not None:
            stack.callback(_device(spec.device_lock, request, report).release)
        report.tell("running", message="")
        adapter = phases.run(spec, run_dir, callbacks, train)
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
    from training import phases
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

    told = compare(
        gate.live,
        str(adapter),
        gold,
        gate.models,
        spec.threads,
        tell,
        held_out=len(held_out),
        chains=gate.chains,
    )
    if (curves := told.pop("curves", None)) is not None:
        phases.note_curves(adapter, curves, told["calibration"])
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


def _say_who(run_dir: Path) -> None:
    import psutil

    me = Pid(pid=os.getpid(), created=psutil.Process().create_time())
    runs.replace(run_dir / runs.PROCESS, me.model_dump_json())


def _kept(run_dir: Path) -> str:
    last = runs.last_checkpoint(run_dir)
    return f"Stopped; it goes on from {last.name}." if last else "Stopped before the first step."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
