"""How fast exports are, how much memory they take, and whether a kill loses or doubles a record.

`python -m benchmarks.export_speed FOLDER --records 1000000 --formats gold csv` makes a store of
that size in FOLDER, exports it in a process of its own, and once more with a kill -9 in the
middle and a resume; both files must be the same, byte for byte. `--formats all` takes every
format that there is, `--no-kill` leaves the second export out; a table ends the run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from db.engine import connect
from db.migrations import upgrade

BATCH = 10_000
NOW = "2026-01-01 00:00:00.000000"


def fill(home: Path, records: int) -> None:
    """A store of decided papers, two funders and three awards each."""
    engine = connect(home / "store.sqlite3")
    upgrade(engine)
    engine.dispose()
    connection = sqlite3.connect(home / "store.sqlite3", isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    for start in range(1, records + 1, BATCH):
        numbers = range(start, min(start + BATCH, records + 1))
        connection.execute("BEGIN")
        insert(connection, "documents", [document(n) for n in numbers])
        insert(connection, "records", [record(n) for n in numbers])
        insert(connection, "revisions", [revision(n) for n in numbers])
        connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def insert(connection: sqlite3.Connection, table: str, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    places = ", ".join(f":{name}" for name in rows[0])
    connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)


def sha(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def statement(number: int) -> str:
    return f"Funded by the Trust {number % 997} (T-{number}) and by the DFG (D-{number})."


def document(number: int) -> dict[str, Any]:
    text = statement(number)
    return {
        "sha256": sha(number), "name": f"paper {number}.txt", "media_type": "text/plain",
        "size": len(text), "pages": "[]", "warnings": "[]", "created_at": NOW, "text": text,
        "raw": text, "origin": b"", "words": b"", "doi": f"10.1234/b.{number}", "license": "CC0",
    }  # fmt: skip


def record(number: int) -> dict[str, Any]:
    return {
        "id": number, "document_sha256": sha(number), "task": "funding", "project": "inbox",
        "head": 1, "status": "corrected", "absent": 0, "worth": 0, "reasons": "[]",
        "readers": 1, "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip


def revision(number: int) -> dict[str, Any]:
    award = {"funding_scheme": [], "award_title": []}
    awards = [{"award_ids": [f"{letter}-{number}"], **award} for letter in "TD"]
    answer = {
        "statements": [{"text": statement(number), "alignment": "exact"}],
        "funders": [
            {"funder_name": f"Trust {number % 997}", "awards": awards[:1]},
            {"funder_name": "DFG", "awards": awards},
        ],
        "links": [None, {"ror": "https://ror.org/018mejw64", "funder_id": "10.13039/501100001659"}],
    }
    return {
        "record_id": number, "seq": 1, "kind": "save", "verdict": "corrected", "actor": "bench",
        "lead_ms": 0, "client_event_id": f"bench-{number}", "created_at": NOW, "accepted": "[]",
        "reasons": "{}", "after": json.dumps(answer),
    }  # fmt: skip


def start(home: Path, name: str, out: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "benchmarks.export_speed",
            "--child",
            name,
            str(home),
            str(out),
            *more,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )


def child(name: str, home: Path, out: Path, proof: bool, resume: bool) -> None:
    """Export, and tell the seconds of each step and the peak memory."""
    from workbench.exchange.writing import Spec, export
    from workbench.exports import open_format

    of = open_format(name)
    steps: dict[str, float] = {}
    work: dict[str, float] = {}
    last, last_cpu = time.perf_counter(), time.process_time()

    def progress(step: str, done: int, total: int) -> None:
        nonlocal last, last_cpu
        now, cpu = time.perf_counter(), time.process_time()
        steps[step] = steps.get(step, 0.0) + now - last
        work[step] = work.get(step, 0.0) + cpu - last_cpu
        last, last_cpu = now, cpu

    engine = connect(home / "store.sqlite3")
    made = export(engine, of, Spec(name), out, resume=resume, proof=proof, progress=progress)
    told = {
        "records": made.written,
        "bytes": made.bytes,
        "seconds": steps,
        "cpu_seconds": work,
        "peak_mb": peak_mb(),
        "proof": made.proof.sentence() if made.proof else None,
    }
    print(json.dumps(told), flush=True)


def peak_mb() -> float:
    """The peak of resident memory; getrusage would tell that of the parent before the fork."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(home: Path, name: str, proof: bool, kill: bool) -> dict[str, Any]:
    """An export of its own, then, if wanted, one that is killed in the middle and resumed."""
    more = [] if proof else ["--no-proof"]
    whole, torn = home / f"whole.{name}", home / f"torn.{name}"
    process = start(home, name, whole, *more)
    told: dict[str, Any] = json.loads(process.communicate()[0])
    if not kill:
        whole.unlink()
        return {"format": name, **told}
    target = told["bytes"] * 0.4
    process = start(home, name, torn, "--no-proof")
    part = home / f"torn.{name}.export" / "part-00001"
    while process.poll() is None and not (part.exists() and part.stat().st_size > target):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    told["killed_at_bytes"] = part.stat().st_size
    start(home, name, torn, "--no-proof", "--resume").wait()
    told["same_after_kill"] = same(whole, torn)
    for file in (whole, torn):
        file.unlink()
    return {"format": name, **told}


def same(one: Path, other: Path) -> bool:
    """Whether two files are equal but for the batch's own number in the head of a deposit."""
    if os.path.getsize(one) != os.path.getsize(other):
        return False
    with one.open("rb") as first, other.open("rb") as second:
        return all(a == b or b"<doi_batch_id>" in a for a, b in zip(first, second, strict=True))


def table(measured: list[dict[str, Any]]) -> str:
    """The measurements as Markdown. Seconds are those of the processor in this process: what
    else ran beside it changes them little.
    """
    lines = [
        "| format | bytes | writing, CPU s | records a CPU second | reading again, CPU s "
        "| peak memory | proof |",
        "|---|---|---|---|---|---|---|",
    ]
    for told in measured:
        cpu = told["cpu_seconds"]
        writing = cpu.get("freezing", 0.0) + cpu["writing"]
        again = f"{cpu['proving']:.1f}" if "proving" in cpu else "not done"
        lines.append(
            f"| `{told['format']}` | {told['bytes']:,} | {writing:.1f} "
            f"| {told['records'] / writing:,.0f} | {again} | {told['peak_mb']:.0f} MB "
            f"| {(told['proof'] or '').split(';')[0]} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Read the arguments and print a line a format."""
    if sys.argv[1:2] == ["--child"]:
        name, home, out, *rest = sys.argv[2:]
        child(name, Path(home), Path(out), "--no-proof" not in rest, "--resume" in rest)
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", default=["gold", "csv", "crossref", "datacite"])
    parser.add_argument("--no-proof", action="store_true")
    parser.add_argument("--no-kill", action="store_true")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    if not (chosen.folder / "store.sqlite3").exists():
        fill(chosen.folder, chosen.records)
    measured = []
    for name in every() if chosen.formats == ["all"] else chosen.formats:
        measured.append(measure(chosen.folder, name, not chosen.no_proof, not chosen.no_kill))
        print(json.dumps(measured[-1]), flush=True)
    print(table(measured))


def every() -> list[str]:
    """The names of all formats."""
    from workbench.exports import names

    return names()


if __name__ == "__main__":
    main()
