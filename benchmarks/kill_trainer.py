"""Kill the trainer with SIGKILL at random moments, again and again, and see what is left.

    python -m benchmarks.kill_trainer --kills 10

One run of a tiny random Llama (150 steps of SFT, 30 of DPO) is trained without a kill, then others
that are killed at random moments and go on, until so many kills have hit a living trainer. After
each: is the lock free, is the row of the store made good, from which checkpoint does it go on? At
the end: are the weights of all those of the run that nothing happened to?
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from pathlib import Path

from db.checks import check
from db.engine import reading, writing
from db.runs import queue_run, run
from tests.tiny_run import make_run, tiny_base, wait
from training import process
from training import run as folders
from workbench import runs
from workbench.context import Context, Settings

WEIGHTS = "adapter/adapter_model.safetensors"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), arguments.kills, random.Random(arguments.seed))


def compare(home: Path, kills: int, chance: random.Random) -> int:
    """Train once in peace, then under fire; 0 when nothing was lost."""
    base = tiny_base(home / "base")
    peaceful = make_run(home / "peaceful", base)
    began = time.monotonic()
    process.start(peaceful)
    wait(lambda: not process.is_alive(peaceful), "the peaceful run")
    seconds = time.monotonic() - began
    ctx = Context(Settings(home=home / "home"))
    print(f"{'run':>4} {'after s':>8} {'status':>10} {'phase':>7} {'step':>5}  row, checkpoint")
    hits = problems = 0
    begun: list[Path] = []
    number = 0
    while hits < kills:
        if not begun or state(ctx, number) == "finished":
            begun.append(make_run(ctx.home / "runs" / f"killed-{len(begun)}", base))
            with writing(ctx.engine) as session:
                row = queue_run(session, "tiny", "tiny-llama", str(begun[-1]), "0" * 64)
            number = row.id
            runs.start_queued(ctx)
        hit, wrong = strike(ctx, number, begun[-1], chance.uniform(0, seconds))
        hits, problems = hits + hit, problems + wrong
        if state(ctx, number) == "interrupted":
            runs.resume(ctx, number)
    wait(lambda: not process.is_alive(begun[-1]), "the last run")
    runs.reconcile(ctx)
    wanted = (peaceful / WEIGHTS).read_bytes()
    same = sum((folder / WEIGHTS).read_bytes() == wanted for folder in begun)
    found = [p.message for p in check(ctx.engine, ctx.files) if p.level == "error"]
    print(
        f"{hits} kills, the last row {state(ctx, number)}, same weights in {same} of "
        f"{len(begun)} runs, problems {problems}, store {found}"
    )
    return 0 if same == len(begun) and not problems and not found else 1


def strike(ctx: Context, run_id: int, folder: Path, after: float) -> tuple[bool, int]:
    """Kill once and look: whether a living trainer was hit, and how many things are not as they
    should be.
    """
    time.sleep(after)
    status, who = folders.read_status(folder), folders.read_process(folder)
    hit = who is not None and process.is_running(who)
    if hit and who is not None:
        os.killpg(who.pid, signal.SIGKILL)
        # on a busy machine its threads die one by one, each at its turn
        wait(lambda: not process.is_alive(folder), "the killed process", seconds=60)
    held = process.is_alive(folder)
    runs.reconcile(ctx)
    where = (status.state, status.phase or "", status.step) if status else ("unread", "", 0)
    print(
        f"{run_id:>4} {after:>8.1f} {where[0]:>10} {where[1]:>7} {where[2]:>5}  "
        f"{state(ctx, run_id)}, {checkpoint(folder)}{'' if hit else ' (it had ended)'}",
        flush=True,
    )
    unread = status is None and hit
    return hit, int(held) + int(state(ctx, run_id) == "running") + int(unread)


def checkpoint(folder: Path) -> str:
    """The newest checkpoint of a run, for the table."""
    last = folders.last_checkpoint(folder)
    return f"{last.parent.parent.name}/{last.name}" if last else "none yet"


def state(ctx: Context, run_id: int) -> str:
    """What the row says."""
    with reading(ctx.engine) as session:
        return run(session, run_id).state


if __name__ == "__main__":
    raise SystemExit(main())
