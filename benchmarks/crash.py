"""Kill the app with SIGKILL amid saves and uploads, again and again, and see what is left.

    python benchmarks/crash.py --kills 50

Each round starts the real server with its workers on one home, saves revisions from several
threads and uploads files, kills the whole process group at a random moment, and then checks the
store: whole, and every save that was acknowledged is there. Traffic stays on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from uuid import uuid4

import httpx

from db.checks import check
from db.engine import reading
from db.store import revisions
from workbench.context import Context, Settings
from workbench.desk import receive
from workbench.samples import FOLDER


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rounds = run(Path(folder), arguments.kills, random.Random(arguments.seed))
    acknowledged = sum(saved for saved, _, _ in rounds)
    lost = sum(lost for _, lost, _ in rounds)
    problems = [problem for _, _, found in rounds for problem in found]
    print(f"kills {len(rounds)}   acknowledged saves {acknowledged}   lost {lost}")
    print(f"problems of the store {len(problems)}", *problems[:10], sep="\n  ")
    return 1 if lost or problems or not acknowledged else 0


def run(home: Path, kills: int, chance: random.Random) -> list[tuple[int, int, list[str]]]:
    """For each round: acknowledged saves, those of them that are lost, problems of the store."""
    ctx = Context(Settings(home=home))
    rounds = []
    for number in range(kills):
        server, url = start(home)
        records = wait_for_records(url)
        saved: dict[str, int] = {}
        stop = threading.Event()
        threads = [
            threading.Thread(target=save_on, args=(url, record, saved, stop)) for record in records
        ]
        threads.append(threading.Thread(target=upload_on, args=(ctx, number, stop)))
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.05, 1.2))
        kill(server)
        stop.set()
        for thread in threads:
            thread.join()
        rounds.append((len(saved), *inspect(ctx, saved)))
    return rounds


def start(home: Path, samples: bool = True) -> tuple[subprocess.Popen[bytes], str]:
    """The real app with its workers, in a process group of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "workbench", "serve", "--port", str(port)]
    command += ["--samples"] if samples else []
    log = (home / "serve.log").open("ab")
    server = subprocess.Popen(
        command,
        env=os.environ | {"WORKBENCH_HOME": str(home)},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    return server, f"http://127.0.0.1:{port}"


def wait_for_records(url: str, least: int = 5, seconds: float = 120.0) -> list[int]:
    """The sample papers' records, once the server answers and they are read."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            items = httpx.get(f"{url}/api/records", params={"limit": least}).json()["items"]
            if len(items) >= least:
                return [item["id"] for item in items]
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the server did not come up")


def save_on(url: str, record: int, saved: dict[str, int], stop: threading.Event) -> None:
    """Save a record again and again; note each save that the server acknowledged."""
    while not stop.is_set():
        event = uuid4().hex
        try:
            head = httpx.get(f"{url}/api/records/{record}").json()["head"]
            reply = httpx.post(
                f"{url}/api/records/{record}/revisions",
                json={"base_seq": head, "action": "flag", "note": event, "client_event_id": event},
            )
        except httpx.TransportError:
            continue
        if reply.status_code == 201:
            saved[event] = record


def upload_on(ctx: Context, number: int, stop: threading.Event) -> None:
    """Drop file after file into the queue while the workers read and are killed."""
    sources = sorted(FOLDER.glob("*.pdf"))
    while not stop.is_set():
        copy = ctx.home / f"upload-{uuid4().hex}.pdf"
        source = sources[number % len(sources)]
        copy.write_bytes(source.read_bytes() + f"\n% {copy.name}\n%%EOF\n".encode())
        receive(ctx, copy, copy.name)
        copy.unlink()
        stop.wait(0.15)


def kill(server: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the server and for its workers, which have sessions of their own."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(server.pid)], capture_output=True, text=True, check=False
    )
    for pid in (server.pid, *map(int, found.stdout.split())):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    server.wait()


def inspect(ctx: Context, saved: dict[str, int]) -> tuple[int, list[str]]:
    """Acknowledged saves that are not in the store, and what the store's own check finds."""
    stored = set()
    with reading(ctx.engine) as session:
        for record in set(saved.values()):
            stored |= {revision.client_event_id for revision in revisions(session, record)}
    problems = [p.message for p in check(ctx.engine, ctx.files) if p.level == "error"]
    return len(set(saved) - stored), problems


if __name__ == "__main__":
    raise SystemExit(main())
