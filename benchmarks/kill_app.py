"""Kill the app with SIGKILL at random moments of a training run, alone or with its trainer.

    python -m benchmarks.kill_app --who app --kills 10
    python -m benchmarks.kill_app --who both --kills 10

The real app starts runs of a tiny random Llama (see `kill_trainer`) and is killed, then started
again. After each kill: does the row say what is so, is the device held by a living trainer only,
is the store whole, did the workers end? A run that was interrupted is resumed. At the end: are the
weights of every run those of one that nothing happened to, and is no process left?
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from filelock import FileLock, Timeout

from benchmarks.crash import start
from benchmarks.kill_trainer import WEIGHTS, checkpoint, state
from db.checks import check
from db.engine import reading, writing
from db.runs import queue_run, run
from tests.tiny_run import make_run, tiny_base, wait
from training import process
from training import run as folders
from workbench import runs
from workbench.context import Context, Settings

SECONDS = 300.0
"""How long the app may take to come up, and a worker without an app to end, on a busy machine."""
HEAD = "| kill | after | run | its status | trainer | row | checkpoint | not as it should be |"


@dataclass(frozen=True)
class Range:
    """Where it happens: a home, a tiny base, the weights of a run in peace, its seconds."""

    ctx: Context
    base: Path
    weights: bytes
    seconds: float

    @property
    def device(self) -> Path:
        """The lock of a device that nobody else uses."""
        return self.ctx.home / "device.lock"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--who", choices=("app", "both"), default="app")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            place = prepare(Path(folder))
            return shoot(place, given.kills, given.who == "both", random.Random(given.seed))
        finally:
            for pid in processes(Path(folder)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def prepare(home: Path) -> Range:
    """Train once in peace."""
    base = tiny_base(home / "base")
    peaceful = make_run(home / "peaceful", base)
    began = time.monotonic()
    process.start(peaceful)
    wait(lambda: not process.is_alive(peaceful), "the peaceful run", 3600)
    seconds = time.monotonic() - began
    print(f"A run in peace takes {seconds:.0f} s.\n")
    weights = (peaceful / WEIGHTS).read_bytes()
    return Range(Context(Settings(home=home / "home")), base, weights, seconds)


def shoot(place: Range, kills: int, both: bool, chance: random.Random) -> int:
    """Kill and look, again and again; 0 when nothing was lost."""
    ctx = place.ctx
    ctx.home.mkdir(parents=True, exist_ok=True)
    print(f"{HEAD}\n|{'---|' * 8}")
    made: list[int] = []
    problems = 0
    server = app(ctx.home)
    for number in range(1, kills + 1):
        if not made or state(ctx, made[-1]) not in ("queued", "running"):
            made.append(add(place, len(made) + 1))
        after = chance.uniform(0, place.seconds)
        time.sleep(after)
        folder = folder_of(ctx, made[-1])
        where = standing(folder)
        strike(server, folder if both else None)
        server = app(ctx.home)
        wrong = look(place, made[-1])
        problems += len(wrong)
        left = "lives" if process.is_alive(folder) else "gone"
        told = f"{left} | {state(ctx, made[-1])} | {checkpoint(folder)} | {', '.join(wrong)}"
        print(f"| {number} | {after:.0f} s | {made[-1]} | {where} | {told} |", flush=True)
        if state(ctx, made[-1]) == "interrupted":
            runs.resume(ctx, made[-1])
    lost = [name for name in made if not ends_well(place, name)]
    strike(server, None)
    _soon(lambda: not processes(ctx.home))
    orphans, found = processes(ctx.home), store(ctx)
    print(f"\nruns {len(made)}, with other weights {len(lost)}, problems {problems}, "
          f"orphans {len(orphans)}, store {found}")  # fmt: skip
    return int(bool(lost or problems or orphans or found))


def app(home: Path) -> subprocess.Popen[bytes]:
    """The real app on that home, once it answers."""
    server, url = start(home, samples=False)
    wait(lambda: _answers(url), "the app", SECONDS)
    return server


def strike(server: subprocess.Popen[bytes], trainer: Path | None) -> None:
    """SIGKILL for the app, and for the trainer of that folder with its group."""
    os.kill(server.pid, signal.SIGKILL)
    who = folders.read_process(trainer) if trainer is not None else None
    if who is not None and process.is_running(who):
        os.killpg(who.pid, signal.SIGKILL)
    server.wait()


def standing(folder: Path) -> str:
    """What the run's process wrote last."""
    status = folders.read_status(folder)
    return f"{status.state} {status.phase or ''} {status.step}" if status else "none yet"


def add(place: Range, number: int) -> int:
    """Queue a run; the app's watch starts it."""
    folder = place.ctx.home / "runs" / f"run-{number}"
    made = make_run(folder, place.base, device_lock=place.device)
    with writing(place.ctx.engine) as session:
        return queue_run(session, "tiny", "tiny-llama", str(made), "0" * 64).id


def look(place: Range, run_id: int) -> list[str]:
    """What is not as it should be, once the new app had the time for its first look."""
    ctx, folder = place.ctx, folder_of(place.ctx, run_id)
    told: list[tuple[str, Callable[[], bool]]] = [
        ("the row is wrong", lambda: says_the_truth(ctx, run_id)),
        ("the device is wrong", lambda: has_its_device(place.device, folder)),
        ("workers without an app", lambda: len(processes(ctx.home, "workbench.worker")) <= 2),
    ]
    wrong = [what for what, is_so in told if not _soon(is_so)]
    return wrong + store(ctx)


def says_the_truth(ctx: Context, run_id: int) -> bool:
    """Running with its process's number if that lives, ended or interrupted if not."""
    folder = folder_of(ctx, run_id)
    with reading(ctx.engine) as session:
        row = run(session, run_id)
    if not process.is_alive(folder):
        status = folders.read_status(folder)
        ended = status is not None and status.state in folders.ENDED
        wanted = status.state if status and ended else "interrupted"
        return row.state == wanted or row.state == "queued"
    who = folders.read_process(folder)
    return row.state == "running" and who is not None and row.pid == who.pid


def has_its_device(device: Path, folder: Path) -> bool:
    """Whether the device is held where the run's process lives and trains, and else is free."""
    status = folders.read_status(folder)
    held = _is_held(device)
    if not process.is_alive(folder):
        return not held
    return held or status is None or status.state in ("starting", "waiting")


def ends_well(place: Range, run_id: int) -> bool:
    """Whether the run ends with the weights of the run in peace."""
    ctx = place.ctx
    wait(lambda: state(ctx, run_id) not in ("queued", "running"), f"the end of {run_id}", 3600)
    same = (folder_of(ctx, run_id) / WEIGHTS).read_bytes() == place.weights
    return same and state(ctx, run_id) == "finished"


def processes(home: Path, what: str = "") -> list[int]:
    """What runs for that home: app, workers and trainers, or only those of a module."""
    found = []
    for one in psutil.process_iter():
        try:
            words = " ".join(one.cmdline())
            of = one.environ().get("WORKBENCH_HOME", "")
            is_ours = str(home) in words or of.startswith(str(home))
            if is_ours and what in words and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one.pid)
        except psutil.Error:
            continue
    return [pid for pid in found if pid != os.getpid()]


def store(ctx: Context) -> list[str]:
    """What the store's own check finds."""
    return [problem.message for problem in check(ctx.engine, ctx.files) if problem.level == "error"]


def folder_of(ctx: Context, run_id: int) -> Path:
    """The run's folder."""
    with reading(ctx.engine) as session:
        return Path(run(session, run_id).folder)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _is_held(lock: Path) -> bool:
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True


def _soon(is_so: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether it becomes so: the app's watch looks every five seconds."""
    try:
        wait(is_so, "it", seconds)
    except TimeoutError:
        return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
