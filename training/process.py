"""A run's process from the outside: start it, ask whether it lives, stop it.

It outlives whoever started it. Whether it lives is what its lock says: the system frees the lock
of a killed process, and nothing that is written down could say so.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from models.errors import WorkbenchError
from training import run as runs
from training.run import Pid

Ending = Literal["gone", "file", "sigterm", "sigkill", "alive"]
"""What ended a run: it was gone already, the stop file, a signal; or it lives on."""
POLL_SECONDS = 0.1
CLOCK_SECONDS = 2.0
"""How far two readings of one creation time lie apart when the system's clock is set."""


class RunError(WorkbenchError):
    """A run's process cannot be started or stopped."""


def start(run_dir: Path, patience_seconds: float = 90.0) -> Pid:
    """Start the run's process and wait until it holds the run's lock; it goes on where it stopped.

    Raises `RunError` where the run lives already or its process ends before it takes the lock.
    """
    run_dir = run_dir.resolve()
    if not (run_dir / runs.RUN).is_file():
        raise RunError(f"The files of the run are not in {run_dir}.", "Start a new run.")
    if is_alive(run_dir):
        raise RunError("This run is already being trained.", "Wait for it, or stop it.")
    for left in (runs.STOP, runs.PROCESS):
        (run_dir / left).unlink(missing_ok=True)
    child = _spawn(run_dir)
    # Without somebody who waits for it, the process would stay a zombie when it ends.
    threading.Thread(target=child.wait, name=f"trainer {child.pid}", daemon=True).start()
    end = time.monotonic() + patience_seconds
    while time.monotonic() < end:
        ended = child.poll() is not None  # asked first: a short run may have come and gone
        told = runs.read_process(run_dir)
        if told is not None and told.pid == child.pid:
            return told
        if ended:
            raise RunError(f"The trainer did not start: {_last_words(run_dir)}", "See log.txt.")
        time.sleep(POLL_SECONDS)
    child.kill()
    raise RunError("The trainer did not start in time.", "Try again when nothing else runs.")


def is_alive(run_dir: Path) -> bool:
    """Whether a process holds the run's lock."""
    if not run_dir.is_dir():
        return False
    try:
        with FileLock(run_dir / runs.LOCK, timeout=0):
            return False
    except Timeout:
        return True


def ask_to_stop(run_dir: Path) -> None:
    """Ask the run to end after the step in hand; returns at once."""
    (run_dir / runs.STOP).touch()


def stop(run_dir: Path, patience_seconds: float = 60.0) -> Ending:
    """End the run: the stop file, SIGTERM, SIGKILL of the group, each after the patience.

    The first two leave a checkpoint. No process but the one that wrote down that it took the lock
    is ever signalled. Returns what ended the run.
    """
    if not is_alive(run_dir):
        return "gone"
    ask_to_stop(run_dir)
    if _ends(run_dir, patience_seconds):
        return "file"
    _signal(run_dir, signal.SIGTERM)
    if _ends(run_dir, patience_seconds):
        return "sigterm"
    _signal_group(run_dir)
    return "sigkill" if _ends(run_dir, patience_seconds) else "alive"


def is_running(who: Pid) -> bool:
    """Whether that very process runs: not a zombie, and not a later one with the same number."""
    import psutil

    try:
        found = psutil.Process(who.pid)
        apart: float = abs(found.create_time() - who.created)
        return apart < CLOCK_SECONDS and str(found.status()) != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def environment() -> dict[str, str]:
    """The caller's, with this package where the child finds it, and no way to a model hub."""
    here = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    quiet = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **quiet, "PYTHONPATH": path}


def _spawn(run_dir: Path) -> subprocess.Popen[bytes]:
    with (run_dir / runs.LOG).open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "training", str(run_dir)],
            cwd=run_dir,  # libraries look for folders with their names where they run
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _ends(run_dir: Path, patience_seconds: float) -> bool:
    return _until(lambda: not is_alive(run_dir), patience_seconds)


def _until(is_so: Callable[[], bool], patience_seconds: float) -> bool:
    end = time.monotonic() + patience_seconds
    while not is_so():
        if time.monotonic() >= end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _signal(run_dir: Path, number: int) -> None:
    who = runs.read_process(run_dir)
    if who is not None and is_running(who):
        os.kill(who.pid, number)


def _signal_group(run_dir: Path) -> None:
    """SIGKILL for the run's process and what it started; it leads a group of its own."""
    who = runs.read_process(run_dir)
    if who is None or not is_running(who):
        return
    if os.getpgid(who.pid) == who.pid:
        os.killpg(who.pid, signal.SIGKILL)
    else:  # started by hand, in the group of a terminal
        os.kill(who.pid, signal.SIGKILL)


def _last_words(run_dir: Path) -> str:
    log = (run_dir / runs.LOG).read_bytes()[-4000:].decode("utf-8", "replace").strip()
    return log.splitlines()[-1] if log else "it said nothing."
