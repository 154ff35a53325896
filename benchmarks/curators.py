"""Several curators saving the same papers at once: no lost update, no locked store.

    python benchmarks/curators.py --curators 8 --seconds 60

Each curator reads a paper, changes it and saves it over HTTP; a conflict is read again and saved
on top, as the cockpit does. At the end every paper's history must hold each save once, and each
save must have been made on top of the one before it. Traffic stays on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import httpx

from benchmarks.crash import inspect, kill, start, wait_for_records
from db.engine import reading
from db.store import revisions
from workbench.context import Context, Settings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--curators", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts, times, lost, problems = run(Path(folder), arguments.curators, arguments.seconds)
    ordered = sorted(times)
    print(f"saves {counts['saved']}   conflicts {counts['conflict']}   errors {counts['error']}")
    print(
        f"milliseconds a save: median {1000 * statistics.median(ordered):.0f}   "
        f"p95 {1000 * ordered[int(0.95 * len(ordered))]:.0f}   worst {1000 * ordered[-1]:.0f}"
    )
    print(f"lost updates {lost}   problems of the store {len(problems)}")
    return 1 if lost or problems or counts["error"] else 0


def run(
    home: Path, curators: int, seconds: float
) -> tuple[Counter[str], list[float], int, list[str]]:
    """What the curators met, seconds of each save, lost updates, problems of the store."""
    ctx = Context(Settings(home=home))
    server, url = start(home)
    counts: Counter[str] = Counter()
    times: list[float] = []
    saved: dict[str, int] = {}
    try:
        records = wait_for_records(url)
        end = time.monotonic() + seconds
        threads = [
            threading.Thread(target=work, args=(url, records, end, counts, times, saved, number))
            for number in range(curators)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        kill(server)
    lost, problems = inspect(ctx, saved)
    return counts, times, lost + broken_chains(ctx, records), problems


def work(
    url: str,
    records: list[int],
    end: float,
    counts: Counter[str],
    times: list[float],
    saved: dict[str, int],
    number: int,
) -> None:
    """One curator: read, change, save; on a conflict save on top of theirs."""
    chance = random.Random(number)
    with httpx.Client(base_url=url, timeout=60) as client:
        while time.monotonic() < end:
            record = chance.choice(records)
            head = client.get(f"/api/records/{record}").json()["head"]
            event = uuid4().hex
            while event not in saved:
                started = time.monotonic()
                reply = client.post(
                    f"/api/records/{record}/revisions",
                    json={
                        "base_seq": head,
                        "action": "save",
                        "answer": {"funders": [{"funder_name": f"Funder {event}", "awards": []}]},
                        "reasons": {"/funders/0/funder_name": "made up to be saved"},
                        "client_event_id": event,
                    },
                )
                times.append(time.monotonic() - started)
                if reply.status_code == 201:
                    saved[event] = record
                    counts["saved"] += 1
                elif reply.status_code == 409:
                    head = reply.json()["head"]
                    counts["conflict"] += 1
                else:
                    counts["error"] += 1
                    break


def broken_chains(ctx: Context, records: list[int]) -> int:
    """Revisions whose `before` is not the `after` of the one before them."""
    broken = 0
    with reading(ctx.engine) as session:
        for record in records:
            history = revisions(session, record)
            broken += sum(
                earlier.after != later.before for earlier, later in itertools.pairwise(history)
            )
    return broken


if __name__ == "__main__":
    raise SystemExit(main())
