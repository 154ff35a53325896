"""How long a save and a look at a paper take while a run trains on the same machine.

    python -m benchmarks.save_latency --saves 200

The real app with its workers on the sample papers, read and saved over HTTP by one curator and by
four; then the same while its trainer really trains the embedded base, with the threads that it
takes there. Prints a Markdown table. Traffic stays on 127.0.0.1; the device must be free.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from benchmarks.crash import kill, start, wait_for_records
from db import store
from db.engine import reading, writing
from db.files import store_file
from db.runs import run as row_of
from models import catalog
from models.documents import read
from tests.tiny_run import wait
from training import planning, presets, process
from training import run as folders
from training.curated import RunData
from training.examples import parse_example
from training.gate import regression
from workbench import bases, runs
from workbench.context import Context, Settings
from workbench.desk import document_row
from workbench.samples import FOLDER

CLIENTS = (1, 4)
WARM_UP = 5
"""Saves before the clock counts: the first ones import and open what the later ones find."""


@dataclass
class Times:
    """Milliseconds of each save and each look at a record; saves that were not taken."""

    saves: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    refused: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saves", type=int, default=200, help="saves of each measurement")
    parser.add_argument("--seconds", type=float, default=120.0, help="and at most so long")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between a client's saves")
    parser.add_argument("--base", type=Path, help="the base as a transformers folder; made if not")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), given)
    print("| | clients | save p50 | p95 | max | look p50 | p95 | max |")
    print("|---|---|---|---|---|---|---|---|")
    for (when, clients), times in found.items():
        print(f"| {when} | {clients} | {_cells(times.saves)} | {_cells(times.looks)} |")
    return int(any(times.refused for times in found.values()))


def measure(home: Path, given: argparse.Namespace) -> dict[tuple[str, int], Times]:
    """The times by what went on and how many curators there were."""
    ctx = Context(Settings(home=home))
    weights = given.base or bases.weights(ctx, catalog.default_base())
    papers = add_papers(ctx)
    server, url = start(home, samples=False)
    try:
        wait_for_records(url, seconds=600)
        curate(url, papers, 1, WARM_UP, given)
        found = {("nothing trains", n): curate(url, papers, n, given.saves, given) for n in CLIENTS}
        with training(ctx, weights):
            found |= {
                ("a run trains", n): curate(url, papers, n, given.saves, given) for n in CLIENTS
            }
        return found
    finally:
        kill(server)


def add_papers(ctx: Context) -> dict[int, dict[str, Any]]:
    """The sample papers by record, each with what a curator would say of it; no model is asked."""
    rows = (FOLDER / "gold.jsonl").read_text("utf-8").splitlines()
    added = {}
    for gold in map(json.loads, rows):
        copy = Path(shutil.copy(FOLDER / gold["file"], ctx.home))
        document = document_row(read(copy, ctx.limits, name=copy.name))
        store_file(ctx.files, copy)
        with writing(ctx.engine) as session:
            record = store.add_document(session, document)
        statements = [{"text": text} for text in gold["statements"]]
        added[record.id] = {"statements": statements, "funders": gold["funders"]}
    return added


@contextmanager
def training(ctx: Context, weights: Path) -> Iterator[None]:
    """A run that the app started and that has made steps; it must make more meanwhile."""
    base, tasks = catalog.default_base(), catalog.adapters()[catalog.default()].tasks
    learned = regression()
    data = RunData(
        examples=tuple(parse_example(record, tasks[1]) for record in learned),
        learned=tuple(learned),
        articles=(),
        pairs=(),
        held_out=tuple(learned[:1]),
        trained_on=len(learned),
        dropped=0,
    )
    phases = planning.plan(data, presets.load(presets.AUTO), tasks=tasks).phases
    row = runs.queue(ctx, "auto", weights, phases, "0" * 64, base_name=base)
    folder = Path(row.folder)
    try:
        wait(lambda: _step(folder) >= 2, "the second step", 1200)
        before = _step(folder)
        yield
        with reading(ctx.engine) as session:
            state = row_of(session, row.id).state
        after = _step(folder)
        print(f"run {state}, steps {before} to {after} meanwhile\n")
        if state != "running" or after <= before:
            raise RuntimeError(f"nothing was trained meanwhile: {folders.read_status(folder)}")
    finally:
        process.stop(folder, 30)


def curate(
    url: str,
    papers: Mapping[int, dict[str, Any]],
    clients: int,
    saves: int,
    given: argparse.Namespace,
) -> Times:
    """Curators that look and save in turn, `saves` in all, within the time given."""
    times = Times()
    shares = [dict(list(papers.items())[n::clients]) for n in range(clients)]
    end = time.monotonic() + given.seconds
    threads = [
        threading.Thread(target=_work, args=(url, share, saves // clients, end, given.pause, times))
        for share in shares
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def _work(
    url: str,
    papers: Mapping[int, dict[str, Any]],
    saves: int,
    end: float,
    pause: float,
    times: Times,
) -> None:
    records = list(papers)
    with httpx.Client(base_url=url, timeout=60) as client:
        for number in range(saves):
            if time.monotonic() > end:
                return
            record = records[number % len(records)]
            path = f"/api/records/{record}"
            began = time.perf_counter()
            head = client.get(path).json()["head"]
            looked = time.perf_counter()
            answer = papers[record] | {"funders": [*papers[record]["funders"], _funder(number)]}
            body = {
                "answer": answer,
                "base_seq": head,
                "action": "save",
                "reasons": _reasons(answer),
            }
            reply = client.post(f"{path}/revisions", json=body | {"client_event_id": uuid4().hex})
            saved = time.perf_counter()
            times.looks.append(1000 * (looked - began))
            times.saves.append(1000 * (saved - looked))
            times.refused += reply.status_code != 201
            time.sleep(pause)


def _funder(number: int) -> dict[str, Any]:
    awards = [{"award_ids": [f"A-{number}"]}]
    return {"funder_name": f"Foundation {number}", "awards": awards}


def _reasons(answer: dict[str, Any]) -> dict[str, str]:
    """The funder that was made up is not in the text, nor is its award id."""
    last = f"/funders/{len(answer['funders']) - 1}"
    values = ("funder_name", "awards/0/award_ids/0")
    return {f"{last}/{value}": "made up to be saved" for value in values}


def _step(folder: Path) -> int:
    status = folders.read_status(folder)
    if status is not None and status.state in folders.ENDED:
        raise RuntimeError(f"the run ended: {status}")
    return status.step if status is not None else 0


def _cells(times: list[float]) -> str:
    ordered = sorted(times)
    shown = (ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))], ordered[-1])
    return " | ".join(f"{value:.0f} ms" for value in shown)


if __name__ == "__main__":
    raise SystemExit(main())
